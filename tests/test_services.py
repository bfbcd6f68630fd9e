"""The tests stand on the real thing, and cannot reach anything else."""

import os
import socket

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests import conftest

ON_SQLITE = os.environ.get("PAINELML_TEST_DATABASE") == "sqlite"


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for() -> None:
    assert connection.vendor == ("sqlite" if ON_SQLITE else "postgresql")
    assert "test_painelml" in str(connection.settings_dict["NAME"])


def test_the_cache_is_redis_unless_the_run_is_the_embedded_one() -> None:
    cache.set("word", "kept", 5)
    assert cache.get("word") == "kept"
    assert bool(settings.REDIS_URL) is not ON_SQLITE


def test_a_connection_to_another_machine_is_refused_and_remembered() -> None:
    with socket.socket() as way_out, pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        way_out.connect(("192.0.2.1", 443))
    assert conftest.ways_out == ["192.0.2.1"]
    conftest.ways_out.clear()

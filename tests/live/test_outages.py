"""`GET /live` while Redis or the database is away: pages are sent to polling, and come back by themselves."""

from __future__ import annotations

import pytest
from django.conf import settings

from accounts.models import User
from painelml import live
from tests import processes
from tests.relay import Relay

from .conftest import Page, cookies_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_redis_streams_end_until_it_is_back(ana: User) -> None:
    cookies = cookies_of(ana)
    with Relay(settings.REDIS_URL) as relay, processes.live(REDIS_URL=relay.address) as (port, _process):
        with Page(port, cookies) as page:
            relay.cut()
            assert page.next_word() == ""
        with Page(port, cookies) as page:
            assert page.response.status == 503
        relay.mend()
        with Page(port, cookies) as page:
            live.publish(ana.organizations.get().pk, "orders")
            assert page.next_word() == "orders"


def test_without_the_database_nobody_is_let_in_until_it_is_back(ana: User) -> None:
    cookies = cookies_of(ana)
    with (
        Relay(processes.database_url()) as relay,
        processes.live(DATABASE_URL=relay.address) as (port, _process),
    ):
        relay.cut()
        with Page(port, cookies) as page:
            assert page.response.status == 503
        relay.mend()
        with Page(port, cookies) as page:
            assert page.response.status == 200

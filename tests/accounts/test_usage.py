"""Calls are counted by account, hour, endpoint and status, in batches that never disturb a call."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, InterfaceError, connections

from accounts import usage
from accounts.client import client_for
from accounts.models import Account, ApiUsage
from painelml.meli import Call, MeliError
from painelml.sandbox import Sandbox

CALL = Call("GET /orders/{id}", 200, 0.25)


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    usage._take()
    yield
    usage._take()


@pytest.mark.django_db
def test_calls_add_up_over_batches(account: Account) -> None:
    for _ in range(3):
        usage.count(account.pk, CALL)
    usage.flush()
    usage.count(account.pk, CALL)
    usage.count(account.pk, Call("GET /orders/{id}", 0, 1.0))
    usage.flush()
    rows = {row.status: (row.calls, row.seconds) for row in ApiUsage.objects.all()}
    assert rows == {200: (4, 1.0), 0: (1, 1.0)}
    assert ApiUsage.objects.first().hour.minute == 0


@pytest.mark.django_db
def test_each_attempt_of_a_client_is_counted(connected: Account, box: Sandbox) -> None:
    client = client_for(connected)
    client.me()
    with pytest.raises(MeliError):
        client.order("1")
    usage.flush()
    counted = dict(ApiUsage.objects.values_list("endpoint", "status"))
    assert counted == {"GET /users/me": 200, "GET /orders/{id}": 404}


@pytest.mark.django_db
def test_two_hundred_calls_are_one_batch(
    account: Account, django_assert_num_queries: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with django_assert_num_queries(0):
        for _ in range(usage.MAX_CALLS - 1):
            usage.count(account.pk, CALL)


@pytest.mark.django_db(transaction=True)
def test_a_full_batch_is_written_by_itself(account: Account) -> None:
    for _ in range(usage.MAX_CALLS):
        usage.count(account.pk, CALL)
    assert ApiUsage.objects.get().calls == usage.MAX_CALLS


@pytest.mark.django_db
@pytest.mark.parametrize("error", [DatabaseError, InterfaceError])
def test_a_failing_database_loses_no_count_and_breaks_no_call(
    account: Account, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error("away")

    usage.count(account.pk, CALL)
    with monkeypatch.context() as patch:
        patch.setattr(usage, "_write", fail)
        usage.flush()
    assert not ApiUsage.objects.exists()
    usage.flush()
    assert ApiUsage.objects.get().calls == 1


@pytest.mark.django_db
def test_counts_of_an_account_that_is_gone_are_dropped(account: Account, other_account: Account) -> None:
    usage.count(account.pk, CALL)
    usage.count(other_account.pk, CALL)
    account.delete()
    usage.flush()
    usage.flush()
    assert ApiUsage.objects.get().account == other_account


@pytest.mark.django_db(transaction=True)
def test_threads_lose_no_count_and_leave_no_connection(account: Account) -> None:
    def work() -> bool:
        for _ in range(150):
            usage.count(account.pk, CALL)
        return connections["default"].connection is None

    with ThreadPoolExecutor(8) as threads:
        left_clean = [future.result() for future in [threads.submit(work) for _ in range(8)]]
    usage.flush()
    assert all(left_clean)
    assert sum(ApiUsage.objects.values_list("calls", flat=True)) == 1200

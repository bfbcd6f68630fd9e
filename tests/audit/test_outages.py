"""What was done at Mercado Livre is in the log although our database went away before it could be noted."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from django.db import Error, OperationalError, connection, transaction

from accounts.models import Account, User
from painelml.audit import trail
from painelml.audit.models import Entry
from painelml.audit.words import Outcome

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "PAUSES_S", (0.0, 0.0))


@pytest.fixture
def cut() -> Callable[[], None]:
    """End this thread's connection, as a restart of the database does."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connection that could end")

    def end() -> None:
        connection.ensure_connection()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        other.close()

    return end


def rename(account: Account, name: str, meanwhile: Callable[[], Any]) -> str:
    """Do something that cannot be undone, while something else happens."""

    @trail.watched("account.changed", wanted=lambda name: {"account_name": name})
    def act(account: Account, name: str) -> str:
        meanwhile()
        return name

    return act(account, name)


def test_what_was_done_is_noted_through_a_new_connection(
    ana: User, account: Account, cut: Callable[[], None]
) -> None:
    with trail.acting_for(ana):
        assert rename(account, "Loja", cut) == "Loja"

    entry = Entry.objects.get(action="account.changed")
    assert (entry.outcome, entry.actor, entry.after) == (Outcome.DONE, ana.email, {"account_name": "Loja"})


def test_what_the_database_interrupted_is_noted_as_open(account: Account, cut: Callable[[], None]) -> None:
    def cut_and_ask() -> None:
        cut()
        Account.objects.count()

    with pytest.raises(Error):
        rename(account, "Loja", cut_and_ask)

    entry = Entry.objects.get(action="account.changed")
    assert (entry.outcome, entry.after) == (Outcome.FAILED, {"account_name": "Loja"})
    assert entry.reason == str(trail.DatabaseFailed())


def test_what_cannot_be_noted_at_all_is_a_line_of_the_log_without_names(
    ana: User, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refuse(*args: Any, **kwargs: Any) -> None:
        tries.append(args)
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(Entry, "save", refuse)

    with structlog.testing.capture_logs() as lines, trail.acting_for(ana):
        assert rename(account, "Loja da Ana", lambda: None) == "Loja da Ana"

    (line,) = lines
    assert len(tries) == 3
    assert (line["event"], line["action"]) == ("audit_entry_lost", "account.changed")
    assert (line["object"], line["person"]) == (f"accounts.Account:{account.pk}", ana.pk)
    assert "Ana" not in str(line)


def test_within_a_transaction_nothing_is_tried_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done there is undone with it."""
    tries = []

    def refuse(*args: Any, **kwargs: Any) -> None:
        tries.append(args)
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(Entry, "save", refuse)

    with pytest.raises(OperationalError), transaction.atomic():
        rename(account, "Loja", lambda: None)
    assert len(tries) == 1

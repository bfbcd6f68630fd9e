"""The bell counts the kinds of things that need somebody, and leads to the list of each."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from tests.factories import make_item, make_question, make_shipment
from tests.web.conftest import NOW
from tests.web.pages import swap, text_of
from webhooks.models import Notification


def bell(page: Client, **query: object) -> str:
    return text_of(page.get("/attention/", query))


def fail_one(account: Account) -> None:
    Notification.objects.create(
        dedupe_key=f"failed-{account.pk}-{Notification.objects.count()}",
        topic="items",
        resource="/items/MLB1",
        seller_id=account.meli_user_id,
        state="failed",
        error="Mercado Livre did not answer.",
    )


def test_nothing_needs_attention_in_a_quiet_shop(account: Account, page: Client) -> None:
    assert "Nothing waits for you" in bell(page)


def test_every_kind_of_trouble_is_named_and_counted_once(account: Account, page: Client) -> None:
    for _ in range(2):
        make_question(account, due_at=NOW - timedelta(minutes=1))
    make_question(account, due_at=NOW + timedelta(minutes=5))
    make_shipment(account, dispatch_by=NOW - timedelta(hours=1), is_open=True)
    make_item(account, available_quantity=0)
    fail_one(account)
    account.is_silent = True
    account.save()

    said = bell(page)

    for words in (
        "2 questions past their time",
        "1 question about to be late",
        "1 parcel late for dispatch",
        "1 listing out of stock",
        "1 notification could not be applied",
        f"stopped notifying us about {account}",
    ):
        assert words in said
    assert 'aria-label="6 things need attention"' in page.get("/attention/").content.decode()


@pytest.mark.parametrize(
    ("status", "words"), [("expired", "has to be connected again"), ("error", "it said no")]
)
def test_an_account_in_trouble_is_named(account: Account, page: Client, status: str, words: str) -> None:
    Account.objects.filter(pk=account.pk).update(status=status, last_sync_error="it said no")

    assert words in bell(page)


def test_harm_that_is_done_comes_first(account: Account, page: Client) -> None:
    make_item(account, available_quantity=0)
    make_shipment(account, dispatch_by=NOW - timedelta(hours=1), is_open=True)

    said = bell(page)

    assert said.index("late for dispatch") < said.index("out of stock")


def test_each_opens_the_list_that_shows_it(account: Account, page: Client) -> None:
    question = make_question(account, due_at=NOW - timedelta(minutes=1))
    make_question(account, text="Not late", due_at=NOW + timedelta(hours=1))
    html = page.get("/attention/").content.decode()

    address = "/questions/?status=UNANSWERED&sla=breached"
    assert address.replace("&", "&amp;") in html
    listed = page.get(address).content.decode()
    assert question.text in listed
    assert "Not late" not in listed


def test_the_failed_notifications_are_what_the_bell_opens(account: Account, page: Client) -> None:
    fail_one(account)

    assert "/webhooks/?state=failed" in page.get("/attention/").content.decode()
    assert "Mercado Livre did not answer" in text_of(page.get("/webhooks/?state=failed"))


def test_the_chosen_account_narrows_the_bell_and_stays_in_its_links(
    account: Account, second_account: Account, page: Client
) -> None:
    make_item(account, available_quantity=0)

    assert "Nothing waits for you" in bell(page, account_id=second_account.pk)
    assert (
        f"stock=out&amp;account_id={account.pk}"
        in page.get(f"/attention/?account_id={account.pk}").content.decode()
        or f"account_id={account.pk}&amp;stock=out"
        in page.get(f"/attention/?account_id={account.pk}").content.decode()
    )


def test_nothing_of_another_organization_rings(
    account: Account, other_account: Account, page: Client
) -> None:
    make_item(other_account, available_quantity=0)
    fail_one(other_account)

    assert "Nothing waits for you" in bell(page)
    assert page.get(f"/attention/?account_id={other_account.pk}").status_code == 404


def test_the_overview_says_what_its_figures_do_not(account: Account, page: Client) -> None:
    fail_one(account)

    part = text_of(swap(page, "/", "overview-now"))

    assert "1 notification could not be applied" in part


def test_every_page_has_the_bell(account: Account, page: Client) -> None:
    make_item(account, available_quantity=0)

    for address in ("/", "/orders/", "/shipments/", "/reports/", "/team/", "/search/"):
        assert "1 thing needs attention" in page.get(address).content.decode()


def test_more_trouble_asks_no_more_queries(account: Account, page: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page.get("/attention/")
        return len(asked)

    def add() -> None:
        make_item(account, available_quantity=0)
        make_question(account, due_at=NOW - timedelta(minutes=1))
        make_shipment(account, dispatch_by=NOW - timedelta(hours=1), is_open=True)
        fail_one(account)

    add()
    few = queries()
    for _ in range(5):
        add()

    assert queries() == few

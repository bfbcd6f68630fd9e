"""The pages on which many items are changed at once, stock-outs, and an item in full."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from catalog import tasks
from catalog.models import BulkChange, BulkLine, LineState
from tests.factories import make_item, make_question
from tests.web.conftest import Login
from tests.web.pages import swap, text_of


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    changes: list[int] = []
    monkeypatch.setattr(tasks, "ring_worker", changes.append)
    return changes


def choose(page: Client, query: str = "", **sent: str) -> BulkChange:
    answer = page.post(f"/catalog/bulk/new/{query}", {"action": "pause", "amount": "", "ending": "", **sent})
    assert answer.status_code == 302, text_of(answer)
    return BulkChange.objects.latest("pk")


def test_a_price_is_previewed_started_and_followed(account: Account, page: Client, rung: list[int]) -> None:
    make_item(account, title="Caneca", price="100.00")
    change = choose(page, action="price_up_percent", amount="10", ending="0.90")
    words = text_of(page.get(f"/catalog/bulk/{change.pk}/"))
    assert "Raise the price by 10 %, ending in 90 cents" in words
    assert "1 item will be changed." in words
    assert "R$ 100.00 R$ 109.90" in words
    assert rung == []

    page.post(f"/catalog/bulk/{change.pk}/start/")
    assert "0 of 1" in text_of(page.get(f"/catalog/bulk/{change.pk}/"))

    page.post(f"/catalog/bulk/{change.pk}/stop/")
    assert change.lines.get().state == LineState.CANCELLED
    assert "Raise the price by 10 %" in text_of(page.get("/catalog/bulk/"))


def test_chosen_items_are_changed_and_no_others(account: Account, page: Client) -> None:
    first, second, _third = (make_item(account) for _ in range(3))
    change = choose(page, f"?item={first.meli_id}&item={second.meli_id}")
    assert set(change.lines.values_list("item", flat=True)) == {first.pk, second.pk}


def test_filters_choose_all_that_pass_them(account: Account, page: Client) -> None:
    make_item(account, title="Caneca")
    chaleira = make_item(account, title="Chaleira")
    assert choose(page, "?q=chaleira").lines.get().item == chaleira


def test_more_than_the_limit_is_not_offered(
    account: Account, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.bulk.LINES_MAX", 1)
    for _ in range(2):
        make_item(account)
    answer = page.post("/catalog/bulk/new/", {"action": "pause"})
    assert "At most 1 items can be changed at once" in text_of(answer)
    assert not BulkChange.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"action": "price", "amount": ""}, {"action": "price", "amount": "0"},
        {"action": "price_down_percent", "amount": "100"}, {"action": "stock", "amount": "1.5"},
        {"action": "stock_up", "amount": "0"}, {"action": "stock", "amount": "100000"},
        {"action": "price_up", "amount": "NaN"}, {"action": "close", "amount": "1"},
        {"action": "undo", "amount": ""}, {"action": "price", "amount": "x"},
        {"action": "price", "amount": "1.500"}, {"action": "stock", "amount": "1.000"},
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_nothing_kept(
    account: Account, page: Client, sent: dict[str, str]
) -> None:
    make_item(account)
    answer = page.post("/catalog/bulk/new/", sent)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.content.decode()
    assert not BulkChange.objects.exists()


def test_viewers_look_and_operators_change(
    login: Login, account: Account, page: Client, vera: User, bruno: User
) -> None:
    make_item(account)
    change = choose(login(bruno))
    viewer = login(vera)
    assert viewer.get(f"/catalog/bulk/{change.pk}/").status_code == 200
    assert viewer.get("/catalog/bulk/new/").status_code == 403
    assert viewer.get("/catalog/import/").status_code == 403
    for word in ("start", "stop", "discard", "undo"):
        assert viewer.post(f"/catalog/bulk/{change.pk}/{word}/").status_code == 403


def test_a_change_of_another_organization_is_404(
    login: Login, account: Account, page: Client, carla: User, other_account: Account
) -> None:
    make_item(account)
    change = choose(page)
    theirs = login(carla)
    assert theirs.get(f"/catalog/bulk/{change.pk}/").status_code == 404
    for word in ("start", "stop", "discard", "undo"):
        assert theirs.post(f"/catalog/bulk/{change.pk}/{word}/").status_code == 404
    change.refresh_from_db()
    assert change.status == "preview"
    item = make_item(other_account)
    assert page.get(f"/catalog/bulk/new/?item={item.meli_id}").status_code == 302


def test_a_preview_can_be_discarded(account: Account, page: Client) -> None:
    make_item(account)
    change = choose(page)
    page.post(f"/catalog/bulk/{change.pk}/discard/")
    assert not BulkChange.objects.exists()


def test_a_running_change_is_not_undone(account: Account, page: Client) -> None:
    make_item(account)
    change = choose(page)
    page.post(f"/catalog/bulk/{change.pk}/start/")
    page.post(f"/catalog/bulk/{change.pk}/undo/")
    assert BulkChange.objects.count() == 1


def test_a_preview_costs_as_many_queries_for_two_rows_as_for_twenty(account: Account, page: Client) -> None:
    def queries(rows: int) -> int:
        for _ in range(rows):
            make_item(account, variations=2)
        change = choose(page, action="stock_up", amount="1")
        with CaptureQueriesContext(connection) as asked:
            page.get(f"/catalog/bulk/{change.pk}/")
        return len(asked)

    assert queries(2) == queries(18)


def test_a_file_becomes_a_preview_with_its_wrong_rows_beside_it(account: Account, page: Client) -> None:
    item = make_item(account)
    content = f"id,price\n{item.meli_id},55.00\nMLB1,2".encode()
    answer = page.post("/catalog/import/", {"file": SimpleUploadedFile("a.csv", content)}, follow=True)
    words = text_of(answer)
    assert "R$ 55.00" in words
    assert "Row 3 ( MLB1 ):" in words
    assert BulkLine.objects.get().new.keys() == {"price"}


def test_a_file_that_is_none_says_so_at_its_field(account: Account, page: Client) -> None:
    answer = page.post("/catalog/import/", {"file": SimpleUploadedFile("a.csv", b"hello")})
    assert answer.status_code == 422
    assert "The first row has to name the columns" in text_of(answer)


def test_the_sheet_is_offered_in_both_formats(account: Account, page: Client) -> None:
    make_item(account, title="Caneca")
    for format in ("csv", "xlsx"):
        answer = page.get(f"/catalog/sheet/?format={format}")
        assert f".{format}" in answer["Content-Disposition"]
        assert b"".join(answer.streaming_content)


# The list


def test_the_view_is_remembered(account: Account, page: Client) -> None:
    make_item(account)
    assert 'class="item-cards"' in page.get("/catalog/?view=cards").content.decode()
    assert 'class="item-cards"' in page.get("/catalog/").content.decode()
    assert 'class="item-cards"' not in page.get("/catalog/?view=table").content.decode()


def test_the_catalog_is_sorted_as_asked_and_the_order_is_no_filter(account: Account, page: Client) -> None:
    for title, price in (("Caneca", 30), ("Anel", 50), ("Bule", 40)):
        make_item(account, title=title, price=price)
    html = page.get("/catalog/?ordering=price").content.decode()
    assert html.index("Caneca") < html.index("Bule") < html.index("Anel")
    assert "ordering" not in page.get("/catalog/?ordering=price").context["form"].used_query
    assert page.get("/catalog/?ordering=odd").status_code == 200


@pytest.mark.parametrize("view", ["table", "cards"])
def test_fifty_rows_weigh_less_than_thirty_kibibytes(account: Account, page: Client, view: str) -> None:
    for number in range(50):
        make_item(
            account,
            title=f"Jogo de Panelas Antiaderente 5 Peças Tampa de Vidro {number:02}",
            thumbnail=f"https://http2.mlstatic.com/D_9{number:05}-MLB4000000000{number:02}_012026-I.jpg",
            variations=2,
            logistic_type="fulfillment",
        )
    assert len(page.get(f"/catalog/?view={view}").content) < 250 * 1024
    assert len(swap(page, f"/catalog/?view={view}", "item-table").content) < 30 * 1024


def test_an_item_tells_all_we_hold_of_it(account: Account, page: Client, second_account: Account) -> None:
    item = make_item(
        account,
        title="Caneca",
        variations=2,
        payload={"pictures": [{"secure_url": "https://http2.mlstatic.com/p.jpg"}], "note": "<script>"},
    )
    make_question(account, item_id=item.meli_id, text="Serve?")
    html = page.get(f"/catalog/{item.meli_id}/").content.decode()
    assert "https://http2.mlstatic.com/p.jpg" in html
    assert "Serve?" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html.split("<main", 1)[1]


def test_an_item_costs_as_many_queries_with_a_past_as_without(account: Account, page: Client) -> None:
    item = make_item(account, variations=1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page.get(f"/catalog/{item.meli_id}/")
        return len(asked)

    before = queries()
    for _ in range(4):
        make_question(account, item_id=item.meli_id)
        change = choose(page, f"?item={item.meli_id}")
        change.lines.update(state=LineState.DONE, finished_at=change.created_at)
    assert queries() == before

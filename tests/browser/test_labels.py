"""Printing labels on the dispatch board, by hand and by keyboard."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from shipments.models import Shipment
from tests.browser.conftest import Shop, Visit
from tests.factories import make_account

SELLER = 1987654321


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with Sandbox(port=0, seed=7, orders=40, items=20, questions=5) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        yield box


@pytest.fixture
def parcels(box: Sandbox, shop: Shop) -> list[str]:
    """Three parcels of a seller who can print: two without a label yet, and one that was printed."""
    tokens = box.grant(SELLER)
    account = make_account(
        shop.organization,
        account_name="Casa que imprime",
        meli_user_id=str(SELLER),
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_expires_at=timezone.now() + timedelta(hours=6),
    )
    mine = [one for one in box.world.shipments.values() if one.seller_id == SELLER][:3]
    for one, substatus in zip(mine, ("ready_to_print", "ready_to_print", "printed"), strict=True):
        one.status, one.substatus, one.logistic = "ready_to_ship", substatus, "xd_drop_off"
    ids = [str(one.id) for one in mine]
    apply(account, "shipments", ids)
    Shipment.objects.filter(meli_id__in=ids).update(dispatch_by=timezone.now() - timedelta(hours=2))
    return ids


def choose(page: Page, meli_id: str) -> None:
    page.get_by_label(f"Envio {meli_id}", exact=True).check()


def test_chosen_labels_are_downloaded_and_their_parcels_told(visit: Visit, parcels: list[str]) -> None:
    page = visit("/shipments/")
    choose(page, parcels[0])
    choose(page, parcels[1])
    expect(page.locator("[data-chosen]")).to_have_text("2")

    with page.expect_download() as download:
        page.get_by_role("button", name="Imprimir etiquetas").click()

    assert download.value.suggested_filename.endswith("labels.pdf")
    assert download.value.path().read_bytes().startswith(b"%PDF")
    expect(page.get_by_role("heading", name="2 etiquetas prontas")).to_be_visible()
    expect(page.locator("#label-result .status-good")).to_have_count(2)
    expect(page.locator("[data-chosen]")).to_have_text("0")


def test_a_second_copy_is_asked_for_first(visit: Visit, parcels: list[str]) -> None:
    page = visit("/shipments/")
    choose(page, parcels[0])
    choose(page, parcels[2])
    page.get_by_role("button", name="ZPL").click()
    expect(page.locator("#label-result")).to_contain_text("1 destas etiquetas já foi impressa")

    with page.expect_download() as download:
        page.get_by_role("button", name="Imprimir só as novas").click()

    assert download.value.suggested_filename.endswith("labels.zip")
    expect(page.get_by_role("heading", name="1 etiqueta pronta")).to_be_visible()


def test_a_parcel_that_cannot_be_printed_says_why(visit: Visit, box: Sandbox, parcels: list[str]) -> None:
    box.world.shipments[int(parcels[0])].substatus = "invoice_pending"
    Shipment.objects.filter(meli_id=parcels[0]).update(substatus="invoice_pending")
    page = visit("/shipments/", width=360)
    choose(page, parcels[0])

    page.get_by_role("button", name="Imprimir etiquetas").click()

    expect(page.locator("#label-result")).to_contain_text("Falta a nota fiscal (NF-e).")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_row_of_a_group_reaches_from_edge_to_edge_on_a_phone(visit: Visit, parcels: list[str]) -> None:
    page = visit("/shipments/", width=360)
    edges = "(node) => [node.getBoundingClientRect().left, node.getBoundingClientRect().right]"

    group, table = (page.locator(one).first.evaluate(edges) for one in (".board-type th", ".board-table"))

    assert group == table


def test_the_choice_outlives_a_refresh_of_the_board(visit: Visit, parcels: list[str]) -> None:
    page = visit("/shipments/")
    choose(page, parcels[0])
    page.evaluate("document.activeElement.blur(); document.body.dataset.kept = 'yes'")

    with page.expect_response(lambda answer: answer.request.headers.get("painel-live") == "1"):
        page.evaluate("document.getElementById('board').dispatchEvent(new CustomEvent('live'))")

    expect(page.get_by_label(f"Envio {parcels[0]}", exact=True)).to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("1")


def test_a_lane_is_chosen_and_printed_by_keyboard(visit: Visit, parcels: list[str]) -> None:
    page = visit("/shipments/?logistic_type=xd_drop_off")
    page.locator('[data-choose="late"]').focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-chosen]")).to_have_text("3")

    page.get_by_role("button", name="Imprimir etiquetas").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Imprimir essas de novo também").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")

    assert download.value.path().read_bytes().count(b"/Type /Page ") == 3

"""Changing many items at once, and what runs out, as people do it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account
from catalog import tasks
from catalog.bulk_work import work
from orders.models import OrderItem
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from tests.api.conftest import SELLER
from tests.browser.conftest import Shop, Trouble, Visit
from tests.browser.test_pages import scrolls_sideways, violations
from tests.factories import make_account, make_item, make_order


def change_on(page: Page) -> int:
    """Return the id of the bulk change a page shows."""
    return int(urlsplit(page.url).path.split("/")[-2])


@pytest.fixture
def seller(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Account, Sandbox]]:
    """Ana's third seller, connected to a Mercado Livre of its own. Rings end here: the test is the worker."""
    monkeypatch.setattr(tasks, "ring_worker", lambda change_id: None)
    monkeypatch.setattr("catalog.sync._picture", lambda payload: "")  # its pictures are another host's
    with Sandbox(port=0, seed=7, orders=0, items=40, questions=0) as box:
        monkeypatch.setattr(settings, "MELI_API_URL", box.url)
        tokens = box.grant(SELLER)
        account = make_account(
            shop.organization,
            meli_user_id=str(SELLER),
            access_token=tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            token_expires_at=timezone.now() + timedelta(hours=6),
        )
        found = [one for one in box.world.items_of[SELLER] if not one.variations][:3]
        for truth in found:
            truth.status, truth.sub_status, truth.quantity, truth.logistic = "active", [], 10, "drop_off"
            truth.price, truth.original_price, truth.price_field = 10000, 0, "present"
            truth.automated_price = False
        apply(account, "items", [one.id for one in found])
        yield account, box


def test_prices_of_chosen_items_are_previewed_written_and_undone(
    visit: Visit, seller: tuple[Account, Sandbox], trouble: Trouble
) -> None:
    account, box = seller
    page = visit(f"/catalog/?account_id={account.pk}")
    boxes = page.locator("[data-pick]")
    expect(boxes).to_have_count(3)
    for number in range(2):
        boxes.nth(number).check()
    ids = [boxes.nth(number).get_attribute("data-pick") or "" for number in range(3)]
    refused, accepted, other = (box.world.items[one] for one in ids)

    page.get_by_role("link", name="Alterar os escolhidos (2)").click()
    page.get_by_label("O que fazer").select_option("price_up_percent")
    page.get_by_label("Quanto").fill("10")
    page.get_by_label("Final dos preços").select_option("0.90")
    page.get_by_role("button", name="Ver a prévia").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Aumentar o preço em 10 %, terminando em 90 centavos"
    )
    expect(page.locator("#bulk tbody tr")).to_have_count(2)
    expect(page.locator("#bulk tbody tr").first).to_contain_text("R$\u00a0109,90")
    assert accepted.price == 10000

    refused.automated_price = True
    page.get_by_role("button", name="Alterar 2 anúncios no Mercado Livre").click()
    expect(page.locator("#bulk")).to_contain_text("0 de 2")
    work(change_on(page), 60)

    expect(page.locator("#bulk")).to_contain_text("2 de 2")  # by itself
    expect(page.locator("#bulk tbody tr").filter(has_text=refused.id)).to_contain_text("automação")
    assert (refused.price, accepted.price, other.price) == (10000, 10990, 10000)
    page.get_by_role("button", name="Desfazer").click()
    expect(page.get_by_text("1 anúncio será alterado.")).to_be_visible()
    page.get_by_role("button", name="Alterar 1 anúncio no Mercado Livre").click()
    expect(page.locator("#bulk")).to_contain_text("0 de 1")
    work(change_on(page), 60)
    expect(page.locator("#bulk")).to_contain_text("1 de 1")
    assert accepted.price == 10000
    assert scrolls_sideways(page) == []
    assert violations(page, trouble) == []


def test_choosing_reaches_a_range_and_waits_for_no_live_update(visit: Visit, shop: Shop) -> None:
    for _ in range(6):
        make_item(shop.account, thumbnail="")
    page = visit("/catalog/")
    boxes = page.locator("[data-pick]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.get_by_role("link", name="Alterar os escolhidos (4)")).to_be_visible()
    page.get_by_label("Escolher todos desta página").check()
    expect(page.get_by_role("link", name=f"Alterar os escolhidos ({boxes.count()})")).to_be_visible()
    page.get_by_label("Escolher todos desta página").uncheck()
    expect(page.get_by_role("link", name="Alterar todos")).to_have_attribute("href", "/catalog/bulk/new/")


def test_stock_outs_answer_how_much_to_buy(visit: Visit, shop: Shop, trouble: Trouble) -> None:
    now = timezone.now()
    item = make_item(
        shop.account,
        title="Garrafa sem estoque",
        thumbnail="",
        available_quantity=0,
        status="paused",
        is_out_of_stock=True,
        price=Decimal("50.00"),
        date_created=now - timedelta(days=300),
    )
    order = make_order(shop.account, date_created=now - timedelta(days=3))
    OrderItem.objects.filter(order=order).update(item_id=item.meli_id, quantity=30, variation_id="")

    page = visit("/catalog/stock-outs/")
    row = page.locator("#stock-outs tbody tr").filter(has_text="Garrafa sem estoque")
    expect(row).to_contain_text("R$\u00a050,00")
    expect(row.locator("td").nth(5)).to_have_text("30")
    page.get_by_label("Comprar para (dias)").fill("60")
    page.keyboard.press("Enter")
    expect(row.locator("td").nth(5)).to_have_text("60")
    assert "cover=60" in page.url
    assert scrolls_sideways(page) == []
    assert violations(page, trouble) == []


def test_a_filter_is_kept_under_a_name(visit: Visit, shop: Shop) -> None:
    page = visit("/catalog/")
    page.get_by_role("combobox", name="Status").select_option("active")
    page.get_by_text("Salvar estes filtros").click()
    page.get_by_label("Nome").fill("À venda")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="À venda")).to_have_attribute("aria-current", "true")
    page.goto("/catalog/")
    page.get_by_role("link", name="À venda").click()
    expect(page.get_by_role("combobox", name="Status")).to_have_value("active")

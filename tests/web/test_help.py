"""Words are explained where a page says them first."""

import re

import pytest
from django.test import Client

from accounts.models import Account
from painelml.web.helping import TERMS
from tests.factories import make_order, make_question, make_shipment


def marks(response: object) -> list[str]:
    return re.findall(r'popovertarget="(help-[^"]+)"', response.content.decode())


def test_each_mark_opens_its_own_explanation(account: Account, page: Client) -> None:
    make_order(account)
    response = page.get("/")
    html = response.content.decode()

    assert "help-net" in marks(response)
    for mark in marks(response):
        assert html.count(f'id="{mark}"') == 1
    assert 'aria-label="What is “Net”?"' in html
    assert str(TERMS["net"].meaning) in html


def test_a_word_is_explained_once_on_a_page(account: Account, second_account: Account, page: Client) -> None:
    found = marks(page.get("/accounts/"))

    assert len([mark for mark in found if mark.startswith("help-access")]) == 1


@pytest.mark.parametrize(
    ("address", "term"),
    [
        ("/shipments/", "logistics"),
        ("/questions/", "breached"),
        ("/questions/", "at_risk"),
        ("/questions/performance/", "service_level"),
        ("/webhooks/", "ledger"),
        ("/webhooks/", "notifications"),
        ("/reports/reputation/", "reputation"),
        ("/catalog/", "logistics"),
    ],
)
def test_pages_explain_their_own_words(account: Account, page: Client, address: str, term: str) -> None:
    make_question(account)
    make_shipment(account, status="ready_to_ship")
    assert any(mark.removeprefix("help-").startswith(term) for mark in marks(page.get(address)))

"""The files a list is offered as hold what the list shows."""

import csv
import io
import re
from html import unescape

import pytest
from django.test import Client

from accounts.models import Account
from tests.factories import make_item, make_order, make_question, make_shipment

LISTS = {
    "/catalog/": make_item,
    "/orders/": make_order,
    "/shipments/all/": make_shipment,
    "/questions/": make_question,
}


def links(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<a href="(/api/[^"]+/export[^"]*)" download', html)]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_offered_as_three_files(account: Account, page: Client, path: str) -> None:
    LISTS[path](account)
    found = links(page.get(path).content.decode())
    assert [link.split("format=")[1][:4].rstrip("&") for link in found] == ["xlsx", "csv", "pdf"]
    assert all(page.get(link).status_code == 200 for link in found)


def test_the_file_is_filtered_as_the_page_is(account: Account, second_account: Account, page: Client) -> None:
    wanted = make_order(account, status="cancelled", is_sale=False)
    make_order(account)
    make_order(second_account, status="cancelled", is_sale=False)
    html = page.get(f"/orders/?account_id={account.pk}&status=cancelled&q=&tag=").content.decode()
    answer = page.get(links(html)[1])
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [row["Order"] for row in csv.DictReader(io.StringIO(text))] == [wanted.meli_id]


def test_a_bookmark_with_a_cursor_or_an_unknown_filter_still_exports(account: Account, page: Client) -> None:
    make_order(account)
    html = page.get("/orders/?after=nonsense&other=1").content.decode()
    assert page.get(links(html)[1]).status_code == 200


def test_an_empty_list_is_no_file(account: Account, page: Client) -> None:
    assert links(page.get("/orders/").content.decode()) == []

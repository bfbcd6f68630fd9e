"""The administration of what is mirrored: to be read, by administrators only."""

import pytest
from django.test import Client

from accounts.models import Account, User
from painelml.sync.models import SyncRun
from tests.factories import make_item, make_order, make_question, make_shipment


@pytest.fixture
def admin_page(ana: User, page: Client) -> Client:
    ana.is_staff = ana.is_superuser = True
    ana.save()
    return page


def test_rows_can_be_read_and_not_changed(account: Account, admin_page: Client) -> None:
    order, item = make_order(account), make_item(account, variations=1)
    rows = [
        f"orders/order/{order.pk}",
        f"catalog/item/{item.pk}",
        f"shipments/shipment/{make_shipment(account).pk}",
        f"questions/question/{make_question(account).pk}",
        f"sync/syncrun/{SyncRun.objects.create(account=account, scope='orders').pk}",
    ]

    for row in rows:
        listing, _, _ = row.rpartition("/")
        assert admin_page.get(f"/admin/{listing}/").status_code == 200
        shown = admin_page.get(f"/admin/{row}/change/")
        assert shown.status_code == 200
        assert 'name="_save"' not in shown.content.decode()
        assert admin_page.post(f"/admin/{row}/change/", {}).status_code == 403
        assert admin_page.post(f"/admin/{row}/delete/", {"post": "yes"}).status_code == 403
        assert admin_page.get(f"/admin/{listing}/add/").status_code == 403


def test_others_do_not_come_in(account: Account, page: Client) -> None:
    order = make_order(account)

    assert page.get(f"/admin/orders/order/{order.pk}/change/").status_code in (302, 403)

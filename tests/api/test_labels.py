"""`/api/shipments/labels`, `/sync/{id}` and `/backfill` (contract 3.5; part B, 3.7)."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, User
from painelml.sandbox import Sandbox
from painelml.sandbox.records import Shipment as BoxShipment
from painelml.sync.engine import apply
from painelml.sync.models import SyncRun
from shipments.actions import sniff
from shipments.models import Shipment
from tests.factories import make_shipment

from .conftest import DEPOSIT_SELLER, SELLER, Login

pytestmark = pytest.mark.django_db(transaction=True)  # shipments are read by several threads


@pytest.fixture
def parcels(box: Sandbox, seller: Account) -> list[BoxShipment]:
    """Four parcels that are ready to print."""
    mine = [one for one in box.world.shipments.values() if one.seller_id == SELLER][:4]
    for one in mine:
        one.status, one.substatus, one.logistic = "ready_to_ship", "ready_to_print", "drop_off"
    apply(seller, "shipments", [str(one.id) for one in mine])
    box.calls.clear()
    return mine


def labels(api: APIClient, parcels: list[BoxShipment], **more: Any) -> Any:
    return api.get("/api/shipments/labels", {"ids": ",".join(str(one.id) for one in parcels), **more})


@pytest.mark.usefixtures("tasks_run_at_once")
def test_labels_are_one_pdf_and_the_parcels_are_printed_here_too(
    login: Login, bruno: User, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    answer = labels(login(bruno), parcels)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.count(b"/Type /Page ") == 4
    assert answer["X-Printed"] == ",".join(str(one.id) for one in parcels)
    assert set(Shipment.objects.values_list("substatus", flat=True)) == {"printed"}
    assert box.calls["GET /shipment_labels"] == 1


def test_zpl_comes_in_a_zip(api: APIClient, parcels: list[BoxShipment]) -> None:
    answer = labels(api, parcels, format="zpl")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "application/zip",
        'attachment; filename="labels.zip"',
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read(archive.namelist()[0]).count(b"^XA") == 4


def test_zpl_as_it_is_is_known_too() -> None:
    assert sniff(b"\n^XA^FO1^XZ") == ("text/plain", "zpl")


@pytest.mark.usefixtures("tasks_run_at_once")
def test_the_others_are_printed_without_those_that_cannot_be(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    parcels[0].substatus = "invoice_pending"
    parcels[2].status = "shipped"
    answer = labels(api, parcels)
    assert answer.content.count(b"/Type /Page ") == 2
    assert answer["X-Printed"] == f"{parcels[1].id},{parcels[3].id}"
    assert answer["X-Refused"] == f"{parcels[0].id}=not_printable_status,{parcels[2].id}=not_printable_status"
    assert box.calls["GET /shipment_labels"] == 2


def test_a_parcel_that_went_to_full_meanwhile_is_named_by_the_message(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    parcels[1].logistic = "fulfillment"
    answer = labels(api, parcels)
    assert answer["X-Refused"] == f"{parcels[1].id}=invalid_shipment_ff_public"
    assert answer.content.count(b"/Type /Page ") == 3


def test_parcels_of_full_are_not_even_asked_for(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    Shipment.objects.update(logistic_type="fulfillment")
    answer = labels(api, parcels[:1])
    told = answer.json()
    assert (answer.status_code, told["refused"][0]["code"]) == (409, "invalid_shipment_ff_public")
    assert "Full" in told["refused"][0]["detail"]
    assert not box.calls


def test_no_label_at_all_is_409_with_each_reason(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    for one in parcels:
        one.status = "delivered"
    answer = labels(api, parcels)
    assert answer.status_code == 409
    assert {one["id"] for one in answer.json()["refused"]} == {str(one.id) for one in parcels}
    assert {one["code"] for one in answer.json()["refused"]} == {"not_printable_status"}


def test_mercado_livre_out_of_reach_is_503(api: APIClient, box: Sandbox, parcels: list[BoxShipment]) -> None:
    box.stop()
    assert labels(api, parcels).status_code == 503


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "ids"),
        ("?ids=", "ids"),
        ("?ids=abc", "ids"),
        ("?ids=1,,2", "ids"),
        ("?ids=" + ",".join(map(str, range(51))), "ids"),
        ("?ids=1&format=png", "format"),
        ("?ids=1&size=a4", "size"),
    ],
)
def test_a_bad_question_is_named(api: APIClient, account: Account, query: str, name: str) -> None:
    answer = api.get(f"/api/shipments/labels{query}")
    assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.fixture
def others(box: Sandbox, connect: Callable[[int], Account]) -> list[BoxShipment]:
    """Two parcels of another seller of Ana's that are ready to print."""
    account = connect(DEPOSIT_SELLER)
    theirs = [one for one in box.world.shipments.values() if one.seller_id == DEPOSIT_SELLER][:2]
    for one in theirs:
        one.status, one.substatus, one.logistic = "ready_to_ship", "ready_to_print", "drop_off"
    apply(account, "shipments", [str(one.id) for one in theirs])
    box.calls.clear()
    return theirs


def files_in(answer: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.usefixtures("tasks_run_at_once")
def test_labels_of_two_accounts_are_a_file_for_each(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment], others: list[BoxShipment]
) -> None:
    asked = [parcels[0], others[0], parcels[1], others[1]]
    answer = labels(api, asked)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    files = files_in(answer)
    sellers = {name.rpartition("-")[2]: content for name, content in files.items()}
    assert set(sellers) == {f"{SELLER}.pdf", f"{DEPOSIT_SELLER}.pdf"}
    assert [content.count(b"/Type /Page ") for content in sellers.values()] == [2, 2]
    assert (answer["X-Printed"], answer["X-Refused"]) == (",".join(str(one.id) for one in asked), "")
    assert box.calls["GET /shipment_labels"] == 2
    printed = Shipment.objects.filter(meli_id__in=[one.id for one in asked])
    assert set(printed.values_list("substatus", flat=True)) == {"printed"}


def test_zpl_of_two_accounts_lies_in_a_folder_for_each(
    api: APIClient, parcels: list[BoxShipment], others: list[BoxShipment]
) -> None:
    files = files_in(labels(api, [*parcels[:1], *others[:1]], format="zpl"))
    assert {name.rpartition("/")[0].rpartition("-")[2] for name in files} == {
        str(SELLER),
        str(DEPOSIT_SELLER),
    }
    assert all(content.count(b"^XA") == 1 for content in files.values())


def test_an_account_whose_labels_cannot_be_had_does_not_stop_the_other(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment], others: list[BoxShipment]
) -> None:
    account = Account.objects.get(meli_user_id=DEPOSIT_SELLER)
    account.access_token, account.refresh_token = "APP_USR-revoked", "TG-revoked"
    account.save()
    parcels[1].status = "delivered"
    answer = labels(api, [*parcels[:2], *others])
    assert answer.status_code == 200
    assert answer["X-Printed"] == str(parcels[0].id)
    refused = dict(word.split("=") for word in answer["X-Refused"].split(","))
    assert refused[str(parcels[1].id)] == "not_printable_status"
    assert {str(one.id) for one in others} <= refused.keys()
    assert len(files_in(answer)) == 1


def test_no_label_of_any_account_is_409_or_what_went_wrong(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment], others: list[BoxShipment]
) -> None:
    for one in [*parcels, *others]:
        one.status = "delivered"
    answer = labels(api, [*parcels, *others])
    assert (answer.status_code, len(answer.json()["refused"])) == (409, 6)
    box.stop()
    assert labels(api, [*parcels, *others]).status_code == 503


def test_labels_of_another_organization_are_404(
    api: APIClient, account: Account, other_account: Account
) -> None:
    ids = f"{make_shipment(account).meli_id},{make_shipment(other_account).meli_id}"
    assert api.get(f"/api/shipments/labels?ids={ids}").status_code == 404


def test_a_viewer_prints_and_reads_nothing_anew(login: Login, vera: User, account: Account) -> None:
    parcel, api = make_shipment(account), login(vera)
    assert api.get(f"/api/shipments/labels?ids={parcel.meli_id}").status_code == 403
    assert api.post(f"/api/shipments/sync/{parcel.meli_id}").status_code == 403
    assert api.post("/api/shipments/backfill").status_code == 403
    assert api.post("/api/questions/backfill").status_code == 403


def test_one_shipment_is_read_now(api: APIClient, box: Sandbox, parcels: list[BoxShipment]) -> None:
    box.world.remember_shipment(parcels[0], "shipped", "")
    answer = api.post(f"/api/shipments/sync/{parcels[0].id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "shipped")
    assert answer.json()["history"][-1]["status"] == "shipped"


def test_one_shipment_that_cannot_be_read_is_503(
    api: APIClient, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    box.stop()
    assert api.post(f"/api/shipments/sync/{parcels[0].id}").status_code == 503


def test_a_shipment_of_another_organization_is_not_read(
    api: APIClient, account: Account, other_account: Account
) -> None:
    assert api.post(f"/api/shipments/sync/{make_shipment(other_account).meli_id}").status_code == 404


@pytest.mark.parametrize("scope", ["shipments", "questions"])
def test_a_backfill_is_a_run_of_that_resource(api: APIClient, account: Account, scope: str) -> None:
    answer = api.post(f"/api/{scope}/backfill?days=30")
    assert (answer.status_code, [run["scope"] for run in answer.json()["runs"]]) == (202, [scope])
    run = SyncRun.objects.get()
    assert (run.scope, run.since is not None) == (scope, True)
    assert api.post(f"/api/{scope}/backfill").json()["runs"][0]["id"] == run.pk
    assert api.post(f"/api/{scope}/backfill?days=0").status_code == 400


def test_neither_head_nor_a_link_elsewhere_prints(
    ana: User, api: APIClient, box: Sandbox, parcels: list[BoxShipment]
) -> None:
    address = f"/api/shipments/labels?ids={parcels[0].id}"
    assert api.head(address).status_code == 405
    browser = APIClient()
    browser.force_login(ana)
    assert browser.get(address, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert "GET /shipment_labels" not in box.calls
    assert browser.get(address, headers={"sec-fetch-site": "same-origin"}).status_code == 200

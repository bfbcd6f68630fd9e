"""Printing labels: the file, what became of every parcel, and the warning before a second copy."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, User
from painelml.sandbox import Sandbox
from painelml.sandbox.records import Shipment as BoxShipment
from painelml.sync.engine import apply
from shipments import actions
from shipments.models import Shipment
from tests.factories import make_shipment
from tests.web.pages import text_of

from .conftest import AURORA, CASA, Connect

pytestmark = pytest.mark.django_db(transaction=True)  # parcels are read by several threads


def ready(box: Sandbox, account: Account, count: int = 3) -> list[BoxShipment]:
    """Parcels that are ready to print, here and there."""
    mine = [one for one in box.world.shipments.values() if str(one.seller_id) == account.meli_user_id]
    for one in mine[:count]:
        one.status, one.substatus, one.logistic = "ready_to_ship", "ready_to_print", "drop_off"
    apply(account, "shipments", [str(one.id) for one in mine[:count]])
    box.calls.clear()
    return mine[:count]


@pytest.fixture
def parcels(box: Sandbox, connect: Connect) -> list[BoxShipment]:
    return ready(box, connect(CASA))


def send(page: Client, parcels: list[BoxShipment], **more: str) -> Any:
    """Press the button as htmx does."""
    chosen = {"ids": [str(one.id) for one in parcels], "format": "pdf", **more}
    return page.post("/shipments/labels/", chosen, headers={"HX-Request": "true"})


def file_of(page: Client, answer: Any) -> Any:
    return page.get(f"/shipments/labels/{answer.context['printed'].token}/")


def test_the_labels_are_one_file_and_every_parcel_is_told(page: Client, parcels: list[BoxShipment]) -> None:
    answer = send(page, parcels)
    file = file_of(page, answer)

    assert answer.status_code == 200
    assert "3 labels are ready" in text_of(answer)
    assert text_of(answer).count("Printed") == 3
    assert (file.status_code, file["Content-Type"]) == (200, "application/pdf")
    assert file.content.count(b"/Type /Page ") == 3
    assert file["Content-Disposition"].endswith('labels.pdf"')


def test_zpl_comes_as_mercado_livre_packs_it(page: Client, parcels: list[BoxShipment]) -> None:
    file = file_of(page, send(page, parcels, format="zpl"))

    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.read(archive.namelist()[0]).count(b"^XA") == 3


@pytest.mark.usefixtures("tasks_run_at_once")
def test_who_prints_a_second_time_is_asked_first(
    page: Client, parcels: list[BoxShipment], box: Sandbox
) -> None:
    send(page, parcels[:1])
    box.calls.clear()

    asked = send(page, parcels)

    assert asked.status_code == 200
    assert "1 of these labels was printed already" in text_of(asked)
    assert not box.calls["GET /shipment_labels"]


@pytest.mark.usefixtures("tasks_run_at_once")
def test_only_the_new_ones_are_printed_when_the_others_are_left_out(
    page: Client, parcels: list[BoxShipment]
) -> None:
    send(page, parcels[:1])

    answer = send(page, parcels, printed="skip")

    assert [one.shipment.meli_id for one in answer.context["printed"].done] == [
        str(one.id) for one in parcels[1:]
    ]


@pytest.mark.usefixtures("tasks_run_at_once")
def test_printing_again_says_that_it_was_again(page: Client, parcels: list[BoxShipment]) -> None:
    send(page, parcels[:1])

    answer = send(page, parcels, printed="again")

    assert [one.state for one in answer.context["printed"].done] == ["again", "printed", "printed"]
    assert file_of(page, answer).content.count(b"/Type /Page ") == 3


def test_one_that_cannot_be_printed_says_why_and_the_others_are(
    page: Client, parcels: list[BoxShipment]
) -> None:
    parcels[0].substatus = "invoice_pending"
    Shipment.objects.filter(meli_id=parcels[0].id).update(substatus="invoice_pending")

    answer = send(page, parcels)

    assert [one.reason for one in answer.context["printed"].refused] == [
        "Its tax invoice (NF-e) is missing. Send the invoice first."
    ]
    assert len(answer.context["printed"].done) == 2


def test_one_that_left_meanwhile_says_so(page: Client, parcels: list[BoxShipment]) -> None:
    parcels[0].status, parcels[0].substatus = "shipped", ""
    Shipment.objects.filter(meli_id=parcels[0].id).update(status="shipped", is_open=False)

    answer = send(page, parcels[:1])

    assert answer.context["printed"].token == ""
    assert "No label could be printed. " in text_of(answer)
    assert "It is “On its way” already." in text_of(answer)


def test_parcels_of_two_accounts_come_in_one_archive(
    page: Client, box: Sandbox, connect: Connect, parcels: list[BoxShipment]
) -> None:
    others = ready(box, connect(AURORA), 2)

    answer = send(page, [*parcels, *others])

    assert len(answer.context["printed"].done) == 5
    with zipfile.ZipFile(io.BytesIO(file_of(page, answer).content)) as archive:
        assert len(archive.namelist()) == 2


def test_mercado_livre_out_of_reach_prints_nothing_and_says_so(
    page: Client, parcels: list[BoxShipment], box: Sandbox
) -> None:
    box.box.drills.error_rate, box.box.drills.errors = 1.0, ["5xx"]

    answer = send(page, parcels)

    assert answer.status_code == 200
    assert "Mercado Livre cannot be reached. Try again in a moment." in text_of(answer)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([], "Choose the parcels first."),
        (["1"] * 2 + [str(number) for number in range(51)], "Print at most 50 labels at a time."),
    ],
)
def test_a_wrong_choice_is_told(page: Client, account: Account, ids: list[str], words: str) -> None:
    answer = page.post("/shipments/labels/", {"ids": ids}, headers={"HX-Request": "true"})

    assert (answer.status_code, words in text_of(answer)) == (422, True)


@pytest.mark.parametrize("odd", ["abc", "1,2", "-1", "'"])
def test_what_is_no_number_is_refused(page: Client, account: Account, odd: str) -> None:
    answer = page.post("/shipments/labels/", {"ids": [odd, "x"]}, headers={"HX-Request": "true"})

    assert answer.status_code == 422


def test_carlas_parcel_cannot_be_printed(page: Client, account: Account, other_account: Account) -> None:
    theirs = make_shipment(other_account)

    assert page.post("/shipments/labels/", {"ids": [theirs.meli_id]}).status_code == 404


def test_who_may_only_look_prints_nothing(
    vera: User, login: Callable[[User], Client], account: Account
) -> None:
    shipment = make_shipment(account)

    assert login(vera).post("/shipments/labels/", {"ids": [shipment.meli_id]}).status_code == 403


def test_a_file_is_its_printers_alone(
    page: Client, bruno: User, carla: User, login: Callable[[User], Client], parcels: list[BoxShipment]
) -> None:
    token = send(page, parcels).context["printed"].token

    assert page.get(f"/shipments/labels/{token}/").status_code == 200
    assert login(bruno).get(f"/shipments/labels/{token}/").status_code == 404
    assert login(carla).get(f"/shipments/labels/{token}/").status_code == 404
    assert page.get("/shipments/labels/nothing-here/").status_code == 404


def test_without_scripts_the_result_is_a_page(page: Client, parcels: list[BoxShipment]) -> None:
    answer = page.post("/shipments/labels/", {"ids": [str(parcels[0].id)], "format": "pdf"})

    assert "<html" in answer.content.decode()
    assert "1 label is ready" in text_of(answer)


@pytest.fixture
def redis_goes(settings: Settings) -> Callable[[], None]:
    def go() -> None:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:9/0",
                "OPTIONS": {"socket_connect_timeout": 1},
            }
        }
        assert "127.0.0.1:9" in str(caches["default"]._servers)

    return go


def test_nothing_is_printed_that_could_not_be_kept(
    page: Client, parcels: list[BoxShipment], box: Sandbox, redis_goes: Callable[[], None]
) -> None:
    redis_goes()

    answer = send(page, parcels)

    assert answer.status_code == 200
    assert "Nothing was printed; try again." in text_of(answer)
    assert not box.calls["GET /shipment_labels"]


def test_a_file_that_is_lost_while_it_is_printed_is_told_of(
    page: Client,
    parcels: list[BoxShipment],
    redis_goes: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetch = actions.print_labels_of_all

    def fetch_and_lose(*args: Any) -> Any:
        redis_goes()
        return fetch(*args)

    monkeypatch.setattr(actions, "print_labels_of_all", fetch_and_lose)

    answer = send(page, parcels)

    assert "The labels were printed, but their file was lost. Print them again." in text_of(answer)
    assert "data-download" not in answer.content.decode()


def test_a_file_that_cannot_be_fetched_says_what_to_do(
    page: Client, parcels: list[BoxShipment], redis_goes: Callable[[], None]
) -> None:
    printed = send(page, parcels)
    redis_goes()

    answer = file_of(page, printed)

    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    assert "Try again in a moment, or print the labels again." in text_of(answer)


def test_a_return_is_not_the_sellers_to_print(page: Client, parcels: list[BoxShipment], box: Sandbox) -> None:
    back = parcels[0]
    Shipment.objects.filter(meli_id=back.id).update(direction="return", is_open=False)

    answer = send(page, parcels)

    assert [(one.shipment.meli_id, one.reason) for one in answer.context["printed"].refused] == [
        (str(back.id), "This is a return: its label is the buyer's to print.")
    ]
    assert file_of(page, answer).content.count(b"/Type /Page ") == 2
    assert back.substatus == "ready_to_print"

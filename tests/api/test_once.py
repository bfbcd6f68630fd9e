"""`Idempotency-Key`: the same call acts once, and its answer is repeated."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, User
from catalog.models import Item
from painelml.models import KeptAnswer
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from painelml.sync.models import SyncRun
from questions.models import Question
from tests.factories import make_item

from .conftest import SELLER, Login


@pytest.fixture
def item(box: Sandbox, seller: Account) -> Item:
    """An active listing of 10 units, without variations."""
    truth = next(one for one in box.world.items_of[SELLER] if not one.variations)
    truth.status, truth.sub_status, truth.quantity, truth.logistic = "active", [], 10, "drop_off"
    truth.automated_price = False
    apply(seller, "items", [truth.id])
    box.calls.clear()
    return Item.objects.get()


def change(api: APIClient, item: Item, key: str = "k-1", **body: Any) -> Any:
    return api.patch(f"/api/items/{item.meli_id}", body, format="json", headers={"Idempotency-Key": key})


def test_the_same_call_acts_once_and_is_answered_twice(api: APIClient, box: Sandbox, item: Item) -> None:
    first = change(api, item, available_quantity=4)
    box.world.set_quantity(box.world.items[item.meli_id], None, 3)
    second = change(api, item, available_quantity=4)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert box.calls["PUT /items/{item_id}"] + box.calls["PUT /items/{id}"] == 1
    assert box.world.items[item.meli_id].quantity == 3


def test_an_answer_is_sent_once(api: APIClient, box: Sandbox, seller: Account) -> None:
    waiting = next(
        one
        for one in box.world.questions.values()
        if one.seller_id == SELLER
        and one.status == "UNANSWERED"
        and box.world.items[one.item_id].status == "active"
    )
    apply(seller, "questions", [str(waiting.id)])
    address = f"/api/questions/{Question.objects.get().meli_id}/answer"
    answers = [
        api.post(address, {"text": "Sim"}, format="json", headers={"Idempotency-Key": "a"}) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert box.calls["POST /answers"] == 1


def test_starting_a_sync_is_answered_the_same(api: APIClient, account: Account) -> None:
    first, second = (
        api.post("/api/sync/start?scope=items", headers={"Idempotency-Key": "s"}) for _ in range(2)
    )
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert SyncRun.objects.count() == 1


def test_another_body_with_the_same_key_is_422(api: APIClient, box: Sandbox, item: Item) -> None:
    change(api, item, available_quantity=4)
    answer = change(api, item, available_quantity=5)
    assert (answer.status_code, list(answer.json())) == (422, ["detail"])
    assert box.world.items[item.meli_id].quantity == 4


def test_another_address_with_the_same_key_is_422(
    api: APIClient, box: Sandbox, item: Item, seller: Account
) -> None:
    change(api, item, available_quantity=4)
    assert change(api, make_item(seller), available_quantity=4).status_code == 422


def test_keys_are_each_persons_own(login: Login, bruno: User, api: APIClient, item: Item) -> None:
    change(api, item, available_quantity=4)
    answer = change(login(bruno), item, available_quantity=5)
    assert (answer.status_code, answer.json()["available_quantity"]) == (200, 5)


def test_what_failed_may_be_tried_again(api: APIClient, box: Sandbox, item: Item) -> None:
    box.box.drills.forbidden = ["/items"]
    assert change(api, item, available_quantity=4).status_code == 502
    box.box.drills.forbidden = []
    assert change(api, item, available_quantity=4).status_code == 200


def test_what_is_still_worked_on_is_409_until_its_worker_must_be_dead(
    api: APIClient, box: Sandbox, item: Item
) -> None:
    change(api, item, available_quantity=4)
    KeptAnswer.objects.update(status=None)
    assert change(api, item, available_quantity=4).status_code == 409
    KeptAnswer.objects.update(began_at=timezone.now() - KeptAnswer.LONGEST_WORK - timedelta(seconds=1))
    assert change(api, item, available_quantity=4).status_code == 200


def test_a_key_is_forgotten_after_a_day(api: APIClient, item: Item) -> None:
    change(api, item, available_quantity=4)
    KeptAnswer.objects.update(began_at=timezone.now() - KeptAnswer.LIFE - timedelta(seconds=1))
    assert change(api, item, available_quantity=5).json()["available_quantity"] == 5
    assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "chave-é"])
def test_a_key_is_a_short_printable_text(api: APIClient, account: Account, key: str) -> None:
    answer = change(api, make_item(account), key, available_quantity=1)
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])


@pytest.mark.django_db(transaction=True)
def test_of_ten_at_once_one_acts(login: Login, box: Sandbox, item: Item, ana: User) -> None:
    told: list[int] = []
    together = threading.Barrier(10)

    def send() -> None:
        api = login(ana)
        together.wait()
        told.append(change(api, item, available_quantity=4).status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) <= {200, 409}
    assert 200 in told
    assert sum(calls for name, calls in box.calls.items() if name.startswith("PUT")) == 1

"""Changing many listings at once: what the preview says, what is written, and what can be undone."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.models import Account, Organization, User
from catalog import bulk, tasks
from catalog.bulk import How, cancel, preview, preview_undo, preview_values, rounded, start, tallies
from catalog.bulk_work import Worker, work
from catalog.models import BulkChange, BulkLine, BulkStatus, Item, LineState, ProductCost
from painelml.sandbox import Sandbox
from painelml.sync.engine import apply
from tests.api.conftest import SELLER, box, connect, seller  # noqa: F401
from tests.factories import make_item

pytestmark = pytest.mark.django_db

D = Decimal
Choose = Callable[..., list[Item]]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which changes rang for a worker. The rings end here."""
    changes: list[int] = []
    monkeypatch.setattr(tasks, "ring_worker", changes.append)
    return changes


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def listings(box: Sandbox, seller: Account) -> Choose:  # noqa: F811
    """Mirror some active listings without variations, at 100.00 with 10 units each."""

    def choose(number: int) -> list[Item]:
        found = [one for one in box.world.items_of[SELLER] if not one.variations][:number]
        for truth in found:
            truth.status, truth.sub_status, truth.quantity, truth.logistic = "active", [], 10, "drop_off"
            truth.price, truth.original_price, truth.price_field = 10000, 0, "present"
            truth.automated_price = False
        apply(seller, "items", [one.id for one in found])
        return [Item.objects.get(meli_id=one.id) for one in found]

    return choose


def plan(shop: Organization, ana: User, how: How, *, start_it: bool = False) -> BulkChange:
    items = Item.objects.select_related("account").prefetch_related("variations")
    change = preview(shop, ana, items, how)
    if start_it:
        assert start(change)
    return change


def line_of(change: BulkChange, item: Item) -> BulkLine:
    return change.lines.get(item=item)


def lines(change: BulkChange) -> dict[str, tuple[Any, Any, str]]:
    """Return the old and new price and the words of each line, by title."""
    return {
        line.item.title: (line.old.get("price"), line.new.get("price"), line.words)
        for line in change.lines.select_related("item")
    }


# The preview


@pytest.mark.parametrize(
    ("price", "ending", "places", "becomes"),
    [
        ("131.245", "", 2, "131.25"),
        ("131.20", "0.90", 2, "130.90"),
        ("131.45", "0.90", 2, "131.90"),
        ("131.49", "0.99", 2, "131.99"),
        ("131.50", "0.00", 2, "132.00"),
        ("0.10", "0.90", 2, "0.90"),
        ("131.5", "0.90", 0, "132"),
    ],
)
def test_prices_end_as_asked(price: str, ending: str, places: int, becomes: str) -> None:
    assert rounded(D(price), ending, places) == D(becomes)


@pytest.mark.parametrize(
    ("action", "amount", "new"),
    [
        ("price", "80", "80"),
        ("price_up_percent", "10", "110.00"),
        ("price_down_percent", "12.5", "87.50"),
        ("price_up", "5.10", "105.10"),
        ("price_down", "5.10", "94.90"),
    ],
)
def test_a_preview_shows_old_and_new_prices_and_writes_nothing(
    shop: Organization, ana: User, account: Account, rung: list[int], action: str, amount: str, new: str
) -> None:
    make_item(account, title="Caneca", price=D(100))
    change = plan(shop, ana, How(action, D(amount)))
    assert lines(change) == {"Caneca": (D(100), D(new), "")}
    assert (change.status, rung) == (BulkStatus.PREVIEW, [])


def test_a_preview_names_what_is_in_the_way_of_each_row(
    shop: Organization, ana: User, account: Account
) -> None:
    make_item(account, title="Closed", status="closed")
    make_item(account, title="Automated", payload={"tags": ["dynamic_standard_price"]})
    make_item(account, title="Unknown", price=None)
    make_item(account, title="Too low", price=D(3))
    make_item(account, title="Same", price=D(0) + D(5))
    change = plan(shop, ana, How("price_down", D(5)))
    said = {title: words for title, (_old, _new, words) in lines(change).items()}
    assert "closed for good" in said["Closed"]
    assert "automation" in said["Automated"]
    assert said["Unknown"] == "Its price is not known."
    assert said["Too low"] == said["Same"] == "The price must be greater than zero."
    assert set(change.lines.values_list("state", flat=True)) == {LineState.BARRED}


def test_stock_at_full_and_shared_stock_are_left_out(shop: Organization, ana: User, account: Account) -> None:
    make_item(account, title="Full", logistic_type="fulfillment")
    first, second = (make_item(account, user_product_id="MLBU1") for _ in range(2))
    change = plan(shop, ana, How("stock_up", D(5)))
    assert {line.item.title: line.state for line in change.lines.all()}["Full"] == LineState.BARRED
    states = {line_of(change, one).state for one in (first, second)}
    assert states == {LineState.READY, LineState.BARRED}


def test_stock_that_variations_share_is_written_through_one_of_their_listings(
    shop: Organization, ana: User, account: Account
) -> None:
    varied = make_item(account, variations=2)
    plain = make_item(account, user_product_id="MLBU1")
    varied.variations.filter(position=1).update(user_product_id="MLBU1")
    change = plan(shop, ana, How("stock_up", D(5)))
    assert {line_of(change, one).state for one in (varied, plain)} == {LineState.READY, LineState.BARRED}
    assert line_of(plan(shop, ana, How("price_up", D(5))), plain).state == LineState.READY


def test_every_variation_is_shown_with_its_units(shop: Organization, ana: User, account: Account) -> None:
    item = make_item(account, variations=2)
    units = {f"units:{one.meli_id}": one.available_quantity for one in item.variations.all()}
    line = line_of(plan(shop, ana, How("stock_up", D(5))), item)
    assert (line.old, line.new) == (units, {name: value + 5 for name, value in units.items()})


def test_a_price_below_cost_is_warned_of(shop: Organization, ana: User, account: Account) -> None:
    item = make_item(account, price=D(100), sku="CAN")
    ProductCost.objects.create(account=account, sku="CAN", starts_on="2000-01-01", amount=D(95))
    line = line_of(plan(shop, ana, How("price_down", D(10))), item)
    assert (line.state, line.words) == (LineState.READY, "Below its cost of R$\u00a095.00.")


def test_a_preview_of_yesterday_cannot_be_started(shop: Organization, ana: User, account: Account) -> None:
    make_item(account)
    change = plan(shop, ana, How("pause"))
    BulkChange.objects.update(created_at=timezone.now() - bulk.PREVIEW_LIFE)
    assert not start(change)
    assert bulk.delete_old_previews(timezone.now())
    assert not BulkChange.objects.exists()


def test_of_two_people_who_say_yes_one_starts_it(shop: Organization, ana: User, account: Account) -> None:
    make_item(account)
    change = plan(shop, ana, How("pause"))
    assert [start(change), start(change)] == [True, False]


def test_planning_costs_as_many_queries_for_two_as_for_twenty(
    shop: Organization, ana: User, account: Account, django_assert_num_queries: Any
) -> None:
    for rows in (2, 20):
        for _ in range(rows):
            make_item(account, variations=1)
        with django_assert_num_queries(9):  # two the transaction, two the costs of the account, one the log
            plan(shop, ana, How("price_up", D(1)))


# The writing


def test_prices_are_written_and_confirmed(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    items = listings(3)
    change = plan(shop, ana, How("price_up_percent", D(10), "0.90"), start_it=True)
    assert not work(change.pk, 60)
    change.refresh_from_db()
    assert change.status == BulkStatus.DONE
    assert {box.world.items[one.meli_id].price for one in items} == {10990}
    assert set(Item.objects.values_list("price", flat=True)) == {D("109.90")}
    assert tallies([change])[change.pk].done == 3


def test_one_refusal_is_told_in_its_row_and_the_others_go_on(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    first, second = listings(2)
    change = plan(shop, ana, How("price", D(90)), start_it=True)
    box.world.items[first.meli_id].automated_price = True
    work(change.pk, 60)
    assert line_of(change, second).state == LineState.DONE
    line = line_of(change, first)
    assert line.state == LineState.FAILED
    assert "automation" in line.words


def test_a_price_changed_since_the_preview_is_left_alone(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    change = plan(shop, ana, How("price_up", D(10)), start_it=True)
    box.world.items[item.meli_id].price = 12000
    work(change.pk, 60)
    line = line_of(change, item)
    assert (line.state, line.sent) == (LineState.FAILED, None)
    assert "it is R$\u00a0120.00" in line.words
    assert box.world.items[item.meli_id].price == 12000


def test_units_sold_since_the_preview_are_not_brought_back(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    change = plan(shop, ana, How("stock_up", D(5)), start_it=True)
    box.world.set_quantity(box.world.items[item.meli_id], None, 7)
    work(change.pk, 60)
    assert box.world.items[item.meli_id].quantity == 12


def test_what_arrived_before_a_worker_died_is_not_written_again(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    change = plan(shop, ana, How("stock_up", D(5)), start_it=True)
    dead = Worker(change, "dead")
    line = dead.claim()
    dead.note(line, seen={"available_quantity": 10}, sent={"available_quantity": 15})
    box.world.set_quantity(box.world.items[item.meli_id], None, 15)  # it arrived; nobody noted that
    BulkLine.objects.update(lease_until=timezone.now())
    box.calls.clear()
    work(change.pk, 60)
    assert line_of(change, item).state == LineState.DONE
    assert box.world.items[item.meli_id].quantity == 15
    assert not [call for call in box.calls if call.startswith("PUT")]


def test_what_did_not_arrive_before_a_worker_died_is_written(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    change = plan(shop, ana, How("stock_up", D(5)), start_it=True)
    dead = Worker(change, "dead")
    dead.note(dead.claim(), seen={"available_quantity": 10}, sent={"available_quantity": 15})
    BulkLine.objects.update(lease_until=timezone.now())
    work(change.pk, 60)
    assert line_of(change, item).state == LineState.DONE
    assert box.world.items[item.meli_id].quantity == 15


def test_where_nobody_can_tell_what_arrived_a_person_looks(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    change = plan(shop, ana, How("stock_up", D(5)), start_it=True)
    dead = Worker(change, "dead")
    dead.note(dead.claim(), seen={"available_quantity": 10}, sent={"available_quantity": 15})
    box.world.set_quantity(box.world.items[item.meli_id], None, 13)
    BulkLine.objects.update(lease_until=timezone.now())
    work(change.pk, 60)
    line = line_of(change, item)
    assert line.state == LineState.FAILED
    assert "interrupted" in line.words
    assert box.world.items[item.meli_id].quantity == 13


def test_a_worker_that_lost_its_line_notes_nothing(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    listings(1)
    change = plan(shop, ana, How("pause"), start_it=True)
    slow, quick = Worker(change, "slow"), Worker(change, "quick")
    line = slow.claim()
    assert quick.claim() is None
    BulkLine.objects.update(lease_until=timezone.now())
    assert quick.claim().pk == line.pk
    slow.do(line)
    assert BulkLine.objects.get().state == LineState.WORKING


def test_an_unreachable_mercado_livre_is_tried_again_and_then_told(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    listings(1)
    change = plan(shop, ana, How("pause"), start_it=True)
    box.stop()
    work(change.pk, 60)
    line = change.lines.get()
    assert (line.state, line.attempts) == (LineState.READY, 1)
    assert line.next_try_at > timezone.now()
    BulkLine.objects.update(attempts=5, next_try_at=timezone.now())
    work(change.pk, 60)
    assert "cannot be reached" in change.lines.get().words
    change.refresh_from_db()
    assert change.status == BulkStatus.DONE


def test_a_cancelled_change_writes_nothing_more(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    listings(3)
    change = plan(shop, ana, How("pause"), start_it=True)
    worker = Worker(change, "one")
    worker.do(worker.claim())
    assert cancel(change)
    assert not cancel(change)
    work(change.pk, 60)
    found = tallies([change])[change.pk]
    assert (found.done, found.cancelled) == (1, 2)
    change.refresh_from_db()
    assert change.finished_at


def test_a_sweep_rings_for_what_a_dead_worker_left(
    shop: Organization,
    ana: User,
    account: Account,
    rung: list[int],
) -> None:
    make_item(account)
    change = plan(shop, ana, How("pause"), start_it=True)
    Worker(change, "dead").claim()
    rung.clear()
    tasks.resume_changes()
    assert rung == []
    BulkLine.objects.update(lease_until=timezone.now())
    tasks.resume_changes()
    assert rung == [change.pk]


# Undoing


def test_undoing_brings_back_what_is_still_as_written(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    first, second = listings(2)
    change = plan(shop, ana, How("price", D(90)), start_it=True)
    work(change.pk, 60)
    box.world.items[second.meli_id].price = 9500
    apply(second.account, "items", [second.meli_id])

    undo = preview_undo(change, ana)
    left = line_of(undo, second)
    assert (left.state, left.words) == (LineState.BARRED, "It is no longer what was written: R$\u00a095.00.")
    assert start(undo)
    work(undo.pk, 60)

    assert box.world.items[first.meli_id].price == 10000
    assert box.world.items[second.meli_id].price == 9500
    assert undo.undoes == change


def test_an_undo_that_finds_something_new_leaves_it(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    change = plan(shop, ana, How("stock", D(20)), start_it=True)
    work(change.pk, 60)
    undo = preview_undo(change, ana)
    assert start(undo)
    box.world.set_quantity(box.world.items[item.meli_id], None, 19)
    work(undo.pk, 60)
    assert box.world.items[item.meli_id].quantity == 19
    assert undo.lines.get().state == LineState.FAILED


def test_values_of_a_file_change_several_fields_at_once(
    shop: Organization,
    ana: User,
    box: Sandbox,  # noqa: F811
    listings: Choose,
) -> None:
    (item,) = listings(1)
    wanted = {item.pk: {"price": D("77.70"), "available_quantity": 4, "status": "active"}}
    change = preview_values(shop, ana, wanted)
    assert set(change.lines.get().new) == {"price", "available_quantity"}
    assert start(change)
    work(change.pk, 60)
    truth = box.world.items[item.meli_id]
    assert (truth.price, truth.quantity) == (7770, 4)


def test_variations_keep_their_ids(shop: Organization, ana: User, box: Sandbox, seller: Account) -> None:  # noqa: F811
    truth = next(one for one in box.world.items_of[SELLER] if one.variations)
    truth.status, truth.sub_status, truth.automated_price, truth.logistic = "active", [], False, "drop_off"
    truth.price_field = "present"
    apply(seller, "items", [truth.id])
    before = {one.id: one.quantity for one in truth.variations}
    change = plan(shop, ana, How("stock_up", D(2)), start_it=True)
    work(change.pk, 60)
    assert change.lines.get().state == LineState.DONE
    assert {one.id: one.quantity for one in truth.variations} == {
        pk: units + 2 for pk, units in before.items()
    }

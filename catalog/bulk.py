"""Changing many listings at once: what each line would become, and what people decide about the whole.

A change is planned into lines first and shown. Nothing is written before somebody starts it; then workers
carry it out (catalog/bulk_work.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, JSONField
from django.db.models.fields.json import KeyTransform
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.sites import decimals_of
from painelml import live
from painelml.audit import trail
from painelml.web import show
from painelml.web.statuses import word_for

from .actions import FULL
from .costs import CostTable
from .forms import EDITED, UNITS_MAX, price_problem
from .models import BulkChange, BulkLine, BulkStatus, Item, ItemQuerySet, LineState

LINES_MAX = 2_000
"""Listings one change may touch: about ten minutes of writing, and a preview that people still look at."""
PREVIEW_LIFE = timedelta(hours=24)
BIG_MOVE = Decimal("0.5")
"""A price moved by more than this share may make Mercado Livre pause the listing (API facts, part A 5.4)."""
AUTOMATED = {"dynamic_standard_price"}
"""Tags of items whose price Mercado Livre's automation sets: it ignores ours (part A 5.5)."""
UNITS = "units:"

Values = dict[str, Any]
"""`price`, `status`, `available_quantity`, and `units:<id>` for each variation."""


@dataclass(frozen=True)
class Action:
    """Something that can be done to many listings. `field` is what it changes, `words` may name its
    `%(amount)s`."""

    field: str
    label: Any
    words: Any


ACTIONS = {
    "pause": Action("status", gettext_lazy("Pause"), gettext_lazy("Pause")),
    "activate": Action("status", gettext_lazy("Activate"), gettext_lazy("Activate")),
    "price": Action("price", gettext_lazy("Set the price"), gettext_lazy("Set the price to %(amount)s")),
    "price_up_percent": Action(
        "price", gettext_lazy("Raise the price by %"), gettext_lazy("Raise the price by %(amount)s %%")
    ),
    "price_down_percent": Action(
        "price", gettext_lazy("Lower the price by %"), gettext_lazy("Lower the price by %(amount)s %%")
    ),
    "price_up": Action(
        "price", gettext_lazy("Raise the price by an amount"), gettext_lazy("Raise the price by %(amount)s")
    ),
    "price_down": Action(
        "price", gettext_lazy("Lower the price by an amount"), gettext_lazy("Lower the price by %(amount)s")
    ),
    "stock": Action("stock", gettext_lazy("Set the stock"), gettext_lazy("Set the stock to %(amount)s")),
    "stock_up": Action(
        "stock", gettext_lazy("Add to the stock"), gettext_lazy("Add %(amount)s to the stock")
    ),
    "stock_down": Action(
        "stock", gettext_lazy("Take from the stock"), gettext_lazy("Take %(amount)s from the stock")
    ),
    "file": Action("", gettext_lazy("File"), gettext_lazy("Prices and stock of a file")),
    "undo": Action("", gettext_lazy("Undo"), gettext_lazy("Undo")),
}
TYPED = [name for name in ACTIONS if name not in ("file", "undo")]
"""What a form offers; files and undoing have doors of their own."""
WITHOUT_AMOUNT = ["pause", "activate"]
STATUS_OF = {"pause": "paused", "activate": "active"}
ENDINGS = {
    "": gettext_lazy("As reckoned"),
    "0.00": gettext_lazy("Whole amounts"),
    "0.90": gettext_lazy("Ending in 90 cents"),
    "0.99": gettext_lazy("Ending in 99 cents"),
}


@dataclass(frozen=True)
class How:
    """What shall be done: an action of `ACTIONS`, its amount, and how prices shall end."""

    action: str
    amount: Decimal | None = None
    ending: str = ""

    @classmethod
    def of(cls, change: BulkChange) -> How:
        amount = change.how.get("amount")
        return cls(change.action, None if amount is None else Decimal(amount), change.how.get("ending", ""))

    @property
    def words(self) -> str:
        """What is done, as a sentence: `Raise the price by 10 %, ending in 90 cents`."""
        said = str(ACTIONS[self.action].words)
        if self.amount is not None:
            said = said % {"amount": number_format(self.amount.normalize(), force_grouping=True)}
        ending = str(ENDINGS[self.ending]).lower() if self.ending else ""
        return f"{said}, {ending}" if ending else said


@dataclass
class Plan:
    """What shall become of one listing: the values it has and gets, what is in the way of it, and what people
    should know before.
    """

    old: Values = field(default_factory=dict)
    new: Values = field(default_factory=dict)
    problem: str = ""
    warning: str = ""


# What a listing becomes


def values_of(item: Item) -> Values:
    """Return everything about a listing that a change can name. Needs its variations."""
    units = {f"{UNITS}{one.meli_id}": one.available_quantity for one in item.variations.all()}
    stock = units or {"available_quantity": item.available_quantity}
    return {"price": item.price, "status": item.status, **stock}


def wanted_by(how: How, item: Item) -> Values:
    """Return what an action makes of a listing as it now is; unknown amounts stay unknown."""
    now = values_of(item)
    kind = ACTIONS[how.action].field
    if kind == "status":
        return {"status": STATUS_OF[how.action]}
    if kind == "price":
        return {"price": price_by(how, item.price, item.currency_id)}
    return {name: units_by(how, units) for name, units in now.items() if name not in ("price", "status")}


def price_by(how: How, price: Decimal | None, currency_id: str) -> Decimal | None:
    """Return the price an action makes of `price`, with the ending asked for."""
    amount = how.amount or Decimal(0)
    if how.action == "price":
        return amount
    if price is None:
        return None
    match how.action:
        case "price_up_percent":
            price = price * (100 + amount) / 100
        case "price_down_percent":
            price = price * (100 - amount) / 100
        case "price_up":
            price += amount
        case "price_down":
            price -= amount
    return rounded(price, how.ending, decimals_of(currency_id))


def rounded(price: Decimal, ending: str, places: int) -> Decimal:
    """Return the nearest price with this ending, at least the ending itself.

    >>> rounded(Decimal("131.20"), "0.90", 2)
    Decimal('130.90')
    """
    if not ending or places == 0:
        return price.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    cents = Decimal(ending)
    whole = max((price - cents).quantize(Decimal(1), ROUND_HALF_UP), Decimal(0))
    return whole + cents


def units_by(how: How, units: int | None) -> int | None:
    """Return the units an action makes of `units`; never below nothing."""
    amount = int(how.amount or 0)
    if how.action == "stock":
        return amount
    if units is None:
        return None
    return max(0, units + amount if how.action == "stock_up" else units - amount)


class Planner:
    """Plans lines of one organization. Asks the costs of each account once."""

    def __init__(self) -> None:
        self.costs: dict[int, CostTable] = {}
        self.shared: dict[tuple[int, str], str] = {}
        self.now = timezone.now()

    def plan(self, item: Item, wanted: Values) -> Plan:
        """Return the line of a listing that shall get these values; what it has already is left out."""
        now = values_of(item)
        old = {name: now.get(name) for name in wanted}
        plan = Plan(old, dict(wanted))
        plan.problem = self.problem(item, plan)
        changed = {name: value for name, value in wanted.items() if now.get(name) != value}
        if not plan.problem and not changed:
            plan.problem = _("It is so already.")
        if not plan.problem:
            plan.old, plan.new = {name: now.get(name) for name in changed}, changed
            plan.problem = self.sharing(item, changed)
        plan.warning = "" if plan.problem else self.warning(item, changed)
        return plan

    def problem(self, item: Item, plan: Plan) -> str:
        if item.status == "closed":
            return _("This item is closed for good. Relist it at Mercado Livre.")
        if unknown := [name for name in plan.new if name.startswith(UNITS) and name not in values_of(item)]:
            return _("This item has no variation %(ids)s.") % {
                "ids": ", ".join(name.removeprefix(UNITS) for name in unknown)
            }
        if "available_quantity" in plan.new and list(item.variations.all()):
            return _("This item has variations: give the quantity of each of them.")
        for name, value in plan.new.items():
            if value is not None and value == plan.old.get(name):
                continue
            if problem := self.problem_with(item, name, value):
                return problem
        return ""

    def problem_with(self, item: Item, name: str, value: Any) -> str:
        if name == "status":
            if item.status not in EDITED:
                return _("Its status is %(status)s, which only Mercado Livre changes.") % {
                    "status": word_for("item", item.status).label
                }
            return ""
        if name == "price":
            if value is None:
                return _("Its price is not known.")
            if AUTOMATED & set(getattr(item, "tags", None) or []):
                return _(
                    "This item's price is set by Mercado Livre's price automation. Turn the automation off "
                    "there first."
                )
            return price_problem(value, item.currency_id)
        if value is None:
            return _("Its stock is not known.")
        if item.logistic_type == FULL:
            return _("This stock lies at Full, so only Mercado Livre changes it.")
        if value > UNITS_MAX:
            return _("More than %(units)s units cannot be offered.") % {"units": show.count(UNITS_MAX)}
        return ""

    def sharing(self, item: Item, changed: Values) -> str:
        """Units several listings share are written through the first of them alone, or they would change
        twice.
        """
        variations = item.variations.all()
        stocks = [(item, "available_quantity"), *((one, f"{UNITS}{one.meli_id}") for one in variations)]
        products = {one.user_product_id for one, name in stocks if name in changed} - {""}
        for product in sorted(products):
            first = self.shared.get((item.account_id, product))
            if first not in (None, item.meli_id):
                return _("It shares its units with %(item)s, which is changed here.") % {"item": first}
        self.shared |= {(item.account_id, product): item.meli_id for product in products}
        return ""

    def warning(self, item: Item, changed: Values) -> str:
        price = changed.get("price")
        if price is None:
            return ""
        cost = self.cost_of(item)
        if cost is not None and price < cost:
            return _("Below its cost of %(cost)s.") % {"cost": show.money(cost, item.currency_id)}
        if item.price and abs(price - item.price) > BIG_MOVE * item.price:
            return _("So great a change may make Mercado Livre pause the listing.")
        return ""

    def cost_of(self, item: Item) -> Decimal | None:
        if item.currency_id != item.account.currency_id:
            return None
        if item.account_id not in self.costs:
            self.costs[item.account_id] = CostTable(item.account)
        today = self.now.astimezone(item.account.time_zone).date()
        return self.costs[item.account_id].unit_cost(item.sku or item.meli_id, today)


# What people decide


def items_to_change(items: ItemQuerySet) -> ItemQuerySet:
    """Return these items with what planning asks of them, in the order of the catalog."""
    tags = KeyTransform("tags", "payload", output_field=JSONField())
    return items.annotate(tags=tags).order_by("-date_created", "-pk")


def preview(organization: Organization, user: User, items: ItemQuerySet, how: How) -> BulkChange:
    """Plan one action for these items, at most `LINES_MAX` of them, and keep it to be looked at."""
    planner = Planner()
    found = items_to_change(items)[:LINES_MAX]
    plans = ((item, planner.plan(item, wanted_by(how, item))) for item in found)
    kept = {"amount": None if how.amount is None else str(how.amount), "ending": how.ending}
    return keep(organization, user, how.action, plans, kept)


def preview_values(
    organization: Organization, user: User, wanted: Mapping[int, Values], action: str = "file"
) -> BulkChange:
    """Plan values of their own for each item, by its row id, and keep them to be looked at."""
    planner = Planner()
    items = Item.objects.of(organization).filter(pk__in=wanted).select_related("account")
    items = items_to_change(items.prefetch_related("variations").defer("payload", "parts", "search_text"))
    plans = ((item, planner.plan(item, wanted[item.pk])) for item in items)
    return keep(organization, user, action, plans)


@transaction.atomic
def keep(
    organization: Organization,
    user: User,
    action: str,
    plans: Iterable[tuple[Item, Plan]],
    how: Mapping[str, Any] | None = None,
    undoes: BulkChange | None = None,
) -> BulkChange:
    """Keep planned lines as a preview, those that can be carried out first."""
    change = BulkChange.objects.create(
        organization=organization,
        requested_by=user,
        action=action,
        how=dict(how or {}),
        undoes=undoes,
        language=get_language() or "",
    )
    ordered = sorted(plans, key=lambda planned: bool(planned[1].problem))
    BulkLine.objects.bulk_create(
        [
            BulkLine(
                change=change,
                item=item,
                position=position,
                old=plan.old,
                new=plan.new,
                state=LineState.BARRED if plan.problem else LineState.READY,
                words=plan.problem or plan.warning,
            )
            for position, (item, plan) in enumerate(ordered)
        ],
        batch_size=500,
    )
    trail.record(
        "bulk.prepared", change, person=user, after={"action": action, **change.how, "lines": len(ordered)}
    )
    return change


@trail.watched("bulk.started", wanted=dict)
def start(change: BulkChange) -> bool:
    """Begin to write a preview; of two people who say yes, one starts it. Return whether it was this call."""
    now = timezone.now()
    previews = BulkChange.objects.filter(pk=change.pk, status=BulkStatus.PREVIEW)
    if not previews.filter(created_at__gt=now - PREVIEW_LIFE).update(
        status=BulkStatus.RUNNING, started_at=now
    ):
        return False
    change.refresh_from_db()
    BulkLine.objects.filter(change=change, state=LineState.READY).update(words="", next_try_at=now)
    if not end_if_over(change):
        transaction.on_commit(lambda: ring(change))
    return True


@trail.watched("bulk.cancelled", wanted=dict)
def cancel(change: BulkChange) -> bool:
    """Write nothing more; a line that is being written right now ends by itself. Return whether it ran."""
    running = BulkChange.objects.filter(pk=change.pk, status=BulkStatus.RUNNING)
    if not running.update(status=BulkStatus.CANCELLED):
        return False
    # A line some of which may have arrived stays open: a worker looks what became of it.
    waiting = BulkLine.objects.filter(change=change, state=LineState.READY)
    waiting.filter(sent__isnull=True).update(state=LineState.CANCELLED, finished_at=timezone.now())
    waiting.filter(sent__isnull=False).update(
        state=LineState.WORKING, lease_until=timezone.now(), lease_owner=""
    )
    change.refresh_from_db()
    if not end_if_over(change):
        transaction.on_commit(lambda: ring(change))
    return True


@trail.watched("bulk.discarded", wanted=dict)
def discard(change: BulkChange) -> bool:
    """Drop a preview. Return whether it was still one."""
    return bool(BulkChange.objects.filter(pk=change.pk, status=BulkStatus.PREVIEW).delete()[0])


def end_if_over(change: BulkChange) -> bool:
    """End a change none of whose lines is open any more."""
    if BulkLine.objects.filter(change=change).open().exists():
        return False
    ending = BulkChange.objects.filter(pk=change.pk, finished_at=None)
    now = timezone.now()
    if ending.filter(status=BulkStatus.RUNNING).update(status=BulkStatus.DONE, finished_at=now) or (
        ending.filter(status=BulkStatus.CANCELLED).update(finished_at=now)
    ):
        change.refresh_from_db()
        live.publish(change.organization_id, "runs", "items")
    return True


def preview_undo(change: BulkChange, user: User) -> BulkChange:
    """Plan to write the old values back where they still are as the change left them; others are named."""
    planner = Planner()
    lines = BulkLine.objects.filter(
        change=change, sent__isnull=False, state__in=[LineState.DONE, LineState.FAILED]
    )
    by_item = {line.item_id: line for line in lines}
    items = Item.objects.filter(pk__in=by_item).select_related("account").prefetch_related("variations")
    items = items_to_change(items.defer("payload", "parts", "search_text"))
    plans = [(item, plan_undo(planner, item, by_item[item.pk])) for item in items]
    return keep(change.organization, user, "undo", plans, undoes=change)


def plan_undo(planner: Planner, item: Item, line: BulkLine) -> Plan:
    now = values_of(item)
    arrived = {name: value for name, value in line.sent.items() if now.get(name) == value}
    moved = {name: now.get(name) for name in line.sent if name not in arrived}
    left = ""
    if moved:
        said = (
            _("It is no longer what was written: %(now)s.")
            if line.state == LineState.DONE
            else _("This was not written: it is %(now)s.")
        )
        left = said % {"now": in_words(moved, item.currency_id)}
    if not arrived:
        return Plan(moved, {name: line.seen.get(name) for name in moved}, left)
    plan = planner.plan(item, {name: line.seen.get(name) for name in arrived})
    plan.warning = left or plan.warning
    return plan


def in_words(values: Values, currency_id: str) -> str:
    """Return values as people read them: `R$ 129,90, 4 units, Paused`."""
    words = []
    for name, value in values.items():
        if name == "price":
            words.append(show.money(value, currency_id))
        elif name == "status":
            words.append(str(word_for("item", value).label))
        elif value is None:
            words.append(show.DASH)
        else:
            words.append(ngettext("%(count)s unit", "%(count)s units", value) % {"count": show.count(value)})
    return ", ".join(words)


@dataclass(frozen=True)
class Pair:
    """A value of a line before and after, in words; `name` tells variations apart."""

    name: str
    old: str
    new: str


def pairs_of(line: BulkLine) -> list[Pair]:
    """Return what a line changes, as it was written once that is known. Needs the item's variations."""
    old, new = (line.seen, line.sent) if line.sent else (line.old, line.new)
    currency_id = line.item.currency_id
    choices = {f"{UNITS}{one.meli_id}": one.words or str(one) for one in line.item.variations.all()}
    return [
        Pair(
            choices.get(name, ""),
            in_words({name: old.get(name)}, currency_id),
            in_words({name: value}, currency_id),
        )
        for name, value in new.items()
    ]


@dataclass(frozen=True)
class Tally:
    """How many lines of a change are in which state."""

    ready: int
    working: int
    barred: int
    done: int
    failed: int
    cancelled: int

    @property
    def to_write(self) -> int:
        """Lines that were meant to be written."""
        return self.ready + self.working + self.done + self.failed + self.cancelled

    @property
    def finished(self) -> int:
        return self.done + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        return 100 * self.finished // self.to_write if self.to_write else 100


def tallies(changes: Iterable[BulkChange]) -> dict[int, Tally]:
    """Return how far each of these changes is. One query."""
    counts: dict[int, dict[str, int]] = {change.pk: {} for change in changes}
    rows = BulkLine.objects.filter(change__in=counts).order_by().values_list("change_id", "state")
    for change_id, state, lines in rows.annotate(lines=Count("pk")):
        counts[change_id][state] = lines
    return {
        pk: Tally(**{name: found.get(name, 0) for name in LineState.values}) for pk, found in counts.items()
    }


def delete_old_previews(now: datetime) -> int:
    """Delete previews nobody started."""
    old = BulkChange.objects.filter(status=BulkStatus.PREVIEW, created_at__lt=now - PREVIEW_LIFE)
    return old.delete()[0]


def ring(change: BulkChange) -> None:
    """Ask the workers to look at a change. Only a doorbell: a sweep finds what it misses."""
    from .tasks import ring_worker

    ring_worker(change.pk)


def in_language_of(change: BulkChange) -> Any:
    """Speak the language of whoever decided the change while the block lasts."""
    return override(change.language or None)

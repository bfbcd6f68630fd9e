"""What the operations page and its JSON ask about the inbox."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.models import Account, ApiUsage

from . import acks
from .forms import InboxFilterForm
from .models import Notification, NotificationQuerySet, NotificationState, Outcome, Source

MEASURED = 1_000
"""Processing times are those of this many latest events."""

LISTED = (
    "topic",
    "resource",
    "seller_id",
    "source",
    "created_at",
    "repeats",
    "state",
    "attempts",
    "next_try_at",
    "outcome",
    "error",
)
"""The columns the rows of the page show."""


def events_of(accounts: Iterable[Account]) -> NotificationQuerySet:
    """Return these sellers' events. Naming every state lets the index that begins with it find a seller's."""
    sellers = [account.meli_user_id for account in accounts]
    return Notification.objects.filter(seller_id__in=sellers, state__in=NotificationState.values)


def events_for_listing(form: InboxFilterForm) -> NotificationQuerySet:
    """Return the events of the form's accounts that pass the filters, unordered."""
    events = events_of(form.accounts).filter(**form.filters(state="state", topic="topic", source="source"))
    if q := form.value("q"):
        events = events.filter(Q(resource__icontains=q) | Q(target=q))
    return events


def unsettled(accounts: Iterable[Account]) -> NotificationQuerySet:
    """Return the events that are not applied yet or were given up."""
    settled = [NotificationState.DONE, NotificationState.IGNORED]
    return events_of(accounts).exclude(state__in=settled)


@dataclass(frozen=True)
class Percentiles:
    """Half, 95 and 99 of a hundred took no longer than this; None without any."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class InboxFigures:
    """What the inbox holds and how fast it is. Counts are of what is kept, not of all times."""

    by_state: dict[str, int]
    by_topic: dict[str, dict[str, int]]
    total: int
    repeats: int
    oldest_open: datetime | None
    found_by_missed_feeds: int
    """Changes we would not know of without the missed feeds."""
    processing_s: Percentiles
    """From storing to done, of the latest thousand."""
    ack_ms: Percentiles
    """How long the answer took, of this whole panel, today and yesterday; upper bounds."""
    answers: dict[int, int]
    """How often each HTTP status was answered, of this whole panel, today and yesterday."""

    @property
    def open(self) -> int:
        """How many are neither applied nor given up."""
        return self.by_state[NotificationState.PENDING] + self.by_state[NotificationState.WORKING]

    @property
    def topics(self) -> list[tuple[str, dict[str, int]]]:
        """The counts by topic, for templates: there `by_topic.items` would be the topic of that name."""
        return list(self.by_topic.items())

    @property
    def oldest_open_s(self) -> int | None:
        if self.oldest_open is None:
            return None
        return max(0, int((timezone.now() - self.oldest_open).total_seconds()))


def inbox_figures(accounts: Sequence[Account]) -> InboxFigures:
    """Return the figures of these accounts' events. Five queries."""
    events = events_of(accounts).order_by()
    by_state = dict.fromkeys(NotificationState.values, 0)
    by_topic: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(NotificationState.values, 0))
    repeats = 0
    # A column of the index, so that no row has to be read.
    for row in events.values("topic", "state").annotate(events=Count("state"), repeated=Sum("repeats")):
        by_state[row["state"]] += row["events"]
        by_topic[row["topic"]][row["state"]] += row["events"]
        repeats += row["repeated"]
    counted = acks.latest()
    accepted = counted[200]
    return InboxFigures(
        by_state=by_state,
        by_topic=dict(sorted(by_topic.items())),
        total=sum(by_state.values()),
        repeats=repeats,
        oldest_open=events.open().aggregate(oldest=Min("created_at"))["oldest"],
        found_by_missed_feeds=events.filter(
            source=Source.MISSED_FEED, outcome__in=[Outcome.CREATED, Outcome.UPDATED]
        ).count(),
        processing_s=processing_times(events),
        ack_ms=Percentiles(*(acks.percentile(accepted, share) for share in (0.5, 0.95, 0.99))),
        answers={status: bounds.total() for status, bounds in counted.items()},
    )


def processing_times(events: NotificationQuerySet) -> Percentiles:
    """Return how many seconds the latest events took from storing to done. Two queries, which hand over only
    the events at these places.
    """
    done = events.filter(state=NotificationState.DONE)
    latest = done.order_by("-id")[:MEASURED].aggregate(count=Count("pk"), first=Min("pk"))
    places = [round(share * (latest["count"] - 1)) + 1 for share in (0.5, 0.95, 0.99)]
    by_length = Window(RowNumber(), order_by=F("done_at") - F("created_at"))
    ranked = done.filter(pk__gte=latest["first"] or 0).annotate(place=by_length)
    found = ranked.filter(place__in=places).values_list("place", "created_at", "done_at")
    seconds = {place: (done_at - created_at).total_seconds() for place, created_at, done_at in found}
    return Percentiles(*(round(seconds[place], 3) if place in seconds else None for place in places))


@dataclass(frozen=True)
class EndpointCalls:
    """How often one endpoint of Mercado Livre was called, by status (0: no answer came), and how long it
    took."""

    endpoint: str
    by_status: dict[int, int]
    seconds: float

    @property
    def calls(self) -> int:
        return sum(self.by_status.values())

    @property
    def failed(self) -> int:
        return sum(calls for status, calls in self.by_status.items() if status == 0 or status >= 400)

    @property
    def mean_ms(self) -> int:
        return round(1000 * self.seconds / self.calls) if self.calls else 0


def calls_by_endpoint(accounts: Sequence[Account], hours: int = 24) -> list[EndpointCalls]:
    """Return the calls of the last hours, the busiest endpoint first. One query."""
    since = timezone.now() - timedelta(hours=hours)
    usage = ApiUsage.objects.filter(account__in=accounts, hour__gte=since).order_by()
    by_status: dict[str, Counter[int]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    for row in usage.values("endpoint", "status").annotate(times=Sum("calls"), took=Sum(F("seconds"))):
        by_status[row["endpoint"]][row["status"]] += row["times"]
        seconds[row["endpoint"]] += row["took"]
    found = [
        EndpointCalls(endpoint, dict(sorted(counted.items())), seconds[endpoint])
        for endpoint, counted in by_status.items()
    ]
    return sorted(found, key=lambda one: -one.calls)

"""Alerts by mail: what is wrong in an organization, told once to each member who wants to know.

Every few minutes the causes that hold now are compared with those a member was told. New ones go out together
in one mail, the next one a quarter of an hour later at the soonest; causes that are over are forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.urls import reverse
from django.utils.text import Truncator, format_lazy

from catalog.models import Item
from catalog.queries import stock_figures
from orders.queries import sales_overview
from painelml.web import masks
from painelml.web.statuses import word_for
from questions.models import AT_RISK, Question
from questions.queries import waiting_figures
from shipments.models import Shipment
from shipments.queries import dispatch_figures, late

from . import mail
from .models import Account, AlertCause, AlertKind, Alerts

GAP = timedelta(minutes=15)
"""Between two mails to one member, so that there are four an hour at most: as long as a question is "about to
be late", so that no such alert comes after the fact."""
CAUSES_MAX = 500
"""Causes of a kind that are looked at; whoever has more is told of these first."""
SHOWN = 10
"""Causes of a kind a mail spells out; the others are counted."""
SUMMARY_UNTIL = timedelta(hours=3)
"""How long after its hour a summary still makes sense, when the panel was down."""
SALT = "painelml.alerts"
PAGES: dict[str, Callable[[], str]] = {
    AlertKind.QUESTIONS: lambda: f"{reverse('questions:list')}?status=UNANSWERED",
    AlertKind.STOCK: lambda: f"{reverse('catalog:list')}?stock=out",
    AlertKind.DISPATCH: lambda: f"{reverse('shipments:list')}?dispatch=late",
    AlertKind.REPUTATION: lambda: reverse("reputation"),
}
"""The page that lists what is wrong of a kind."""


@dataclass(frozen=True)
class Cause:
    """Something that is wrong. `name` is the same as long as it is, `page` says where to mend it."""

    kind: str
    name: str
    text: Any
    page: str


@dataclass(frozen=True)
class Section:
    """The causes of one kind in a mail."""

    kind: str
    title: Any
    causes: list[Cause]
    rest: int
    page: str


# What is wrong


def causes(accounts: list[Account], now: datetime) -> Iterator[Cause]:
    """Yield what is wrong in these accounts now. Three queries."""
    yield from questions(accounts, now)
    yield from stock_outs(accounts)
    yield from late_parcels(accounts, now)
    for account in accounts:
        for metric in account.near_limits:
            text = format_lazy("{} · {}", word_for("metric", metric).label, account)
            name = f"reputation:{account.pk}:{metric}"
            yield Cause(AlertKind.REPUTATION, name, text, reverse("reputation"))


def questions(accounts: list[Account], now: datetime) -> Iterator[Cause]:
    """Yield questions about to be late, and again those that are late."""
    waiting = Question.objects.filter(account__in=accounts, due_at__lt=now + AT_RISK).unanswered()
    for question in waiting.only("meli_id", "text", "due_at").order_by("-due_at")[:CAUSES_MAX]:
        state = "late" if question.due_at < now else "soon"
        page = f"{reverse('questions:list')}?{urlencode({'q': question.meli_id})}"
        text = Truncator(masks.words(question.text)).chars(90)
        yield Cause(AlertKind.QUESTIONS, f"question:{question.pk}:{state}", text, page)


def stock_outs(accounts: list[Account]) -> Iterator[Cause]:
    items = Item.objects.filter(account__in=accounts).out_of_stock()
    for item in items.only("meli_id", "title").order_by("-sold_quantity", "pk")[:CAUSES_MAX]:
        page = reverse("catalog:row", args=[item.meli_id])
        yield Cause(AlertKind.STOCK, f"item:{item.pk}", item.title, page)


def late_parcels(accounts: list[Account], now: datetime) -> Iterator[Cause]:
    parcels = Shipment.objects.filter(late(now), account__in=accounts).select_related("account")
    columns = ("meli_id", "receiver_city", "dispatch_by", "account")
    for parcel in parcels.only(*columns).order_by("-dispatch_by")[:CAUSES_MAX]:
        text = " · ".join(part for part in (f"#{parcel.meli_id}", parcel.receiver_city) if part)
        page = reverse("shipments:detail", args=[parcel.meli_id])
        yield Cause(AlertKind.DISPATCH, f"shipment:{parcel.pk}", text, page)


# Who is told


def send_due(now: datetime) -> int:
    """Write to every member who has news, and return how many mails went out."""
    wanted: defaultdict[int, list[Alerts]] = defaultdict(list)
    chosen = Alerts.objects.filter(membership__user__is_active=True)
    for alerts in chosen.select_related("membership__user", "membership__organization").order_by("pk"):
        if set(alerts.kinds) - {AlertKind.EXPIRED} or alerts.summary_hour is not None:
            wanted[alerts.membership.organization_id].append(alerts)
    sent = 0
    for members in wanted.values():
        accounts = list(Account.objects.of(members[0].membership.organization))
        if not accounts:
            continue
        found = list(causes(accounts, now))
        sent += sum(tell(alerts, found, now) for alerts in members)
        sent += sum(summarize(alerts, accounts, now) for alerts in members)
    return sent


def tell(alerts: Alerts, found: list[Cause], now: datetime) -> bool:
    """Tell a member the causes that are new to them. Return whether a mail went out.

    The turn is taken by one update, so that of two schedulers one writes. A mail the server did not take is
    tried again after the gap.
    """
    holding = {cause.name: cause for cause in found if cause.kind in alerts.kinds}
    alerts.causes.exclude(name__in=holding).delete()
    told = set(alerts.causes.values_list("name", flat=True))
    news = [cause for name, cause in holding.items() if name not in told]
    if not news or not take_turn(alerts, now):
        return False
    AlertCause.objects.bulk_create(
        [AlertCause(alerts=alerts, name=cause.name, told_at=now) for cause in news], ignore_conflicts=True
    )
    if write(alerts, "alerts", {"sections": sections_of(news), "count": len(news)}):
        return True
    alerts.causes.filter(name__in=[cause.name for cause in news]).delete()
    return False


def take_turn(alerts: Alerts, now: datetime) -> bool:
    free = Q(last_mail_at=None) | Q(last_mail_at__lte=now - GAP)
    return bool(Alerts.objects.filter(free, pk=alerts.pk).update(last_mail_at=now))


def sections_of(news: list[Cause]) -> list[Section]:
    """Return the causes by kind, in the order people choose kinds in."""
    found = []
    for kind in AlertKind:
        own = [cause for cause in news if cause.kind == kind]
        if own:
            shown = own[:SHOWN]
            found.append(Section(kind.value, kind.label, shown, len(own) - len(shown), PAGES[kind]()))
    return found


def summarize(alerts: Alerts, accounts: list[Account], now: datetime) -> bool:
    """Send a member how yesterday went, once a day from their hour on. Return whether a mail went out."""
    if alerts.summary_hour is None:
        return False
    local = now.astimezone(accounts[0].time_zone)
    due = local.replace(hour=alerts.summary_hour, minute=0, second=0, microsecond=0)
    if not due <= local < due + SUMMARY_UNTIL:
        return False
    today = local.date()
    not_yet = Q(last_summary_on=None) | Q(last_summary_on__lt=today)
    if not Alerts.objects.filter(not_yet, pk=alerts.pk).update(last_summary_on=today):
        return False
    context = {
        "day": today - timedelta(days=1),
        "sales": [(block.currency_id, *block.days[-2]) for block in sales_overview(accounts, now)],
        "waiting": waiting_figures(accounts, now),
        "dispatch": dispatch_figures(accounts, now),
        "stock": stock_figures(accounts),
    }
    if write(alerts, "summary", context):
        return True
    Alerts.objects.filter(pk=alerts.pk).update(last_summary_on=alerts.last_summary_on)
    return False


def write(alerts: Alerts, name: str, context: dict[str, Any]) -> bool:
    """Send one mail to a member, with a way out of such mails."""
    person, organization = alerts.membership.user, alerts.membership.organization
    base = settings.APP_BASE_URL
    stop = f"{base}{reverse('alerts-stop', args=[token_of(alerts)])}"
    common = {
        "organization": organization,
        "base": base,
        "stop": stop,
        "choose": f"{base}{reverse('alerts')}",
    }
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return mail.send(name, person.email, person.language, context | common, html=True, headers=headers)


# The way out


def token_of(alerts: Alerts) -> str:
    return signing.dumps(alerts.pk, salt=SALT)


def alerts_of_token(token: str) -> Alerts | None:
    """Return whose mails a link out of one is about; None for a link we did not write."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Alerts.objects.filter(pk=pk).select_related("membership__user", "membership__organization").first()


def stop(alerts: Alerts) -> None:
    """Send this member no mails of alerts any more."""
    alerts.kinds, alerts.summary_hour = [], None
    alerts.save(update_fields=["kinds", "summary_hour"])
    alerts.causes.all().delete()

"""What needs somebody's attention, worst first: the bell of every page and the overview say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, AccountStatus
from webhooks.models import NotificationState
from webhooks.queries import events_of

from .show import count
from .statuses import word_for

if TYPE_CHECKING:
    from .context import Panel


@dataclass(frozen=True)
class Need:
    """One thing to look after, and the page that lists it. `is_bad`: harm is done already.

    `is_on_overview`: the overview tells it anyhow, by a figure or above its title.
    """

    text: str
    icon: str
    page: str
    filters: dict[str, str] = field(default_factory=dict)
    account: Account | None = None
    is_bad: bool = False
    is_on_overview: bool = False


def needs_of(panel: Panel) -> list[Need]:
    """Return what the accounts of the page need, harm that is done first. Four queries at most."""
    return sorted(all_needs(panel), key=lambda need: not need.is_bad)


def all_needs(panel: Panel) -> Iterator[Need]:
    if not panel.accounts:
        return
    yield from needs_of_accounts(panel.accounts)
    waiting = panel.waiting
    icon, page = "message-circle-question-mark", "questions:list"
    if number := waiting.breached:
        text = ngettext("%(count)s question past its time", "%(count)s questions past their time", number) % {
            "count": count(number)
        }
        filters = {"status": "UNANSWERED", "sla": "breached"}
        yield Need(text, icon, page, filters, is_bad=True, is_on_overview=True)
    if number := waiting.at_risk:
        text = ngettext(
            "%(count)s question about to be late", "%(count)s questions about to be late", number
        ) % {"count": count(number)}
        filters = {"status": "UNANSWERED", "sla": "at_risk"}
        yield Need(text, icon, page, filters, is_on_overview=True)
    if number := panel.dispatch.late:
        text = ngettext(
            "%(count)s parcel late for dispatch", "%(count)s parcels late for dispatch", number
        ) % {"count": count(number)}
        filters = {"dispatch": "late"}
        yield Need(text, "truck", "shipments:list", filters, is_bad=True, is_on_overview=True)
    if number := events_of(panel.accounts).filter(state=NotificationState.FAILED).count():
        text = ngettext(
            "%(count)s notification could not be applied",
            "%(count)s notifications could not be applied",
            number,
        ) % {"count": count(number)}
        yield Need(text, "activity", "webhooks:inbox", {"state": NotificationState.FAILED})
    if number := panel.stock.out:
        text = ngettext("%(count)s listing out of stock", "%(count)s listings out of stock", number) % {
            "count": count(number)
        }
        yield Need(text, "package-x", "catalog:list", {"stock": "out"}, is_on_overview=True)


def needs_of_accounts(accounts: list[Account]) -> Iterator[Need]:
    for account in accounts:
        if account.status == AccountStatus.EXPIRED:
            text = _("%(account)s has to be connected again") % {"account": account}
            yield Need(text, "unplug", "accounts:list", is_bad=True, is_on_overview=True)
        elif account.status == AccountStatus.ERROR:
            reason = account.last_sync_error or _("the last reading failed.")
            text = _("%(account)s: %(reason)s") % {"account": account, "reason": reason}
            yield Need(text, "triangle-alert", "accounts:list")
        if account.is_silent:
            text = _("Mercado Livre has stopped notifying us about %(account)s") % {"account": account}
            yield Need(text, "bell-off", "webhooks:inbox", account=account)
        if near := account.near_limits:
            metrics = ", ".join(str(word_for("metric", metric).label) for metric in near)
            text = _("%(account)s: reputation near a limit, or past it: %(metrics)s") % {
                "account": account,
                "metrics": metrics,
            }
            yield Need(text, "gauge", "reputation", account=account)

"""Pieces of HTML that look the same wherever they stand, for tags of templates and rows made in Python."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from . import show
from .statuses import word_for

if TYPE_CHECKING:
    from shipments.models import Shipment


def instant(moment: datetime | None, zone: ZoneInfo) -> str | SafeString:
    """Draw a moment as the day and time of that zone."""
    if moment is None:
        return show.DASH
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), show.instant(moment, zone))


def age(moment: datetime | None, zone: ZoneInfo) -> str | SafeString:
    """Draw how long ago or how soon a moment is; pointing at it shows the moment itself."""
    if moment is None:
        return show.DASH
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        show.instant(moment, zone),
        show.age(moment, timezone.now()),
    )


def countdown(moment: datetime, zone: ZoneInfo, tone: str) -> SafeString:
    """Draw how long it is until a moment, ticking (static/js/countdowns.js); a pointer shows the moment."""
    return format_html(
        '<time datetime="{}" title="{}" data-tone="{}">{}</time>',
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        show.instant(moment, zone),
        tone,
        show.clock(moment - timezone.now()),
    )


def chip(label: Any, tone: str, told: str | None = None) -> SafeString:
    """Draw a word as a status; a pointer shows what Mercado Livre `told`, where that is given."""
    if told is not None:
        return format_html('<span class="status status-{}" title="{}">{}</span>', tone, told, label)
    return format_html('<span class="status status-{}">{}</span>', tone, label)


def logistics(type_: str) -> str | SafeString:
    """Draw how a parcel or an item travels; nothing while that is unknown."""
    if not type_:
        return ""
    return format_html(
        '<span class="chip{}" title="{}">{}</span>',
        " chip-full" if type_ == "fulfillment" else "",
        type_,
        word_for("logistics", type_).label,
    )


def deadline(shipment: Shipment, now: datetime) -> SafeString:
    """Draw when the seller has to hand a parcel over."""
    due = shipment.dispatch_by
    if not shipment.is_open:
        return format_html('<span class="muted">{}</span>', show.DASH)
    if due is None:
        return format_html('<span class="small muted">{}</span>', _("deadline not known yet"))
    overdue = chip(_("Overdue"), "bad") if due < now else ""
    return format_html(
        '{}<span class="small nowrap">{}</span>', overdue, age(due, shipment.account.time_zone)
    )


def status(kind: str, value: str) -> SafeString:
    """Draw a status the one way it looks everywhere; an unknown one is shown as it came."""
    known = word_for(kind, value)
    return chip(known.label, known.tone, value)

"""What templates say in the panel's own words: money, instants, ages, statuses, links."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.template import Context
from django.urls import reverse
from lucide.templatetags.lucide import lucide

from accounts.models import Account
from painelml.sync.models import PayloadEncoder
from painelml.web import draw, masks, saved, show
from painelml.web.attention import Need
from painelml.web.context import Panel
from painelml.web.helping import TERMS
from painelml.web.statuses import word_for

register = template.Library()

register.filter("count", show.count)
register.filter("day", show.day_and_month)
register.filter("money", show.money)
register.filter("percent", show.percent)
register.simple_tag(draw.age)
register.simple_tag(draw.countdown)
register.simple_tag(draw.deadline)
register.simple_tag(draw.instant)
register.simple_tag(draw.logistics)
register.simple_tag(draw.status)


@register.simple_tag
@lru_cache(512)
def icon(name: str, size: int = 24, **attributes: Any) -> str:
    """Draw an icon of Lucide's: `{% icon "truck" size=18 class="icon" %}`. Their own tag writes its XML anew
    each time, fifty times a page."""
    return lucide(name, size=size, **attributes)


@register.filter
def word(value: str, kind: str) -> Any:
    """Return the label of a word of Mercado Livre's: `{{ item.logistic_type|word:"logistics" }}`."""
    return word_for(kind, value).label


@register.filter
def share_of(part: int, whole: int) -> int:
    """Return how many percent `part` is of `whole`, 0 to 100."""
    return min(100, round(100 * part / whole)) if whole else 0


@register.filter
def thousandths(limit: int) -> str:
    """Return a limit in thousandths as people read it: `1,5 %` for 15."""
    return show.percent(Decimal(limit) / 1000)


@register.filter
def hours_span(hours: float | None) -> str:
    """Return a number of hours as a length of time, `3 days`; a dash for an unknown one."""
    return show.DASH if hours is None else show.span(timedelta(hours=hours))


@register.filter
def nickname_for(text: str, panel: Panel) -> str:
    """Return a buyer's nickname as the reader may see it: `{{ order.buyer_nickname|nickname_for:panel }}`."""
    return panel.nickname(text)


@register.filter
def name_for(text: str, panel: Panel) -> str:
    """Return a person's name as the reader may see it, its initials for viewers."""
    return text if panel.sees_people else masks.name(text)


@register.filter
def words_for(text: str, panel: Panel) -> str:
    """Return what a buyer wrote as the reader may see it, without contact data for viewers."""
    return text if panel.sees_people else masks.words(text)


@register.filter
def payload_for(payload: Any, panel: Panel) -> Any:
    """Return what Mercado Livre sent as the reader may see it, without people for viewers."""
    return payload if panel.sees_people else masks.masked(payload)


@register.filter
def as_json(value: Any) -> str:
    """Return a payload as people can read it; the decimals stay as Mercado Livre wrote them."""
    return json.dumps(value, cls=PayloadEncoder, ensure_ascii=False, indent=2)


@register.filter
def seconds_span(seconds: int | None) -> str:
    """Return a number of seconds as a length of time, `3 h`; a dash for an unknown one."""
    return show.DASH if seconds is None else show.span(timedelta(seconds=seconds))


@register.inclusion_tag("_progress.html")
def progress(percent: int, label: str) -> dict[str, Any]:
    """Draw how far something is, 0 to 100; `label` says what."""
    return {"percent": percent, "label": label}


@register.inclusion_tag("_change.html")
def change(percent: int | None, *, is_bad: bool = False) -> dict[str, Any]:
    """Draw by how many percent something moved; None: there is nothing to compare with. `is_bad`: something
    that had better not rise."""
    return {"percent": percent, "size": None if percent is None else abs(percent), "is_bad": is_bad}


@register.simple_tag(takes_context=True)
def to(context: Context, name: str, *args: Any, **filters: Any) -> str:
    """Return the address of a page, keeping the chosen account: `{% to "orders:list" status="paid" %}`."""
    query = QueryDict(mutable=True)
    account = context["panel"].account
    if account:
        query["account_id"] = str(account.pk)
    for key, value in filters.items():
        query[key] = str(value)
    path = name if name.startswith("/") else reverse(name, args=args)
    return f"{path}?{query.urlencode()}" if query else path


@register.simple_tag(takes_context=True)
def to_section(context: Context, name: str, *args: Any, **filters: Any) -> str:
    """Return the address of a page, keeping the chosen account and period: `{% to_section "reports" %}`."""
    kept = context["panel"].kept_params(name)
    query = urlencode(kept | {key: str(value) for key, value in filters.items()})
    path = reverse(name, args=args)
    return f"{path}?{query}" if query else path


@register.simple_tag(takes_context=True)
def held(context: Context, number: int, scope: str) -> str:
    """Return how many of something we hold; a dash for none of what is not read for the first time yet."""
    return show.DASH if not number and scope in context["panel"].unread else show.count(number)


@register.simple_tag(takes_context=True)
def to_whole(context: Context) -> str:
    """Return the address of this list without its filters, keeping the account and a period it knows not."""
    passing = context["panel"].passing.items()
    kept = {name: value for name, value in passing if name not in context["form"].fields}
    return to(context, context["request"].path, **kept)


@register.simple_tag(takes_context=True)
def to_need(context: Context, need: Need) -> str:
    """Return the address of what lists a need, for the account it is about or the chosen one."""
    account = {"account_id": need.account.pk} if need.account else {}
    return to(context, need.page, **need.filters, **account)


@register.inclusion_tag("_health.html")
def health(account: Account) -> dict[str, Any]:
    """Draw how long an account's access token still lasts."""
    return {"account": account}


@register.inclusion_tag("_help.html", takes_context=True, name="help")
def explain(context: Context, key: str, place: Any = "") -> dict[str, Any]:
    """Explain a word where the page says it first: `{% help "net" %}`; a second time on a page draws nothing.

    `place` tells apart the parts of a page that are drawn alone later: `{% help "access" account.pk %}`.
    """
    told = context["request"].__dict__.setdefault("told", set())
    is_new = key not in told
    told.add(key)
    return {"id": f"help-{key}-{place}".rstrip("-"), "term": TERMS[key] if is_new else None}


@register.inclusion_tag("_saved_filters.html", takes_context=True)
def saved_filters(context: Context, name: str) -> dict[str, Any]:
    """Draw the filters somebody keeps for a list, as chips. Needs the list's `form`; one query."""
    request, form = context["request"], context["form"]
    if request.headers.get("Painel-Live"):
        return {"is_live": True}  # nobody asked: a name may be half typed there
    kept = saved.filters_of(request.user, request.organization, name)
    query = form.used_query if form.active else ""
    return {
        "name": name,
        "page": reverse(saved.LISTS[name].page),
        "manage": to_section(context, "saved-filters", name),
        "filters": kept,
        "query": query,
        "is_kept": any(one.query == query for one in kept),
        "is_partial": context.get("is_partial", False),
        "csrf_token": context.get("csrf_token", ""),
    }

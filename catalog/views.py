"""The pages about items."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import trigger_client_event

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Role
from painelml.audit import trail
from painelml.audit.models import Entry
from painelml.meli import MeliError
from painelml.web import show
from painelml.web.context import filters_of, panel_of
from painelml.web.htmx import page_or_partial, wants_partial
from painelml.web.paging import give_accounts, paginate
from painelml.web.statuses import word_for
from questions.models import Question

from . import actions, queries
from .forms import ItemChangeForm, ItemListForm
from .models import Item, LineState
from .rows import ItemRow, item_rows, stock_of
from .stock import covers_of_item
from .words import FIELDS, problem_of

VIEWS = ("table", "cards")
VIEW_COOKIE = "catalog-view"
A_YEAR = 365 * 24 * 3600
QUESTIONS, CHANGES = 5, 10


@role_required(Role.VIEWER)
@require_GET
def item_list(request: MemberRequest) -> HttpResponse:
    """List the items as a table or as cards: as the address says, else as this browser saw them last."""
    form = filters_of(request, ItemListForm)
    items = queries.item_rows_for_listing(request.organization, form)
    page = paginate(items, request.GET, order=form.order)
    give_accounts(page, form.accounts)
    wanted = request.GET.get("view", "")
    view = next((one for one in (wanted, request.COOKIES.get(VIEW_COOKIE)) if one in VIEWS), VIEWS[0])
    context = {
        "form": form,
        "page": page,
        "rows": rows_of(request, page),
        "view": view,
        "can_edit": has_role(request, Role.OPERATOR),
        "is_saved": False,
    }
    response = page_or_partial(request, "catalog/item_list.html", "catalog/_item_table.html", context)
    if wanted in VIEWS:
        response.set_cookie(VIEW_COOKIE, wanted, A_YEAR, samesite="Lax", secure=request.is_secure())
    return response


@role_required(Role.VIEWER)
@require_GET
def item_detail(request: MemberRequest, meli_id: str) -> HttpResponse:
    """Show all we hold of an item; asked for by its list, only its row."""
    item = item_of(request, meli_id)
    if wants_partial(request):
        return row(request, item)
    now = timezone.now()
    chart, days = queries.sales_of(item, now)
    asked = Question.objects.filter(account=item.account, item_id=item.meli_id)
    entries = Entry.objects.of(request.organization).filter(action="item.changed", object_id=item.meli_id)
    context = {
        "item": item,
        "variations": list(item.variations.all()),
        "pictures": queries.pictures_of(item),
        "prices": queries.prices_of(item),
        "covers": covers_of_item(item, now),
        "stock": stock_of(item),
        "unit_cost": queries.unit_costs([item], now).get(item.pk),
        "chart": chart,
        "days": days,
        "sold": sum(units for _day, units, _gross in days),
        "gross": sum((gross for _day, _units, gross in days), Decimal(0)),
        "questions": asked.order_by("-date_created")[:QUESTIONS],
        "entries": [(entry, in_words(entry, item)) for entry in entries.order_by("-at")[:CHANGES]],
        "lines": item.bulk_lines.filter(state=LineState.FAILED)  # the others are among the entries
        .select_related("change__requested_by")
        .order_by("-pk")[:CHANGES],
        "can_edit": has_role(request, Role.OPERATOR),
        "can_cost": has_role(request, Role.MANAGER),
    }
    return TemplateResponse(request, "catalog/item_detail.html", context)


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def item_edit(request: MemberRequest, meli_id: str) -> HttpResponse:
    """Edit price, stock and status in place: 422 with what was typed when it was not accepted."""
    item = item_of(request, meli_id)
    if request.method == "GET":
        return edit(request, item, ItemChangeForm(item))
    form = ItemChangeForm(item, request.POST)
    if not form.is_valid():
        return edit(request, item, form, status=422)
    if not form.changed_data:
        trail.came_to_nothing()
        return row(request, item) if wants_partial(request) else redirect("catalog:row", item.meli_id)
    try:
        changed = actions.change_item(item, form.change)
    except (actions.NotPossible, actions.Ignored, actions.PartlyChanged, MeliError) as error:
        return edit(request, item, form, problem_of(error), status=422)
    notice = accepted(changed)
    if wants_partial(request):
        # Not in the row: a live update may draw that anew before anybody has read it.
        said = {"text": notice, "kind": "success"}
        return trigger_client_event(row(request, changed, is_saved=True), "painel:say", said)
    messages.success(request, notice)
    return redirect("catalog:row", changed.meli_id)


def item_of(request: MemberRequest, meli_id: str) -> Item:
    item = queries.get_item(request.organization, meli_id)
    if item is None:
        raise Http404(_("There is no such item."))
    return item


def rows_of(request: HttpRequest, items: Iterable[Item]) -> list[ItemRow]:
    """Return the rows of items as who asks may see and edit them. One query."""
    found = list(items)
    costs = queries.unit_costs(found, timezone.now())
    return item_rows(found, costs, panel_of(request), has_role(request, Role.OPERATOR))


def row(request: MemberRequest, item: Item, is_saved: bool = False) -> HttpResponse:
    [told] = rows_of(request, [item])
    context = {"item": told, "can_edit": has_role(request, Role.OPERATOR), "is_saved": is_saved}
    return TemplateResponse(request, "catalog/_item_row.html", context)


def edit(
    request: MemberRequest, item: Item, form: ItemChangeForm, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"item": item, "edit": form, "problem": problem}
    response = page_or_partial(request, "catalog/item_edit.html", "catalog/_item_edit.html", context)
    response.status_code = status
    return response


def accepted(item: Item) -> str:
    """Return what the item is now, as Mercado Livre accepted it."""
    return _("Mercado Livre accepted it: %(price)s, %(units)s available, %(status)s.") % {
        "price": show.money(item.price, item.currency_id),
        "units": show.count(item.available_quantity),
        "status": word_for("item", item.status).label,
    }


def in_words(entry: Entry, item: Item) -> str:
    """Return what somebody changed of an item: `Price: R$ 100,00 → R$ 90,00`."""
    words = []
    for name, *values in entry.changes:
        told = [show.DASH if value in (None, {}) else value_in_words(name, value, item) for value in values]
        words.append(f"{FIELDS.get(name, name)}: {' → '.join(told)}")
    return " · ".join(words)


def value_in_words(name: str, value: Any, item: Item) -> str:
    match name:
        case "price":
            return show.money(Decimal(str(value)), item.currency_id)
        case "status":
            return str(word_for("item", value).label)
        case "variations" if isinstance(value, dict):
            return ", ".join(show.DASH if units is None else show.count(units) for units in value.values())
        case _:
            return str(value)

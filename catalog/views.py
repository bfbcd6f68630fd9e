"""The pages about items."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import has_role, role_required
from accounts.models import Role
from painelml.meli import MeliError
from painelml.web import show
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial, wants_partial
from painelml.web.paging import paginate
from painelml.web.refusals import words_for, words_for_codes
from painelml.web.statuses import word_for

from . import actions, queries
from .forms import ItemChangeForm, ItemFilterForm
from .models import Item

FIELDS = {
    "price": gettext_lazy("Price"),
    "available_quantity": gettext_lazy("Available"),
    "variations": gettext_lazy("Available"),
    "status": gettext_lazy("Status"),
}


@role_required(Role.VIEWER)
@require_GET
def item_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, ItemFilterForm)
    page = paginate(queries.items_for_listing(request.organization, form), request.GET)
    context = {"form": form, "page": page, "can_edit": has_role(request, Role.OPERATOR), "notice": ""}
    return page_or_partial(request, "catalog/item_list.html", "catalog/_item_table.html", context)


@role_required(Role.VIEWER)
@require_GET
def item_row(request: HttpRequest, meli_id: str) -> HttpResponse:
    """Draw one item's row anew; without htmx, show the list with that item alone."""
    item = item_of(request, meli_id)
    return row(request, item) if wants_partial(request) else redirect(list_of(item))


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def item_edit(request: HttpRequest, meli_id: str) -> HttpResponse:
    """Edit price, stock and status in place: 422 with what was typed when it was not accepted."""
    item = item_of(request, meli_id)
    if request.method == "GET":
        return edit(request, item, ItemChangeForm(item))
    form = ItemChangeForm(item, request.POST)
    if not form.is_valid():
        return edit(request, item, form, status=422)
    if not form.changed_data:
        return row(request, item) if wants_partial(request) else redirect(list_of(item))
    try:
        changed = actions.change_item(item, form.change)
    except (actions.NotPossible, actions.Ignored, actions.PartlyChanged, MeliError) as error:
        return edit(request, item, form, problem_of(error), status=422)
    notice = accepted(changed)
    if wants_partial(request):
        return row(request, changed, notice)
    messages.success(request, notice)
    return redirect(list_of(changed))


def item_of(request: HttpRequest, meli_id: str) -> Item:
    item = queries.get_item(request.organization, meli_id)
    if item is None:
        raise Http404(_("There is no such item."))
    return item


def list_of(item: Item) -> str:
    return f"{reverse('catalog:list')}?q={item.meli_id}"


def row(request: HttpRequest, item: Item, notice: str = "") -> HttpResponse:
    context = {"item": item, "can_edit": has_role(request, Role.OPERATOR), "notice": notice}
    return TemplateResponse(request, "catalog/_item_row.html", context)


def edit(
    request: HttpRequest, item: Item, form: ItemChangeForm, problem: str = "", status: int = 200
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


def problem_of(error: Exception) -> str:
    """Return what was not accepted and why, and what was."""
    match error:
        case actions.PartlyChanged():
            names = ", ".join(str(FIELDS[name]) for name in error.fields)
            done = _("Accepted: %(fields)s. The rest was not.") % {"fields": names}
            return f"{done} {problem_of(error.error)}"
        case actions.Ignored():
            names = ", ".join(str(FIELDS[name]) for name in error.fields)
            left = _("Mercado Livre left this as it was: %(fields)s.") % {"fields": names}
            return f"{left} {words_for_codes(error.codes)}".strip()
        case MeliError():
            return words_for(error)
        case _:
            return str(error)

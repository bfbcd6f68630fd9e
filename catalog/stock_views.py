"""The page of what is out of stock or soon will be."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Role
from painelml.web.context import filters_of, panel_of
from painelml.web.exports import MACHINE, PERSON, Export, send
from painelml.web.htmx import page_or_partial

from . import queries
from .models import Item
from .shortage import LISTING, ShortageForm, shortages, totals_of
from .shortage_rows import shortage_rows

SHOWN = 100
"""Rows the page lists; the file has them all."""


@role_required(Role.VIEWER)
@require_GET
def stock_outs(request: MemberRequest) -> HttpResponse:
    form = filters_of(request, ShortageForm)
    found = shortages(form, timezone.now())
    items = queries.items_by_id(form.accounts, [one.item_id for one in found[:SHOWN]], "thumbnail")
    context = {
        "form": form,
        "rows": shortage_rows(found[:SHOWN], items, panel_of(request), has_role(request, Role.MANAGER)),
        "left": max(0, len(found) - SHOWN),
        "totals": totals_of(found),
        "quiet": Item.objects.filter(account__in=form.accounts).out_of_stock().count()
        - sum(one.is_out for one in found),
    }
    return page_or_partial(request, "catalog/stock_outs.html", "catalog/_stock_outs.html", context)


@role_required(Role.VIEWER)
@require_GET
def export(request: MemberRequest) -> HttpResponseBase:
    """Send all of it as XLSX, or as a CSV for spreadsheets."""
    form = filters_of(request, ShortageForm)
    is_csv = request.GET.get("format") == "csv"
    return send(
        Export(
            LISTING, request.organization, form, "csv" if is_csv else "xlsx", PERSON if is_csv else MACHINE
        )
    )

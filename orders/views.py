"""The pages about orders."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import has_role, role_required
from accounts.models import Role
from catalog.queries import items_by_id
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial
from painelml.web.paging import paginate
from shipments.queries import shipments_by_id

from . import queries, reports
from .explain import explain
from .forms import OrderFilterForm, ReportForm
from .profit import accounts_without_sale_cost, missing_costs

PERIODS = (7, 30, 90, 365)
MISSING = 20
"""Products without a cost a report lists; those behind them wait until these are mended."""


@role_required(Role.VIEWER)
@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, OrderFilterForm)
    page = paginate(queries.orders_for_listing(request.organization, form), request.GET)
    shipments = shipments_by_id(form.accounts, [order.shipment_id for order in page])
    items = items_by_id(form.accounts, [line.item_id for order in page for line in order.items.all()])
    context = {
        "form": form,
        "page": page,
        "rows": [
            (
                order,
                [(line, items.get(line.item_id)) for line in order.items.all()],
                shipments.get(order.shipment_id),
            )
            for order in page
        ],
    }
    return page_or_partial(request, "orders/order_list.html", "orders/_order_table.html", context)


@role_required(Role.VIEWER)
@require_GET
def order_detail(request: HttpRequest, meli_id: str) -> HttpResponse:
    order = queries.get_order(request.organization, meli_id)
    if order is None:
        raise Http404(_("There is no such order."))
    lines = list(order.items.all())
    items = items_by_id([order.account], [line.item_id for line in lines])
    shipment = shipments_by_id([order.account], [order.shipment_id]).get(order.shipment_id)
    context = {
        "order": order,
        "shipment": shipment,
        "lines": [(line, items.get(line.item_id)) for line in lines],
        "parts": explain(order, shipment),
        "pack": queries.rest_of_pack(order),
    }
    return TemplateResponse(request, "orders/order_detail.html", context)


@role_required(Role.VIEWER)
@require_GET
def report(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, ReportForm)
    now = timezone.now()
    accounts = {account.pk: account for account in form.accounts}
    missing = missing_costs(form.accounts, reports.orders_of(form, now), MISSING)
    context = {
        "form": form,
        "periods": PERIODS,
        "blocks": reports.report(form, now),
        "missing": [(one, accounts[one.account_id]) for one in missing],
        "without_sale_cost": accounts_without_sale_cost(form.accounts),
        "can_manage": has_role(request, Role.MANAGER),
    }
    return page_or_partial(request, "reports/report.html", "reports/_report.html", context)

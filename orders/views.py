"""The pages about orders."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import has_role, role_required, sees_people
from accounts.models import Role
from catalog.queries import items_by_id
from painelml.sync.erasure import is_known
from painelml.web.context import filters_of, panel_of
from painelml.web.htmx import page_or_partial
from painelml.web.masks import masked
from painelml.web.paging import give_accounts, paginate
from questions.queries import questions_of_buyer
from shipments.queries import shipments_by_id

from . import breakdowns, queries, reports
from .explain import explain, sums_of
from .forms import BreakdownForm, OrderFilterForm, ReportForm
from .profit import accounts_without_sale_cost, missing_costs
from .rows import sale_rows, span_rows
from .sales import get_sale, items_of, sales_for_listing, sales_of
from .timeline import timeline

PERIODS = (7, 30, 90, 365)
MISSING = 20
"""Products without a cost a report lists; those behind them wait until these are mended."""


@role_required(Role.VIEWER)
@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, OrderFilterForm)
    page = paginate(sales_for_listing(form), request.GET)
    give_accounts(page, form.accounts)
    sales = sales_of(page, form)
    parcels = [number for sale in sales for number in sale.shipment_ids]
    shipments = shipments_by_id(form.accounts, parcels, "status")
    lines = [line.item_id for sale in sales for line in sale.lines]
    items = items_by_id(form.accounts, lines, "thumbnail")
    rows = sale_rows(sales, items, shipments, panel_of(request))
    context = {"form": form, "page": page, "rows": rows}
    return page_or_partial(request, "orders/order_list.html", "orders/_order_table.html", context)


@role_required(Role.VIEWER)
@require_GET
def order_detail(request: HttpRequest, meli_id: str) -> HttpResponse:
    order = queries.find_order(request.organization, meli_id)
    if order is None:
        raise Http404(_("There is no such order."))
    sale = get_sale(order)
    shipments = shipments_by_id([order.account], sale.shipment_ids)
    items = items_by_id([order.account], [line.item_id for line in sale.lines])
    may_see_people = sees_people(request)
    context = {
        "sale": sale,
        "orders": [
            {
                "order": one,
                "lines": [(line, items.get(line.item_id)) for line in one.items.all()],
                "parts": explain(one, shipments.get(one.shipment_id)),
                "payloads": [
                    told if may_see_people else masked(told) for told in (one.payload, one.parts) if told
                ],
            }
            for one in sale.orders
        ],
        "shipments": [(number, shipments.get(number)) for number in sale.shipment_ids],
        "events": timeline(sale, shipments.values(), timezone.now()),
        "sums": sums_of(sale) if sale.is_pack else [],
        "questions": [
            (question, items.get(question.item_id))
            for question in questions_of_buyer(order.account, order.buyer_id, items_of(sale))
        ],
        "may_see_people": may_see_people,
        "may_erase": has_role(request, Role.MANAGER) and is_known(order.buyer_id),
    }
    return TemplateResponse(request, "orders/order_detail.html", context)


@role_required(Role.VIEWER)
@require_GET
def report(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, ReportForm)
    now = timezone.now()
    accounts = {account.pk: account for account in form.accounts}
    missing = missing_costs(reports.orders_of(form, now), MISSING)
    context = {
        "form": form,
        "periods": PERIODS,
        "place": "days",
        "blocks": [
            (one, span_rows(reversed(one.spans), one.currency_id)) for one in reports.report(form, now)
        ],
        "missing": [(one, accounts[one.account_id]) for one in missing],
        "without_sale_cost": accounts_without_sale_cost(form.accounts),
        "can_manage": has_role(request, Role.MANAGER),
    }
    return page_or_partial(request, "reports/report.html", "reports/_report.html", context)


@role_required(Role.VIEWER)
@require_GET
def breakdown(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, BreakdownForm)
    context = {
        "form": form,
        "periods": PERIODS,
        "place": form.by_name,
        "blocks": breakdowns.breakdown(form, timezone.now()),
    }
    return page_or_partial(request, "reports/breakdown.html", "reports/_breakdown.html", context)

"""The pages about shipments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Role
from orders.queries import orders_by_shipment
from painelml.audit import trail
from painelml.meli.client import LABELS_MAX
from painelml.web.charts import DayChart, day_chart
from painelml.web.context import filters_of, panel_of
from painelml.web.errors import RETRY_S
from painelml.web.htmx import page_or_partial
from painelml.web.paging import give_accounts, paginate
from painelml.web.show import count
from painelml.web.spans import unit_of

from . import actions, queries
from .forms import BoardForm, LabelsForm, PerformanceForm, ShipmentFilterForm
from .labels import CannotKeep, kept_file, print_for, was_printed
from .report_exports import compare, performance_before
from .rows import board_rows, shipment_rows
from .stats import SpanPerformance, by_span, shipment_stats

PERIODS = (7, 30, 90, 365)


@role_required(Role.VIEWER)
@require_GET
def board(request: HttpRequest) -> HttpResponseBase:
    """What has to be handed over. An address with filters is one of the list, which once was here."""
    if request.GET.keys() & (ShipmentFilterForm.base_fields.keys() - BoardForm.base_fields.keys()):
        return redirect(f"{reverse('shipments:list')}?{request.GET.urlencode()}")
    form = filters_of(request, BoardForm)
    now = timezone.now()
    waiting = queries.dispatch_board(form.accounts, now, form.value("logistic_type"))
    carried = queries.contents_of(form.accounts, waiting.shipments)
    context = {
        "form": form,
        "board": waiting,
        "lanes": board_rows(waiting, carried, panel_of(request)),
        "tab": "board",
        "now": now,
        "can_print": has_role(request, Role.OPERATOR),
        "most": LABELS_MAX,
    }
    return page_or_partial(request, "shipments/board.html", "shipments/_board.html", context)


@role_required(Role.OPERATOR)
@require_POST
def labels(request: HttpRequest) -> HttpResponse:
    """Print the labels of the chosen parcels; asks first when some were printed already."""
    member = cast(MemberRequest, request)
    form = LabelsForm(
        {"ids": ",".join(request.POST.getlist("ids")), "format": request.POST.get("format", "")},
        organization=member.organization,
    )
    if not form.is_valid():
        problem = _("Choose the parcels first.") if not request.POST.getlist("ids") else form.first_problem
        return label_answer(request, {"problem": problem}, 422)
    shipments = queries.shipments_named(member.organization, form.cleaned_data["ids"])
    if len(shipments) < len(form.cleaned_data["ids"]):
        raise Http404(_("There is no such shipment."))
    file_format = cast(actions.Format, form.value("format") or "pdf")
    before = [one for one in shipments if was_printed(one)]
    match request.POST.get("printed", ""):
        case "skip":
            shipments = [one for one in shipments if not was_printed(one)]
        case "again":
            pass
        case _ if before:
            trail.came_to_nothing()
            asks: dict[str, Any] = {"before": before, "shipments": shipments, "format": file_format}
            return label_answer(request, asks)
    printed = print_for(member.user, member.organization, shipments, file_format)
    return label_answer(request, {"printed": printed, "format": file_format})


def label_answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = page_or_partial(request, "shipments/labels.html", "shipments/_labels.html", context)
    response.status_code = status
    return response


@role_required(Role.OPERATOR)
@never_cache
@require_GET
def label_file(request: HttpRequest, token: str) -> HttpResponse:
    member = cast(MemberRequest, request)
    try:
        file = kept_file(member.user, member.organization, token)
    except CannotKeep:
        problem = _("The file cannot be fetched just now. Try again in a moment, or print the labels again.")
        away = label_answer(request, {"problem": problem}, 503)
        away["Retry-After"] = str(RETRY_S)
        return away
    if file is None:
        raise Http404(_("This file is no longer kept. Print the labels again."))
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


@role_required(Role.VIEWER)
@require_GET
def performance(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, PerformanceForm)
    now = timezone.now()
    stats = shipment_stats(form, now)
    spans = by_span(stats.per_day)
    context = {
        "form": form,
        "tab": "performance",
        "periods": PERIODS,
        "stats": stats,
        "before": performance_before(form, now),
        "states": compare(form, now, "receiver_state"),
        "unit": unit_of(stats.per_day),
        "spans": spans[::-1],
        "chart": dispatch_chart(spans) if spans and stats.handed_over else None,
    }
    return page_or_partial(request, "shipments/performance.html", "shipments/_performance.html", context)


def dispatch_chart(spans: list[SpanPerformance]) -> DayChart:
    """Return the drawing of parcels handed over, those in time as a line where there were any."""

    def title(index: int) -> str:
        one = spans[index]
        sent = ngettext("%(count)s parcel", "%(count)s parcels", one.handed_over)
        return "\n".join(
            [
                f"{one.span.name}: {sent % {'count': count(one.handed_over)}}",
                _("in time: %(count)s") % {"count": count(one.in_time)},
            ]
        )

    return day_chart(
        [(one.span.first, Decimal(one.handed_over)) for one in spans],
        [Decimal(one.in_time) if one.handed_over else None for one in spans],
        title=title,
        tick=lambda number: count(int(number)) if number == int(number) else "",
        last=spans[-1].span.last,
    )


@role_required(Role.VIEWER)
@require_GET
def shipment_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, ShipmentFilterForm)
    waits = form.value("dispatch") or form.value("late")
    page = paginate(
        queries.shipment_rows_for_listing(request.organization, form),
        request.GET,
        order="dispatch_by" if waits else "-date_created",
    )
    give_accounts(page, form.accounts)
    carried = queries.contents_of(form.accounts, page)
    context = {
        "form": form,
        "page": page,
        "rows": shipment_rows(page, carried, panel_of(request), timezone.now()),
        "tab": "list",
    }
    return page_or_partial(request, "shipments/shipment_list.html", "shipments/_shipment_table.html", context)


@role_required(Role.VIEWER)
@require_GET
def shipment_detail(request: HttpRequest, meli_id: str) -> HttpResponse:
    shipment = queries.get_shipment(request.organization, meli_id)
    if shipment is None:
        raise Http404(_("There is no such shipment."))
    orders = orders_by_shipment([shipment.account], [meli_id]).get(meli_id, [])
    context = {
        "shipment": shipment,
        "orders": orders,
        "history": queries.history_of(shipment),
        "now": timezone.now(),
    }
    return TemplateResponse(request, "shipments/shipment_detail.html", context)

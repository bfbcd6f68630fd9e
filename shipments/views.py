"""The pages about shipments."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import role_required
from accounts.models import Role
from orders.queries import orders_by_shipment
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial
from painelml.web.paging import paginate

from . import queries
from .forms import ShipmentFilterForm


@role_required(Role.VIEWER)
@require_GET
def shipment_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, ShipmentFilterForm)
    waits = form.value("dispatch") or form.value("late")
    page = paginate(
        queries.shipments_for_listing(request.organization, form),
        request.GET,
        order="dispatch_by" if waits else "-date_created",
    )
    orders = orders_by_shipment(form.accounts, [shipment.meli_id for shipment in page])
    context = {
        "form": form,
        "page": page,
        "rows": [(shipment, orders.get(shipment.meli_id, [])) for shipment in page],
        "now": timezone.now(),
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

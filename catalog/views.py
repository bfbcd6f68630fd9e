"""The pages about items."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import role_required
from accounts.models import Role
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial
from painelml.web.paging import paginate

from . import queries
from .forms import ItemFilterForm


@role_required(Role.VIEWER)
@require_GET
def item_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, ItemFilterForm)
    page = paginate(queries.items_for_listing(request.organization, form), request.GET)
    return page_or_partial(
        request, "catalog/item_list.html", "catalog/_item_table.html", {"form": form, "page": page}
    )

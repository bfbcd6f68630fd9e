"""Where the units of an item lie, read when somebody looks."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import MemberRequest, role_required
from accounts.models import Role
from painelml.meli import MeliError
from painelml.web.htmx import page_or_partial
from painelml.web.refusals import words_for

from .locations import Location, Locations, locations_of
from .views import item_of


@role_required(Role.VIEWER)
@require_GET
def item_locations(request: MemberRequest, meli_id: str) -> HttpResponse:
    item = item_of(request, meli_id)
    found = Locations([], 0)
    problem = ""
    try:
        found = locations_of(item)
    except MeliError as error:
        problem = words_for(error)
    words = {one.meli_id: one.words for one in item.variations.all()}

    def names(location: Location) -> list[str]:
        return [word for pk in location.variation_ids if (word := words.get(pk))]

    context = {
        "item": item,
        "locations": [(one, names(one)) for one in found.locations],
        "left_out": found.left_out,
        "problem": problem,
    }
    return page_or_partial(request, "catalog/locations.html", "catalog/_locations.html", context)

"""The pages on which many listings are changed at once: choose, look at the preview, follow, undo."""

from __future__ import annotations

from datetime import tzinfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Role
from painelml.audit import trail
from painelml.web import show
from painelml.web.context import filters_of, panel_of, redirect_kept
from painelml.web.htmx import page_or_partial
from painelml.web.paging import paginate

from . import bulk, queries
from .bulk_forms import BulkForm
from .forms import ItemFilterForm
from .models import BulkChange, LineState

SHOWN = 6
"""Listings the form shows of those chosen."""
STATES = {
    "written": [LineState.DONE],
    "open": [LineState.READY, LineState.WORKING],
    "problems": [LineState.BARRED, LineState.FAILED, LineState.CANCELLED],
}


@role_required(Role.VIEWER)
@require_GET
def change_list(request: MemberRequest) -> HttpResponse:
    """Show what was changed in bulk, newest first."""
    changes = BulkChange.objects.of(request.organization).started().select_related("requested_by", "undoes")
    page = paginate(changes, request.GET, order="-created_at", size=25)
    found = bulk.tallies(page)
    rows = [(change, title_of(change), found[change.pk]) for change in page]
    context = {"page": page, "rows": rows, "zone": zone_of(request)}
    return page_or_partial(request, "catalog/bulk_list.html", "catalog/_bulk_list.html", context)


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Choose what to do with the listings the address names: with `item`, else all that pass its filters."""
    filters = filters_of(request, ItemFilterForm)
    items = queries.items_for_listing(request.organization, filters)
    if chosen := request.GET.getlist("item"):
        items = items.filter(meli_id__in=chosen[: bulk.LINES_MAX])
    count = items.order_by().count()
    if not count:
        trail.came_to_nothing()
        messages.error(request, _("Nothing passes these filters, so there is nothing to change."))
        return redirect_kept(request, "catalog:list")
    is_too_much = count > bulk.LINES_MAX
    form = BulkForm(request.POST or None)
    if not is_too_much and form.is_valid():
        change = bulk.preview(request.organization, request.user, items, form.how)
        return redirect_kept(request, "catalog:bulk", change.pk)
    context = {
        "form": form,
        "count": count,
        "most": bulk.LINES_MAX,
        "is_too_much": is_too_much,
        "is_filter": not chosen,
        "filters": filters,
        "items": items.order_by("-date_created", "-pk")[:SHOWN],
    }
    trail.came_to_nothing()
    status = 422 if form.errors else 200
    return TemplateResponse(request, "catalog/bulk_new.html", context, status=status)


@role_required(Role.VIEWER)
@require_GET
def detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a change: its preview, how far it is, or what came of it, line by line."""
    change = change_of(request, pk)
    chosen = request.GET.get("state", "")
    lines = change.lines.select_related("item__account").prefetch_related("item__variations")
    if chosen in STATES:
        lines = lines.filter(state__in=STATES[chosen])
    page = paginate(
        lines.defer("item__payload", "item__parts", "item__search_text"), request.GET, order="position"
    )
    context = {
        "change": change,
        "title": title_of(change),
        "zone": zone_of(request),
        "tally": bulk.tallies([change])[change.pk],
        "page": page,
        "rows": [(line, bulk.pairs_of(line)) for line in page],
        "state": chosen if chosen in STATES else "",
        "can_edit": has_role(request, Role.OPERATOR),
        "undone_by": change.undone_by.started().order_by("-pk").first(),
    }
    return page_or_partial(request, "catalog/bulk.html", "catalog/_bulk.html", context)


@role_required(Role.OPERATOR)
@require_POST
def start(request: MemberRequest, pk: int) -> HttpResponse:
    change = change_of(request, pk)
    if not bulk.start(change):
        messages.error(request, _("This preview was started already, or is older than a day."))
    return redirect_kept(request, "catalog:bulk", change.pk)


@role_required(Role.OPERATOR)
@require_POST
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    change = change_of(request, pk)
    if bulk.cancel(change):
        messages.success(request, _("Stopped. What was written already stays; you can undo it."))
    return redirect_kept(request, "catalog:bulk", change.pk)


@role_required(Role.OPERATOR)
@require_POST
def discard(request: MemberRequest, pk: int) -> HttpResponse:
    bulk.discard(change_of(request, pk))
    return redirect_kept(request, "catalog:list")


@role_required(Role.OPERATOR)
@require_POST
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what undoing a finished change would write."""
    change = change_of(request, pk)
    if change.finished_at is None:
        trail.came_to_nothing()
        messages.error(request, _("It still runs. Stop it first."))
        return redirect_kept(request, "catalog:bulk", change.pk)
    found = bulk.preview_undo(change, request.user)
    left = bulk.tallies([found])[found.pk].ready
    said = ngettext("%(count)s row can be undone.", "%(count)s rows can be undone.", left)
    messages.info(request, said % {"count": show.count(left)})
    return redirect_kept(request, "catalog:bulk", found.pk)


def change_of(request: MemberRequest, pk: int) -> BulkChange:
    changes = BulkChange.objects.of(request.organization).select_related("requested_by", "undoes")
    change: BulkChange = get_object_or_404(changes, pk=pk)
    return change


def title_of(change: BulkChange) -> str:
    """Return what a change does, in words; of an undo also what it undoes."""
    if change.undoes is None:
        return bulk.How.of(change).words
    return _("Undo: %(change)s") % {"change": bulk.How.of(change.undoes).words}


def zone_of(request: MemberRequest) -> tzinfo:
    """Return the zone a change of several accounts is told in: the first account's."""
    accounts = panel_of(request).all_accounts
    return accounts[0].time_zone if accounts else timezone.get_current_timezone()

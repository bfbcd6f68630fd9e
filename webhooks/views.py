"""Mercado Livre's door and the operations page."""

from __future__ import annotations

import logging
import time
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db import Error as DatabaseFailure
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.access import has_role, role_required
from accounts.models import Role
from painelml.sync.queries import found_by_rereads, ledger
from painelml.web.address import client_address
from painelml.web.context import filters_of, panel_of
from painelml.web.htmx import page_or_partial, wants_partial
from painelml.web.paging import paginate

from . import acks, actions, bell, inbox, limits, queries
from .forms import InboxFilterForm
from .models import Notification, NotificationState

log = logging.getLogger(__name__)

LONGEST_BODY = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Keep a notification and answer; nothing here waits for Mercado Livre, the broker or a worker.

    200 once it is kept, 400 when it is none, 413 above 64 KiB, 503 when the database cannot take it, so that
    it is sent again. 403 from an address that `MELI_WEBHOOK_IPS` leaves out, 429 above
    `MELI_WEBHOOK_MAX_RPM`.
    """
    began = time.perf_counter()
    status = 500
    try:
        response = keep(request)
        status = response.status_code
        return response
    finally:
        acks.count(status, time.perf_counter() - began)


def keep(request: HttpRequest) -> HttpResponse:
    if not is_allowed(request):
        return refusal(403, "This address may not send notifications.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        return refusal(413, "The body is longer than 64 KiB.")
    if limits.is_address_over(client_address(request)):
        return refusal(429, "Too many notifications come from this address. Please send it again.")
    try:
        notification = inbox.parse(request.body)
        if limits.is_seller_over(notification.seller_id):
            return refusal(429, "Too many notifications are about this seller. Please send it again.")
        state = store(notification)
    except inbox.NotANotification as wrong:
        return refusal(400, str(wrong))
    except DatabaseFailure as failure:
        log.error("A notification could not be kept: %s", type(failure).__name__)
        return refusal(503, "Please send it again.")
    if state == NotificationState.PENDING:
        bell.ring(notification.seller_id)
    return HttpResponse()


def store(notification: Notification) -> str | None:
    """Keep it in one round trip. Whether a connection still works is not asked first, which would be another:
    the statement shows it, and is sent again over a new one. Known events only count once more.
    """
    was_open = connection.connection is not None
    connection.health_check_done = True
    try:
        return inbox.store(notification)
    except DatabaseFailure:
        if not was_open or connection.is_usable():
            raise
        connection.close()
        return inbox.store(notification)


def refusal(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain")


def is_allowed(request: HttpRequest) -> bool:
    networks = settings.MELI_WEBHOOK_IPS
    if not networks:
        return True
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return False
    return any(address in network for network in networks)


@role_required(Role.VIEWER)
@require_GET
def inbox_page(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, InboxFilterForm)
    page = paginate(queries.events_for_listing(form).only(*queries.LISTED), request.GET, order="-id")
    can_operate = has_role(request, Role.OPERATOR)
    context = {"form": form, "page": page, "can_operate": can_operate, "zone": zone_of(request)}
    if not wants_partial(request):
        context |= figures_context(request)
    return page_or_partial(request, "webhooks/inbox.html", "webhooks/_notification_table.html", context)


@role_required(Role.VIEWER)
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "webhooks/_figures.html", figures_context(request))


def figures_context(request: HttpRequest) -> dict[str, Any]:
    accounts = panel_of(request).accounts
    return {
        "figures": queries.inbox_figures(accounts),
        "states": NotificationState.values,
        "calls": queries.calls_by_endpoint(accounts),
        "ledger": ledger(accounts),
        "found_by_rereads": found_by_rereads(accounts),
    }


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the zone instants are shown in: that of the first account."""
    accounts = panel_of(request).accounts
    return accounts[0].time_zone if accounts else ZoneInfo(settings.TIME_ZONE)


@role_required(Role.OPERATOR)
@require_POST
def try_one_again(request: HttpRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(Notification.objects.of(request.organization), pk=pk)
    actions.try_again(Notification.objects.filter(pk=event.pk))
    event.refresh_from_db()
    context = {"event": event, "can_operate": True, "zone": zone_of(request)}
    return TemplateResponse(request, "webhooks/_notification_row.html", context)


@role_required(Role.OPERATOR)
@require_POST
def try_all_again(request: HttpRequest) -> HttpResponse:
    """Try the failed events again that pass the filters of the address."""
    form = filters_of(request, InboxFilterForm)
    count = actions.try_again(queries.events_for_listing(form))
    sentence = ngettext("%(count)d event is tried again.", "%(count)d events are tried again.", count)
    messages.success(request, sentence % {"count": count})
    return redirect("webhooks:inbox")

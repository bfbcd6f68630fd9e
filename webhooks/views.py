"""Mercado Livre's door and the operations page."""

from __future__ import annotations

import logging
import time
from ipaddress import ip_address

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import acks, bell, inbox
from .models import NotificationState

log = logging.getLogger(__name__)

LONGEST_BODY = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Keep a notification and answer; nothing here waits for Mercado Livre, the broker or a worker.

    200 once it is kept, 400 when it is none, 413 above 64 KiB, 503 when the database cannot take it, so that
    it is sent again. 403 from an address that `MELI_WEBHOOK_IPS` leaves out.
    """
    began = time.perf_counter()
    response = keep(request)
    acks.count(response.status_code, time.perf_counter() - began)
    return response


def keep(request: HttpRequest) -> HttpResponse:
    if not is_allowed(request):
        return refusal(403, "This address may not send notifications.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        return refusal(413, "The body is longer than 64 KiB.")
    try:
        notification = inbox.parse(request.body)
        state = inbox.store(notification)
    except inbox.NotANotification as wrong:
        return refusal(400, str(wrong))
    except DatabaseFailure as failure:
        log.error("A notification could not be kept: %s", type(failure).__name__)
        return refusal(503, "Please send it again.")
    if state == NotificationState.PENDING:
        bell.ring(notification.seller_id)
    return HttpResponse()


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


def client_address(request: HttpRequest) -> str:
    """Return who called: as far back in `X-Forwarded-For` as there are proxies of ours, for the rest is
    hearsay."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if settings.PROXY_COUNT and len(hops) >= settings.PROXY_COUNT:
        return hops[-settings.PROXY_COUNT]
    return request.META.get("REMOTE_ADDR", "")

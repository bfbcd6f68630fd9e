"""Calls that act once although they are sent twice: the header `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.audit import trail
from painelml.models import KeptAnswer

from .api import Conflict

HEADER = "Idempotency-Key"
KEY_MAX = 255

Endpoint = Callable[..., Response]


class KeyTaken(APIException):
    """The key belongs to another call."""

    status_code = 422
    default_code = "key_taken"


def acts_once(endpoint: Endpoint) -> Endpoint:
    """Make an endpoint of a viewset act once for each key of a person, for a day.

    The same call with the same key gets the same answer, with `Idempotent-Replayed: true`; another call with
    it is 422, and one that is still being worked on 409. Only success is kept: what failed may be tried
    again.
    """

    @wraps(endpoint)
    def acting_once(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return endpoint(self, request, *args, **kwargs)
        if not (0 < len(key) <= KEY_MAX and key.isascii() and key.isprintable()):
            raise ValidationError(
                {HEADER: [_("Give 1 to %(most)s printable characters.") % {"most": KEY_MAX}]}
            )
        kept = claim(request, key)
        if kept.status is not None:
            trail.came_to_nothing()
            address = {"Location": kept.location} if kept.location else {}
            return Response(kept.body, kept.status, headers={"Idempotent-Replayed": "true", **address})
        try:
            response = endpoint(self, request, *args, **kwargs)
        except BaseException:
            kept.delete()
            raise
        if not status.is_success(response.status_code):
            kept.delete()
            return response
        kept.status, kept.body = response.status_code, json.loads(JSONRenderer().render(response.data))
        kept.location = response.get("Location", "")
        kept.save(update_fields=["status", "body", "location"])
        return response

    acting_once.acts_once = True  # type: ignore[attr-defined]
    return acting_once


def claim(request: Request, key: str) -> KeptAnswer:
    """Return the answer kept under this key, or a new one to fill in. Raises KeyTaken and Conflict."""
    now = timezone.now()
    KeptAnswer.objects.filter(began_at__lt=now - KeptAnswer.LIFE).delete()
    owner = {"organization": request.organization, "user": request.user, "key": key}  # type: ignore[attr-defined]
    mark = fingerprint(request)
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(**owner, fingerprint=mark, began_at=now)
    except IntegrityError:
        kept = KeptAnswer.objects.filter(**owner).first()
    if kept is not None and kept.fingerprint != mark:
        raise KeyTaken(_("This key was used for another call."))
    if kept is not None and kept.status is not None:
        return kept
    if kept is not None and kept.began_at < now - KeptAnswer.LONGEST_WORK:
        # The same condition again, so that of two callers one takes over.
        taken = KeptAnswer.objects.filter(pk=kept.pk, status=None, began_at=kept.began_at)
        if taken.update(began_at=now):
            return kept
    raise Conflict(_("The first call with this key is still being worked on."))


def fingerprint(request: Request) -> str:
    """Return what tells two calls apart: method, address and body."""
    call = [request.method, request.get_full_path(), request.data]
    return hashlib.sha256(json.dumps(call, sort_keys=True, default=str).encode()).hexdigest()

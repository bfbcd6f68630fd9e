"""API keys: made, revoked, and recognized in a call."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from painelml.audit import trail

from .models import ApiKey, Membership, Organization, Role, Scope, User

BEGINNING = "pk_"
SHOWN = 10
"""How much of a key its list shows: enough to tell two apart, too little to guess the rest."""
SCHEMES = ("bearer", "api-key")
USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is written once a minute at most."""

WRITES = {
    "account": Scope.ACCOUNTS,
    "sync": Scope.ACCOUNTS,
    "item": Scope.CATALOG,
    "order": Scope.ORDERS,
    "cost": Scope.ORDERS,
    "sale-cost": Scope.ORDERS,
    "shipment": Scope.SHIPMENTS,
    "question": Scope.QUESTIONS,
    "audit": Scope.AUDIT,
    "key": Scope.AUDIT,
}
"""By the name its viewset is registered under: the scope a key needs there for what viewers may not do.
What has no name here is not for keys, but for reading."""


def make_key(
    organization: Organization, name: str, scopes: Iterable[str], by: User, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which nobody can find out later."""
    text = BEGINNING + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            organization=organization,
            name=name,
            prefix=text[:SHOWN],
            digest=digest(text),
            scopes=sorted(scopes),
            created_by=by,
            expires_at=expires_at,
        )
        trail.record("key.created", key, after={"name": name, "scopes": key.scopes, "expires_at": expires_at})
    return key, text


@transaction.atomic
def revoke(key: ApiKey) -> None:
    """End a key at once and for good."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        trail.record("key.revoked", key)
    else:
        trail.came_to_nothing()


def digest(text: str) -> str:
    """The text is 256 random bits: one round of SHA-256 keeps it, and is quick enough for every call."""
    return hashlib.sha256(text.encode()).hexdigest()


def membership_of(key: ApiKey) -> Membership | None:
    """Return on whose behalf a key acts: the person who made it, while they own its organization."""
    return (
        Membership.objects.select_related("organization")
        .filter(organization=key.organization_id, user=key.created_by_id, role=Role.OWNER)
        .first()
    )


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer pk_...`, or `Api-Key pk_...`. The key is `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() not in SCHEMES or not text.startswith(BEGINNING):
            return None
        key = ApiKey.objects.select_related("created_by").filter(digest=digest(text.strip())).first()
        if key is None or not key.is_open or not key.created_by.is_active:
            raise AuthenticationFailed(_("This API key is unknown, revoked or expired."), "wrong_key")
        if membership_of(key) is None:
            raise AuthenticationFailed(
                _("The person who made this API key no longer owns the organization."), "wrong_key"
            )
        note_use(key)
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def note_use(key: ApiKey) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - USED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def is_in_scope(key: ApiKey, view: Any, needed_role: str) -> bool:
    """Whether a key may do what needs that role: what viewers may needs `read`, all else a scope."""
    wanted = Scope.READ if needed_role == Role.VIEWER else WRITES.get(getattr(view, "basename", None) or "")
    return wanted is not None and wanted in key.scopes


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = KeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of the organization (`pk_...`), made by an owner on the page of API keys.",
        }

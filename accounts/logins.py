"""A person's sessions and API tokens, and the end of them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import jwt
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import InvalidToken

from painelml.audit import trail

from .models import User

VERSION = "version"
"""The claim of an API token that must be the person's `token_version`."""

SEEN = "seen_at"
"""The session's key for when its use was last noted."""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """Return browser and system in words: `Chrome · Android`; what a program calls itself as it is."""
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (BROWSERS, SYSTEMS)]
    words = " · ".join(name for name in found if name)
    return words or re.sub(r"[^\w./ -]", "", user_agent)[:40] or _("Unknown device")


@dataclass(frozen=True)
class OpenSession:
    """A session as its page shows it."""

    pk: int
    device: str
    address: str
    began_at: Any
    last_seen_at: Any
    is_current: bool


def sessions_of(user: User, current_key: str | None) -> list[OpenSession]:
    """Return where this person is logged in, this browser first. Two queries."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at"))
    keys = [row.session_key for row in rows]
    alive = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).values_list(
            "session_key", flat=True
        )
    )
    found = [
        OpenSession(
            row.pk,
            device_of(row.user_agent),
            row.ip,
            row.created_at,
            row.last_seen_at,
            row.session_key == current_key,
        )
        for row in rows
        if row.session_key in alive
    ]
    return sorted(found, key=lambda one: not one.is_current)


def end_sessions(user: User, *, pk: int | None = None, but: str | None = None) -> int:
    """End this person's session of that id, or all of them but the one of the key `but`. Return how many."""
    rows = UserSession.objects.filter(user=user)
    rows = rows.filter(pk=pk) if pk is not None else rows.exclude(session_key=but)
    keys = list(rows.values_list("session_key", flat=True))
    with transaction.atomic():
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def note_seen(request: HttpRequest, **_kwargs: Any) -> None:
    """A session that begins now need not be noted again by its first page."""
    request.session[SEEN] = time.time()


def void_tokens(user: User) -> None:
    """End every API token this person was given."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)


@transaction.atomic
def log_out_everywhere(user: User) -> None:
    """End every session and every API token, this browser's too."""
    ended = end_sessions(user)
    void_tokens(user)
    trail.record_person("person.logged_out_everywhere", user, after={"sessions": ended})


def after_new_password(request: HttpRequest | None, user: User, **_kwargs: Any) -> None:
    """Whoever knew the old password is out: its other sessions and its API tokens end with it."""
    key = request.session.session_key if request is not None and request.user == user else None
    end_sessions(user, but=key)
    void_tokens(user)


class TokenAuthentication(JWTAuthentication):
    """API tokens of people: void once the person's `token_version` has moved on."""

    def get_user(self, validated_token: Any) -> Any:
        try:
            user: Any = super().get_user(validated_token)
        except (TypeError, ValueError) as error:  # it names nobody by what could be an id
            raise InvalidToken from error
        if is_void(validated_token, user):
            raise AuthenticationFailed(_("This token was revoked: log in again."), "token_revoked")
        return user


class SigningKeys(TokenBackend):
    """Signs API tokens with the first key of SECRET_KEY, and accepts those its other keys signed."""

    def get_verifying_key(self, token: Any) -> Any:
        for key in settings.API_TOKEN_FALLBACKS:
            try:
                jwt.PyJWS().decode(token, key, algorithms=[self.algorithm])
            except jwt.InvalidTokenError:
                continue
            return key
        return super().get_verifying_key(token)


def is_void(token: Any, user: User) -> bool:
    return bool(token.get(VERSION, 0) != user.token_version)

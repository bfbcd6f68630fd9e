"""The authorization-code flow with PKCE, and the refresh of tokens. Part A, 1.2 to 1.6."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .errors import AnswerLost, AppRefused, MeliError, Reconnect, Throttled, TryLater, from_response
from .parse import parse_id, parse_int
from .wire import OnCall, new_session, send

# The site's own host; those of MCR, MGT, MHN, MNI and MSV are not confirmed by the documentation.
AUTH_HOSTS = {
    "MLB": "auth.mercadolivre.com.br",
    "MLA": "auth.mercadolibre.com.ar",
    "MLM": "auth.mercadolibre.com.mx",
    "MLC": "auth.mercadolibre.cl",
    "MCO": "auth.mercadolibre.com.co",
    "MLU": "auth.mercadolibre.com.uy",
    "MPE": "auth.mercadolibre.com.pe",
    "MEC": "auth.mercadolibre.com.ec",
    "MLV": "auth.mercadolibre.com.ve",
    "MBO": "auth.mercadolibre.com.bo",
    "MPY": "auth.mercadolibre.com.py",
    "MPA": "auth.mercadolibre.com.pa",
    "MRD": "auth.mercadolibre.com.do",
    "MCR": "auth.mercadolibre.co.cr",
    "MGT": "auth.mercadolibre.com.gt",
    "MHN": "auth.mercadolibre.com.hn",
    "MNI": "auth.mercadolibre.com.ni",
    "MSV": "auth.mercadolibre.com.sv",
}

ENDPOINT = "POST /oauth/token"
TIMEOUT = (3.05, 20.0)
TOTAL = 30.0


class CodeRefused(Reconnect):
    """The authorization code is used, expired or unknown. Start again from the authorization page."""


class PendingData(Reconnect):
    """The seller has to complete data or documents at Mercado Livre first; then start again."""


class RedirectMismatch(AppRefused):
    """The redirect URI is not the one registered for the application. The operator has to mend it."""


@dataclass(frozen=True)
class Application:
    """Our registration at Mercado Livre. `redirect_uri` equals the registered one character for character."""

    api_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = ""


@dataclass(frozen=True)
class TokenPair:
    """What the token endpoint gave. `refresh_token` is `None` without the scope `offline_access`;
    `expires_in` is seconds.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int
    user_id: str
    scope: str


def new_verifier() -> str:
    """Return a PKCE verifier of 64 characters (RFC 7636 wants 43 to 128)."""
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_url(
    *, client_id: str, redirect_uri: str, state: str, verifier: str, site_id: str = "MLB", auth_url: str = ""
) -> str:
    """Return where to send the seller's browser. `auth_url` (an address without a path) stands in for the
    site's host.

    Raises KeyError for a site we know no host of.
    """
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    base = auth_url.rstrip("/") or f"https://{AUTH_HOSTS[site_id]}"
    return f"{base}/authorization?{urlencode(query)}"


def exchange_code(app: Application, code: str, verifier: str, on_call: OnCall | None = None) -> TokenPair:
    """Return the pair for an authorization code, which is spent by this.

    Raises CodeRefused (one body stands for: used, expired, unknown), PendingData and RedirectMismatch where
    the text says so, AppRefused (wrong client secret, blocked), Rejected (a malformed request), Unreachable
    and Throttled (nothing happened), AnswerLost (start again from the authorization page), TryLater.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        "code_verifier": verifier,
    }
    return _ask(app, form, (code, verifier), on_call)


def refresh_tokens(app: Application, refresh_token: str, on_call: OnCall | None = None) -> TokenPair:
    """Return a new pair. The refresh token is single use: store the new one before anything else is done.

    Never repeated here. Raises Unreachable and Throttled when the token is surely unspent; AnswerLost when
    it may be spent (keep it, try once more later, believe the Reconnect that may follow); Reconnect when it
    is dead; AppRefused.
    """
    return _ask(
        app, {"grant_type": "refresh_token", "refresh_token": refresh_token}, (refresh_token,), on_call
    )


def _ask(
    app: Application, form: dict[str, str], secret: tuple[str, ...], on_call: OnCall | None
) -> TokenPair:
    hidden = (app.client_secret, *secret)
    # A connection of its own: one that went stale in the pool would leave us wondering whether the token is
    # spent.
    with new_session() as session:
        reply = send(
            session,
            "POST",
            app.api_url.rstrip("/") + "/oauth/token",
            endpoint=ENDPOINT,
            timeout=TIMEOUT,
            deadline=time.monotonic() + TOTAL,
            on_call=on_call,
            headers={"Accept": "application/json"},
            data={**form, "client_id": app.client_id, "client_secret": app.client_secret},
        )
    if reply.status == 200:
        return _pair(reply.content)
    error = from_response(reply.status, reply.content, reply.headers, endpoint=ENDPOINT, secrets=hidden)
    kind = _kind(error, form["grant_type"])
    raise kind(
        error.message,
        status=error.status,
        code=error.code,
        causes=error.causes,
        body=error.body,
        retry_after=error.retry_after,
        endpoint=ENDPOINT,
    )


def _kind(error: MeliError, grant_type: str) -> type[MeliError]:
    text = f"{error.code} {error.message}".lower()
    if isinstance(error, TryLater):
        return Throttled if isinstance(error, Throttled) else AnswerLost
    if error.code == "internal_error":
        return TryLater  # documented nowhere, passes by itself (1.6)
    if isinstance(error, AppRefused):
        return AppRefused
    if error.code in ("invalid_grant", "redirect_uri_mismatch") and grant_type == "authorization_code":
        if "redirect_uri_mismatch" in text or "callback" in text:
            return RedirectMismatch
        return PendingData if "pending" in text else CodeRefused
    # A 401 without a known code speaks of the client's own credentials: no token was sent.
    return AppRefused if error.status == 401 and error.code != "unauthorized_client" else type(error)


def _pair(content: bytes) -> TokenPair:
    try:
        body: Any = json.loads(content)
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    access, seconds, user_id = (
        body.get("access_token"),
        parse_int(body.get("expires_in")),
        parse_id(body.get("user_id")),
    )
    if not isinstance(access, str) or not access or not seconds or not user_id:
        raise AnswerLost("The answer holds no tokens", status=200, endpoint=ENDPOINT)
    refresh = body.get("refresh_token")
    return TokenPair(
        access,
        refresh if isinstance(refresh, str) and refresh else None,
        seconds,
        user_id,
        str(body.get("scope") or ""),
    )

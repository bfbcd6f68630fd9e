"""Who may do what: authorization codes, single-use refresh tokens, access tokens of six hours (facts: part A,
section 1).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from .clock import HOUR, MINUTE, SECOND, Clock, instant, offset
from .http import ApiError

ACCESS_LIFE = 6 * HOUR
CODE_LIFE = 10 * MINUTE
SCOPES = ("offline_access read write", "read offline_access write", "write read offline_access")
GRANT_ERROR = (
    "Error validating grant. Your authorization code or refresh token may be expired or it was already used"
)


@dataclass(frozen=True)
class Application:
    """The integrator's application, as registered in the developer panel."""

    id: int = 1122334455667788
    secret: str = "sandbox-secret-0123456789abcdef"  # noqa: S105 - invented, opens nothing but the sandbox
    redirect_uri: str = "http://127.0.0.1:8000/meli/oauth/callback"
    callback_url: str = ""
    topics: tuple[str, ...] = (
        "items",
        "items_prices",
        "orders_v2",
        "questions",
        "shipments",
        "stock-locations",
    )


@dataclass
class Code:
    user: int
    redirect_uri: str
    challenge: str
    method: str
    expires: int
    pending: bool = False
    """The seller has documents to send in: the code will be refused."""


@dataclass
class Grant:
    user: int
    created: int
    refresh_token: str


class OAuth:
    """All codes, grants and tokens of the one application. Use under the world's lock."""

    def __init__(self, application: Application, clock: Clock) -> None:
        self.application = application
        self.clock = clock
        self.codes: dict[str, Code] = {}
        self.grants: dict[int, Grant] = {}
        self.tokens: dict[str, tuple[int, int]] = {}
        self.issued = 0

    # -- issuing

    def authorize(
        self, user: int, *, challenge: str = "", method: str = "plain", pending: bool = False
    ) -> str:
        """The seller accepts: a code for ten minutes, good once."""
        code = f"TG-{secrets.token_hex(12)}-{user}"
        expires = self.clock.now() + CODE_LIFE
        self.codes[code] = Code(user, self.application.redirect_uri, challenge, method, expires, pending)
        return code

    def grant(self, user: int) -> dict[str, Any]:
        """A fresh pair of tokens without any redirect: what `/oauth/token` answers. For tests."""
        return self._issue(user, created=self.clock.now())

    def exchange(self, form: dict[str, str], *, pkce_required: bool) -> dict[str, Any]:
        """`POST /oauth/token`. Raises ApiError 400 with the documented codes."""
        kind = form.get("grant_type", "")
        if not kind or not form.get("client_id") or not form.get("client_secret"):
            raise ApiError(400, "missing required parameter", "invalid_request")
        if kind not in {"authorization_code", "refresh_token"}:
            raise ApiError(400, f"unsupported grant_type: {kind}", "unsupported_grant_type")
        right_id = form["client_id"] == str(self.application.id)
        if not right_id or not hmac.compare_digest(
            form["client_secret"].encode(), self.application.secret.encode()
        ):
            raise ApiError(400, "invalid client_id or client_secret.", "invalid_client")
        return self._redeem(form, pkce_required) if kind == "authorization_code" else self._refresh(form)

    def _redeem(self, form: dict[str, str], pkce_required: bool) -> dict[str, Any]:
        if not form.get("code") or not form.get("redirect_uri"):
            raise ApiError(400, "missing required parameter: code or redirect_uri", "invalid_request")
        code = self.codes.get(form["code"])
        if code is None or code.expires <= self.clock.now() or code.redirect_uri != form["redirect_uri"]:
            raise self._invalid_grant()
        verifier = form.get("code_verifier", "")
        if (pkce_required and not code.challenge) or (code.challenge and not verifier):
            raise ApiError(400, "code_verifier is a required parameter", "invalid_request")
        del self.codes[form["code"]]
        if code.pending or (code.challenge and not _verifies(verifier, code)):
            raise self._invalid_grant()
        return self._issue(code.user, created=self.clock.now())

    def _refresh(self, form: dict[str, str]) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        if not token:
            raise ApiError(400, "missing required parameter: refresh_token", "invalid_request")
        grant = next((grant for grant in self.grants.values() if grant.refresh_token == token), None)
        if grant is None:
            raise self._invalid_grant()
        return self._issue(grant.user, created=grant.created)

    def _issue(self, user: int, *, created: int) -> dict[str, Any]:
        """A new pair; the refresh token issued before dies at once, the access token at its time."""
        self.issued += 1
        now = self.clock.now()
        access = f"APP_USR-{self.application.id}-{instant(now):%m%d%H}-{secrets.token_hex(16)}-{user}"
        refresh = f"TG-{secrets.token_hex(12)}-{user}"
        self.tokens = {token: told for token, told in self.tokens.items() if told[1] > now - ACCESS_LIFE}
        self.tokens[access] = (user, now + ACCESS_LIFE)
        self.grants[user] = Grant(user, created, refresh)
        return {
            "access_token": access,
            "token_type": "bearer" if self.issued % 2 else "Bearer",
            "expires_in": ACCESS_LIFE // SECOND,
            "scope": SCOPES[self.issued % len(SCOPES)],
            "user_id": user,
            "refresh_token": refresh,
        }

    def _invalid_grant(self) -> ApiError:
        """The two shapes the same refusal is known to take, in turn."""
        self.issued += 1
        text = "error_description" if self.issued % 2 else "message"
        return ApiError(400, body={text: GRANT_ERROR, "error": "invalid_grant", "status": 400, "cause": []})

    # -- checking

    def user_of(self, authorization: str, *, legacy: bool) -> int:
        """The seller of a bearer token. Raises ApiError 401 in the old or the new shape."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(401, body={"code": "unauthorized", "message": "authorization value not present"})
        user, expires = self.tokens.get(token, (0, 0))
        if expires > self.clock.now():
            return user
        if legacy:
            raise ApiError(401, "Invalid token", "expired_token" if user else "invalid_token")
        raise ApiError(401, body={"code": "unauthorized", "message": "invalid access token"})

    # -- ending

    def revoke(self, user: int) -> None:
        """The grant ends, with every token of it."""
        self.grants.pop(user, None)
        self.tokens = {token: told for token, told in self.tokens.items() if told[0] != user}

    def expire(self, user: int | None = None) -> None:
        """Access tokens end now; refresh tokens live on."""
        now = self.clock.now()
        self.tokens = {
            token: (owner, min(until, now) if user in (None, owner) else until)
            for token, (owner, until) in self.tokens.items()
        }

    # -- telling

    def grant_payload(self, user: int) -> dict[str, Any]:
        """An entry of `/users/{id}/applications`: ids are text here."""
        return {
            "user_id": str(user),
            "app_id": str(self.application.id),
            "date_created": offset(self.grants[user].created),
            "scopes": ["read", "offline_access", "write"],
        }

    def dump(self) -> dict[str, Any]:
        return {
            "codes": {code: asdict(told) for code, told in self.codes.items()},
            "grants": [asdict(grant) for grant in self.grants.values()],
            "tokens": [[token, user, expires] for token, (user, expires) in self.tokens.items()],
            "issued": self.issued,
        }

    def load(self, data: dict[str, Any]) -> None:
        self.codes = {code: Code(**told) for code, told in data["codes"].items()}
        self.grants = {grant["user"]: Grant(**grant) for grant in data["grants"]}
        self.tokens = {token: (user, expires) for token, user, expires in data["tokens"]}
        self.issued = data["issued"]


def _verifies(verifier: str, code: Code) -> bool:
    if code.method.upper() == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), code.challenge.encode())

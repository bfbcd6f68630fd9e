"""Access tokens: always a valid one, and one refresh at a time per account over all processes (design section
5).

A refresh token works once (API facts, part A 1.5 and 6). So whoever refreshes holds the account's lease,
taken by a conditional update that works on both databases; reads the row again after winning; keeps no
transaction open during the call; and commits the new pair before anybody uses it. Everybody else waits and
reads what the winner stored.

When the answer of a refresh is lost, the refresh token may be spent or not, and nobody can tell. The old one
stays stored and is tried once more after a while: if Mercado Livre never saw the request it still works, and
if it is spent the answer is `invalid_grant`, which is the truth: the account has to be connected again. Not
trying would always end there. Until then the access token, which the refresh was ahead of, does its work.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from painelml import metrics
from painelml.audit import trail
from painelml.crypto import CryptoError, UnknownKey
from painelml.fields import encrypt_for
from painelml.meli import AppRefused, Call, MeliError, NotAllowed, Reconnect, TryLater
from painelml.meli.oauth import Application, TokenPair, refresh_tokens

from . import usage
from .actions import mark_expired, note_error
from .database import borrowed_connection
from .models import Account, AccountStatus

logger = logging.getLogger(__name__)

EARLY = timedelta(minutes=10)
"""A token with less left than this is renewed before it is used."""
SCHEDULED_EARLY = timedelta(minutes=45)
"""What the schedule, every 30 minutes, renews ahead of time, so that nobody waits for it."""
SPARE = timedelta(seconds=20)
"""A token with less left may die on the way."""
LEASE = timedelta(seconds=45)
"""Longer than the refresh call can take (30 s), so a lease that ended was abandoned."""
COOL_OFF = timedelta(seconds=15)
"""After a failed refresh nobody tries again for so long, unless Mercado Livre named a time."""
PATIENCE = 60.0
"""Seconds to wait for somebody else's refresh: one abandoned lease and a bit."""
SAVE_TRIES = 6


@dataclass(frozen=True)
class Token:
    """An access token in memory."""

    text: str = field(repr=False)
    expires_at: datetime
    lifetime: timedelta

    def is_good(self, refused: str, early: timedelta) -> bool:
        """Whether it is another than the refused one and not about to expire. A token that lives only minutes
        counts as fresh for half its life."""
        margin = min(early, self.lifetime / 2)
        return bool(self.text) and self.text != refused and timezone.now() + margin < self.expires_at

    def is_alive(self, refused: str) -> bool:
        return bool(self.text) and self.text != refused and timezone.now() + SPARE < self.expires_at


class AccountTokens:
    """The client's TokenSource for one account. Threads may share it; it answers from memory when it can."""

    def __init__(self, account: Account) -> None:
        self._account_pk = account.pk
        self._token: Token | None = None
        self._lock = threading.Lock()

    def token(self) -> str:
        """Return an access token that is good for the next minutes. Raises Reconnect, TryLater,
        AppRefused."""
        held = self._token
        return held.text if held and held.is_good("", EARLY) else self._renewed("")

    def refresh(self, refused: str) -> str:
        """Return another token than the one Mercado Livre refused. Raises as `token`."""
        return self._renewed(refused)

    def _renewed(self, refused: str) -> str:
        with self._lock:
            held = self._token
            if held is None or not held.is_good(refused, EARLY):
                with borrowed_connection():
                    self._token = held = good_token(self._account_pk, refused)
            return held.text


def application() -> Application:
    return Application(
        api_url=settings.MELI_API_URL,
        client_id=settings.MELI_CLIENT_ID,
        client_secret=settings.MELI_CLIENT_SECRET,
        redirect_uri=settings.MELI_REDIRECT_URI,
    )


def refuse_other_host(account: Account) -> None:
    """Raise NotAllowed for an account that was connected at another host than the settings name: a sample
    shop's tokens never go to Mercado Livre, nor a seller's to a sandbox."""
    if account.api_host != settings.MELI_API_URL:
        raise NotAllowed(
            f"This account was connected at {account.api_host or 'an unknown address'}; "
            f"the panel now talks to {settings.MELI_API_URL}"
        )


def good_token(account_pk: int, refused: str = "", early: timedelta = EARLY) -> Token:
    """Return the account's token, refreshed when it is the refused one or has less than `early` left.

    Raises Reconnect when the grant is dead or the account gone, NotAllowed when it belongs to another host,
    AppRefused when the operator has to act, TryLater when Mercado Livre cannot now and the old token is no
    good any more.
    """
    owner = secrets.token_hex(8)
    deadline = time.monotonic() + PATIENCE
    while True:
        account, token = _read(account_pk)
        if token.is_good(refused, early):
            return token
        if account.status == AccountStatus.EXPIRED:
            raise Reconnect("This account has to be connected again")
        if not account.refresh_token_sealed:
            return _last_words(account, token, refused)
        if _take_lease(account_pk, owner):
            renewed = _renew(account_pk, owner, refused, early)
            if renewed:
                return renewed
            continue
        is_cooling_off = not account.token_lease_owner and account.token_lease_until is not None
        if is_cooling_off or time.monotonic() > deadline:
            return _living(token, refused, TryLater("The access token could not be renewed just now"))
        time.sleep(random.uniform(0.02, 0.15))  # noqa: S311


@trail.watched("account.token_renewed", wanted=dict)
def renew_now(account: Account) -> None:
    """Renew the token because somebody asks for it. Raises as `good_token`."""
    try:
        present = account.access_token
    except CryptoError as error:
        raise _unreadable(error) from error
    good_token(account.pk, refused=present)


def refresh_due_tokens() -> int:
    """Renew the tokens of working accounts that expire soon; return how many accounts could not be served.

    One account's trouble is not another's: it is logged, and shows on that account.
    """
    soon = timezone.now() + SCHEDULED_EARLY
    here = Account.objects.working().filter(api_host=settings.MELI_API_URL)
    due = here.filter(token_expires_at__lt=soon).exclude(refresh_token="")
    failed = 0
    for account_pk in due.values_list("pk", flat=True):
        try:
            good_token(account_pk, early=SCHEDULED_EARLY)
        except MeliError as error:
            failed += 1
            logger.warning("Token of account %s could not be renewed: %s", account_pk, error)
    return failed


def _read(account_pk: int) -> tuple[Account, Token]:
    account = Account.objects.filter(pk=account_pk).first()
    if account is None:
        raise Reconnect("This account was disconnected")
    refuse_other_host(account)
    try:
        text = account.access_token
    except CryptoError as error:
        raise _unreadable(error) from error
    lifetime = timedelta(seconds=account.token_lifetime_seconds)
    return account, Token(text, account.token_expires_at or timezone.now(), lifetime)


def _unreadable(error: CryptoError) -> MeliError:
    # A key missing from the settings is the operator's to mend, no reason to ask the seller again.
    return AppRefused(str(error)) if isinstance(error, UnknownKey) else Reconnect(str(error))


def _take_lease(account_pk: int, owner: str) -> bool:
    now = timezone.now()
    free = Q(token_lease_until=None) | Q(token_lease_until__lt=now)
    with transaction.atomic(
        durable=True
    ):  # somebody else's transaction would hide, and could undo, all of this
        return bool(
            Account.objects.filter(free, pk=account_pk).update(
                token_lease_until=now + LEASE, token_lease_owner=owner
            )
        )


def _end_lease(account_pk: int, owner: str, cool_off: timedelta | None = None) -> None:
    until = timezone.now() + cool_off if cool_off else None
    Account.objects.filter(pk=account_pk, token_lease_owner=owner).update(
        token_lease_until=until, token_lease_owner=""
    )


def _renew(account_pk: int, owner: str, refused: str, early: timedelta) -> Token | None:
    """Refresh under the lease. Returns None when the row changed meanwhile and has to be read again."""
    account, token = _read(account_pk)
    is_dead = account.status == AccountStatus.EXPIRED or not account.refresh_token_sealed
    if is_dead or token.is_good(refused, early):  # the winner before us found out
        _end_lease(account_pk, owner)
        return None
    calls: list[Call] = []
    try:
        pair = refresh_tokens(application(), account.refresh_token, on_call=calls.append)
        stored = _store(account, pair)
        metrics.REFRESHES.count("renewed")
        return stored
    except CryptoError as error:
        metrics.REFRESHES.count("unreadable")
        _end_lease(account_pk, owner)
        raise _unreadable(error) from error
    except Reconnect as error:
        metrics.REFRESHES.count("expired")
        marked = mark_expired(account, error, refused=account.refresh_token_sealed)
        _end_lease(account_pk, owner)
        if not marked and _was_replaced(account):
            return None
        raise
    except TryLater as error:
        metrics.REFRESHES.count("postponed")
        _end_lease(account_pk, owner, timedelta(seconds=error.retry_after or COOL_OFF.total_seconds()))
        return _living(token, refused, error)
    except MeliError as error:
        metrics.REFRESHES.count("refused")
        _end_lease(account_pk, owner, COOL_OFF)
        logger.error("Mercado Livre refuses the application's token refresh: %s", error)
        note_error(account, error)
        return _living(token, refused, error)
    finally:
        for call in calls:  # not before the new pair is safe
            usage.count(account_pk, call)


def _store(account: Account, pair: TokenPair) -> Token | None:
    """Commit the new pair in place of the one that was spent. A brief absence of the database must not lose
    it."""
    lifetime, now = timedelta(seconds=pair.expires_in), timezone.now()
    # Without a new refresh token the old one goes on (RFC 6749, section 6).
    refresh_token = pair.refresh_token or account.refresh_token
    columns = {
        "access_token": encrypt_for(account, "access_token", pair.access_token),
        "refresh_token": encrypt_for(account, "refresh_token", refresh_token),
        "token_expires_at": now + lifetime,
        "token_lifetime_seconds": pair.expires_in,
        "last_token_refresh": now,
        "token_lease_until": None,
        "token_lease_owner": "",
    }
    for attempt in range(SAVE_TRIES):
        try:
            is_stored = _replace(account, columns)
            return Token(pair.access_token, now + lifetime, lifetime) if is_stored else None
        except (OperationalError, InterfaceError):
            if attempt == SAVE_TRIES - 1:
                raise
            connection.close()
            time.sleep(0.25 * 2**attempt)
    return None


def _replace(account: Account, columns: dict[str, Any]) -> bool:
    """Write the columns if the row still holds the refresh token that was spent. `rotate_keys` may have
    sealed it anew meanwhile, so what counts is the token and not its ciphertext."""
    spent, sealed = account.refresh_token, account.refresh_token_sealed
    while True:
        with transaction.atomic(durable=True):
            if Account.objects.filter(pk=account.pk, refresh_token=sealed).update(**columns):
                return True
        current = Account.objects.filter(pk=account.pk).first()
        if current is None or not current.refresh_token_sealed or current.refresh_token != spent:
            return False
        sealed = current.refresh_token_sealed


def _was_replaced(account: Account) -> bool:
    stored = Account.objects.filter(pk=account.pk).values_list("refresh_token", flat=True).first()
    return stored is not None and stored != account.refresh_token_sealed


def _living(token: Token, refused: str, error: MeliError) -> Token:
    """Return the token we have while it lives; raise the error of its renewal when it does not."""
    if token.is_alive(refused):
        return token
    raise error


def _last_words(account: Account, token: Token, refused: str) -> Token:
    """Return a token nothing can renew for as long as it lives; then the account has expired."""
    error = Reconnect("There is no refresh token: the access token was added by hand and has expired")
    if token.is_alive(refused):
        return token
    mark_expired(account, error, refused="")
    raise error

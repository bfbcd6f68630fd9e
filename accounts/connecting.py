"""Connecting a seller's account, and taking it away again (API facts, part A 1.1 to 1.7; design section
5)."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from painelml import live
from painelml.audit import trail
from painelml.crypto import CryptoError
from painelml.fields import encrypt_for
from painelml.meli import AppRefused, Client, MeliError, Priority, Reconnect, TryLater, parse_id
from painelml.meli.oauth import AUTH_HOSTS, TokenPair, authorization_url, exchange_code, new_verifier

from . import usage
from .client import client_for, governor
from .failures import ConnectingFailed, reason_of_error, reason_of_redirect
from .models import Account, AccountStatus, Membership, OAuthState, Organization, Role, User
from .signals import account_connected, account_disconnected
from .team import NotPossible
from .tokens import application, refuse_other_host

logger = logging.getLogger(__name__)

PROFILE = (
    "nickname", "country_id", "permalink", "registration_date", "user_type", "tags", "logo",
    "seller_experience", "seller_reputation", "shipping_modes", "status",
)  # fmt: skip
"""What is kept of `/users/me`: who sells, and how well. Documents, phones and addresses of people are not
ours to keep."""

REMOVED = "removed:"
"""Begins the seller id of an account that is being removed, so that the seller can be connected anew
meanwhile."""
CHUNK = 2000
"""Rows deleted in one transaction: 0.2 s on PostgreSQL with 1.7 kB payloads, so writers of other accounts
hardly wait."""


# Through Mercado Livre's authorization page


def begin(user: User, organization: Organization, site_id: str) -> str:
    """Return where to send the browser. The attempt is kept here, its state only as a digest.

    Raises ConnectingFailed for a site we do not know and a panel without an application.
    """
    if site_id not in AUTH_HOSTS:
        raise ConnectingFailed("unknown_site")
    if not settings.MELI_CLIENT_ID or not settings.MELI_CLIENT_SECRET:
        raise ConnectingFailed("not_configured")
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    OAuthState.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()
    OAuthState.objects.create(  # type: ignore[misc]
        state_hash=digest(state),
        user=user,
        organization=organization,
        site_id=site_id,
        code_verifier=verifier,
    )
    return authorization_url(
        client_id=settings.MELI_CLIENT_ID,
        redirect_uri=settings.MELI_REDIRECT_URI,
        state=state,
        verifier=verifier,
        site_id=site_id,
        auth_url=settings.MELI_AUTH_URL,
    )


def finish(user: User, params: Mapping[str, str]) -> tuple[Account, bool]:
    """Connect the account Mercado Livre sent us back with, `params` being the query of that address.

    Returns the account and whether it is new. Raises ConnectingFailed.
    """
    attempt = claim_attempt(user, params.get("state", ""), is_refusal=not params.get("code"))
    if attempt is None or not params.get("code"):
        raise ConnectingFailed(reason_of_redirect(params.get("error", "")))
    membership = Membership.objects.filter(user=user, organization=attempt.organization).first()
    if membership is None or not membership.is_at_least(Role.MANAGER):
        raise ConnectingFailed("not_manager")
    try:
        pair = exchange_code(application(), params["code"], attempt.code_verifier)
    except CryptoError:
        raise ConnectingFailed("state_unknown") from None
    except MeliError as error:
        logger.warning("Mercado Livre did not exchange an authorization code: %s", error)
        raise ConnectingFailed(reason_of_error(error)) from None
    account, is_new = keep_tokens(attempt, pair)
    check_seller(account, pair, is_new=is_new)
    trail.record(
        "account.connected" if is_new else "account.reconnected",
        account,
        person=user,
        after={"seller": account.meli_user_id, "site": account.site_id},
    )
    announce(account, user, is_new=is_new)
    return account, is_new


def claim_attempt(user: User, state: str, *, is_refusal: bool) -> OAuthState | None:
    """Return this person's attempt and use it up; no attempt is needed to be told of a refusal.

    Raises ConnectingFailed for a state that is unknown, somebody else's, used or older than ten minutes.
    """
    attempt = OAuthState.objects.select_related("organization").filter(state_hash=digest(state)).first()
    if attempt is None or attempt.user_id != user.pk:
        if is_refusal:
            return None
        raise ConnectingFailed("state_foreign" if attempt else "state_unknown")
    if not OAuthState.objects.filter(pk=attempt.pk, used_at=None).update(used_at=timezone.now()):
        raise ConnectingFailed("state_used")
    if timezone.now() > attempt.created_at + OAuthState.LIFE:
        raise ConnectingFailed("state_expired")
    return attempt


def digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def keep_tokens(attempt: OAuthState, pair: TokenPair) -> tuple[Account, bool]:
    """Commit the pair before anything else happens: from now on it is the only one that works for this
    seller.

    When the seller belongs to another organization the attempt is refused. Their refresh token died with this
    exchange all the same, so if their connection was working they get the new pair: nobody can break it from
    outside.
    """
    columns: dict[str, Any] = {
        "organization": attempt.organization,
        "site_id": attempt.site_id,
        "api_host": settings.MELI_API_URL,
        "connected_by": attempt.user,
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token or "",
        **times_of(pair.expires_in),
    }
    account, is_new = Account.objects.get_or_create(meli_user_id=pair.user_id, defaults=columns)
    is_foreign = account.organization_id != attempt.organization_id
    if is_new:
        become_primary_if_first(account)
        return account, True
    if account.api_host != settings.MELI_API_URL:
        raise ConnectingFailed("other_organization" if is_foreign else "other_host")
    if not is_foreign or account.status != AccountStatus.EXPIRED:
        Account.objects.filter(pk=account.pk).update(
            access_token=encrypt_for(account, "access_token", pair.access_token),
            refresh_token=encrypt_for(account, "refresh_token", pair.refresh_token or ""),
            token_lease_until=None,
            token_lease_owner="",
            **times_of(pair.expires_in),
        )
    if is_foreign:
        raise ConnectingFailed("other_organization")
    account.refresh_from_db()
    return account, False


def times_of(expires_in: int) -> dict[str, Any]:
    now = timezone.now()
    return {
        "token_expires_at": now + timedelta(seconds=expires_in),
        "token_lifetime_seconds": expires_in,
        "last_token_refresh": now,
    }


def check_seller(account: Account, pair: TokenPair, *, is_new: bool) -> None:
    """Compare with `/users/me` and keep the profile. A seller who may not use the API does not stay.

    When Mercado Livre is too busy to say, the account stays connected: the exchange itself named the seller.
    """
    try:
        profile = profile_of(pair.access_token, account)
        if parse_id(profile.get("id")) != account.meli_user_id:
            raise ConnectingFailed("unexpected")
    except TryLater as error:
        logger.warning("The profile of account %s could not be read: %s", account.pk, error)
        profile = {}
    except (MeliError, ConnectingFailed) as error:
        if is_new:
            account.delete()
        if isinstance(error, ConnectingFailed):
            raise
        logger.warning("Mercado Livre refuses a seller who has just authorized: %s", error)
        raise ConnectingFailed(reason_of_error(error)) from None
    save_profile(account, profile)
    Account.objects.filter(pk=account.pk).update(
        status=AccountStatus.ACTIVE, error_count=0, last_sync_error="", next_sync=None
    )
    account.status = AccountStatus.ACTIVE


class FixedToken:
    """A token that was just given to us: there is nothing to refresh it with."""

    def __init__(self, text: str) -> None:
        self._text = text

    def token(self) -> str:
        return self._text

    def refresh(self, refused: str) -> str:
        raise Reconnect("Mercado Livre does not accept this access token", status=401)


def profile_of(access_token: str, account: Account | None = None) -> dict[str, Any]:
    """Return `/users/me` of a token. Raises MeliError."""
    client = Client(
        api_url=settings.MELI_API_URL,
        token=FixedToken(access_token),
        governor=governor(),
        key=account.meli_user_id if account else "new",
        on_call=partial(usage.count, account.pk) if account else None,
        priority=Priority.PERSON,
    )
    return client.me()


def save_profile(account: Account, profile: Mapping[str, Any]) -> None:
    """Keep what `/users/me` says (API facts, part A 4.2); what it leaves out stays as it was."""
    columns = {
        "nickname": str(profile.get("nickname") or account.nickname)[:120],
        "email": str(profile.get("email") or account.email)[:254],
        "site_id": str(profile.get("site_id") or account.site_id)[:8],
        "account_type": str(profile.get("user_type") or account.account_type)[:40],
        "profile": {**account.profile, **without_decimals(profile)},
    }
    for name, value in columns.items():
        setattr(account, name, value)
    account.save(update_fields=[*columns, "updated_at"])


def without_decimals(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a profile we keep; fractions such as a claims rate become text, exactly as they
    came."""
    kept = {name: profile[name] for name in PROFILE if name in profile}
    plain: dict[str, Any] = json.loads(json.dumps(kept, default=str))
    return plain


def become_primary_if_first(account: Account) -> None:
    others = Account.objects.filter(organization=account.organization_id, is_primary=True)
    if others.exists():
        return
    try:
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(is_primary=True)
        account.is_primary = True
    except IntegrityError:
        logger.info("Another account became the first of organization %s", account.organization_id)


def announce(account: Account, user: User | None, *, is_new: bool) -> None:
    """Tell the engine; the account stays connected whatever a listener does."""
    for receiver, outcome in account_connected.send_robust(
        Account, account=account, user=user, is_new=is_new
    ):
        if isinstance(outcome, Exception):
            logger.error("%s failed after a connection", receiver, exc_info=outcome)
    live.publish(account.organization_id, "accounts")


# With tokens by hand


class ConnectedAlready(NotPossible):
    """This seller has an account here, in this organization or another one."""


def connect_with_tokens(
    organization: Organization,
    user: User,
    *,
    access_token: str,
    refresh_token: str = "",
    expires_in: int = 21_600,
    account_name: str = "",
) -> Account:
    """Connect the seller these tokens belong to; `/users/me` tells who that is. `expires_in` is seconds.

    Raises MeliError (Reconnect: the token is not accepted) and ConnectedAlready.
    """
    profile = profile_of(access_token)
    seller_id = parse_id(profile.get("id"))
    columns: dict[str, Any] = {
        "organization": organization,
        "account_name": account_name,
        "api_host": settings.MELI_API_URL,
        "connected_by": user,
        "access_token": access_token,
        "refresh_token": refresh_token,
        **times_of(expires_in),
    }
    with transaction.atomic():
        account, is_new = Account.objects.get_or_create(meli_user_id=seller_id, defaults=columns)
        if not is_new:
            raise ConnectedAlready(_("This seller is connected already."))
        become_primary_if_first(account)
        save_profile(account, profile)
        trail.record("account.tokens_added", account, after={"seller": seller_id, "site": account.site_id})
    announce(account, user, is_new=True)
    return account


def is_valid(account: Account) -> bool | None:
    """Ask Mercado Livre whether it accepts the stored access token; None when it cannot say. Raises
    NotAllowed for an account of another host.

    Nothing is refreshed: the question is about the token as it is.
    """
    refuse_other_host(account)
    try:
        profile_of(account.access_token, account)
    except (TryLater, AppRefused):
        return None
    except (MeliError, CryptoError):
        return False
    return True


# And away again


def disconnect(account: Account, by: User | None) -> None:
    """Revoke the grant, forget the tokens and remove everything mirrored.

    The account is gone for everybody at once: it moves to an organization nobody is a member of. Most of its
    rows are removed now, those of a big shop by `remove_rest`, in chunks, so that nobody waits for a long
    delete. Revoking is a courtesy: when Mercado Livre does not answer, our tokens are forgotten all the same.
    """
    organization_id, seller_id = account.organization_id, account.meli_user_id
    try:
        if account.access_token_sealed and settings.MELI_CLIENT_ID:
            client_for(account, Priority.PERSON).revoke(account.meli_user_id, settings.MELI_CLIENT_ID)
    except (MeliError, CryptoError) as error:
        logger.warning("The grant of account %s could not be revoked: %s", account.pk, error)
    with transaction.atomic():
        trail.record("account.disconnected", account, person=by, before={"seller": seller_id})
        # Always a new one: a name can be anybody's.
        nobodys = Organization.objects.create(name=f"{REMOVED}{account.pk}", deleted_at=timezone.now())
        Account.objects.filter(pk=account.pk).update(
            organization=nobodys,
            meli_user_id=f"{REMOVED}{account.pk}",
            status=AccountStatus.PAUSED,
            is_primary=False,
            access_token="",
            refresh_token="",
            token_expires_at=None,
            next_sync=None,
            nickname="",
            email="",
            profile={},
        )
        heir = Account.objects.filter(organization=organization_id).order_by("id").first()
        if account.is_primary and heir:
            Account.objects.filter(pk=heir.pk).update(is_primary=True)
    account_disconnected.send(Account, seller_id=seller_id, organization_id=organization_id)
    logger.info("Account %s was disconnected by user %s", account.pk, by.pk if by else None)
    live.publish(organization_id, "accounts", "orders", "items", "shipments", "questions", "runs")
    remove_rest(seconds=3)


def remove_rest(seconds: float) -> bool:
    """Remove rows of disconnected accounts for about so many seconds. Return whether nothing is left."""
    until = time.monotonic() + seconds
    for account in Account.objects.filter(meli_user_id__startswith=REMOVED):
        for relation in Account._meta.related_objects:
            model = relation.related_model
            if isinstance(model, type) and not remove_rows(model, relation.field.name, account, until):
                return False
        organization = account.organization
        account.delete()
        organization.delete()
    return True


def remove_rows(model: type[Model], column: str, owner: Account | Organization, until: float) -> bool:
    """Delete the rows of an owner, a chunk in each transaction. Return whether none is left."""
    rows = model._default_manager.filter(**{column: owner}).order_by()
    while True:
        chunk = list(rows.values_list("pk", flat=True)[:CHUNK])
        if not chunk:
            return True
        if time.monotonic() > until:
            return False
        model._default_manager.filter(pk__in=chunk).delete()

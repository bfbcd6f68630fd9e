"""What people decide about an account, and what the engine notes about it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from painelml import live
from painelml.audit import trail
from painelml.meli import MeliError

from . import mail
from .models import Account, AccountStatus, AlertKind, Membership
from .team import NotPossible

logger = logging.getLogger(__name__)

NEWS = timedelta(seconds=5)
"""Tokens younger than this are not declared dead by an error that may be about older ones."""


@trail.watched("account.paused", lambda account: {"status": account.status})
def pause(account: Account) -> None:
    """Stop background work until somebody resumes it. Raises NotPossible for an expired account."""
    if account.status == AccountStatus.EXPIRED:
        raise NotPossible(_("This account has to be connected again; until then nothing runs anyway."))
    _set(account, status=AccountStatus.PAUSED, next_sync=None)


@trail.watched("account.resumed", lambda account: {"status": account.status})
def resume(account: Account) -> None:
    """Go on where it stopped: the next re-read starts with the next sweep. Raises NotPossible for an expired
    account."""
    if account.status == AccountStatus.EXPIRED:
        raise NotPossible(_("Mercado Livre no longer accepts this connection: connect the account again."))
    if account.status == AccountStatus.PAUSED:
        _set(account, status=AccountStatus.ACTIVE, next_sync=timezone.now())


@trail.watched("account.changed", lambda account: {"account_name": account.account_name})
def rename(account: Account, name: str) -> None:
    """Name it as its people call it; an empty name shows the nickname again."""
    _set(account, account_name=name)


@trail.watched("account.changed", lambda account: {"sync_interval_seconds": account.sync_interval_seconds})
def change_interval(account: Account, seconds: int) -> None:
    """Re-read this often, counted from the last time: a wait that has begun ends sooner or later."""
    now = timezone.now()
    next_sync = max(now, (account.last_sync or now) + timedelta(seconds=seconds))
    _set(account, sync_interval_seconds=seconds)
    Account.objects.filter(pk=account.pk, next_sync__gt=now).update(next_sync=next_sync)


@transaction.atomic
@trail.watched("account.made_primary")
def make_primary(account: Account) -> None:
    """Let this account be the organization's first; the one that was is not any more."""
    Account.objects.filter(organization=account.organization_id, is_primary=True).exclude(
        pk=account.pk
    ).update(is_primary=False)
    _set(account, is_primary=True)


def mark_expired(account: Account, error: MeliError, *, refused: str | None = None) -> bool:
    """Note that Mercado Livre no longer accepts our tokens and tell owners and managers, once. Return whether
    this was news.

    `refused` is the stored (sealed) refresh token the news is about: if another one is stored by now, it is
    no news.
    """
    current = Account.objects.filter(pk=account.pk).exclude(status=AccountStatus.EXPIRED)
    if refused is None:
        just_now = timezone.now() - NEWS
        current = current.filter(Q(last_token_refresh=None) | Q(last_token_refresh__lt=just_now))
    else:
        current = current.filter(refresh_token=refused)
    if not current.update(status=AccountStatus.EXPIRED, last_sync_error=str(error), next_sync=None):
        return False
    account.status = AccountStatus.EXPIRED
    note_error(account, error)
    logger.warning("Account %s has to be connected again: %s", account.pk, error)
    live.publish(account.organization_id, "accounts")
    _tell_expired(account)
    return True


@transaction.atomic
def note_error(account: Account, error: MeliError | Exception) -> None:
    """Keep what went wrong, the newest first, at most `Account.ERRORS_KEPT` of them."""
    row = Account.objects.select_for_update().filter(pk=account.pk).first()
    if row is None:
        return
    entry = {
        "timestamp": timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "error": str(error)[:500],
        "status_code": getattr(error, "status", None),
    }
    history = [entry, *row.error_history][: Account.ERRORS_KEPT]
    _set(account, error_history=history, error_count=row.error_count + 1)


def note_refusal(account: Account, error: MeliError) -> None:
    """Note that Mercado Livre refuses this account although its grant is good: `error` until something
    succeeds."""
    note_error(account, error)
    Account.objects.working().filter(pk=account.pk).update(status=AccountStatus.ERROR)


def note_success(account: Account) -> None:
    """Note that Mercado Livre answered. What a failed run says of the account stays until a run succeeds."""
    _set(account, last_activity=timezone.now())
    in_error = Account.objects.filter(pk=account.pk, status=AccountStatus.ERROR)
    in_error.exclude(last_sync_status="failed").update(status=AccountStatus.ACTIVE)


def note_silence(account: Account, is_silent: bool) -> None:
    """Note whether Mercado Livre has stopped notifying us of this account."""
    if account.is_silent != is_silent:
        _set(account, is_silent=is_silent)


@transaction.atomic
def forget_errors(account: Account, before: datetime) -> None:
    """Drop what went wrong before that moment from the history."""
    row = Account.objects.select_for_update().filter(pk=account.pk).first()
    if row is not None:
        kept = [e for e in row.error_history if datetime.fromisoformat(e["timestamp"]) >= before]
        Account.objects.filter(pk=row.pk).update(error_history=kept)


def note_run_ended(account: Account, status: str, error: str = "") -> None:
    """Note how a run ended (`done`, `failed`, anything else is nobody's fault) and when the next re-read is
    due."""
    now = timezone.now()
    changes: dict[str, Any] = {"last_activity": now}
    if status in ("done", "failed"):
        changes |= {
            "last_sync": now,
            "last_sync_status": "success" if status == "done" else "failed",
            "last_sync_error": error[:500],
        }
    if status == "done":
        changes |= {"error_count": 0}
    interval = Account.objects.values_list("sync_interval_seconds", flat=True).filter(pk=account.pk).first()
    _set(account, **changes)
    after = AccountStatus.ERROR if status == "failed" else AccountStatus.ACTIVE
    if status in ("done", "failed"):
        Account.objects.working().filter(pk=account.pk).update(status=after)
    Account.objects.working().filter(pk=account.pk).update(next_sync=now + timedelta(seconds=interval or 300))


def _set(account: Account, **columns: Any) -> None:
    """Write these columns only: a token refreshed meanwhile stays as it is."""
    Account.objects.filter(pk=account.pk).update(**columns, updated_at=timezone.now())
    for name, value in columns.items():
        setattr(account, name, value)
    live.publish(account.organization_id, "accounts")


def _tell_expired(account: Account) -> None:
    """Write to whoever wants to know; owners and managers do unless they said otherwise."""
    members = Membership.objects.filter(organization=account.organization_id, user__is_active=True)
    link = f"{settings.APP_BASE_URL}{reverse('accounts:list')}"
    for member in members.select_related("user", "alerts").order_by("pk"):
        if AlertKind.EXPIRED in member.alert_kinds:
            person = member.user
            mail.send("expired", person.email, person.language, {"account": account, "link": link})

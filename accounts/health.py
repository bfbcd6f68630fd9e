"""Asking Mercado Livre regularly how each account is, and forgetting what is long past."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from painelml.meli import MeliError, Priority, Reconnect, TryLater

from . import actions
from .client import client_for
from .connecting import save_profile
from .models import Account, ApiUsage, OAuthState, ReputationDay

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Accounts asked at the same time: the answer is waited for, not worked on."""
DELETED_AT_ONCE = 2_000


def check_accounts() -> None:
    """Ask after every account whose tokens may be used. One account's trouble is not another's."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_check, Account.objects.working()))


def check_account(account: Account) -> None:
    """Read `/users/me`, keep the profile, and note how it went (API facts, part A 4.2).

    A dead grant makes the account `expired`; a refusal makes it `error` until a check or a run succeeds; that
    Mercado Livre cannot answer just now is only noted.
    """
    try:
        profile = client_for(account, Priority.BACKFILL).me()
    except Reconnect as error:
        actions.mark_expired(account, error)
    except TryLater as error:
        actions.note_error(account, error)
    except MeliError as error:
        actions.note_refusal(account, error)
    else:
        save_profile(account, profile)
        ReputationDay.objects.keep(account, profile.get("seller_reputation"), timezone.now())
        actions.note_success(account)


def forget_old() -> None:
    """Delete counted calls, errors and unused attempts to connect past the days they are kept for."""
    kept_since = timezone.now() - timedelta(days=settings.HISTORY_DAYS)
    usage = ApiUsage.objects.filter(hour__lt=kept_since).order_by()
    while ids := list(usage.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        ApiUsage.objects.filter(pk__in=ids).delete()
    OAuthState.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()
    for account in Account.objects.exclude(error_history=[]):
        actions.forget_errors(account, kept_since)


def _check(account: Account) -> None:
    try:
        check_account(account)
    except Exception:
        logger.exception("Account %s could not be checked", account.pk)
    finally:
        connection.close()

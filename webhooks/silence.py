"""Noticing that Mercado Livre has stopped notifying us: topics switched off, or a wrong address."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.actions import note_silence
from accounts.models import Account
from painelml.sync.resource import RESOURCES

from .models import Notification, Source

SILENCE = timedelta(hours=12)
"""Longer than a quiet night."""
LATELY = timedelta(hours=48)


def notice_silence() -> None:
    """Flag the accounts that sold lately and of which nothing has been heard; take the flag from others.

    A sale alone causes several notifications, so a seller who sells is never silent for so long.
    """
    now = timezone.now()
    orders = RESOURCES["orders"].model._default_manager.filter(date_created__gt=now - LATELY)
    sellers = set(orders.order_by().values_list("account_id", flat=True).distinct())
    told = Notification.objects.filter(source=Source.WEBHOOK, created_at__gt=now - SILENCE)
    heard = set(told.order_by().values_list("seller_id", flat=True).distinct())
    for account in Account.objects.all():
        is_new = account.created_at > now - SILENCE
        sold = account.pk in sellers and account.sync_enabled
        note_silence(account, sold and not is_new and account.meli_user_id not in heard)

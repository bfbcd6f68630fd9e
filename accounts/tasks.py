"""What the scheduler does for accounts."""

import time

from celery import shared_task
from django.utils import timezone

from painelml.once import once_in

from . import health, removal, tokens


@shared_task(name="accounts.refresh_tokens", ignore_result=True)
def refresh_due_tokens() -> None:
    """Every 30 minutes: renew the tokens that expire soon."""
    tokens.refresh_due_tokens()


@shared_task(name="accounts.check", ignore_result=True)
def check_accounts() -> None:
    """Every 15 minutes: ask Mercado Livre how every account is."""
    if once_in("accounts.check", minutes=10):
        health.check_accounts()


@shared_task(name="accounts.send_alerts", ignore_result=True)
def send_alerts() -> None:
    """Every five minutes: write to people about what is wrong, and the daily summaries."""
    from .alerts import send_due

    send_due(timezone.now())


@shared_task(name="accounts.cleanup", ignore_result=True)
def forget_old() -> None:
    """Every day: delete counted calls and errors past their days."""
    health.forget_old()


@shared_task(name="accounts.remove_disconnected", ignore_result=True)
def remove_disconnected() -> None:
    """Every minute: go on removing what disconnected accounts and deleted organizations left behind."""
    until = time.monotonic() + 50
    while not removal.remove_deleted(seconds=10) and time.monotonic() < until:
        pass

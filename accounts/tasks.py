"""What the scheduler does for accounts."""

import time

from celery import shared_task

from . import connecting, tokens


@shared_task(name="accounts.refresh_tokens", ignore_result=True)
def refresh_due_tokens() -> None:
    """Every 30 minutes: renew the tokens that expire soon."""
    tokens.refresh_due_tokens()


@shared_task(name="accounts.remove_disconnected", ignore_result=True)
def remove_disconnected() -> None:
    """Every minute: go on removing what disconnected accounts left behind."""
    until = time.monotonic() + 50
    while not connecting.remove_rest(seconds=10) and time.monotonic() < until:
        pass

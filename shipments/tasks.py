"""What is done later for shipments."""

from __future__ import annotations

from celery import shared_task

from accounts.models import Account
from painelml.meli import MeliError, Priority
from painelml.sync.engine import apply


@shared_task(name="shipments.read_again", ignore_result=True)
def read_again(account_id: int, ids: list[str]) -> None:
    """Read shipments whose labels were printed. What fails is left to the next re-read."""
    account = Account.objects.filter(pk=account_id).first()
    if account:
        try:
            apply(account, "shipments", ids, Priority.PERSON)
        except MeliError:
            return

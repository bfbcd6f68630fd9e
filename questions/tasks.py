"""What is done later for questions."""

from __future__ import annotations

from celery import shared_task

from accounts.models import Account
from painelml import live

from .clocks import set_all_clocks


@shared_task(name="questions.set_clocks", ignore_result=True)
def set_clocks(account_id: int) -> None:
    """Set the clocks of all questions of an account after its target or calendar changed."""
    account = Account.objects.filter(pk=account_id).first()
    if account and set_all_clocks(account):
        live.publish(account.organization_id, "questions")


@shared_task(name="questions.check_clocks", ignore_result=True)
def check_clocks() -> None:
    """Every day: set clocks whose change was decided while the broker was down."""
    for account_id in Account.objects.values_list("pk", flat=True):
        set_clocks(account_id)

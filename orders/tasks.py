"""What is done later for orders."""

from __future__ import annotations

from celery import shared_task

from accounts.models import Account
from painelml import live

from .profit import set_all_profits


@shared_task(name="orders.set_profits", ignore_result=True)
def set_profits(account_id: int) -> None:
    """Reckon all orders of an account again after its costs changed."""
    account = Account.objects.filter(pk=account_id).first()
    if account and set_all_profits(account):
        live.publish(account.organization_id, "orders")


@shared_task(name="orders.check_profits", ignore_result=True)
def check_profits() -> None:
    """Every day: reckon what was decided while the broker was down."""
    for account_id in Account.objects.values_list("pk", flat=True):
        set_profits(account_id)

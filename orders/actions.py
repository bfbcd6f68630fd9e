"""What people decide about the costs of their sales. Every order is reckoned again once it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import partial

from django.db import transaction

from accounts.models import Account
from catalog.costs import BEGINNING, CostRow, good
from catalog.models import ProductCost, SaleCost
from painelml.audit import trail

from .tasks import set_profits


@transaction.atomic
def change_product_costs(account: Account, rows: Iterable[CostRow]) -> int:
    """Store the rows without errors and return how many; a SKU's cost of the same day is replaced."""
    costs = [
        ProductCost(account=account, sku=row.sku, starts_on=row.starts_on, amount=row.amount)
        for row in good(rows)
    ]
    ProductCost.objects.bulk_create(
        costs,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["account", "sku", "starts_on"],
        update_fields=["amount"],
    )
    trail.record(
        "cost.product_changed",
        account=account,
        after={
            "rows": len(costs),
            "costs": [f"{cost.sku}: {cost.amount} ({cost.starts_on})" for cost in costs],
        },
    )
    reckon_again(account)
    return len(costs)


@transaction.atomic
def change_sale_cost(
    account: Account, tax_percent: Decimal, per_order: Decimal, starts_on: date = BEGINNING
) -> SaleCost:
    """Reckon sales from that day on with these taxes and this cost per order."""
    old = SaleCost.objects.filter(account=account, starts_on=starts_on).first()
    cost, _ = SaleCost.objects.update_or_create(
        account=account,
        starts_on=starts_on,
        defaults={"tax_percent": tax_percent, "per_order": per_order},
    )
    trail.record("cost.sale_changed", cost, before=words_of(old), after=words_of(cost))
    reckon_again(account)
    return cost


@transaction.atomic
def forget_cost(cost: ProductCost | SaleCost) -> None:
    """Drop a cost: from its first day on the one before it counts again."""
    kind = "cost.sale_changed" if isinstance(cost, SaleCost) else "cost.product_changed"
    trail.record(kind, cost, before={"cost": str(cost)})
    cost.delete()
    reckon_again(cost.account)


def words_of(cost: SaleCost | None) -> dict[str, object] | None:
    if cost is None:
        return None
    return {"tax_percent": cost.tax_percent, "per_order": cost.per_order, "starts_on": cost.starts_on}


def reckon_again(account: Account) -> None:
    """Reckon every order once what was decided is stored; the daily task makes a lost ring good."""
    transaction.on_commit(partial(set_profits.apply_async, (account.pk,), retry=False), robust=True)

"""What the reports page shows: how the sales of a period went and what they earned, currency by currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from painelml.web.charts import DayChart, day_chart
from painelml.web.show import change, count, money, short_money
from painelml.web.spans import Span, Unit, put_together, unit_of

from .forms import ReportForm
from .models import Order, OrderQuerySet
from .profit import Earned, ItemEarned, earned_by_currency, earned_by_day, earned_by_item
from .stats import Refunded, refunds_by_currency, refunds_by_day

ITEMS = 20
"""Items each currency lists, those that earned most first."""


@dataclass(frozen=True)
class ReportDay:
    """A local day: the sales made on it, and what went back to buyers on it, whenever they had bought."""

    date: date
    earned: Earned
    refunded: Refunded


@dataclass(frozen=True)
class ReportSpan:
    """Days in a row as people read them together."""

    span: Span
    earned: Earned
    refunded: Refunded

    @property
    def profit(self) -> Decimal | None:
        """None while no sale of the days has all its costs."""
        return self.earned.known_profit


@dataclass(frozen=True)
class CurrencyReport:
    """The period in one currency. `before` is as long a period right before it, `refunded_before` what went
    back in that.
    """

    currency_id: str
    total: Earned
    refunded: Refunded
    before: Earned
    refunded_before: Refunded
    days: list[ReportDay]
    items: list[ItemEarned]

    @property
    def change(self) -> int | None:
        """By how many percent gross sales moved; None when there was nothing before."""
        return change(self.total.gross, self.before.gross)

    @property
    def orders_change(self) -> int | None:
        return change(self.total.orders, self.before.orders)

    @property
    def profit_change(self) -> int | None:
        """By how many percent the known profit moved; None when one of both is unknown, or was no profit."""
        now, before = self.total.known_profit, self.before.known_profit
        return None if now is None or before is None or before < 0 else change(now, before)

    @property
    def refunded_change(self) -> int | None:
        return change(self.refunded.of_sales, self.refunded_before.of_sales)

    @property
    def newest_first(self) -> list[ReportDay]:
        return self.days[::-1]

    @property
    def unit(self) -> Unit:
        """What `spans` are."""
        return unit_of(self.days)

    @cached_property
    def spans(self) -> list[ReportSpan]:
        """The days as people read them: one by one, or by week or month in a long period."""
        return [ReportSpan(span, *sums_of(days)) for span, days in put_together(self.days)]

    @property
    def chart(self) -> DayChart:
        """The drawing of gross sales, with the profit of those whose costs are known as a line."""

        def title(index: int) -> str:
            one = self.spans[index]
            orders = ngettext("%(count)s sale", "%(count)s sales", one.earned.orders)
            return "\n".join(
                [
                    f"{one.span.name}: {money(one.earned.gross, self.currency_id)}",
                    orders % {"count": count(one.earned.orders)},
                    _("Profit: %(amount)s") % {"amount": money(one.profit, self.currency_id)},
                ]
            )

        return day_chart(
            [(one.span.first, one.earned.gross) for one in self.spans],
            [one.profit for one in self.spans],
            title=title,
            tick=lambda amount: short_money(amount, self.currency_id),
            last=self.spans[-1].span.last,
        )


def orders_of(form: ReportForm, now: datetime) -> OrderQuerySet:
    """Return the orders created in the period."""
    orders: OrderQuerySet = Order.objects.filter(form.during("date_created", now)).order_by()
    return orders


def report(form: ReportForm, now: datetime, items: int = ITEMS) -> list[CurrencyReport]:
    """Return the period per currency, the one with most sales first, each with so many of its items.

    Two queries per time zone among the accounts, one per currency, and two for the period before.
    """
    orders = orders_of(form, now)
    earned, refunded = earned_by_day(form, now), refunds_by_day(form, now)
    currencies = sorted({currency for _day, currency in (*earned, *refunded)})
    if not currencies:
        return []
    before = earned_by_currency(Order.objects.filter(form.before("date_created", now)))
    refunded_before = refunds_by_currency(form.before("refunds__refunded_at", now))
    days = form.all_days({day for day, _currency in (*earned, *refunded)}, now)
    blocks = [
        currency_report(
            currency,
            [
                ReportDay(
                    day, earned.get((day, currency), Earned()), refunded.get((day, currency), Refunded())
                )
                for day in days
            ],
            before.get(currency, Earned()),
            refunded_before.get(currency, Refunded()),
            earned_by_item(orders.filter(currency_id=currency), items),
        )
        for currency in currencies
    ]
    return sorted(blocks, key=lambda block: -block.total.orders)


def currency_report(
    currency: str,
    days: list[ReportDay],
    before: Earned,
    refunded_before: Refunded,
    items: list[ItemEarned],
) -> CurrencyReport:
    total, refunded = sums_of(days)
    return CurrencyReport(
        currency,
        total=total,
        refunded=refunded,
        before=before,
        refunded_before=refunded_before,
        days=days,
        items=items,
    )


def sums_of(days: Iterable[ReportDay]) -> tuple[Earned, Refunded]:
    earned, refunded = Earned(), Refunded()
    for day in days:
        earned, refunded = earned + day.earned, refunded + day.refunded
    return earned, refunded

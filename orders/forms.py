"""What a list of orders can be narrowed by, on the page and in the API; the period of a report; costs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.costs import BEGINNING, parse_amount
from painelml.web.filters import ChoiceFilter, DayField, FilterForm, WordFilter, day_of
from painelml.web.period import RecentPeriodForm
from painelml.web.statuses import choices

STATUSES = choices("order")


class OrderFilterForm(FilterForm):
    RARE = ("item_id", "tag", "currency_id", "is_sale", "unknown")
    UNKNOWN: ClassVar = [("net", _("Net")), ("profit", _("Profit"))]

    status = WordFilter(STATUSES, label=_("Status"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)
    item_id = WordFilter(label=_("Item"))
    tag = WordFilter(label=_("Tag"))
    currency_id = WordFilter(label=_("Currency"))
    is_sale = ChoiceFilter([("true", _("Yes"))], label=_("Counts as a sale"))
    unknown = ChoiceFilter(UNKNOWN, label=_("Not known yet"))


class ReportForm(RecentPeriodForm):
    """The period of a report: the last 30 days when none is given, and a year at most."""

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        first, last = values.get("date_from"), values.get("date_to")
        if first and day_of(last or timezone.now()) - day_of(first) >= timedelta(days=self.DAYS_MAX):
            self.add_error("date_from", _("Choose at most one year."))
        return values

    @property
    def used_query(self) -> str:
        """Return the account and the period as the list of orders and its export take them."""
        account = {"account_id": chosen} if (chosen := self.value("account_id")) else {}
        return urlencode(account | self.dates)

    @property
    def dates(self) -> dict[str, str]:
        """Return the first and the last day as the list of orders takes them, whatever was given."""
        first, last = self.bounds(self.today, self.zone)
        return {"date_from": first.isoformat(), "date_to": last.isoformat()}

    @property
    def period_query(self) -> str:
        """Return the account and the period as they were given, for the other reports."""
        names = ("account_id", "days", "date_from", "date_to")
        return urlencode({name: self.data[name] for name in names if self.value(name) is not None})

    @property
    def today(self) -> date:
        """Today where the first account lives."""
        return timezone.now().astimezone(self.zone).date()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the first account; of the panel, where there is none."""
        return self.accounts[0].time_zone if self.accounts else ZoneInfo(settings.TIME_ZONE)


class BreakdownForm(ReportForm):
    """By what the sales of the period are told apart: by item without a choice."""

    BY: ClassVar = [("item", _("Item")), ("state", _("State")), ("account", _("Account"))]

    by = ChoiceFilter(BY, label=_("By"), widget=forms.HiddenInput())

    @property
    def by_name(self) -> str:
        return self.value("by") or self.BY[0][0]

    @property
    def used_query(self) -> str:
        return f"{super().used_query}&by={self.by_name}"


class AmountField(forms.CharField):
    """An amount of cents as people write it: 1.234,56 or 12.5."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        amount = parse_amount(text)
        if amount is None:
            raise ValidationError(_("Enter an amount such as 12,50."))
        return amount


class SinceField(forms.DateField):
    """From when a cost counts; empty, it always did."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Valid from"),
            required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            help_text=_("Empty: since ever."),
        )

    def clean(self, value: Any) -> date:
        found: date | None = super().clean(value)
        return found or BEGINNING


class ProductCostForm(forms.Form):
    """What a unit costs. Its fields are those of a row of a file."""

    sku = forms.CharField(
        label=_("SKU"), max_length=120, help_text=_("The listing's number where it has no SKU.")
    )
    amount = AmountField(label=_("Cost of a unit"))
    starts_on = SinceField()

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"]
        if not sku.isprintable():
            raise ValidationError(_("Leave control characters out."))
        return sku


class SaleCostForm(forms.Form):
    """What every sale costs beside its product. It shares its page with a form of the same fields."""

    prefix = "sale"
    tax_percent = AmountField(label=_("Taxes (%)"), validators=[MaxValueValidator(100)])
    per_order = AmountField(label=_("Cost per order"))
    starts_on = SinceField()


class CostFileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV or XLSX file"),
        help_text=_("The first row names the columns: SKU, cost and, if wanted, from."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

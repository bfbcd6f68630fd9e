"""What people type to change many listings at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .bulk import ACTIONS, ENDINGS, WITHOUT_AMOUNT, How
from .forms import PRICE_LIMIT, UNITS_MAX, Amount

GROUPS = {"status": _("Status"), "price": _("Price"), "stock": _("Stock")}
PERCENT_MAX = 1000


class BulkForm(forms.Form):
    """One action for all chosen listings."""

    action = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            (group, [(name, one.label) for name, one in ACTIONS.items() if one.field == field])
            for field, group in GROUPS.items()
        ],
    )
    amount = Amount(
        label=_("By how much, or to what"),
        max_digits=14,
        required=False,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    ending = forms.ChoiceField(label=_("Prices end"), choices=list(ENDINGS.items()), required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        action, amount = values.get("action"), values.get("amount")
        if action and "amount" in values and (problem := amount_problem(action, amount)):
            self.add_error("amount", problem)
        return values

    @property
    def how(self) -> How:
        values = self.cleaned_data
        action = values["action"]
        is_reckoned = ACTIONS[action].field == "price" and action != "price"
        return How(
            action,
            None if action in WITHOUT_AMOUNT else values["amount"],
            values["ending"] if is_reckoned else "",
        )


def amount_problem(action: str, amount: Decimal | None) -> str:
    """Return what is wrong with the amount of an action; nothing when it is right."""
    if action in WITHOUT_AMOUNT:
        return ""
    if amount is None:
        return gettext("Give an amount.")
    if ACTIONS[action].field == "stock":
        is_whole = amount == amount.to_integral_value()
        if not is_whole or not 0 <= amount <= UNITS_MAX or (action != "stock" and not amount):
            return gettext("Give a whole number of units, up to 99,999.")
        return ""
    if amount <= 0 or amount >= PRICE_LIMIT:
        return gettext("Give an amount above zero.")
    if action == "price_down_percent" and amount >= 100:
        return gettext("Give less than 100 percent.")
    if action == "price_up_percent" and amount > PERCENT_MAX:
        return gettext("Give at most 1,000 percent.")
    return ""

"""The base of every filter form: one set of names for pages and API (contract section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization

from .kept import PERIOD_NAMES

YEARS = range(1990, 2101)
"""Years a day may lie in: further away, reckoning with days and zones leaves the calendar."""

EXAMPLE = date(2026, 11, 21)


def day_of(bound: date | datetime, zone: ZoneInfo | None = None) -> date:
    return bound.astimezone(zone).date() if isinstance(bound, datetime) else bound


def is_before(one: date | datetime, other: date | datetime) -> bool:
    """Compare two instants exactly, and a day with anything by days."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return day_of(one) < day_of(other)


class DayField(forms.Field):
    """A day such as 2026-11-21, or an instant such as 2026-11-21T10:00:00Z (UTC when it names no offset)."""

    UNREADABLE = "unreadable_day"
    widget = forms.DateInput(attrs={"type": "date"})
    default_error_messages = {
        UNREADABLE: _("Enter a date such as 2026-11-21."),
        "year": _("Choose a year from %(first)s to %(last)s."),
    }

    def to_python(self, value: Any) -> date | datetime | None:
        if value in self.empty_values:
            return None
        try:
            found = parse_date(value) or parse_datetime(value)
        except ValueError:
            found = None
        if found is None:
            raise ValidationError(self.error_messages[self.UNREADABLE], code=self.UNREADABLE)
        if found.year not in YEARS:
            years = {"first": YEARS[0], "last": YEARS[-1]}
            raise ValidationError(self.error_messages["year"], code="year", params=years)
        if isinstance(found, datetime) and found.tzinfo is None:
            return found.replace(tzinfo=UTC)
        return found


class Select(forms.Select):
    """A select of plain options, drawn at once. Django's takes two templates for each option: 5 ms a page."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        told = (option for _group, options, _index in widget["optgroups"] for option in options)
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            ((option["value"], flatatt(option["attrs"]), option["label"]) for option in told),
        )
        rest = format_html_join(
            "", "{}", ((flatatt({key: value}),) for key, value in widget["attrs"].items())
        )
        return format_html('<select name="{}"{}>\n{}\n</select>', name, rest, options)


class ChoiceFilter(forms.ChoiceField):
    """One of our own words. Empty means no filter."""

    widget = Select

    def __init__(self, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(choices=[("", _("All")), *choices], required=False, **kwargs)


class WordFilter(forms.CharField):
    """A word of Mercado Livre's. The choices are the ones we know; any other is searched for as it is."""

    def __init__(self, choices: list[tuple[str, Any]] | None = None, **kwargs: Any) -> None:
        widget = Select(choices=[("", _("All")), *choices]) if choices else forms.TextInput()
        super().__init__(required=False, max_length=120, widget=widget, **kwargs)


class FilterForm(forms.Form):
    """What a list is narrowed by. Absent and empty values narrow nothing.

    `accounts` are the organization's accounts the answer is about. An `account_id` that is not one of them is
    an error with the code `not_found`.
    """

    RARE: ClassVar[tuple[str, ...]] = ()
    """Filters that links set and nobody types: a page shows them only while they are in use."""

    sees_people = True
    """Whether who asks is told who buyers are: else nothing is found by what is masked for them."""

    account_id = forms.IntegerField(label=_("Account"), required=False, widget=forms.HiddenInput())
    q = forms.CharField(
        label=_("Search"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )

    def __init__(self, data: Mapping[str, Any], *, organization: Organization) -> None:
        super().__init__(data)
        self.organization = organization

    @cached_property
    def all_accounts(self) -> list[Account]:
        return list(Account.objects.of(self.organization))

    @cached_property
    def accounts(self) -> list[Account]:
        """None when a filter is wrong: a list that leaves one out would mislead."""
        chosen = self.value("account_id")
        if self.errors:
            return []
        return [account for account in self.all_accounts if chosen in (None, account.pk)]

    def clean_account_id(self) -> int | None:
        chosen = self.cleaned_data["account_id"]
        if chosen is not None and chosen not in {account.pk for account in self.all_accounts}:
            raise ValidationError(_("There is no such account."), code="not_found")
        return chosen

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("date_from"), values.get("date_to")
        if first and last and is_before(last, first):
            self.add_error("date_to", _("The last day cannot be before the first."))
        return values

    def value(self, name: str) -> Any:
        """Return what to filter by, or None when nothing valid was given."""
        self.is_valid()
        value = self.cleaned_data.get(name)
        return None if value == "" else value

    def filters(self, **columns: str) -> dict[str, Any]:
        """Return keyword arguments of `filter()` for the plain columns: `filters(status="status")`."""
        found = {column: self.value(name) for name, column in columns.items()}
        return {column: value for column, value in found.items() if value is not None}

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields a page draws: the common ones, and the rare ones in use."""
        used = self.active
        return [field for field in self.visible_fields() if field.name not in self.RARE or field.name in used]

    @property
    def active(self) -> list[str]:
        """The names of the filters in use, the wrong ones too, the account apart."""
        used = [name for name in self.fields if self.value(name) is not None or name in self.errors]
        return [name for name in used if name != "account_id"]

    @property
    def is_whole(self) -> bool:
        """Whether nothing but an account and a period narrows the list."""
        return not self.errors and set(self.active) <= set(PERIOD_NAMES)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Return the label of each wrong filter and what is wrong, dates in the reader's form."""
        shown = date_format(EXAMPLE, "SHORT_DATE_FORMAT")
        example = gettext("Enter a date such as %(date)s.") % {"date": shown}
        return [
            (
                str(self[name].label),
                example if error.code == DayField.UNREADABLE else " ".join(error.messages),
            )
            for name, errors in self.errors.as_data().items()
            for error in errors
        ]

    @property
    def used_query(self) -> str:
        """Return the account and the filters in use as an address has them: `account_id=1&status=paid`."""
        used = {name: self.data.get(name) for name in self.fields if self.value(name) is not None}
        return urlencode(used)

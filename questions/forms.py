"""What a list of questions can be narrowed by, on the page and in the API; what an answer may be, and when
it is due.
"""

from __future__ import annotations

import re
from datetime import date, time
from itertools import pairwise
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from catalog.costs import parse_day
from painelml.text import fold
from painelml.web.filters import ChoiceFilter, DayField, FilterForm, WordFilter
from painelml.web.statuses import choices

from .contact import find_contact
from .models import BusinessCalendar, QuickReply, Weekday, check_time_zone
from .placeholders import known_in, unknown_in

ANSWER_MAX = 2000
CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
REPLIES_MAX = 300
"""Quick replies an organization can have: a list people still find their way in."""
STATUSES = choices("question")
SLA = choices("sla")


class QuestionFilterForm(FilterForm):
    RARE = ("item_id",)

    status = WordFilter(STATUSES, label=_("Status"))
    sla = ChoiceFilter(SLA, label=_("Service level"))
    date_from = DayField(label=_("From"), required=False)
    date_to = DayField(label=_("To"), required=False)
    item_id = WordFilter(label=_("Item"))


class Paragraphs(forms.CharField):
    """Text whose line ends are one character, as it was counted while it was typed."""

    def to_python(self, value: str | None) -> str:
        return super().to_python((value or "").replace("\r\n", "\n"))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Browsers cut what is pasted at a `maxlength`, without a word."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class AnswerForm(forms.Form):
    """An answer; `sure` sends one in spite of its warnings."""

    text = Paragraphs(
        label=_("Answer"),
        max_length=ANSWER_MAX,
        validators=[RegexValidator(CONTROL, _("Leave control characters out."), inverse_match=True)],
    )
    sure = forms.BooleanField(required=False)

    @property
    def warnings(self) -> list[str]:
        return warnings_about(self.cleaned_data["text"])


def warnings_about(text: str) -> list[str]:
    """Return what a person should look at before they send this, in words; none of it forbids sending."""
    warnings = []
    if found := find_contact(text):
        warning = gettext("Mercado Livre removes answers with contact data or links: %(passages)s.")
        warnings.append(warning % {"passages": ", ".join(finding.passage for finding in found[:5])})
    if standing := known_in(text):
        warnings.append(gettext("Nothing stands in for %(names)s yet.") % {"names": ", ".join(standing)})
    return warnings


class QuickReplyForm(forms.ModelForm):
    """A quick reply. Its word is what people type after the slash: letters, digits and hyphens, folded."""

    text = Paragraphs(
        label=_("Text"),
        max_length=ANSWER_MAX,
        validators=[RegexValidator(CONTROL, _("Leave control characters out."), inverse_match=True)],
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    class Meta:
        model = QuickReply
        fields = ("word", "text")
        labels: ClassVar = {"word": _("Word")}
        help_texts: ClassVar = {"word": _("Typed after a slash in an answer: /shipping")}

    def clean_word(self) -> str:
        word = fold(self.cleaned_data["word"]).strip("/ ")
        if not re.fullmatch(r"[a-z0-9-]+", word):
            raise ValidationError(_("Use letters, digits and hyphens only."))
        others = self.instance.organization.quick_replies.exclude(pk=self.instance.pk)
        if others.filter(word=word).exists():
            raise ValidationError(_("Another quick reply has this word."))
        if self.instance.pk is None and others.count() >= REPLIES_MAX:
            raise ValidationError(_("There are too many quick replies. Delete some first."))
        return word

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if unknown := unknown_in(text):
            names = ", ".join(f"{{{name}}}" for name in unknown)
            raise ValidationError(_("There is no placeholder %(names)s."), params={"names": names})
        return text


TARGET_MAX = 30 * 24 * 60
"""A month of open minutes."""
HOLIDAYS_MAX = 500


class HoursField(forms.CharField):
    """The hours of a weekday as people write them: `9:00-12:00, 13:30-18:00`; empty is closed."""

    SPAN = re.compile(r"(?a)(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": "09:00-12:00, 13:00-18:00"})
        super().__init__(required=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> list[tuple[time, time]]:
        parts = [part.strip() for part in super().to_python(value).split(",") if part.strip()]
        spans = sorted(self.span(part) for part in parts)
        for (_opens, closes), (opens, _closes) in pairwise(spans):
            if closes == time.min or opens < closes:
                raise ValidationError(_("These hours overlap."))
        return spans

    def span(self, text: str) -> tuple[time, time]:
        """Read one span. 24:00 and 00:00 are midnight at the end of the day."""
        match = self.SPAN.fullmatch(text)
        try:
            if match is None:
                raise ValueError(text)
            hour, minute, end_hour, end_minute = map(int, match.groups())
            opens, closes = time(hour, minute), time(0 if end_hour == 24 else end_hour, end_minute)
        except ValueError as error:
            raise ValidationError(_("Enter hours such as 09:00-12:00, 13:00-18:00.")) from error
        if (closes != time.min and closes <= opens) or (end_hour == 24 and end_minute):
            raise ValidationError(_("The shop has to close later than it opens."))
        return opens, closes


class HolidaysField(forms.CharField):
    """A day and, if wanted, its name per line: `25/12/2026 Natal`."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 5, "placeholder": _("2026-12-25 Christmas")})
        super().__init__(required=False, max_length=20_000, widget=widget, **kwargs)

    def clean(self, value: Any) -> dict[date, str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > HOLIDAYS_MAX:
            raise ValidationError(_("These are too many days."))
        found: dict[date, str] = {}
        for line in lines:
            written, _space, name = line.partition(" ")
            day = parse_day(written)
            if day is None or len(name) > 80:
                raise ValidationError(
                    _("Not a day such as 2026-12-25 with a name: %(line)s"), params={"line": line[:100]}
                )
            found[day] = name.strip()
        return found


class ServiceLevelForm(forms.Form):
    """Within how many open minutes an account's people answer, and when they do."""

    target = forms.IntegerField(
        label=_("Answer within (open minutes)"),
        min_value=1,
        max_value=TARGET_MAX,
        help_text=_("Only minutes in which the shop is open count."),
    )
    day_0 = HoursField(label=Weekday.MONDAY.label)
    day_1 = HoursField(label=Weekday.TUESDAY.label)
    day_2 = HoursField(label=Weekday.WEDNESDAY.label)
    day_3 = HoursField(label=Weekday.THURSDAY.label)
    day_4 = HoursField(label=Weekday.FRIDAY.label)
    day_5 = HoursField(label=Weekday.SATURDAY.label)
    day_6 = HoursField(label=Weekday.SUNDAY.label, help_text=_("No hours on any day: always open."))
    holidays = HolidaysField(label=_("Holidays"), help_text=_("One day per line, with its name if you like."))
    zone_name = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        validators=[check_time_zone],
        help_text=_("Empty: the time zone of the account's country."),
    )

    @property
    def hours(self) -> list[tuple[int, time, time]]:
        """The open hours that were typed: weekday, opens, closes."""
        return [
            (weekday, opens, closes)
            for weekday in Weekday.values
            for opens, closes in self.cleaned_data[f"day_{weekday}"]
        ]


def service_level_of(account: Account) -> dict[str, Any]:
    """Return an account's target and calendar as people type them. Three queries at most."""
    values: dict[str, Any] = {"target": account.sla_target_minutes}
    calendar = BusinessCalendar.objects.filter(account=account).prefetch_related("hours", "holidays").first()
    if calendar is None:
        return values
    hours: dict[int, list[str]] = {}
    for span in calendar.hours.all():
        hours.setdefault(span.weekday, []).append(f"{span.opens:%H:%M}-{span.closes:%H:%M}")
    values |= {f"day_{weekday}": ", ".join(spans) for weekday, spans in hours.items()}
    values["holidays"] = "\n".join(str(holiday) for holiday in calendar.holidays.all())
    values["zone_name"] = calendar.zone_name
    return values

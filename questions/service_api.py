"""`/api/ml-accounts/{id}/service-level`: within how much open time an account answers, and when that is."""

from __future__ import annotations

from datetime import date, time
from itertools import pairwise
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as FormError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account, Role
from painelml.web.api import ApiViewSet, StrictSerializer

from . import actions
from .forms import HOLIDAYS_MAX, TARGET_MAX
from .models import BusinessCalendar, check_time_zone

HOURS_MAX = 7 * 24


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["09:00"]})
class HourField(serializers.TimeField):
    """Hours and minutes, which is less than the format `time` of JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)


class HoursSerializer(StrictSerializer):
    """An open span of a weekday (1 is Monday); `closes` at 00:00 is midnight at the end of the day."""

    weekday = serializers.IntegerField(min_value=1, max_value=7)
    opens = HourField()
    closes = HourField()

    def validate(self, span: dict[str, Any]) -> dict[str, Any]:
        if span["closes"] != time.min and span["closes"] <= span["opens"]:
            raise ValidationError({"closes": [_("The shop has to close later than it opens.")]})
        return span


class HolidaySerializer(StrictSerializer):
    day = serializers.DateField()
    name = serializers.CharField(max_length=80, allow_blank=True, default="")


class ServiceLevelOfAccountSerializer(StrictSerializer):
    """Answers are due within `target_minutes` of open time.

    The shop is open in its `hours` but not on `holidays`, and always where no hours are given; the clocks are
    those of `time_zone`, null standing for that of the account's country.
    """

    target_minutes = serializers.IntegerField(min_value=1, max_value=TARGET_MAX)
    time_zone = serializers.CharField(max_length=64, allow_null=True, default=None)
    hours = HoursSerializer(many=True, max_length=HOURS_MAX, default=list)
    holidays = HolidaySerializer(many=True, max_length=HOLIDAYS_MAX, default=list)

    def validate_time_zone(self, name: str | None) -> str:
        try:
            check_time_zone(name or "UTC")
        except FormError as error:
            raise ValidationError(error.messages) from error
        return name or ""

    def validate_hours(self, spans: list[dict[str, Any]]) -> list[tuple[int, time, time]]:
        ordered = sorted((span["weekday"] - 1, span["opens"], span["closes"]) for span in spans)
        for (weekday, _opens, closes), (next_weekday, opens, _closes) in pairwise(ordered):
            if weekday == next_weekday and (closes == time.min or opens < closes):
                raise ValidationError(_("These hours overlap."))
        return ordered

    def validate_holidays(self, days: list[dict[str, Any]]) -> dict[date, str]:
        found = {one["day"]: one["name"] for one in days}
        if len(found) < len(days):
            raise ValidationError(_("Name each day once."))
        return found


class ServiceLevelViewSet(ApiViewSet):
    """When an account's questions are due."""

    lookup_value_regex = r"\d{1,18}"
    roles: ClassVar[dict[str, str]] = {"update": Role.MANAGER}

    def get_object(self) -> Account:
        accounts = Account.objects.of(self.request.organization)  # type: ignore[attr-defined]
        account: Account = get_object_or_404(accounts, pk=self.kwargs["id"])
        return account

    @extend_schema(responses=ServiceLevelOfAccountSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """Tell within how many open minutes an account answers, and when it is open."""
        return Response(service_level_of(self.get_object()))

    @extend_schema(request=ServiceLevelOfAccountSerializer, responses=ServiceLevelOfAccountSerializer)
    def update(self, request: Request, id: str) -> Response:
        """Say it anew, all of it: hours and holidays that are left out are none. Every question is measured
        again.
        """
        account = self.get_object()
        given = ServiceLevelOfAccountSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        with transaction.atomic():
            actions.change_target(account, said["target_minutes"])
            actions.change_calendar(account, said["hours"], said["holidays"], said["time_zone"])
        return Response(service_level_of(account))


def service_level_of(account: Account) -> Any:
    """Return an account's target and calendar as the API spells them. Three queries at most."""
    calendar = BusinessCalendar.objects.filter(account=account).prefetch_related("hours", "holidays").first()
    said = {
        "target_minutes": account.sla_target_minutes,
        "time_zone": calendar.zone_name or None if calendar else None,
        "hours": [
            {"weekday": span.weekday + 1, "opens": span.opens, "closes": span.closes}
            for span in (calendar.hours.all() if calendar else ())
        ],
        "holidays": calendar.holidays.all() if calendar else [],
    }
    return ServiceLevelOfAccountSerializer(said).data

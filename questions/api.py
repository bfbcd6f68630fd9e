"""`/api/questions` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.sync.api import BackfillForm
from painelml.sync.backfill import BackfillMixin
from painelml.web import masks
from painelml.web.api import AboutPeople, AccountForm, Conflict, Instant, MirrorSerializer, MirrorViewSet
from painelml.web.exports import ExportMixin, export_form
from painelml.web.once import acts_once
from painelml.web.period import PeriodForm

from . import actions, queries
from .exports import LISTING
from .forms import QuestionFilterForm
from .models import Question, QuestionQuerySet
from .stats import question_stats


class AnswerSerializer(serializers.Serializer):
    text = serializers.CharField(source="answer_text")
    date_created = Instant(source="answered_at", allow_null=True)


class QuestionSerializer(MirrorSerializer):
    text = AboutPeople(masks.words, read_only=True)
    answer = serializers.SerializerMethodField()
    sla = serializers.ChoiceField(["breached", "at_risk", "ok"], allow_null=True, read_only=True)

    class Meta:
        model = Question
        fields = (
            *MirrorSerializer.FIRST,
            "item_id",
            "status",
            "text",
            "date_created",
            "from_id",
            "answer",
            "response_seconds",
            "response_open_seconds",
            "due_at",
            "sla",
        )

    @extend_schema_field(AnswerSerializer(allow_null=True))
    def get_answer(self, question: Question) -> dict[str, Any] | None:
        """Return the answer; an answer that moderation blanked is still one."""
        is_answered = question.answered_at or question.answer_text or question.answer_status
        return AnswerSerializer(question).data if is_answered else None


class AnswerTextSerializer(serializers.Serializer):
    text = serializers.CharField(
        max_length=2000,
        validators=[
            RegexValidator(
                "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", _("Leave control characters out."), inverse_match=True
            )
        ],
    )


class HourSerializer(serializers.Serializer):
    hour = serializers.IntegerField(min_value=0, max_value=23)
    questions = serializers.IntegerField()


class DaySerializer(serializers.Serializer):
    date = serializers.DateField()
    questions = serializers.IntegerField()


class ServiceLevelSerializer(serializers.Serializer):
    """How questions were answered; seconds by the wall clock and of open hours only.

    `became_sales` counts questions whose asker bought the same item within 7 days: a correlation, no cause.
    """

    total = serializers.IntegerField(source="questions")
    answered = serializers.IntegerField()
    answered_within_sla = serializers.IntegerField(source="in_time")
    answered_within_sla_rate = serializers.FloatField(
        source="in_time_rate", allow_null=True, min_value=0, max_value=1
    )
    median_response_seconds = serializers.IntegerField(source="median_seconds", allow_null=True)
    p90_response_seconds = serializers.IntegerField(source="p90_seconds", allow_null=True)
    median_response_open_seconds = serializers.IntegerField(source="median_open_seconds", allow_null=True)
    p90_response_open_seconds = serializers.IntegerField(source="p90_open_seconds", allow_null=True)
    became_sales = serializers.IntegerField()
    became_sales_rate = serializers.FloatField(source="sales_rate", allow_null=True, min_value=0, max_value=1)


class SlotSerializer(serializers.Serializer):
    """An hour of a weekday (1 is Monday) by the account's clocks, in which something was asked."""

    weekday = serializers.IntegerField(min_value=1, max_value=7)
    hour = serializers.IntegerField(min_value=0, max_value=23)
    questions = serializers.IntegerField()
    answered = serializers.IntegerField()
    answered_within_sla = serializers.IntegerField(source="in_time")


class AgeSerializer(serializers.Serializer):
    """How many open questions are at most so old, and older than the age before; null is any age."""

    up_to_seconds = serializers.IntegerField(allow_null=True)
    questions = serializers.IntegerField()


class QuestionStatsSerializer(serializers.Serializer):
    """Figures of the questions asked in the period; `ageing` is of all that wait at this moment.

    `breached` is what the list's filter `sla=breached` finds: those past their time and those answered late;
    `waiting_breached` only those that still wait, as the panel's pages count them.
    """

    total = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    breached = serializers.IntegerField()
    waiting_breached = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    sla_target_minutes = serializers.IntegerField(allow_null=True)
    answered_within_sla_rate = serializers.FloatField(
        source="level.in_time_rate", allow_null=True, min_value=0, max_value=1
    )
    median_response_seconds = serializers.IntegerField(source="level.median_seconds", allow_null=True)
    p90_response_seconds = serializers.IntegerField(source="level.p90_seconds", allow_null=True)
    by_hour = HourSerializer(many=True)
    per_day = DaySerializer(many=True)
    median_response_open_seconds = serializers.IntegerField(
        source="level.median_open_seconds", allow_null=True
    )
    p90_response_open_seconds = serializers.IntegerField(source="level.p90_open_seconds", allow_null=True)
    became_sales = serializers.IntegerField(source="level.became_sales")
    became_sales_rate = serializers.FloatField(
        source="level.sales_rate", allow_null=True, min_value=0, max_value=1
    )
    by_weekday_and_hour = SlotSerializer(many=True)
    ageing = AgeSerializer(many=True)
    previous_period = ServiceLevelSerializer(allow_null=True)


class QuestionViewSet(BackfillMixin, ExportMixin, MirrorViewSet):
    """Questions of buyers, newest first."""

    scope = "questions"
    serializer_class = QuestionSerializer
    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {
        "list": QuestionFilterForm,
        "export": export_form(QuestionFilterForm),
        "retrieve": AccountForm,
        "stats": PeriodForm,
        "answer": AccountForm,
        "backfill": BackfillForm,
    }
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "due_at": "due_at",
        "response_seconds": "response_seconds",
    }

    def get_queryset(self) -> QuestionQuerySet:
        return queries.questions_for_listing(self.request.organization, self.query)

    @extend_schema(responses=QuestionStatsSerializer)
    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return figures of a period; without one, of everything."""
        return Response(QuestionStatsSerializer(question_stats(self.query, timezone.now())).data)

    @extend_schema(request=AnswerTextSerializer, responses=QuestionSerializer)
    @action(detail=True, methods=["post"])
    @acts_once
    def answer(self, request: Request, id: str) -> Response:
        """Answer a question at Mercado Livre, for good: an answer cannot be edited."""
        question = self.get_object()
        given = AnswerTextSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            answered = actions.answer_question(question, given.validated_data["text"], request.user)
        except actions.AnsweredAlready as error:
            raise Conflict(_("This question needs no answer any more.")) from error
        return Response(self.get_serializer(answered).data)

"""`/api/questions` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.sync.api import BackfillForm
from painelml.sync.backfill import BackfillMixin
from painelml.web.api import AccountForm, Conflict, Instant, MirrorSerializer, MirrorViewSet
from painelml.web.exports import Column, ExportMixin, Summary, export_form
from painelml.web.once import acts_once
from painelml.web.period import PeriodForm

from . import actions, queries
from .exports import COLUMNS, summarize_questions
from .forms import QuestionFilterForm
from .models import Question, QuestionQuerySet
from .stats import question_stats


class AnswerSerializer(serializers.Serializer):
    text = serializers.CharField(source="answer_text")
    date_created = Instant(source="answered_at", allow_null=True)


class QuestionSerializer(MirrorSerializer):
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


class QuestionStatsSerializer(serializers.Serializer):
    """Figures of the questions asked in the period."""

    total = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    breached = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    sla_target_minutes = serializers.IntegerField(allow_null=True)
    answered_within_sla_rate = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    median_response_seconds = serializers.IntegerField(allow_null=True)
    p90_response_seconds = serializers.IntegerField(allow_null=True)
    by_hour = HourSerializer(many=True)
    per_day = DaySerializer(many=True)


class QuestionViewSet(BackfillMixin, ExportMixin, MirrorViewSet):
    """Questions of buyers, newest first."""

    scope = "questions"
    serializer_class = QuestionSerializer
    export_title = gettext_lazy("Questions")
    export_columns: ClassVar[list[Column]] = COLUMNS
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

    def summarize(self, rows: QuestionQuerySet) -> Summary:
        return summarize_questions(rows)

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
            answered = actions.answer_question(question, given.validated_data["text"])
        except actions.AnsweredAlready as error:
            raise Conflict(_("This question needs no answer any more.")) from error
        return Response(QuestionSerializer(answered).data)

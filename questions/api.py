"""`/api/questions` (contract section 3.5)."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from painelml.web.api import AccountForm, Instant, MirrorSerializer, MirrorViewSet

from . import queries
from .forms import QuestionFilterForm
from .models import Question, QuestionQuerySet


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


class QuestionViewSet(MirrorViewSet):
    """Questions of buyers, newest first."""

    serializer_class = QuestionSerializer
    query_forms: ClassVar[dict[str, Any]] = {"list": QuestionFilterForm, "retrieve": AccountForm}
    orderings: ClassVar = {
        "date_created": "date_created",
        "last_updated": "remote_updated_at",
        "due_at": "due_at",
        "response_seconds": "response_seconds",
    }

    def get_queryset(self) -> QuestionQuerySet:
        return queries.questions_for_listing(self.request.organization, self.query)

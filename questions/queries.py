"""What pages and statistics ask about questions."""

from __future__ import annotations

from accounts.models import Organization
from painelml.text import fold
from painelml.web.days import within

from .forms import QuestionFilterForm
from .models import Question, QuestionQuerySet


def questions_for_listing(organization: Organization, form: QuestionFilterForm) -> QuestionQuerySet:
    """Return the organization's questions that pass the filters, unordered; the account comes with them."""
    questions: QuestionQuerySet = Question.objects.of(organization).filter(
        within("date_created", form.accounts, form.value("date_from"), form.value("date_to")),
        account__in=form.accounts,
        **form.filters(status="status", item_id="item_id"),
    )
    if q := form.value("q"):
        questions = questions.filter(search_text__contains=fold(q))
    if sla := form.value("sla"):
        questions = questions.with_sla(sla)
    return questions.select_related("account").defer("payload", "parts", "search_text")

"""The columns and the summary of exported questions."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from painelml.web import masks, show
from painelml.web.exports import Column, Listing, Summary
from painelml.web.statuses import word_for

from .forms import QuestionFilterForm
from .models import QuestionQuerySet
from .queries import questions_for_listing

COLUMNS = [
    Column("id", gettext_lazy("Question"), "meli_id"),
    Column("account", gettext_lazy("Account")),
    Column("item_id", gettext_lazy("Item")),
    Column("status", gettext_lazy("Status"), words="question"),
    Column("date_created", gettext_lazy("Asked"), kind="instant"),
    Column("from_id", gettext_lazy("Buyer id")),
    Column("text", gettext_lazy("Text"), masks=masks.words),
    Column("answer", gettext_lazy("Answer"), "answer_text"),
    Column("answered", gettext_lazy("Answered"), "answered_at", kind="instant"),
    Column("response_seconds", gettext_lazy("Seconds to answer"), kind="number"),
    Column("response_open_seconds", gettext_lazy("Open seconds to answer"), kind="number"),
    Column("due_at", gettext_lazy("Due"), kind="instant"),
    Column("sla", gettext_lazy("Service level"), lambda question: question.sla or "", words="sla"),
]


def summarize_questions(questions: QuestionQuerySet) -> Summary:
    """Return how many questions there are, how many wait, and the questions of each status."""
    questions = questions.order_by()
    by_status = list(questions.values_list("status").annotate(count=Count("pk")).order_by("-count", "status"))
    waiting = Q(status="UNANSWERED")
    late = questions.aggregate(late=Count("pk", filter=waiting & Q(due_at__lt=timezone.now())))["late"]
    totals = [
        (_("Questions"), show.count(sum(count for _status, count in by_status))),
        (_("Unanswered"), show.count(dict(by_status).get("UNANSWERED", 0))),
        (_("Past their time"), show.count(late)),
    ]
    chart = [(str(word_for("question", status).label), count) for status, count in by_status]
    return Summary(totals, _("Questions by status"), chart)


LISTING = Listing(
    name="questions",
    route="question-export",
    title=gettext_lazy("Questions"),
    form=QuestionFilterForm,
    columns=COLUMNS,
    read=questions_for_listing,
    summarize=summarize_questions,
)

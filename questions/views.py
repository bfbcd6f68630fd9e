"""The pages about questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Account, Role
from catalog.queries import items_by_id
from orders.forms import ReportForm
from painelml.meli import MeliError
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial, wants_partial
from painelml.web.paging import paginate
from painelml.web.refusals import words_for

from . import actions, dashboard, presence, queries
from .forms import (
    ANSWER_MAX,
    AnswerForm,
    QuestionFilterForm,
    ServiceLevelForm,
    service_level_of,
    warnings_about,
)
from .models import AT_RISK, Question

PANE = "question-pane"
"""The id of the place beside the list."""
PERIODS = (7, 30, 90, 365)


@dataclass(frozen=True)
class Attempt:
    """An answer somebody tried to give: what they typed, what was wrong with it, or what came of it."""

    text: str = ""
    problem: str = ""
    asks_whether_sure: bool = False
    notice: str = ""

    @property
    def length(self) -> int:
        return len(self.text)


@role_required(Role.VIEWER)
@require_GET
def question_list(request: MemberRequest) -> HttpResponse:
    """The list and, beside it, the question that `question` names; htmx asks for either alone."""
    form = filters_of(request, QuestionFilterForm)
    chosen = request.GET.get("question")
    desk = desk_for(request, queries.desk_of(find(request, chosen))) if chosen else {"question": None}
    if wants_partial(request) and request.htmx.target == PANE:  # type: ignore[attr-defined]
        context = {**desk, "form": form}
        return page_or_partial(request, "questions/question_list.html", "questions/_question.html", context)
    waits = form.value("status") == "UNANSWERED"
    page = paginate(
        queries.questions_for_listing(request.organization, form).only(*queries.LISTED),
        request.GET,
        order="due_at" if waits else "-date_created",
    )
    items = items_by_id(form.accounts, [question.item_id for question in page], "title")
    context = {
        **desk,
        "form": form,
        "page": page,
        "rows": [(question, items.get(question.item_id)) for question in page],
        "place": place_of(form),
        "now": timezone.now(),
        "at_risk": AT_RISK,
    }
    return page_or_partial(request, "questions/question_list.html", "questions/_question_list.html", context)


def place_of(form: QuestionFilterForm) -> str:
    """Return which tab shows this list, empty for none."""
    used = {name: form.value(name) for name in form.active}
    places: dict[str, dict[str, str]] = {
        "all": {},
        "waiting": {"status": "UNANSWERED"},
        "breached": {"status": "UNANSWERED", "sla": "breached"},
        "at_risk": {"status": "UNANSWERED", "sla": "at_risk"},
        "answered": {"status": "ANSWERED"},
    }
    return next((place for place, filters in places.items() if filters == used), "")


def find(request: MemberRequest, meli_id: str) -> Question:
    question = queries.get_question(request.organization, meli_id)
    if question is None:
        raise Http404(_("There is no such question."))
    return question


def desk_for(request: MemberRequest, desk: queries.Desk, attempt: Attempt | None = None) -> dict[str, Any]:
    """Return what `questions/_question.html` needs."""
    return {
        "question": desk.question,
        "item": desk.item,
        "desk": desk,
        "can_answer": has_role(request, Role.OPERATOR),
        "attempt": attempt or Attempt(),
        "longest": ANSWER_MAX,
    }


@role_required(Role.OPERATOR)
@require_POST
def answer(request: MemberRequest, meli_id: str) -> HttpResponse:
    """Answer a question and draw it anew: 422 with the typed text when it was not taken, 409 when somebody
    was faster.
    """
    question = find(request, meli_id)
    form = AnswerForm(request.POST)
    typed = request.POST.get("text", "")
    if not form.is_valid():
        return show(request, question, Attempt(typed, " ".join(form.errors.get("text", []))), 422)
    if form.warnings and not form.cleaned_data["sure"]:
        return show(request, question, Attempt(typed, " ".join(form.warnings), asks_whether_sure=True), 422)
    try:
        answered = actions.answer_question(question, form.cleaned_data["text"], request.user)
    except actions.AnsweredAlready:
        notice = _("This question needs no answer any more. Yours was not sent: %(text)s") % {"text": typed}
        return show(request, question, Attempt(notice=notice), 409)
    except MeliError as error:
        return show(request, question, Attempt(typed, words_for(error)), 422)
    presence.leave(question, request.user)
    done = _("Mercado Livre has your answer.")
    if wants_partial(request):
        response = show(request, answered, Attempt(notice=done), 200)
        return trigger_client_event(response, "painel:answered", {"id": meli_id, "text": done})
    messages.success(request, done)
    return redirect("questions:list")


def show(request: MemberRequest, question: Question, attempt: Attempt, status: int) -> HttpResponse:
    context = {
        **desk_for(request, queries.desk_of(question), attempt),
        "form": QuestionFilterForm({}, organization=request.organization),
    }
    page, partial = "questions/question_answer.html", "questions/_question.html"
    response = page_or_partial(request, page, partial, context)
    response.status_code = status
    return response


@role_required(Role.OPERATOR)
@require_POST
def beat(request: MemberRequest, meli_id: str) -> HttpResponse:
    """Say that this person has the question open, and draw what they should know while they type."""
    question = find(request, meli_id)
    text = request.POST.get("text", "")[: 2 * ANSWER_MAX]
    presence.arrive(question, request.user, is_answering=bool(text.strip()))
    members = queries.members_of(request.organization)
    context = {
        "question": question,
        "colleagues": presence.colleagues(question, members, request.user),
        "warnings": warnings_about(text),
    }
    return TemplateResponse(request, "questions/_answer_aside.html", context)


@role_required(Role.OPERATOR)
@require_GET
def replies(request: MemberRequest, meli_id: str) -> HttpResponse:
    """The quick replies, filled for this question."""
    question = find(request, meli_id)
    context = {
        "question": question,
        "replies": queries.filled_replies(question),
        "can_manage": has_role(request, Role.MANAGER),
        "longest": ANSWER_MAX,
    }
    return TemplateResponse(request, "questions/_filled_replies.html", context)


@role_required(Role.VIEWER)
@require_GET
def performance(request: MemberRequest) -> HttpResponse:
    """How well questions are answered: in time or not, when, how old the open ones are, and by whom."""
    form = filters_of(request, ReportForm)
    context = {
        "form": form,
        "periods": PERIODS,
        "performance": dashboard.performance(form, timezone.now()),
    }
    page, partial = "questions/performance.html", "questions/_performance.html"
    return page_or_partial(request, page, partial, context)


@role_required(Role.MANAGER)
@require_http_methods(["GET", "POST"])
def service_level(request: MemberRequest, pk: int) -> HttpResponse:
    """Say within how much open time an account answers, and when it is open."""
    account: Account = get_object_or_404(Account.objects.of(request.organization), pk=pk)
    form = ServiceLevelForm(request.POST or None, initial=service_level_of(account))
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        with transaction.atomic():
            actions.change_target(account, typed["target"])
            actions.change_calendar(account, form.hours, typed["holidays"], typed["zone_name"])
        messages.success(request, _("Saved. Every question is measured again."))
        return redirect("accounts:list")
    context = {"account": account, "form": form}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "questions/service_level.html", context, status=status)

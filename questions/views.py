"""The pages about questions."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import MemberRequest, has_role, role_required
from accounts.models import Account, Role
from catalog.queries import items_by_id
from painelml.meli import MeliError
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial, wants_partial
from painelml.web.paging import paginate
from painelml.web.refusals import words_for

from . import actions, queries
from .forms import AnswerForm, QuestionFilterForm, ServiceLevelForm, service_level_of
from .models import Question


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
def question_list(request: HttpRequest) -> HttpResponse:
    form = filters_of(request, QuestionFilterForm)
    waits = form.value("status") == "UNANSWERED"
    page = paginate(
        queries.questions_for_listing(request.organization, form),
        request.GET,
        order="due_at" if waits else "-date_created",
    )
    items = items_by_id(form.accounts, [question.item_id for question in page])
    context = {
        "form": form,
        "page": page,
        "rows": [(question, items.get(question.item_id)) for question in page],
        "can_answer": has_role(request, Role.OPERATOR),
        "attempt": Attempt(),
    }
    return page_or_partial(request, "questions/question_list.html", "questions/_question_list.html", context)


@role_required(Role.OPERATOR)
@require_POST
def answer(request: HttpRequest, meli_id: str) -> HttpResponse:
    """Answer a question and draw it anew: 422 with the typed text when it was not taken, 409 when somebody
    was faster.
    """
    question = queries.get_question(request.organization, meli_id)
    if question is None:
        raise Http404(_("There is no such question."))
    form = AnswerForm(request.POST)
    typed = request.POST.get("text", "")
    if not form.is_valid():
        return show(request, question, Attempt(typed, " ".join(form.errors.get("text", []))), 422)
    if form.looks_forbidden and not form.cleaned_data["sure"]:
        warning = _("This looks like contact data or a link. Mercado Livre removes such answers.")
        return show(request, question, Attempt(typed, warning, asks_whether_sure=True), 422)
    try:
        answered = actions.answer_question(question, form.cleaned_data["text"])
    except actions.AnsweredAlready:
        notice = _("This question needs no answer any more. Yours was not sent: %(text)s") % {"text": typed}
        return show(request, question, Attempt(notice=notice), 409)
    except MeliError as error:
        return show(request, question, Attempt(typed, words_for(error)), 422)
    if wants_partial(request):
        return show(request, answered, Attempt(notice=_("Mercado Livre has your answer.")), 200)
    messages.success(request, _("Mercado Livre has your answer."))
    return redirect("questions:list")


def show(request: HttpRequest, question: Question, attempt: Attempt, status: int) -> HttpResponse:
    items = items_by_id([question.account], [question.item_id])
    context = {
        "question": question,
        "item": items.get(question.item_id),
        "can_answer": True,
        "attempt": attempt,
    }
    page, partial = "questions/question_answer.html", "questions/_question.html"
    response = page_or_partial(request, page, partial, context)
    response.status_code = status
    return response


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

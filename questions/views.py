"""The pages about questions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import role_required
from accounts.models import Role
from catalog.queries import items_by_id
from painelml.web.context import filters_of
from painelml.web.htmx import page_or_partial
from painelml.web.paging import paginate

from . import queries
from .forms import QuestionFilterForm


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
    }
    return page_or_partial(request, "questions/question_list.html", "questions/_question_list.html", context)

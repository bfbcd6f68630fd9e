"""What pages and statistics ask about questions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Q
from django.utils import translation

from accounts.models import Account, Organization, User
from catalog.models import Item
from catalog.queries import items_by_id
from orders.models import Order
from painelml.text import fold
from painelml.web import show
from painelml.web.days import within
from painelml.web.masks import may_be_of_somebody

from .forms import QuestionFilterForm
from .models import AT_RISK, Question, QuestionQuerySet, QuickReply
from .placeholders import Filled, fill
from .suggestions import Suggestion, suggestions_for

HISTORY = 5
"""Earlier questions shown beside one."""

LISTED = ("account", "meli_id", "item_id", "status", "text", "date_created", "answered_at", "due_at")
"""The columns the rows of the page show."""


def questions_for_listing(organization: Organization, form: QuestionFilterForm) -> QuestionQuerySet:
    """Return the organization's questions that pass the filters, unordered. Their accounts come with them, in
    a query of their own.
    """
    questions: QuestionQuerySet = Question.objects.of(organization).filter(
        within("date_created", form.accounts, form.value("date_from"), form.value("date_to")),
        account__in=form.accounts,
        **form.filters(status="status", item_id="item_id"),
    )
    if q := form.value("q"):
        found = Q(search_text__contains=fold(q)) if form.sees_people else searched_without_people(q)
        questions = questions.filter(found)
    if sla := form.value("sla"):
        questions = questions.with_sla(sla)
    return questions.prefetch_related("account").defer("payload", "parts", "search_text")


def searched_without_people(q: str) -> Q:
    """Return the condition for questions a viewer looks for: by their words, or by a whole id where the words
    could be somebody's telephone or document."""
    if may_be_of_somebody(q):
        words = q.strip()
        return Q(meli_id=words) | Q(item_id__iexact=words)
    return Q(search_text__contains=fold(q))


@dataclass(frozen=True)
class WaitingFigures:
    """How many questions wait for an answer, and since when the oldest does."""

    unanswered: int
    breached: int
    at_risk: int
    oldest: datetime | None


def waiting_figures(accounts: list[Account], now: datetime) -> WaitingFigures:
    """Return the figures of what waits for an answer. One query that reads only unanswered questions."""
    waiting = Question.objects.filter(account__in=accounts).unanswered()
    return WaitingFigures(
        **waiting.aggregate(
            unanswered=Count("pk"),
            breached=Count("pk", filter=Q(due_at__lt=now)),
            at_risk=Count("pk", filter=Q(due_at__gte=now, due_at__lt=now + AT_RISK)),
            oldest=Min("date_created"),
        )
    )


def longest_waiting(accounts: list[Account], limit: int) -> list[Question]:
    """Return the unanswered questions whose answer is due first."""
    waiting = Question.objects.filter(account__in=accounts).unanswered().select_related("account")
    first_due = waiting.defer("payload", "parts", "search_text")
    return list(first_due.order_by(F("due_at").asc(nulls_last=True), "pk")[:limit])


def get_question(organization: Organization, meli_id: str) -> Question | None:
    """Return a question of the organization with its account; None when it has no such question."""
    questions = Question.objects.of(organization).filter(meli_id=meli_id)
    return questions.select_related("account__organization", "panel_answer").order_by("pk").first()


@dataclass(frozen=True)
class Desk:
    """A question and what helps to answer it: its item, what its buyer asked before, what was answered to
    others about the item and to similar questions.
    """

    question: Question
    item: Item | None
    of_buyer: list[tuple[Question, Item | None]]
    of_item: list[Question]
    suggestions: list[tuple[Suggestion, Item | None]]


def desk_of(question: Question) -> Desk:
    """Return what lies on the desk of whoever answers. Six queries at most."""
    others = Question.objects.exclude(pk=question.pk).defer("payload", "parts", "search_text")
    others = others.of(question.account.organization).select_related("account")
    of_buyer = list(
        others.filter(from_id=question.from_id).order_by("-date_created", "-pk")[:HISTORY]
        if question.from_id
        else ()
    )
    suggestions = suggestions_for(question) if question.status == "UNANSWERED" else []
    shown = [one.pk for one in of_buyer] + [one.question.pk for one in suggestions]
    of_item = list(
        others.answered()
        .filter(account=question.account, item_id=question.item_id)
        .exclude(pk__in=shown)
        .order_by("-date_created", "-pk")[:HISTORY]
        if question.item_id
        else ()
    )
    asked = [question, *of_buyer, *(one.question for one in suggestions)]
    items = items_by_id([one.account for one in asked], [one.item_id for one in asked])
    return Desk(
        question,
        items.get(question.item_id),
        [(one, items.get(one.item_id)) for one in of_buyer],
        of_item,
        [(one, items.get(one.question.item_id)) for one in suggestions],
    )


def questions_of_buyer(account: Account, buyer_id: str, item_ids: list[str]) -> list[Question]:
    """Return what a buyer asked an account about these items, the newest first. One query."""
    if not buyer_id or not item_ids:
        return []
    asked = Question.objects.filter(account=account, from_id=buyer_id, item_id__in=item_ids)
    return list(asked.defer("payload", "parts", "search_text").order_by("-date_created", "-pk")[:HISTORY])


def newest_question(organization: Organization) -> Question | None:
    """Return what examples are made with."""
    questions = Question.objects.of(organization).select_related("account")
    return questions.order_by("-date_created", "-pk").first()


def members_of(organization: Organization) -> list[User]:
    return list(User.objects.filter(memberships__organization=organization))


def filled_replies(question: Question) -> list[tuple[QuickReply, Filled]]:
    """Return the organization's quick replies with what is known of the question put in. Three queries."""
    values = values_for(question)
    replies = question.account.organization.quick_replies.all()
    return [(reply, fill(reply.text, values)) for reply in replies]


def values_for(question: Question) -> dict[str, str | None]:
    """Return what the placeholders stand for, None where it is unknown; amounts as the buyer's country writes
    them. Two queries.
    """
    account = question.account
    item = items_by_id([account], [question.item_id]).get(question.item_id)
    orders = Order.objects.filter(account=account, buyer_id=question.from_id).exclude(buyer_nickname="")
    buyer = orders.order_by("-date_created").values_list("buyer_nickname", flat=True).first()
    values: dict[str, str | None] = {
        "buyer": buyer if question.from_id else None,
        "shop": account.nickname or None,
    }
    if item is None:
        return values
    with translation.override("pt-br" if account.site_id == "MLB" else "es"):
        return values | {
            "product": item.title or None,
            "price": None if item.price is None else show.money(item.price, item.currency_id),
            "stock": None if item.available_quantity is None else show.count(item.available_quantity),
            "link": item.permalink or None,
            "sku": item.sku or None,
        }

"""The page about how well questions are answered."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from questions.models import PanelAnswer
from tests.factories import make_question
from tests.web.conftest import NOW
from tests.web.pages import swap, text_of


def answer_some(account: Account, by: User, count: int = 2) -> None:
    for number in range(count):
        asked = NOW - timedelta(days=number % 20 + 1)
        question = make_question(
            account,
            status="ANSWERED",
            date_created=asked,
            answered_at=asked + timedelta(minutes=20),
            due_at=asked + timedelta(hours=1),
            response_seconds=1200,
            answer_text="Sim.",
        )
        PanelAnswer.objects.create(question=question, person=by, name=str(by))


def test_it_tells_rates_times_and_people(account: Account, ana: User, page: Client) -> None:
    answer_some(account, ana)

    words = text_of(page.get("/questions/performance/"))
    assert "Answered in time 100.0 % nothing to compare with 2 of 2 answers" in words
    assert "Median time to answer 20 min" in words
    assert "A correlation" in words
    assert (
        "By who answered Person Questions Answered in time Median time to answer Ana 2 100.0 % 20 min"
        in words
    )


def test_the_median_is_the_same_in_figures_and_shares(account: Account, page: Client) -> None:
    for seconds in (600, 1200):
        make_question(
            account,
            status="ANSWERED",
            date_created=NOW - timedelta(days=1),
            answered_at=NOW - timedelta(days=1) + timedelta(seconds=seconds),
            due_at=NOW,
            response_seconds=seconds,
        )

    words = text_of(page.get("/questions/performance/"))

    assert "Median time to answer 15 min" in words
    assert "25 % 10 min 50 % 15 min 75 % 20 min" in words


def test_an_arrow_tells_which_way_a_figure_moved(account: Account, page: Client) -> None:
    for days in (1, 40, 41):
        make_question(account, date_created=NOW - timedelta(days=days))

    response = page.get("/questions/performance/?days=30")

    assert "Questions 1 − 50 % against as many days before" in text_of(response)
    assert response.context["performance"].questions.change == -50


def test_nothing_asked_is_no_error(account: Account, page: Client) -> None:
    assert "Nothing was answered in this period." in text_of(page.get("/questions/performance/"))


def test_the_period_is_chosen_and_htmx_gets_the_part(account: Account, ana: User, page: Client) -> None:
    answer_some(account, ana, 20)

    assert "5 of 5 answers" in text_of(swap(page, "/questions/performance/?days=6", "performance"))
    assert "<html" not in swap(page, "/questions/performance/?days=6", "performance").content.decode()


def test_another_organizations_account_is_404(other_account: Account, page: Client) -> None:
    assert page.get(f"/questions/performance/?account_id={other_account.pk}").status_code == 404


@pytest.mark.parametrize("address", ["/questions/performance/", "/questions/replies/"])
def test_queries_do_not_depend_on_how_much_there_is(
    account: Account, ana: User, page: Client, address: str
) -> None:
    def queries(rows: int) -> int:
        answer_some(account, ana, rows)
        with CaptureQueriesContext(connection) as asked:
            page.get(address)
        return len(asked)

    assert queries(2) == queries(18)

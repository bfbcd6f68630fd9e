"""`/api/ml-accounts/{id}/service-level`: target and calendar of an account, for scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, User
from questions.models import BusinessCalendar, Question
from tests.factories import make_question
from tests.people import mara  # noqa: F401

from .conftest import Login

SAID: dict[str, Any] = {
    "target_minutes": 90,
    "time_zone": "America/Manaus",
    "hours": [
        {"weekday": 1, "opens": "09:00", "closes": "12:00"},
        {"weekday": 1, "opens": "13:00", "closes": "18:00"},
        {"weekday": 7, "opens": "10:00", "closes": "00:00"},
    ],
    "holidays": [{"day": "2026-12-25", "name": "Natal"}, {"day": "2027-01-01", "name": ""}],
}


@pytest.fixture
def api(login: Login, mara: User) -> APIClient:  # noqa: F811
    """Mara's calls: she manages the shop."""
    return login(mara)


@pytest.fixture
def address(account: Account) -> str:
    return f"/api/ml-accounts/{account.pk}/service-level"


def test_nothing_said_yet_is_an_hour_and_always_open(api: APIClient, address: str) -> None:
    told = {"target_minutes": 60, "time_zone": None, "hours": [], "holidays": []}
    assert api.get(address).json() == told


def test_what_is_said_is_told_again(api: APIClient, address: str, account: Account) -> None:
    answer = api.put(address, SAID)
    assert (answer.status_code, answer.json()) == (200, SAID)
    assert api.get(address).json() == SAID
    account.refresh_from_db()
    assert account.sla_target_minutes == 90


def test_what_is_left_out_is_none(api: APIClient, address: str) -> None:
    api.put(address, SAID)
    assert api.put(address, {"target_minutes": 30}).json() == {
        "target_minutes": 30,
        "time_zone": None,
        "hours": [],
        "holidays": [],
    }
    assert BusinessCalendar.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("tasks_run_at_once")
def test_questions_are_measured_again(api: APIClient, address: str, account: Account) -> None:
    monday = datetime(2026, 11, 16, 15, 30, tzinfo=UTC)  # 11:30 in Manaus
    make_question(account, date_created=monday, due_at=None)
    api.put(address, SAID)
    assert Question.objects.get().due_at == datetime(2026, 11, 16, 18, 0, tzinfo=UTC)  # 14:00 there


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"target_minutes": 0}, "target_minutes"),
        ({"target_minutes": 43_201}, "target_minutes"),
        ({"target_minutes": "soon"}, "target_minutes"),
        ({"target_minutes": None}, "target_minutes"),
        ({"time_zone": "Brazil/Nowhere"}, "time_zone"),
        ({"hours": [{"weekday": 0, "opens": "09:00", "closes": "12:00"}]}, "hours"),
        ({"hours": [{"weekday": 8, "opens": "09:00", "closes": "12:00"}]}, "hours"),
        ({"hours": [{"weekday": 1, "opens": "12:00", "closes": "09:00"}]}, "hours"),
        ({"hours": [{"weekday": 1, "opens": "9h", "closes": "12:00"}]}, "hours"),
        ({"hours": [{"weekday": 1, "opens": "09:00"}]}, "hours"),
        ({"hours": [SAID["hours"][0], {"weekday": 1, "opens": "11:59", "closes": "13:00"}]}, "hours"),
        ({"hours": [SAID["hours"][2], {"weekday": 7, "opens": "11:00", "closes": "13:00"}]}, "hours"),
        ({"hours": [{"weekday": 1, "opens": "09:00", "closes": "10:00"}] * 169}, "hours"),
        ({"hours": "always"}, "hours"),
        ({"holidays": [{"day": "25/12/2026"}]}, "holidays"),
        ({"holidays": [{"day": "2026-12-25"}] * 2}, "holidays"),
        ({"holidays": [{"day": "2026-12-25", "name": "x" * 81}]}, "holidays"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_word_changes_nothing(
    api: APIClient, address: str, account: Account, change: dict[str, Any], name: str
) -> None:
    answer = api.put(address, {**SAID, **change}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [name])
    account.refresh_from_db()
    assert (account.sla_target_minutes, BusinessCalendar.objects.count()) == (60, 0)


@pytest.mark.parametrize("person", ["bruno", "vera"])
def test_others_may_look_but_not_say(
    login: Login, address: str, request: pytest.FixtureRequest, person: str
) -> None:
    api = login(request.getfixturevalue(person))
    assert api.get(address).status_code == 200
    assert api.put(address, SAID).status_code == 403


def test_accounts_of_others_are_404(api: APIClient, other_account: Account) -> None:
    address = f"/api/ml-accounts/{other_account.pk}/service-level"
    assert api.get(address).status_code == api.put(address, SAID).status_code == 404
    assert not BusinessCalendar.objects.exists()

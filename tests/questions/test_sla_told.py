"""The cases of `test_sla.py` once more, as the panel keeps them and its API and file tell them."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Organization, User
from questions.actions import change_calendar
from questions.clocks import set_all_clocks
from questions.models import Question
from questions.sla import Calendar
from tests.factories import make_account
from tests.questions.test_sla import DUE, TOOK, at

pytestmark = pytest.mark.django_db

STOPPED = ["DELETED", "BANNED", "CLOSED_UNANSWERED", "UNDER_REVIEW"]


def utc(text: str) -> str:
    return at(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def told(shop: Organization) -> dict[str, dict[str, Any]]:
    """Every case as a question of a shop with that target and those hours; what is expected of it, by id."""
    cases: defaultdict[tuple[int, int], list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    calendars: dict[int, Calendar | None] = {}
    for _name, calendar, minutes, asked, due in DUE:
        calendars[id(calendar)] = calendar
        cases[id(calendar), minutes].append(({"date_created": at(asked)}, {"due_at": utc(due)}))
        stopped = {"date_created": at(asked), "status": STOPPED[len(cases) % len(STOPPED)]}
        cases[id(calendar), minutes].append((stopped, {"due_at": None, "sla": None}))
    for _name, calendar, asked, answered, seconds in TOOK:
        calendars[id(calendar)] = calendar
        took = max(0, int((at(answered) - at(asked)).total_seconds()))
        given = {
            "date_created": at(asked),
            "status": "ANSWERED",
            "answered_at": at(answered),
            "response_seconds": took,
        }
        expected = {"response_seconds": took, "response_open_seconds": seconds}
        cases[id(calendar), 60].append((given, expected))
    wanted: dict[str, dict[str, Any]] = {}
    for (key, minutes), rows in cases.items():
        account, calendar = make_account(shop, sla_target_minutes=minutes), calendars[key]
        if calendar is not None:
            hours = [(day, *span) for day, spans in calendar.hours.items() for span in spans]
            change_calendar(account, hours, dict.fromkeys(calendar.holidays, ""), str(calendar.zone))
        for given, expected in rows:
            meli_id = str(13_000_000_000 + len(wanted))
            wanted[meli_id] = expected
            Question.objects.create(
                account=account,
                meli_id=meli_id,
                remote_updated_at=given["date_created"],
                read_at=datetime.now(UTC),
                **{"status": "UNANSWERED", **given},
            )
        set_all_clocks(account)
    return wanted


@pytest.fixture
def api(ana: User) -> APIClient:
    api = APIClient()
    api.force_login(ana)
    return api


def test_the_api_tells_every_case_to_the_second(told: dict[str, dict[str, Any]], api: APIClient) -> None:
    answer = api.get("/api/questions?page_size=200").json()
    rows = {row["id"]: row for row in answer["results"]}
    assert answer["next"] is None
    assert set(rows) == set(told)
    for meli_id, expected in told.items():
        assert {name: rows[meli_id][name] for name in expected} == expected


def test_the_file_tells_every_case_to_the_second(told: dict[str, dict[str, Any]], api: APIClient) -> None:
    answer: Any = api.get("/api/questions/export?format=csv")
    text = b"".join(answer.streaming_content).decode()
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    for meli_id, expected in told.items():
        plain = {name: "" if value is None else str(value) for name, value in expected.items()}
        assert {name: rows[meli_id][name] for name in expected} == plain

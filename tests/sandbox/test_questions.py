"""Questions: the version that must be sent, two spellings, answers that cannot be given twice."""

import pytest

from painelml.sandbox import Sandbox
from painelml.sandbox.records import Question

from .conftest import ANA, CARLA, Caller


@pytest.fixture
def question(box: Sandbox) -> Question:
    """An open question on an active listing of Ana's."""
    question = box.world.questions_of[ANA][-1]
    question.status, question.answer, question.answered = "UNANSWERED", "", 0
    item = box.world.items[question.item_id]
    item.status, item.sub_status = "active", []
    return question


def test_without_the_version_there_is_no_answer(ana: Caller, question: Question) -> None:
    assert ana.get("/questions/search").status_code == 400
    assert ana.get(f"/questions/{question.id}").status_code == 400


def test_newest_first_when_asked_so(ana: Caller) -> None:
    answer = ana.get("/questions/search", api_version=4, sort_fields="date_created", sort_types="DESC").json()
    dates = [row["date_created"] for row in answer["questions"]]
    assert dates == sorted(dates, reverse=True)
    assert answer["total"] == 60


def test_a_greater_limit_is_cut_to_fifty_without_a_word(ana: Caller) -> None:
    answer = ana.get("/questions/search", api_version=4, limit=100).json()
    assert (answer["limit"], len(answer["questions"])) == (50, 50)


def test_beyond_a_thousand_only_a_scan_goes(box: Sandbox, ana: Caller) -> None:
    assert ana.get("/questions/search", api_version=4, offset=1001).status_code == 400
    seen: list[int] = []
    page = ana.get("/questions/search", api_version=4, search_type="scan").json()
    while page["questions"]:
        seen += [row["id"] for row in page["questions"]]
        page = ana.get(
            "/questions/search", api_version=4, search_type="scan", scroll_id=page["scroll_id"]
        ).json()
    assert sorted(seen) == sorted(question.id for question in box.world.questions_of[ANA])


def test_the_detail_spells_dates_otherwise_and_may_hide_the_asker(box: Sandbox, ana: Caller) -> None:
    details = [
        ana.get(f"/questions/{question.id}", api_version=4).json()
        for question in box.world.questions_of[ANA][:20]
    ]
    assert all(len(detail["date_created"]) == len("2026-10-04T13:58:20.123456789Z") for detail in details)
    assert {"from" in detail for detail in details} == {True, False}
    assert all(("from" in detail) != ("buyer_id" in detail) for detail in details)


def test_an_answer_is_given_once(ana: Caller, question: Question) -> None:
    given = ana.post("/answers", {"question_id": question.id, "text": "Sim, bivolt."})
    again = ana.post("/answers", {"question_id": question.id, "text": "Outra."})
    assert given.status_code in {200, 201}
    assert given.json()["answer"]["text"] == "Sim, bivolt."
    assert again.status_code == 400
    assert again.json()["error"] == "not_unanswered_question"
    assert question.answer == "Sim, bivolt."


def test_an_answer_with_contact_data_is_banned(ana: Caller, question: Question) -> None:
    given = ana.post("/answers", {"question_id": question.id, "text": "Me chame: ana@example.com"})
    assert given.json()["answer"] == {**given.json()["answer"], "status": "BANNED", "text": ""}


def test_nobody_answers_on_a_paused_listing(box: Sandbox, ana: Caller, question: Question) -> None:
    box.world.items[question.item_id].status = "paused"
    refused = ana.post("/answers", {"question_id": question.id, "text": "Sim."})
    assert refused.json()["error"] == "not_active_item"


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, None])
def test_an_answer_has_1_to_2000_characters(ana: Caller, question: Question, text: object) -> None:
    assert ana.post("/answers", {"question_id": question.id, "text": text}).status_code == 400
    assert question.status == "UNANSWERED"


def test_other_fields_are_not_allowed(ana: Caller, question: Question) -> None:
    body = {"question_id": question.id, "text": "Sim.", "extra": 1}
    assert ana.post("/answers", body).json()["error"] == "invalid_post_body"


def test_another_sellers_question_does_not_exist(carla: Caller, question: Question) -> None:
    assert carla.get(f"/questions/{question.id}", api_version=4).status_code == 404
    assert carla.post("/answers", {"question_id": question.id, "text": "Oi"}).status_code == 404
    assert carla.get("/questions/search", api_version=4, seller_id=ANA).status_code == 403


def test_only_an_open_question_can_be_deleted(ana: Caller, question: Question) -> None:
    assert ana("DELETE", f"/questions/{question.id}").json() == ["Question deleted."]
    assert ana("DELETE", f"/questions/{question.id}").json()["error"] == "not_unanswered_question"


def test_response_time_is_404_without_questions(new_box: object, box: Sandbox, ana: Caller) -> None:
    assert ana.get(f"/users/{ANA}/questions/response_time").json()["total"]["response_time"] >= 0
    box.world.questions_of[CARLA].clear()
    carla = Caller(box, CARLA)
    assert carla.get(f"/users/{CARLA}/questions/response_time").status_code == 404

"""How questions are kept true (API facts, part B section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from painelml.meli import Gone, Rejected, parse_id, parse_instant, parse_int
from painelml.sync.models import RunKind, SyncRun, SyncStep
from painelml.sync.resource import (
    Fetched,
    Mapped,
    Page,
    Payload,
    Reading,
    Resource,
    StepPlan,
    object_of,
    register,
)
from painelml.sync.values import dicts, inner, text
from painelml.text import searchable

from .models import CLOCK, Question
from .sla import seconds_between

PAGE = 50
LAST_OFFSET = 1000
SCAN = {"search_type": "scan"}
STATUSES = (
    "UNANSWERED",
    "ANSWERED",
    "CLOSED_UNANSWERED",
    "UNDER_REVIEW",
    "BANNED",
    "DELETED",
    "DISABLED",
)


@register
class QuestionResource(Resource):
    """Questions: newest first, one status after the other, those that wait for an answer before all
    others.
    """

    name = "questions"
    topics = frozenset({"questions"})
    paths = ("/questions/{id}",)
    model = Question
    buyer_at = (("from", "id"), ("buyer_id",))
    buyer_words = ("text",)
    kept = frozenset(CLOCK)
    when_gone: ClassVar[Payload] = {"status": "DELETED"}
    total_from: ClassVar[str] = "list"
    done_from: ClassVar[str] = "list"

    # Reading

    def plan(self, run: SyncRun) -> Iterator[StepPlan]:
        mark = self.mark()
        if run.kind == RunKind.INCREMENTAL and mark is not None:
            yield StepPlan("list", "UNANSWERED", {"status": "UNANSWERED"})
            yield StepPlan("recent", "recent", {"since": mark.isoformat()})
            return
        total, counted = self._count(None), 0
        for status in STATUSES:
            if count := self._count(status):
                counted += count
                # Nobody tells how many of them a limited run covers.
                yield StepPlan("list", status, {"status": status}, None if run.since else count)
        if counted < total:
            # A status we have not heard of: read everything once.
            yield StepPlan("list", "any status", {}, None if run.since else total - counted)

    def expected(self, run: SyncRun) -> int | None:
        """Of the last days what was read is what there is: questions cannot be counted by date."""
        return self.held(run) if run.since else None

    def _count(self, status: str | None) -> int:
        try:
            return parse_int(self._search(status, limit=1).get("total")) or 0
        except Rejected:
            return 0

    def read(self, step: SyncStep) -> Iterator[Page]:
        """Page by offset; past its ceiling scan, which keeps no order and so reads all."""
        cursor: dict[str, Any] | None = step.cursor or {"offset": 0}
        seen: set[str] = set()
        while cursor is not None:
            try:
                found = self._search(step.params.get("status"), limit=PAGE, **cursor)
            except (Rejected, Gone):
                if "scroll_id" not in cursor:
                    raise
                cursor = SCAN  # it expired while nobody worked: begin again
                continue
            questions = dicts(found.get("questions"))
            ids = {self.meli_id(question) for question in questions}
            is_repeat = "scroll_id" in cursor and seen.issuperset(ids)
            if "scroll_id" in cursor:
                seen |= ids
            cursor = None if is_repeat else self._next(cursor, found, questions, step)
            yield Page([Reading(question) for question in questions], cursor=cursor)

    def _next(
        self, cursor: dict[str, Any], found: Payload, questions: Sequence[Payload], step: SyncStep
    ) -> dict[str, Any] | None:
        if not questions:
            return None
        if "offset" not in cursor:
            scroll_id = found.get("scroll_id")
            return {**SCAN, "scroll_id": scroll_id} if scroll_id else None
        offset = cursor["offset"] + len(questions)
        total = parse_int(found.get("total")) or 0
        if offset >= total or self._reaches_the_past(questions, step):
            return None
        is_bounded = step.run.since is not None or "since" in step.params
        if offset + PAGE > LAST_OFFSET or (total > LAST_OFFSET and not is_bounded):
            return SCAN
        return {"offset": offset}

    def _reaches_the_past(self, questions: Sequence[Payload], step: SyncStep) -> bool:
        """Newest first, so the page that reaches behind the run's beginning, or a re-read's mark, is the
        last.
        """
        since = parse_instant(step.params.get("since")) or step.run.since
        oldest = parse_instant(questions[-1].get("date_created"))
        return since is not None and oldest is not None and oldest < since

    def strays(self, run: SyncRun) -> list[str]:
        """In a re-read those that waited and are no longer listed as waiting: somebody answered elsewhere."""
        if run.since is not None:
            return []
        if not run.steps.filter(name="recent").exists():
            return self.unlisted(run)
        waiting = self.rows().filter(status="UNANSWERED", read_at__lt=run.created_at)
        return list(waiting.values_list("meli_id", flat=True))

    def fetch(self, ids: Sequence[str]) -> Fetched:
        jobs = [lambda i=i: Reading(object_of(self.meli.question(i))) for i in ids]
        return Fetched.of(ids, self.meli.gather(jobs))

    def _search(self, status: str | None, **params: Any) -> Payload:
        return self.meli.questions_search(self.account.meli_user_id, status=status, **params)

    # Understanding

    def meli_id(self, payload: Payload) -> str:
        return parse_id(payload.get("id"))

    def map(self, reading: Reading) -> Mapped:
        payload = reading.payload
        asked = _instant(payload.get("date_created")) or datetime.fromtimestamp(0, UTC)
        answered = _instant(inner(payload, "answer", "date_created"))
        stamps = [asked, answered, _instant(payload.get("last_updated"))]
        question, answer = text(payload.get("text")), text(inner(payload, "answer", "text"))
        item_id = parse_id(payload.get("item_id"))
        from_id = parse_id(inner(payload, "from", "id") or payload.get("buyer_id"))
        fields = {
            # A search row has no stamp of its own: then the date of its latest event, and `read_at` decides.
            "remote_updated_at": max(stamp for stamp in stamps if stamp),
            "item_id": item_id,
            "status": text(payload.get("status"), 30),
            "text": question,
            "from_id": from_id,
            "date_created": asked,
            "answer_text": answer,
            "answer_status": text(inner(payload, "answer", "status"), 20),
            "answered_at": answered,
            "response_seconds": seconds_between(asked, answered, None),
            "search_text": searchable(self.meli_id(payload), item_id, from_id, question, answer),
        }
        return Mapped(fields)


def _instant(value: Any) -> datetime | None:
    """Read an instant to the millisecond: a search row tells no more, and is not older than a detail."""
    instant = parse_instant(value)
    return instant and instant.replace(microsecond=instant.microsecond // 1000 * 1000)

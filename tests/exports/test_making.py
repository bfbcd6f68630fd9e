"""A worker makes a file, and lives, dies, or is told to stop in the middle."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import override
from openpyxl import load_workbook

from accounts.models import Account, Organization, User
from painelml.celery import stopping
from painelml.exports import actions, making
from painelml.exports.listings import LISTINGS
from painelml.exports.models import ExportFile, FilePiece, FileState
from painelml.exports.tasks import delete_expired_files
from painelml.web import exports, files, sheets
from tests.exports.conftest import content_of, make_all


@pytest.fixture
def file(shop: Organization, ana: User, orders: int) -> ExportFile:
    """A file of all orders that waits for a worker."""
    return wanted(shop, ana, "xlsx")


@pytest.fixture
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every few rows are a piece, and progress is told after each."""
    monkeypatch.setattr(exports, "CHUNK", 5)
    monkeypatch.setattr(files, "ROWS_A_PIECE", 5)
    monkeypatch.setattr(sheets, "ROWS_A_PIECE", 5)
    monkeypatch.setattr(making, "PIECE", 1)
    monkeypatch.setattr(making, "BEAT_S", 0)


def wanted(shop: Organization, person: User, file_format: str, **filters: str) -> ExportFile:
    listing = LISTINGS["orders"]
    form = listing.form(QueryDict(urlencode(filters)), organization=shop)
    return actions.start_file(exports.Export(listing, shop, form, file_format), person)


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int, what: Any) -> None:
    """Let something happen before the next piece is kept, once `after` were."""
    keep = making.Maker.keep

    def keep_or_not(self: making.Maker, content: bytes, done: int) -> None:
        if self.number == after:
            what(self.file)
        keep(self, content, done)

    monkeypatch.setattr(making.Maker, "keep", keep_or_not)


def die(_file: ExportFile) -> None:
    raise SystemExit  # what ends a process leaves no time to say so


def test_a_file_is_whole_in_any_number_of_pieces(
    shop: Organization, ana: User, orders: int, in_small_steps: None
) -> None:
    file = wanted(shop, ana, "csv")
    make_all()
    assert FilePiece.objects.count() > 3
    assert len(content_of(file).splitlines()) == orders + 1


def test_a_workbook_can_be_opened(file: ExportFile, orders: int, in_small_steps: None) -> None:
    make_all()
    book = load_workbook(io.BytesIO(content_of(file)))
    assert len(list(book.active.iter_rows())) == orders + 1


def test_progress_is_told_while_it_is_made(
    shop: Organization, ana: User, orders: int, in_small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wanted(shop, ana, "csv")
    seen = []

    def look(_file: ExportFile) -> None:
        seen.append(ExportFile.objects.values_list("state", "done", "total").get(pk=file.pk))

    interrupt(monkeypatch, 2, look)
    make_all()
    ((state, done, total),) = seen
    assert (state, total) == (FileState.RUNNING, orders)
    assert 0 < done < orders


def test_a_killed_workers_file_is_begun_again_when_its_lease_ends(
    file: ExportFile, orders: int, in_small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, 2, die)
        with pytest.raises(SystemExit):
            make_all()
    assert FilePiece.objects.count() == 2
    assert make_all() == 0
    ExportFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert make_all() == 1
    file.refresh_from_db()
    assert (file.state, file.attempts, file.done) == (FileState.DONE, 2, orders)
    assert file.size == len(content_of(file))
    assert load_workbook(io.BytesIO(content_of(file)))


def test_a_file_that_kills_every_worker_is_given_up(file: ExportFile) -> None:
    for _ in range(making.TRIES):
        assert making.claim(ExportFile.objects.get())
        ExportFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    make_all()
    file.refresh_from_db()
    assert file.state == FileState.FAILED
    assert file.error


def test_of_two_workers_one_makes_it(file: ExportFile) -> None:
    first, second = ExportFile.objects.get(), ExportFile.objects.get()
    assert making.claim(first)
    assert making.claim(second) is None


def test_a_worker_that_was_only_slow_writes_nothing_into_its_successors_file(
    file: ExportFile, orders: int
) -> None:
    slow = making.claim(ExportFile.objects.get())
    assert slow
    ExportFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    make_all()
    whole = content_of(file)
    slow.make()
    file.refresh_from_db()
    assert file.state == FileState.DONE
    assert content_of(file) == whole


@pytest.mark.parametrize("stop", [actions.cancel_file, actions.delete_file])
def test_a_file_nobody_wants_any_more_is_left(
    file: ExportFile, in_small_steps: None, monkeypatch: pytest.MonkeyPatch, stop: Any
) -> None:
    interrupt(monkeypatch, 2, stop)
    make_all()
    assert not FilePiece.objects.exists()
    assert not ExportFile.objects.exclude(state=FileState.CANCELLED).exists()


def test_a_worker_that_is_stopped_gives_its_file_back(
    shop: Organization, ana: User, orders: int, in_small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wanted(shop, ana, "csv")
    try:
        with monkeypatch.context() as patch:
            interrupt(patch, 2, lambda _file: stopping.set())
            make_all()
    finally:
        stopping.clear()
    file.refresh_from_db()
    assert (file.state, file.attempts) == (FileState.QUEUED, 0)
    make_all()
    file.refresh_from_db()
    assert file.done == orders


def fill_the_disk() -> None:
    """Let the database refuse every further piece as it does when its disk is full."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
            return
        cursor.execute(
            "CREATE FUNCTION refuse_piece() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; "
            "END $$"
        )
        cursor.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON exports_filepiece "
            "FOR EACH ROW WHEN (NEW.number >= 1) EXECUTE FUNCTION refuse_piece()"
        )


def make_room() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")


def test_a_full_disk_is_said_in_words_and_keeps_no_half_of_a_file(
    file: ExportFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "pieces_of", lambda export: iter([b"x" * making.PIECE] * 40))
    fill_the_disk()
    try:
        make_all()
    finally:
        make_room()
    file.refresh_from_db()
    assert (file.state, file.error) == (FileState.FAILED, str(making.NO_ROOM))
    assert not FilePiece.objects.exists()


def test_our_own_mistake_is_said_in_words(file: ExportFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(export: Any) -> Any:
        raise ValueError("secret detail")

    monkeypatch.setattr(making, "pieces_of", broken)
    make_all()
    file.refresh_from_db()
    assert (file.state, file.error) == (FileState.FAILED, str(making.BROKEN))


def test_an_account_that_left_meanwhile_is_said_in_words(
    shop: Organization, ana: User, account: Account, orders: int
) -> None:
    file = wanted(shop, ana, "csv", account_id=str(account.pk))
    account.delete()
    make_all()
    file.refresh_from_db()
    assert (file.state, file.error) == (FileState.FAILED, str(making.FILTERS_GONE))


def test_old_files_disappear(file: ExportFile) -> None:
    make_all()
    delete_expired_files()
    assert ExportFile.objects.count() == 1
    ExportFile.objects.update(expires_at=timezone.now())
    delete_expired_files()
    assert not ExportFile.objects.exists()
    assert not FilePiece.objects.exists()


def test_a_file_is_kept_a_week_from_when_it_was_ready(file: ExportFile) -> None:
    make_all()
    file.refresh_from_db()
    assert file.finished_at
    assert file.expires_at == file.finished_at + timedelta(days=7)


def test_the_file_speaks_the_language_it_was_asked_in(shop: Organization, ana: User, orders: int) -> None:
    with override("pt-br"):
        file = wanted(shop, ana, "xlsx")
    with override("en"):
        make_all()
    assert load_workbook(io.BytesIO(content_of(file))).active["A1"].value == "Pedido"

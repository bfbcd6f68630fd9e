"""What the page of the operation says of what we hold and what Mercado Livre listed."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from painelml.sync.models import RunKind, RunStatus, SyncRun
from tests.web.pages import text_of


@pytest.mark.parametrize(
    ("listed", "held", "status", "words"),
    [
        (1200, 1200, RunStatus.DONE, "1,200 / 1,200 Done"),
        (1200, 1203, RunStatus.DONE, "1,203 / 1,200 3 more: new since, or no longer listed Done"),
        (1200, 1199, RunStatus.DONE, "1,199 / 1,200 1 missing Done"),
        (1200, 300, RunStatus.RUNNING, "300 / 1,200 25 %"),
        (None, 300, RunStatus.DONE, "300 Done"),
    ],
)
def test_more_or_less_than_was_listed_is_explained(
    account: Account, page: Client, listed: int | None, held: int, status: str, words: str
) -> None:
    SyncRun.objects.create(
        account=account,
        scope="orders",
        kind=RunKind.AUDIT,
        status=status,
        total=listed,
        done=held,
        finished_at=timezone.now() if status == RunStatus.DONE else None,
    )

    assert words in text_of(page.get("/webhooks/"))

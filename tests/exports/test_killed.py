"""A worker killed with -9 in the middle of a file: another one makes it whole."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Account, Organization, User
from painelml.exports.models import ExportFile, FileState
from tests.exports.conftest import content_of, make_all
from tests.exports.selling import sell
from tests.exports.test_making import wanted
from tests.processes import ROOT, environment, until

ROWS = 8000

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_killed_workers_file_is_made_whole_by_another(
    shop: Organization, ana: User, account: Account
) -> None:
    sell(account, ROWS)
    file = wanted(shop, ana, "xlsx")
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.exports.process", "make"],
        cwd=ROOT,
        env={**environment(), "DJANGO_SETTINGS_MODULE": "painelml.settings"},
    )
    until(lambda: ExportFile.objects.filter(pk=file.pk, done__gt=0).exists(), 60, worker)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    file.refresh_from_db()
    assert file.state == FileState.RUNNING
    assert make_all() == 0

    # As if the lease's time had passed: nobody who lives holds it.
    ExportFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert make_all() == 1
    file.refresh_from_db()
    assert (file.state, file.done, file.attempts) == (FileState.DONE, ROWS, 2)
    sheet = load_workbook(io.BytesIO(content_of(file)), read_only=True).active
    assert sum(1 for _ in sheet.iter_rows()) == ROWS + 1

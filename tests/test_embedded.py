"""The panel in one process, as people run it: a process of its own, a new SQLite file, real HTTP."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.utils import timezone

from accounts.models import Account, Organization
from painelml import embedded, env
from painelml.sync.models import SyncRun, SyncStep
from tests.factories import make_account
from webhooks.models import Notification

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until(is_so: Callable[[], bool], patience_s: float = 90) -> None:
    give_up_at = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)


def get(address: str) -> requests.Response | None:
    try:
        return requests.get(address, timeout=5)
    except requests.ConnectionError:
        return None


def serve(port: int, folder: Path, **given: str) -> subprocess.Popen[str]:
    variables: dict[str, str] = {"PATH": os.environ["PATH"]}
    env.forget(variables)
    variables |= {
        "DATABASE_URL": f"sqlite:///{folder / 'panel.sqlite3'}",
        "SECRET_KEY": "a key for one test that is long enough",
        "ENCRYPTION_KEY": "an encryption key for one test that is long enough",
        **given,
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of an earlier version, which anybody could read."""
    file = tmp_path_factory.mktemp("panel") / "panel.sqlite3"
    file.touch(mode=0o644)
    return file


@pytest.fixture(scope="module")
def panel(database: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = serve(port, database.parent)
    wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz") is not None or process.poll() is not None)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    print(*process.communicate())  # pytest shows it when a test failed


def test_one_process_is_web_worker_and_scheduler(panel: tuple[subprocess.Popen[str], str]) -> None:
    _, address = panel
    wait_until(lambda: requests.get(f"{address}/readyz", timeout=5).status_code == 200)
    login = requests.get(f"{address}/login/", timeout=5)
    assert login.status_code == 200
    assert "unsafe-inline" not in login.headers["Content-Security-Policy"]


def test_a_taken_port_is_told_in_one_sentence(
    panel: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    _, address = panel
    port = int(address.rpartition(":")[2])
    said, complaint = serve(port, tmp_path).communicate(timeout=90)
    assert said == ""
    assert complaint == (
        f"Port {port} is taken: stop the program that has it, or choose another with --port.\n"
    )


def test_a_second_panel_on_the_same_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "panel.sqlite3"
    first = serve(port := free_port(), tmp_path)
    wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz") is not None or first.poll() is not None)
    said, complaint = serve(free_port(), tmp_path).communicate(timeout=90)
    first.kill()
    print(*first.communicate())
    assert said == ""
    assert complaint == (
        f"Another panel runs on {file}: stop it, or give this one a DATABASE_URL of its own.\n"
    )


def test_a_database_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path) -> None:
    closed = free_port()
    process = serve(free_port(), tmp_path, DATABASE_URL=f"postgres://ana:hunter2@127.0.0.1:{closed}/x")

    said, complaint = process.communicate(timeout=90)

    assert (process.returncode, said) == (1, "")
    assert complaint.count("\n") == 1
    assert complaint.startswith("painelml: DATABASE_URL names a database that cannot be reached: ")
    assert f"port {closed}" in complaint
    assert "hunter2" not in complaint


def test_only_its_owner_reads_the_database(panel: tuple[subprocess.Popen[str], str], database: Path) -> None:
    files = [file for file in database.parent.iterdir() if file.name.startswith(database.name)]

    assert {file.name.removeprefix(database.name) for file in files} >= {"", "-wal", "-shm"}
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in files} == {
        file.name: "0o600" for file in files
    }


@pytest.mark.django_db
def test_what_a_killed_panel_held_is_free_at_the_next_start() -> None:
    account = make_account(Organization.objects.create(name="Loja da Ana"))
    paused = make_account(account.organization)
    soon = timezone.now() + timedelta(minutes=2)
    run = SyncRun.objects.create(account=account, scope="orders", status="running")
    SyncStep.objects.create(
        run=run, name="window", key="w", state="working", lease_owner="dead", lease_until=soon
    )
    Notification.objects.create(
        dedupe_key="1",
        topic="orders_v2",
        resource="/orders/1",
        kind="orders",
        target="1",
        seller_id=account.meli_user_id,
        state="working",
        lease_owner="dead",
        lease_until=soon,
    )
    Account.objects.filter(pk=account.pk).update(token_lease_owner="dead", token_lease_until=soon)
    Account.objects.filter(pk=paused.pk).update(token_lease_until=soon)

    embedded.release_claims()

    now = timezone.now()
    assert SyncStep.objects.claimable(now).exists()
    assert Notification.objects.claimable(now).exists()
    account.refresh_from_db()
    paused.refresh_from_db()
    assert (account.token_lease_owner, account.token_lease_until) == ("", None)
    assert paused.token_lease_until == soon  # Mercado Livre asked for that one


def test_neither_a_strange_host_nor_ctrl_c_leaves_a_traceback(
    panel: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = panel
    refused = requests.get(f"{address}/healthz", headers={"Host": "evil.example"}, timeout=5)
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.endswith("Stopping ...\n")
    assert refused.status_code == 400
    assert len([line for line in complaint.splitlines() if "evil.example" in line]) == 1
    assert "Traceback" not in complaint
    assert get(f"{address}/healthz") is None


class Mortal:
    """A worker that dies as soon as it starts, twice, and then works until it is stopped."""

    lives = 0

    def __init__(self) -> None:
        self.is_stopped = threading.Event()

    def start(self) -> None:
        Mortal.lives += 1
        if Mortal.lives < 3:
            raise SystemExit("the worker lost its broker")
        self.is_stopped.wait(10)

    def stop(self) -> None:
        self.is_stopped.set()


def test_a_worker_that_dies_is_made_anew_until_it_is_told_to_stop() -> None:
    kept = embedded.Kept("worker", Mortal, pause_s=0.01)
    kept.start()
    wait_until(lambda: Mortal.lives == 3)
    kept.stop()
    kept.thread.join(10)
    assert not kept.thread.is_alive()
    assert Mortal.lives == 3


def test_static_files_are_collected_again_only_when_one_changed(tmp_path: Path) -> None:
    manifest = tmp_path / "staticfiles.json"
    assert embedded.static_files_changed(manifest)
    manifest.touch()
    assert not embedded.static_files_changed(manifest)
    os.utime(manifest, (0, 0))
    assert embedded.static_files_changed(manifest)

"""The README's first command, once installed: everything in a folder of its own, over real HTTP."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from accounts.models import Organization
from painelml import demo
from painelml.sandbox import Sandbox
from tests.factories import make_account, make_item
from tests.test_embedded import ROOT, free_port, get, wait_until


@contextmanager
def running_demo(
    folder: Path, *options: str, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the demo as a process and yield it with its address; of an option given twice the last counts."""
    port, sandbox_port = free_port(), free_port()
    ports = ["--port", str(port), "--sandbox-port", str(sandbox_port)]
    sizes = ["--orders", "60", "--items", "12", "--questions", "15"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--folder", str(folder), *ports, *sizes, *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(
            lambda: get(f"http://127.0.0.1:{port}/healthz") is not None or process.poll() is not None,
            patience_s=300,  # it makes its database first, and a busy machine takes its time
        )
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        print(*process.communicate())  # pytest shows it when the test failed


def api(address: str, path: str) -> Any:
    given = requests.post(
        f"{address}/api/auth/token", json={"email": demo.EMAIL, "password": demo.PASSWORD}, timeout=10
    )
    answer = requests.get(
        f"{address}/api/{path}", headers={"Authorization": f"Bearer {given.json()['access']}"}, timeout=10
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def connected(address: str) -> set[str]:
    accounts = api(address, "ml-accounts")
    return {account["ml_user_id"] for account in accounts["results"] if account["status"] == "active"}


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    said, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, "")
    return said


def test_the_demo_connects_two_sellers_mirrors_them_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    (tmp_path / "client_secret").write_text(
        "-one-in-sixty-four-secrets-begins-like-an-option", encoding="utf-8"
    )
    with running_demo(tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:1/real", SIGNUP="nonsense") as (
        process,
        address,
    ):
        wait_until(lambda: connected(address) == set(demo.SELLERS))
        wait_until(lambda: len(api(address, "orders?page_size=200")["results"]) >= 75)
        said = stop(process)
        assert address in said
        assert said.endswith("Stopping ...\n")
        assert {
            oct((tmp_path / name).stat().st_mode & 0o777) for name in ("painelml.sqlite3", "sandbox.json")
        } == {"0o600"}
        assert re.search(rf"{demo.EMAIL}\n.*{demo.PASSWORD}", said)
        assert get(f"{address}/healthz") is None

    with running_demo(tmp_path) as (process, address):
        assert connected(address) == set(demo.SELLERS)
        assert len(api(address, "orders?page_size=200")["results"]) >= 75
        stop(process)


@pytest.mark.django_db
def test_pictures_and_pages_follow_the_sandbox_to_another_port(settings: Any) -> None:
    old, settings.MELI_API_URL = "http://127.0.0.1:8001", "http://127.0.0.1:8011"
    account = make_account(Organization.objects.create(name="Loja da Ana"), api_host=old)
    payload = {"price": 10.5, "thumbnail": f"{old}/pictures/MLB1.svg", "title": "Caneca"}
    item = make_item(
        account, thumbnail=payload["thumbnail"], permalink=f"{old}/produto/MLB1", payload=payload
    )
    elsewhere = make_item(account)

    demo.follow_sandbox()

    account.refresh_from_db()
    item.refresh_from_db()
    assert account.api_host == settings.MELI_API_URL
    assert item.thumbnail == "http://127.0.0.1:8011/pictures/MLB1.svg"
    assert item.permalink == "http://127.0.0.1:8011/produto/MLB1"
    assert item.payload == {**payload, "thumbnail": item.thumbnail}
    picture = elsewhere.thumbnail
    elsewhere.refresh_from_db()
    assert elsewhere.thumbnail == picture


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "99999"], "--port must be a whole number from 1 to 65535 (it is '99999')."),
        (["--orders", "-5"], "--orders must be a whole number from 0 to 1000000 (it is '-5')."),
        (["--pace", "fast"], "--pace must be a number from 0 to 100 (it is 'fast')."),
    ],
)
def test_an_option_that_cannot_be_is_told_in_one_sentence(options: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.settle({}, options)
    assert ended.value.code == sentence


def test_a_start_is_busy_for_a_while_and_then_as_calm_as_asked_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(port=0, orders=5, items=3, questions=2) as sandbox:
        settings.MELI_API_URL = sandbox.url
        is_over = threading.Event()
        is_over.set()
        demo.begin_busily(0.12, is_over)
        assert sandbox.control()["life"] == 1

        monkeypatch.setattr(demo, "BURST_S", 0)
        demo.begin_busily(0.12, threading.Event())
        assert sandbox.control()["life"] == 0.12

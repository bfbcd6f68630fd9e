"""The README's first command, once installed: everything in a folder of its own, over real HTTP."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from accounts.models import Organization
from painelml import demo
from tests.factories import make_account, make_item
from tests.test_embedded import ROOT, free_port, get, wait_until


@contextmanager
def running_demo(folder: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port, sandbox_port = free_port(), free_port()
    ports = ["--port", str(port), "--sandbox-port", str(sandbox_port)]
    sizes = ["--orders", "60", "--items", "12", "--questions", "15"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--folder", str(folder), *ports, *sizes],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: get(f"http://127.0.0.1:{port}/healthz") is not None or process.poll() is not None)
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
    with running_demo(tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:1/real", SIGNUP="nonsense") as (
        process,
        address,
    ):
        wait_until(lambda: connected(address) == set(demo.SELLERS))
        wait_until(lambda: len(api(address, "orders?page_size=200")["results"]) >= 75)
        said = stop(process)
        assert address in said
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

"""What every answer tells the browser, page or fragment, and what cookies are like under https."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from painelml import env

from .addresses import addresses
from .conftest import browser_of, nobody
from .world import World

pytestmark = pytest.mark.ignore_template_errors

ROOT = Path(__file__).resolve().parents[2]
TO_MERCADO_LIVRE = "meli/webhooks"
"""Answered before any middleware, and never by a browser."""
SWEPT = [
    address
    for address in addresses()
    if address.text != TO_MERCADO_LIVRE and not (address.is_admin and address.parameters)
]
EXPECTED = {
    "X-Content-Type-Options": {"nosniff"},
    "X-Frame-Options": {"DENY"},
    "Referrer-Policy": {"same-origin", "no-referrer"},
    "Cross-Origin-Opener-Policy": {"same-origin"},
}


def problems(answer: Any) -> list[str]:
    policy = answer.get("Content-Security-Policy", "")
    found = [
        f"{name}: {answer.get(name)}" for name, value in EXPECTED.items() if answer.get(name) not in value
    ]
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
        found.append(f"Content-Security-Policy: {policy}")
    if "unsafe" in policy or "*;" in policy or "script-src 'self'" not in policy:
        found.append(f"Content-Security-Policy: {policy}")
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        found.append("Permissions-Policy")
    return found


def test_every_page_and_every_fragment_tells_the_browser_what_is_allowed(ours: World) -> None:
    wrong = []
    owner = browser_of(ours.person)
    for visitor, headers in ((owner, {}), (owner, {"HX-Request": "true"}), (nobody(), {})):
        for address in SWEPT:
            if not (headers and address.is_api):
                answer = visitor.send("GET", address.of(ours), **headers)
                wrong += [f"{address} {answer.status_code} {problem}" for problem in problems(answer)]
    assert wrong == []


def test_errors_tell_it_too(ours: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: Any) -> None:
        raise RuntimeError

    owner, checked = browser_of(ours.person), Client(enforce_csrf_checks=True)
    monkeypatch.setattr("catalog.queries.get_item", fall)
    answers = {
        403: checked.post("/login/", {"login": "ana@example.com"}),
        404: owner.send("GET", "/nowhere/"),
        405: owner.send("DELETE", "/orders/"),
        422: owner.send("POST", "/profile/", {"language": "xx"}),
        500: owner.send("GET", f"/catalog/{ours.item.meli_id}/"),
    }
    assert {wanted: answer.status_code for wanted, answer in answers.items()} == {one: one for one in answers}
    assert [(status, problems(answer)) for status, answer in answers.items() if problems(answer)] == []


UNDER_HTTPS = """
import django, json
django.setup()
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from accounts.models import User
User.objects.create_superuser("ana@example.com", "correct horse")
client = Client(HTTP_HOST="painel.example.com")
plain = client.get("/login/")
page = client.get("/login/", secure=True)
data = {"login": "ana@example.com", "password": "correct horse"}
client.post("/login/", data, secure=True, HTTP_REFERER="https://painel.example.com/login/")
client.post("/language/", {"language": "es"}, secure=True, HTTP_REFERER="https://painel.example.com/login/")
print(json.dumps({
    "plain": [plain.status_code, plain.get("Location")],
    "hsts": page.get("Strict-Transport-Security"),
    "cookies": {name: dict(cookie) for name, cookie in client.cookies.items()},
}))
"""


def test_under_https_cookies_stay_there_and_browsers_come_no_other_way(tmp_path: Path) -> None:
    variables: dict[str, str] = {}
    env.forget(variables)
    variables |= {
        "APP_BASE_URL": "https://painel.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'panel.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "painelml.settings",
        "ENCRYPTION_KEY": "an encryption key for the tests that is long enough",
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "a key for the tests that nobody could guess 0123456789",
        "TMPDIR": str(tmp_path),
    }
    run = subprocess.run(
        [sys.executable, "-c", UNDER_HTTPS],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])

    assert told["plain"] == [301, "https://painel.example.com/login/"]
    assert int(told["hsts"].removeprefix("max-age=").partition(";")[0]) >= 31_536_000
    assert {"sessionid", "csrftoken"} <= set(told["cookies"])
    for name, cookie in told["cookies"].items():
        assert cookie["secure"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["httponly"] or name == "csrftoken", name

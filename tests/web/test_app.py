"""The panel installs as an app, and what stays in the browser holds nothing of anybody."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import Account
from tests.web.pages import text_of

LANGUAGES = {"pt-br": "Perguntas", "en": "Questions", "es": "Preguntas"}


@pytest.mark.parametrize(("language", "questions"), LANGUAGES.items())
def test_the_manifest_speaks_the_readers_language(db: None, language: str, questions: str) -> None:
    told = Client(headers={"accept-language": language}).get("/manifest.webmanifest")

    assert told.headers["Content-Type"] == "application/manifest+json"
    assert told.json()["lang"] == language
    assert told.json()["shortcuts"][0]["name"] == questions


def test_the_manifest_has_what_a_browser_asks_of_an_app(client: Client, db: None) -> None:
    told = client.get("/manifest.webmanifest").json()

    assert told["display"] == "standalone"
    assert {icon["sizes"] for icon in told["icons"]} >= {"192x192", "512x512"}
    assert "maskable" in {icon["purpose"] for icon in told["icons"]}
    for icon in told["icons"]:
        path = finders.find(icon["src"].removeprefix(settings.STATIC_URL))
        assert path
        assert Path(path).stat().st_size < 20 * 1024


def test_every_page_names_the_manifest(account: Account, page: Client, client: Client) -> None:
    for html in (page.get("/").content.decode(), client.get("/login/").content.decode()):
        assert '<link rel="manifest" href="/manifest.webmanifest"' in html


def test_the_worker_keeps_static_files_and_the_offline_page_only(client: Client, db: None) -> None:
    response = client.get("/service-worker.js")
    kept = re.search(r"const KEPT = (\[.*\]);", response.content.decode())

    assert response.headers["Content-Type"].startswith("text/javascript")
    assert "no-cache" in response.headers["Cache-Control"]
    assert kept
    assert all(address.startswith(settings.STATIC_URL) for address in json.loads(kept[1]))


@pytest.mark.parametrize(
    ("language", "words"),
    [("pt-br", "Você está offline"), ("en", "You are offline"), ("es", "Estás sin conexión")],
)
def test_the_offline_page_speaks_three_languages_and_knows_nobody(
    page: Client, account: Account, language: str, words: str
) -> None:
    response = page.get("/offline/", headers={"accept-language": language})

    assert words in text_of(response)
    assert response.headers["Content-Language"] == language
    html = response.content.decode()
    assert "csrfmiddlewaretoken" not in html
    assert "ana" not in text_of(response).lower().split()


def test_logging_out_forgets_what_the_browser_keeps(account: Account, page: Client) -> None:
    assert re.search(r'action="/logout/" data-logout', page.get("/").content.decode())

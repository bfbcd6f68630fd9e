"""Each dashboard listens to the words about what it shows."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Account, User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/", {"orders", "items", "questions", "shipments", "runs"}),
        ("/orders/", {"orders"}),
        ("/catalog/", {"items"}),
        ("/shipments/", {"shipments"}),
        ("/questions/", {"questions"}),
        ("/webhooks/", {"webhooks"}),
        ("/accounts/", {"accounts", "runs"}),
    ],
)
def test_a_dashboard_hears_of_what_it_shows(ana: User, account: Account, page: str, words: set[str]) -> None:
    client = Client()
    client.force_login(ana)
    html = client.get(page).content.decode()
    main = html[html.index("<main") :]
    heard = {word for words in re.findall(r'data-live="([^"]*)"', main) for word in words.split()}
    assert words <= heard

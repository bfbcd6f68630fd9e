"""Mercado Livre's stand-in with the panel registered there, and ways to log in and to connect."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, Organization, User
from painelml.sandbox import Application, Sandbox
from painelml.sandbox.drills import Drills
from tests.people import account, ana, bruno, carla, mara, other_account, shop, vera  # noqa: F401

CASA = 1987654321
AURORA = 1876543210
CALLBACK = "http://testserver/meli/oauth/callback"

Login = Callable[[User], Client]
Answered = requests.Response


@pytest.fixture(scope="session")
def shared_box() -> Iterator[Sandbox]:
    drills = Drills(pkce_required=True)
    application = Application(redirect_uri=CALLBACK)
    with Sandbox(
        port=0, seed=5, sellers=2, orders=20, items=10, questions=5, application=application, drills=drills
    ) as box:
        yield box


@pytest.fixture
def box(shared_box: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    """The sandbox, calm, with nobody connected; the panel talks to it."""
    settings.MELI_API_URL = settings.MELI_AUTH_URL = shared_box.url
    settings.MELI_CLIENT_ID = str(shared_box.box.application.id)
    settings.MELI_CLIENT_SECRET = shared_box.box.application.secret
    settings.MELI_REDIRECT_URI = CALLBACK
    settings.MELI_MAX_RPM = 0
    shared_box.box.reset()
    shared_box.box.drills.pkce_required = True
    for seller in (CASA, AURORA):
        shared_box.box.oauth.revoke(seller)
    yield shared_box
    shared_box.box.reset()


@pytest.fixture
def login() -> Login:
    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def page(login: Login, ana: User) -> Client:  # noqa: F811
    """Ana's browser."""
    return login(ana)


def granted(organization: Organization, seller_id: int, box: Sandbox, **fields: object) -> Account:
    """Return an account whose tokens the sandbox really gave."""
    tokens = box.grant(seller_id)
    return Account.objects.create(
        **{
            "organization": organization,
            "meli_user_id": str(seller_id),
            "nickname": f"SHOP{seller_id}",
            "api_host": box.url,
            "access_token": tokens["access_token"],
            "refresh_token": tokens["refresh_token"],
            "token_expires_at": timezone.now() + timedelta(hours=6),
            **fields,
        }
    )


@pytest.fixture
def connected(shop: Organization, box: Sandbox) -> Account:  # noqa: F811
    """Ana's account at the sandbox."""
    return granted(shop, CASA, box, is_primary=True)


def authorize(client: Client, choice: str = str(CASA), site: str = "MLB") -> str:
    """Start in the panel, choose on the authorization page, and return where it sends the browser."""
    start = client.get(f"/meli/oauth/start?site={site}")
    assert start.status_code == 302, start.content.decode()
    answer = requests.get(f"{start['Location']}&auto={choice}", allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://testserver")

"""The main journeys are walked with everything that can be logged switched on, and what came out, by whatever
way, is searched for tokens, codes, keys, passwords and buyers' personal data."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sentry_sdk
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from sentry_sdk.transport import Transport

from accounts import tokens
from accounts.connecting import disconnect
from accounts.models import Account, ApiKey, OAuthState, Organization, User
from catalog.models import Item
from orders.models import Order
from painelml.audit.models import Entry
from painelml.logs import Formatter, sentry_options
from painelml.meli import MeliError
from painelml.sandbox import Sandbox
from painelml.sync import tasks
from painelml.sync.models import SyncRun
from questions.models import Question
from shipments.models import Shipment
from tests.accounts.conftest import (  # noqa: F401
    CASA,
    authorize,
    box,
    login,
    shared_box,
)
from tests.people import ana, shop  # noqa: F401
from tests.sync.conftest import run_all
from webhooks import bell
from webhooks.drain import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.ignore_template_errors]

PASSWORD = "correct horse"
CONTEXTS = "django.template"
"""The logger that settings hold at INFO whatever the level is: at DEBUG it writes whole contexts."""


class Kept(Transport):
    """Sentry's server, as far as the panel can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent.append(envelope.serialize().decode(errors="replace"))


class Lines(logging.Handler):
    """Everything that is logged, in both forms; `raw` is what it would be without redacting."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.raw: list[str] = []
        self.forms = [Formatter(as_json=True), Formatter(as_json=False)]

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [form.format(record) for form in self.forms]
        self.raw.append(logging.Formatter().format(record))


@dataclass
class Journey:
    """What came out, by way, and what must not be in it."""

    lines: list[str]
    events: list[str]
    raw_lines: list[str]
    raw_events: list[str]
    pages: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    unprinted: set[str] = field(default_factory=set)
    """What a page shows to whom it is for, and no log or event does."""

    def note(self, account: Account) -> None:
        self.secrets |= {account.access_token, account.refresh_token} - {""}

    def saw(self, answer: Any) -> Any:
        self.pages.append(answer.content.decode(errors="replace"))
        return answer


@pytest.fixture
def journey(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    lines, kept = Lines(), Kept()
    root = logging.getLogger()
    loggers = [root, *(log for log in root.manager.loggerDict.values() if isinstance(log, logging.Logger))]
    before = [(log, log.level, log.propagate, log.disabled) for log in loggers]
    for log in loggers:
        log.setLevel(logging.DEBUG)
        log.propagate, log.disabled = True, False
    assert settings.LOGGING["loggers"][CONTEXTS]["level"] == "INFO"
    logging.getLogger(CONTEXTS).setLevel(logging.INFO)
    root.addHandler(lines)
    monkeypatch.setattr(bell, "ring", lambda seller: None)
    monkeypatch.setattr(tasks, "ring_worker", lambda run: None)
    raw_events: list[str] = []
    options = sentry_options("http://key@127.0.0.1:9/1")
    redact = options["before_send"]

    def overheard(event: Any, hint: Any) -> Any:
        raw_events.append(json.dumps(event, default=str))
        return redact(event, hint)

    with sentry_sdk.isolation_scope():
        sentry_sdk.init(**{**options, "before_send": overheard}, transport=kept)
        try:
            yield Journey(lines.lines, kept.sent, lines.raw, raw_events)
        finally:
            sentry_sdk.init()
            root.removeHandler(lines)
            for log, level, propagates, is_disabled in before:
                log.level, log.propagate, log.disabled = level, propagates, is_disabled
                log.manager._clear_cache()  # type: ignore[attr-defined]


def personal_data() -> set[str]:
    """Buyers' names, nicknames, streets and documents, as the rows have them."""
    found = set(Order.objects.values_list("buyer_nickname", flat=True))
    found |= set(Shipment.objects.values_list("receiver_name", flat=True))
    for payload in Shipment.objects.values_list("payload", flat=True):
        address = (payload.get("destination") or {}).get("shipping_address") or payload.get(
            "receiver_address"
        )
        found.add((address or {}).get("address_line") or "")
    found |= set(Question.objects.values_list("text", flat=True))
    return {one for one in found if one and len(one) > 5}


def walk(journey: Journey, ana: User, shop: Organization, box: Sandbox, settings: Settings) -> None:  # noqa: F811
    page = Client(raise_request_exception=False)
    entrance = reverse("account_login")
    journey.saw(page.post(entrance, {"login": ana.email, "password": "not that one at all"}))
    assert page.post(entrance, {"login": ana.email, "password": PASSWORD}).status_code == 302
    journey.secrets |= {page.cookies["sessionid"].value, PASSWORD, "not that one at all"}

    # Connecting: a refusal, then a success whose address is called twice.
    journey.saw(page.get("/meli/oauth/callback?error=access_denied&state=nonsense-state-of-nobody"))
    back = authorize(page)
    attempt = OAuthState.objects.get()
    journey.secrets |= {
        attempt.code_verifier,
        *(part.split("=")[1] for part in back.split("?")[1].split("&")),
    }
    assert page.get(back).status_code == 302
    journey.saw(page.get(back, follow=True))
    account = Account.objects.get()
    journey.note(account)

    # The backfill, then a token that has to be renewed meanwhile.
    run_all(list(SyncRun.objects.active()), helpers=1)
    assert all(model.objects.exists() for model in (Order, Shipment, Question))
    box.control(expire=True)
    tokens.renew_now(account)
    account = Account.objects.get()
    journey.note(account)

    # The inbox: what is right, what is wrong, and what carries secrets of its own.
    order = Order.objects.exclude(buyer_nickname="").first()
    assert order is not None
    told = {"topic": "orders_v2", "resource": f"/orders/{order.meli_id}", "user_id": CASA}
    for body in (told, {**told, "resource": f"/orders/1?access_token={account.access_token}"}, "no", [1]):
        journey.saw(page.post("/meli/webhooks", json.dumps(body), content_type="application/json"))
    drain(account.meli_user_id)

    # Secrets in addresses, where they do not belong; a page may repeat its own address.
    for address in ("orders/?access_token=", "nowhere/?code=", "api/orders?access_token=", "api/no?key="):
        page.get(f"/{address}{account.access_token}")
    journey.saw(page.get("/team/join/a-link-that-lets-in-whoever-has-it/"))
    journey.saw(page.post("/team/invite/", {"email": "guest@example.com", "role": "viewer"}, follow=True))
    invited = shop.invitations.get()
    journey.unprinted.add(invited.token)
    page.get(f"/team/join/{invited.token}/")

    # A program: a token, a key, an answer, a price, and what is refused.
    given = page.post(
        "/api/auth/token", {"email": ana.email, "password": PASSWORD}, "application/json"
    ).json()
    journey.secrets |= set(given.values())
    program = Client(raise_request_exception=False, headers={"authorization": f"Bearer {given['access']}"})
    wanted = {"name": "stock", "scopes": ["read"], "lifetime": "30"}
    made = page.post(reverse("team:keys"), wanted).context["made"]
    program.get("/api/orders", headers={"authorization": f"Bearer {made}"})
    journey.secrets.add(made)
    assert ApiKey.objects.exists()
    waiting = Question.objects.unanswered().first()
    assert waiting is not None
    journey.saw(
        program.post(f"/api/questions/{waiting.meli_id}/answer", {"text": "Serve, sim."}, "application/json")
    )
    item = Item.objects.filter(status="active").first()
    assert item is not None
    for what in ({"price": "99.90"}, {"price": "-1"}):
        journey.saw(program.patch(f"/api/items/{item.meli_id}", what, "application/json"))
    journey.saw(program.get("/api/orders", {"q": order.buyer_nickname, "page_size": "many"}))
    journey.saw(program.get("/api/orders", headers={"authorization": "Bearer not.a.token"}))
    journey.saw(program.get("/api/orders", headers={"authorization": f"Bearer {account.access_token}"}))
    for body in ({"access_token": account.access_token, "expires_in": "soon"}, [account.refresh_token]):
        journey.saw(program.post("/api/ml-accounts", body, "application/json"))
    for kind in ("csv", "xlsx"):
        exported = program.get("/api/orders/export", {"format": kind})
        assert b"".join(exported.streaming_content)

    # Errors nobody foresaw: with a database that repeats the row, and with a token in the message.
    def broken(message: str) -> Any:
        def fail(*_args: Any, **_kwargs: Any) -> Any:
            at_hand = {"token": account.access_token, "buyer": order.buyer_nickname}
            logging.getLogger("orders").warning("was about to call with %s", at_hand["token"])
            raise RuntimeError(message)

        return fail

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("catalog.queries.get_item", broken(f"refused {account.access_token}"))
        assert journey.saw(page.get(f"/catalog/{item.meli_id}/")).status_code == 500
        again = Order.objects.get(pk=order.pk)
        again.pk, again.status = None, None
        try:
            with transaction.atomic():
                again.save(force_insert=True)
        except IntegrityError as error:
            patch.setattr("catalog.queries.get_item", broken(str(error)))
            assert (
                journey.saw(page.get(f"/catalog/{item.meli_id}/?q={order.buyer_nickname}")).status_code == 500
            )
            logging.getLogger("orders").exception("could not be saved")

    # The end: a grant that Mercado Livre took back, and an account that is disconnected.
    box.control(revoke=CASA, expire=True)
    with pytest.raises(MeliError):
        tokens.renew_now(account)

    # A second factor, and what Mercado Livre refuses when it is down.
    secret = generate_totp_secret()
    TOTP.activate(ana, secret)
    journey.secrets.add(secret)
    logging.getLogger("accounts").info("otpauth://totp/Painel:ana?secret=%s&issuer=Painel", secret)

    # What administrators see.
    ana.is_staff = ana.is_superuser = True
    ana.save()
    settings.ADMIN_NEEDS_TWO_FACTOR = False
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = journey.saw(page.get(reverse(f"{name}_changelist")))
        assert listed.status_code == 200, name
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            journey.saw(page.get(reverse(f"{name}_change", args=[row.pk])))
    journey.pages.append(json.dumps(list(Entry.objects.values()), default=str))
    disconnect(account, ana)
    page.post("/logout/")
    sentry_sdk.flush()


def told_in(texts: list[str], wanted: set[str]) -> list[tuple[str, str]]:
    """Return what of the wanted is in these texts, and the words around it."""
    found = [(one, text, text.index(one)) for one in wanted for text in texts if one in text]
    return [(one, text[max(0, place - 300) : place + 100]) for one, text, place in found[:5]]


def test_nothing_that_comes_out_holds_a_secret_or_a_buyer(
    journey: Journey,
    ana: User,  # noqa: F811
    shop: Organization,  # noqa: F811
    box: Sandbox,  # noqa: F811
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buyers: set[str] = set()
    monkeypatch.setattr(
        "tests.ops.test_redaction.disconnect",
        lambda account, by: (buyers.update(personal_data()), disconnect_(account, by)),
    )
    walk(journey, ana, shop, box, settings)
    secrets = journey.secrets | {box.box.application.secret, settings.SECRET_KEY, settings.ENCRYPTION_KEY}
    secrets.discard(str(CASA))
    assert len(secrets) > 12
    assert len(buyers) > 20

    assert len(journey.lines) > 100
    assert journey.events, "an error reached Sentry"
    for way, texts in (("logs", journey.lines), ("Sentry", journey.events)):
        said = "\n".join(texts)
        assert "RuntimeError" in said
        assert told_in(texts, secrets | journey.unprinted) == [], way
        assert told_in(texts, buyers) == [], way
        assert ana.email not in said, way
    pages = "\n".join(journey.pages)
    assert told_in([pages], secrets) == []

    # What was redacted was there: without redacting, each way would have told.
    raw = {"logs": "\n".join(journey.raw_lines), "Sentry": "\n".join(journey.raw_events)}
    told = {way: {one for one in secrets if one in text} for way, text in raw.items()}
    assert len(told["logs"]) >= 3
    assert told["Sentry"]
    assert any(one in raw["logs"] for one in buyers)


disconnect_ = disconnect

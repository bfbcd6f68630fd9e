"""Each control, attacked."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import subprocess
import sys
import zipfile
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import now
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import Account, Membership, Organization, Role, User
from catalog.models import Item
from catalog.sync import ItemResource
from painelml.audit.models import Entry
from painelml.sync.resource import Reading
from tests.factories import make_item, make_order, make_person, make_question, make_shipment
from tests.sync.test_save import ITEM
from webhooks.models import Notification

from .addresses import addresses
from .conftest import Visitor, browser_of, nobody, program_of, undone
from .world import World, body_of
from .writes import WRITES

pytestmark = pytest.mark.ignore_template_errors

HTMX = {"HX-Request": "true"}
SAFE_FOR_ALL = {"meli/webhooks", "api/auth/token", "api/auth/token/refresh", "alerts/stop/{token}/"}
"""What a browser's session adds nothing to: another page that sends it does what anybody could."""


# Requests other pages send


def test_nothing_is_changed_for_another_page_that_sends_a_request(ours: World) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(ours.person)
    visitor, before, taken = Visitor(client), ours.snapshot(), []
    for write in WRITES:
        if write.address in SAFE_FOR_ALL:
            continue
        address = next(one for one in addresses() if one.text == write.address)
        answer = visitor.send(write.method, address.of(ours), write.body(ours), write.query(ours))
        if answer.status_code != 403:
            taken.append(f"{write.call} -> {answer.status_code}")
    assert taken == []
    assert ours.snapshot() == before


# Sessions


def test_a_session_from_before_the_login_is_worth_nothing_after_it(ours: World) -> None:
    client = Client()
    client.get(f"/team/join/{ours.invitation.token}/")
    planted = client.cookies["sessionid"].value
    client.post("/login/", {"login": ours.person.email, "password": "correct horse"})
    assert client.get("/").status_code == 200
    assert client.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_logging_out_ends_the_session_at_the_server(ours: World) -> None:
    client = Client()
    client.force_login(ours.person)
    taken = client.cookies["sessionid"].value
    client.post("/logout/")
    thief = Client()
    thief.cookies["sessionid"] = taken
    assert thief.get("/").status_code == 302


ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "http:///evil.example",
    "https:evil.example", "javascript:alert(1)", "\t//evil.example", "/\t/evil.example", "data:text/html,x",
    "https://testserver@evil.example/",
]  # fmt: skip


def test_no_login_or_switch_leads_elsewhere(ours: World) -> None:
    visitor, login = nobody(), {"login": ours.person.email, "password": "correct horse"}
    answers = []
    for address in ELSEWHERE:
        answers += [
            visitor.send("POST", "/login/", {**login, "next": address}),
            visitor.send("POST", "/login/", login, {"next": address}),
            browser_of(ours.person).send("GET", "/login/", query={"next": address}),
            browser_of(ours.person).send("POST", "/logout/", {"next": address}),
            browser_of(ours.person).send("POST", "/reauthenticate/", {**login, "next": address}),
            visitor.send("POST", "/language/", {"language": "es", "next": address}),
        ]
    for answer in answers:
        led_to = answer.get("Location", "/")
        assert re.match(r"/(?![/\\])", led_to), led_to
        assert "evil" not in led_to.partition("?")[0], led_to


# Script in texts

SCRIPT = "'\"><xss onx=1>"
"""An element and an attribute that no page of ours has; short, so that it fits nearly every column."""
HOSTILE = {
    "title": SCRIPT,
    "permalink": " javascript:onx=1",
    "thumbnail": "data:text/html,onx=1",
    "secure_thumbnail": None,
    "pictures": [{"url": "javascript:onx=1"}, {"secure_url": "vbscript:onx=1"}],
    "last_updated": "2030-01-01T00:00:00.000Z",
}
"""An item with addresses that are no addresses."""
CARRIERS = {"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-push-url", "poster", "data"}


class Injected(HTMLParser):
    """Gathers what somebody's text made of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("xss", "iframe", "object", "embed", "base"):
            self.found.append(f"<{tag}>")
        is_data = (values.get("type") or "").endswith("json")
        if tag == "script" and "src" not in values and not is_data:
            self.found.append("inline script")
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or name in ("style", "srcdoc"):
                self.found.append(f"<{tag} {name}>")
            scheme = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name in CARRIERS and scheme.startswith(("javascript:", "vbscript:", "data:text")):
                self.found.append(f"<{tag} {name}={value}>")


@pytest.fixture
def scripted(ours: World) -> World:
    """A shop in which every text is a script: what buyers, people and Mercado Livre could ever fill in."""
    world = World("Xena", says=SCRIPT)
    account = world.account
    words = {"status": SCRIPT, "logistic_type": SCRIPT}
    make_item(account, variations=1, sub_status=[SCRIPT], listing_type_id=SCRIPT, **words)
    make_order(account, status=SCRIPT, tags=[SCRIPT], buyer_nickname=SCRIPT)
    make_shipment(account, substatus=SCRIPT, sla_status=SCRIPT, **words)
    make_question(account, status=SCRIPT, text=SCRIPT, answer_text=SCRIPT, item_id=world.item.meli_id)
    seller = {"seller_id": account.meli_user_id, "dedupe_key": "x" * 64}
    Notification.objects.create(topic=SCRIPT, resource=SCRIPT, kind="orders", target=SCRIPT, **seller)
    ItemResource(account).save([Reading({**ITEM, **HOSTILE, "id": world.item.meli_id})], now())
    assert world.first(Item).title == SCRIPT
    return world


def html_of(answer: Any) -> str:
    return body_of(answer) if "html" in answer.get("Content-Type", "") else ""


def test_no_text_of_anybody_becomes_a_part_of_a_page(scripted: World) -> None:
    wrong, seen = [], 0
    visitor = browser_of(scripted.person)
    for address in addresses():
        if address.is_admin:
            continue
        for headers in ({}, HTMX):
            answer = visitor.send("GET", address.of(scripted), **headers)
            html = html_of(answer)
            seen += "onx=1" in html
            wrong += [f"{address} {answer.status_code}: {found}" for found in Injected(html).found]
    assert wrong == []
    assert seen > 10, "the texts are on no page: this test shows nothing"


def test_nothing_that_is_asked_for_becomes_a_part_of_a_page(ours: World) -> None:
    wrong = []
    names = ("q", "status", "sku", "item_id", "tag", "next", "section", "after", "date_from", "state")
    for visitor in (browser_of(ours.person), nobody()):
        for address in addresses():
            if address.is_admin or address.is_api:
                continue
            answer = visitor.send("GET", address.of(ours), query=dict.fromkeys(names, SCRIPT))
            wrong += [f"{address}: {found}" for found in Injected(html_of(answer)).found]
        for path in ("/nowhere/", "/orders/", "/catalog/", "/team/join/", "/accounts/connect-failed/"):
            answer = visitor.send("GET", f"{path}%27%22%3E%3Cxss%20onx=1%3E/")
            wrong += [f"{path}: {found}" for found in Injected(html_of(answer)).found]
    assert wrong == []


def test_what_is_typed_wrongly_comes_back_as_text(ours: World) -> None:
    wrong = []
    visitor = browser_of(ours.person)
    for write in WRITES:
        if write.address.startswith(("api/", "meli/")):
            continue
        address = next(one for one in addresses() if one.text == write.address)
        with undone():
            body = dict.fromkeys(write.body(ours), SCRIPT)
            answer = visitor.send(write.method, address.of(ours), body, write.query(ours), **HTMX)
        wrong += [f"{write.call}: {found}" for found in Injected(html_of(answer)).found]
    assert wrong == []


NAMED = "<xss onx=1>'\"><xss onx=1>.csv"


@pytest.mark.parametrize("content", [b"sku;custo\nGT-1;12,50\n", b"id;price\nMLB1;9\n", b"no table", b""])
def test_the_name_of_a_file_stays_text(ours: World, content: bytes) -> None:
    wrong, seen = [], set()
    for write in WRITES:
        if "file" not in write.body(ours):
            continue
        address = next(one for one in addresses() if one.text == write.address)
        visitor = program_of(ours.person) if address.is_api else browser_of(ours.person)
        body = {**write.body(ours), "file": SimpleUploadedFile(NAMED, content, "text/csv")}
        with undone():
            answer = visitor.send(write.method, address.of(ours), body, write.query(ours))
            seen.add(answer.status_code)
            if answer.status_code == 302:
                answer = visitor.send("GET", answer["Location"])
            entries = json.dumps(list(Entry.objects.values("after", "object_name")), default=str)
        wrong += [f"{write.call}: {found}" for found in Injected(html_of(answer)).found]
        wrong += [f"{write.call}: kept" for text in (entries, answer.headers) if "onx=1" in str(text)]
    assert wrong == []
    assert seen
    assert seen <= {200, 302, 400, 422}


def test_no_name_of_an_account_breaks_out_of_a_file_name(scripted: World) -> None:
    Account.objects.filter(pk=scripted.account.pk).update(account_name='a"; filename=x.exe\r\nX-Evil: 1')
    visitor = browser_of(scripted.person)
    for name in ("items", "orders", "questions", "shipments"):
        query = {"account_id": scripted.account.pk, "format": "csv"}
        kept_as = visitor.send("GET", f"/api/{name}/export", query=query)["Content-Disposition"]
        assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.csv"', kept_as), kept_as


# Formulas


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "=HYPERLINK(1)"]


@pytest.mark.parametrize("name", ["items", "orders", "questions", "shipments"])
def test_no_cell_of_an_export_is_a_formula(ours: World, name: str) -> None:
    for text in FORMULAS:
        make_item(ours.account, title=text, sku=text)
        make_order(ours.account, buyer_nickname=text)
        make_question(ours.account, text=text, answer_text=text)
        make_shipment(ours.account, tracking_number=text, receiver_city=text, receiver_name=text)
    visitor = browser_of(ours.person)
    answer = visitor.send("GET", f"/api/{name}/export", query={"format": "csv"})
    cells = [cell for row in csv.reader(io.StringIO(body_of(answer))) for cell in row]
    assert any("1+1" in cell for cell in cells) or name == "orders"
    numeric = re.compile(r"-?\d+(\.\d+)?")
    formulas = [cell for cell in cells if re.match(r"\s*[=+\-@]", cell) and not numeric.fullmatch(cell)]
    assert formulas == []
    sheet = visitor.send("GET", f"/api/{name}/export", query={"format": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(b"".join(sheet.streaming_content))) as book:
        text = "".join(book.read(part).decode() for part in book.namelist() if part.endswith(".xml"))
    assert "<f>" not in text
    assert not re.search(r"<t[^>]*>\s*[=+@]", text)


# Addresses in what comes from outside


ASTRAY = [
    "http://169.254.169.254/latest/meta-data", "https://evil.example/orders/1",
    "//evil.example/orders/1",
    "/orders/../users/me", "/orders/1/../../users/me", "/orders/%2e%2e/users/me",
    "\\\\evil.example\\orders",
    "/orders/1?to=https://evil.example", "/orders/1#x", "/orders/1@evil.example", "/orders/1 HTTP/1.1",
    "/orders/1\r\nHost: evil.example", "file:///etc/passwd", "/items/MLB1/../../oauth/token", "/orders/٣",
]  # fmt: skip


def test_no_resource_leads_a_read_astray(ours: World) -> None:
    """It is refused, or kept without anything to read."""
    Notification.objects.all().delete()
    for resource in ASTRAY:
        body = {"topic": "orders_v2", "resource": resource, "user_id": int(ours.account.meli_user_id)}
        assert nobody().send("POST", "/meli/webhooks", body).status_code in (200, 400)
    astray = Notification.objects.exclude(kind="", target="").values_list("resource", "kind", "target")
    assert list(astray) == []


def test_nothing_that_is_sent_ends_a_header_and_begins_another(ours: World) -> None:
    evil = "x\r\nX-Evil: 1"
    visitor = browser_of(ours.person)
    answers = [
        visitor.send("GET", "/api/orders/export", query={"format": evil}),
        visitor.send("GET", "/api/orders/export", query={"format": "csv", "q": evil}),
        visitor.send("GET", "/api/shipments/labels", query={"ids": evil}),
        visitor.send("POST", "/language/", {"language": "es", "next": f"/{evil}"}),
        visitor.send("POST", "/language/", {"language": evil, "next": "/"}),
        visitor.send("POST", "/profile/", {"first_name": evil, "language": "en"}),
        visitor.send("GET", "/meli/oauth/start", query={"site": evil}),
        visitor.send("GET", "/meli/oauth/callback", query={"error": evil, "state": evil}),
        visitor.send("POST", "/api/sync/start", {}, {"scope": evil}),
        visitor.send("GET", "/", **{"X-Request-ID": "x" * 5000}),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "X-Evil" not in answer
        assert not any("\n" in value or "\r" in value for _, value in answer.items())
        assert "X-Evil" not in str(answer.cookies)


def test_no_host_of_a_callers_choice_gets_into_a_mail(ours: World, mailoutbox: list[Any]) -> None:
    client, lost = Client(raise_request_exception=False), {"email": ours.person.email}
    assert client.post("/password/reset/", lost, headers={"host": "evil.example"}).status_code == 400
    assert mailoutbox == []
    for told in (
        {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"},
        {"host": "localhost:6666"},
    ):
        assert client.post("/password/reset/", lost, headers=told).status_code == 302
        mail = mailoutbox.pop()
        assert f"{settings.APP_BASE_URL}/password/reset/key/" in mail.body
        assert "evil.example" not in f"{mail.subject} {mail.body}"
        assert ":6666/" not in mail.body


def test_no_name_ends_a_header_of_a_mail(ours: World, mailoutbox: list[Any]) -> None:
    visitor = browser_of(ours.person)
    for number, end in enumerate(("\r", "\n", "\r\n", "\x0b", "\u2028")):
        named = f"Casa{end}Bcc: evil@example.com"
        visitor.send("POST", "/profile/", {"first_name": named, "last_name": "", "language": "en"})
        visitor.send("POST", "/team/rename/", {"name": named})
        guest = {"email": f"new{number}@example.com", "role": Role.VIEWER}
        assert visitor.send("POST", "/team/invite/", guest).status_code == 302
    assert len(mailoutbox) == 5
    for mail in mailoutbox:
        sent = mail.message()
        assert mail.recipients() == mail.to
        assert sent["Bcc"] is None
        assert "example.com" in sent["To"]


# Tokens


def bearer(token: Any) -> Visitor:
    return Visitor(Client(raise_request_exception=False), {"authorization": f"Bearer {token}"})


def forged(person: User, **changes: Any) -> dict[str, Any]:
    return {**AccessToken.for_user(person).payload, **changes}


def test_a_token_that_was_not_made_here_opens_nothing(ours: World) -> None:
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    payload = forged(ours.person)
    good = jwt.encode(payload, key, algorithm="HS256")
    assert bearer(good).send("GET", "/api/items").status_code == 200
    head, body, signature = good.split(".")
    expired = AccessToken.for_user(ours.person)
    expired.set_exp(lifetime=-timedelta(seconds=1))
    bad = {
        "no algorithm": jwt.encode(payload, None, algorithm="none"),
        "no signature": f"{head}.{body}.",
        "another key": jwt.encode(payload, "another key, and as long as it has to be", algorithm="HS256"),
        "the key of sessions": jwt.encode(payload, settings.SECRET_KEY, algorithm="HS256"),
        "another algorithm": jwt.encode(payload, key * 2, algorithm="HS512"),
        "changed": f"{head}.{body[:-2]}xx.{signature}",
        "expired": expired,
        "a refresh token": RefreshToken.for_user(ours.person),
        "a person by name": jwt.encode({**payload, "user_id": "ana"}, key, algorithm="HS256"),
        "several persons": jwt.encode({**payload, "user_id": [ours.person.pk]}, key, algorithm="HS256"),
        "a person nobody can be": jwt.encode({**payload, "user_id": 10**30}, key, algorithm="HS256"),
    }
    opened = {what: bearer(token).send("GET", "/api/items").status_code for what, token in bad.items()}
    assert set(opened.values()) == {401}, opened


def test_a_token_ends_with_what_it_stood_for(ours: World) -> None:
    viewer = ours.members[Role.VIEWER]
    visitor = program_of(viewer)
    assert visitor.send("GET", "/api/items").status_code == 200
    Membership.objects.filter(user=viewer).delete()
    assert visitor.send("GET", "/api/items").status_code == 403

    operator = ours.members[Role.OPERATOR]
    visitor = program_of(operator)
    operator.set_password("battery staple")
    operator.save()
    assert visitor.send("GET", "/api/items").status_code == 401

    manager = ours.members[Role.MANAGER]
    visitor = program_of(manager)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert visitor.send("GET", "/api/items").status_code == 401
    assert browser_of(manager).send("GET", "/").status_code == 302


def test_an_invitation_is_for_one_person_and_one_time(ours: World) -> None:
    stranger = make_person("Sam")
    visitor = browser_of(stranger)
    visitor.send("POST", f"/team/join/{ours.invitation.token}/")
    assert not stranger.memberships.filter(organization=ours.organization).exists()


# Fields nobody asked for


def test_no_field_is_set_that_is_not_offered(ours: World) -> None:
    other = Organization.objects.create(name="Other")
    extra = {
        "id": 1, "pk": 1, "organization": other.pk, "organization_id": other.pk, "ml_user_id": "1",
        "meli_user_id": "1", "status": "expired", "access_token": "stolen",
        "api_host": "https://evil.example",
        "email": "evil@example.com", "is_staff": True, "is_superuser": True, "is_active": True,
        "role": "owner",
        "user": 1, "error_count": 99, "is_default": True, "user_permissions": [1], "groups": [1],
    }  # fmt: skip
    visitor, viewer = browser_of(ours.person), browser_of(ours.members[Role.VIEWER])
    account, item = f"ml-accounts/{ours.account.pk}", f"items/{ours.item.meli_id}"
    form = {name: str(value) for name, value in extra.items()}
    kept, people = Account.objects.values().get(pk=ours.account.pk), everybody()

    visitor.send("PATCH", f"/api/{account}", {**extra, "account_name": "Loja"})
    visitor.send("PUT", f"/api/{account}", {**extra, "account_name": "Loja"})
    edited = {**form, "account_name": "Loja", "sync_interval_seconds": 300}
    visitor.send("POST", f"/accounts/{ours.account.pk}/edit/", edited)
    visitor.send("POST", "/team/rename/", {**form, "name": "Loja"})
    for somebody in (visitor, viewer):
        somebody.send("POST", "/profile/", {**form, "first_name": "Ana", "last_name": "", "language": "en"})

    now = Account.objects.values().get(pk=ours.account.pk)
    assert {name for name in kept if kept[name] != now[name]} <= {"account_name", "updated_at"}
    assert everybody() == people
    assert visitor.send("PATCH", f"/api/{item}", {"status": "paused", **extra}).status_code == 400


def everybody() -> list[Any]:
    """Return who there is, and what they may."""
    people = User.objects.order_by("pk").values_list("email", "is_staff", "is_superuser", "is_active")
    members = Membership.objects.order_by("pk").values_list("user", "organization", "role", "is_default")
    return [*people, *members]


def test_who_signs_up_is_nobody_special(db: None, settings: Any) -> None:
    settings.SIGNUP = "open"
    body = {
        "email": "new@example.com",
        "password1": "correct horse battery", "password2": "correct horse battery",
        "is_staff": "on", "is_superuser": "on", "role": "owner", "organization": "1",
    }  # fmt: skip
    nobody().send("POST", "/signup/", body)
    person = User.objects.get(email="new@example.com")
    assert not person.is_staff
    assert not person.is_superuser
    assert [membership.user for membership in person.organizations.get().memberships.all()] == [person]


# Bodies meant to hurt

HURTING = {
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "closed deep lists": b'{"text":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a long number": b'{"available_quantity": ' + b"9" * 20_000 + b"}",
    "a great exponent": b'{"price": 1e999999999, "available_quantity": 1e400}',
    "not a number": b'{"price": NaN, "amount": Infinity}',
    "a null byte": b'{"text": "\\u0000", "account_name": "\\u0000"}',
    "half an emoji": b'{"text": "\\ud83d", "account_name": "\\ud83d"}',
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "nothing": b"",
    "a word": b'"word"',
    "many keys": json.dumps({f"k{number}": number for number in range(20_000)}).encode(),
    "three megabytes": b'{"text": "' + b"x" * 3_000_000 + b'"}',
}


def test_a_body_meant_to_hurt_is_refused(ours: World) -> None:
    """With a sentence of ours, never by falling over."""
    visitor = program_of(ours.person)
    fell = []
    for what, write in itertools.product(HURTING, WRITES):
        if not write.address.startswith(("api/", "meli/")) or write.method == "DELETE":
            continue
        address = next(one for one in addresses() if one.text == write.address)
        with undone():
            answer = visitor.client.generic(
                write.method, address.of(ours), HURTING[what], "application/json", headers=visitor.headers
            )
        if answer.status_code >= 500:
            fell.append(f"{what} to {write.call} -> {answer.status_code} {answer.content[:80]!r}")
    assert fell == []


@pytest.mark.parametrize(
    ("path", "kind", "length"),
    [
        ("/api/auth/token", "application/json", 3_000_000),
        ("/api/auth/token", "application/json", 10**12),
        ("/login/", "multipart/form-data; boundary=x", 20_000_000),
        ("/login/", "application/x-www-form-urlencoded", 3_000_000),
        ("/api/costs/import", "multipart/form-data; boundary=x", 20_000_000),
        ("/nowhere/", "application/json", 10**12),
    ],
)
def test_a_body_that_is_too_long_is_refused_unread(
    db: None, caplog: pytest.LogCaptureFixture, path: str, kind: str, length: int
) -> None:
    """Whoever sends it, before a login: it would fill the memory, or the disk."""

    class Untouched(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("it was read")

        readline = read

    caplog.set_level("INFO", "painelml.requests")
    declared = {"wsgi.input": Untouched(), "CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind}
    answer = Client().request(REQUEST_METHOD="POST", PATH_INFO=path, **declared)
    assert answer.status_code == 413
    assert b"grande" in answer.content, "in words"
    said = [record.msg for record in caplog.records if record.name == "painelml.requests"]
    ids = [one["request_id"] for one in said if one["status"] == 413]
    assert ids == ([] if path == "/nowhere/" else [answer["X-Request-ID"]]), "and told to the log"
    assert Client().post("/login/", {"login": "x" * 100_000}).status_code == 200


LINGERING = """
import re, sys
import django
django.setup()
from django.apps import apps
from django.urls import get_resolver
get_resolver().url_patterns
ours = ("painelml", "accounts", "catalog", "orders", "questions", "shipments", "webhooks")
found = {
    (name, key): value
    for name, module in list(sys.modules.items()) if name.split(".")[0] in ours
    for holder in (module, *(one for one in vars(module).values() if isinstance(one, type)))
    for key, value in vars(holder).items() if isinstance(value, re.Pattern)
}
texts = ["a", "1", " ", "a.", "1 ", "a@", "(", "-", "=", "a-", "9,", "+1 ", "\\t", "https://", "{{", "1."]
for pattern in found.values():
    if isinstance(pattern.pattern, str):
        for text in texts:
            for end in ("", "!", "\\n", "@"):
                pattern.search(text * (2000 // len(text)) + end)
                pattern.fullmatch(text * (2000 // len(text)) + end)
print(len(found))
"""


def test_no_expression_lingers_over_a_long_text() -> None:
    """One that grows with the power of a text's length would not end within this test's life."""
    run = subprocess.run(
        [sys.executable, "-c", LINGERING],
        env={"DJANGO_SETTINGS_MODULE": "painelml.settings", "DEBUG": "true", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 5


# Who has a login here


def test_a_login_that_fails_tells_not_whether_the_person_exists(
    ours: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, and the same work: the hasher is what takes time."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str, *args: Any) -> str:
        hashed.append(password)
        return encode(self, password, salt, *args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    seen = {}
    for who in (ours.person.email, "nobody@example.com"):
        for path, name in (("/login/", "login"), ("/api/auth/token", "email")):
            hashed.clear()
            answer = nobody().send("POST", path, {name: who, "password": "wrong horse"})
            words = re.sub(r'csrf[^>]*|value="[^"]*"', "", answer.content.decode()).replace(who, "")
            seen.setdefault(path, set()).add((answer.status_code, len(hashed), words))
    assert [len(kinds) for kinds in seen.values()] == [1, 1]
    assert all(count for kinds in seen.values() for _, count, _ in kinds)


def test_a_lost_password_is_told_the_same_of_everybody(ours: World) -> None:
    answers = [
        nobody().send("POST", "/password/reset/", {"email": email})
        for email in (ours.person.email, "nobody@example.com")
    ]
    assert len({(answer.status_code, answer.get("Location")) for answer in answers}) == 1

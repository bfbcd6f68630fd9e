"""What belongs to another organization is not there: on every address, for every method and everybody.

Carla's rows say in every text whose they are. Ana's people come to every address of the panel with Carla's
ids, in the path, in the filters and in the bodies: no answer may say it, and no row of hers may change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django import forms

from accounts.models import Role
from painelml.web.filters import FilterForm
from tests.factories import make_person

from .addresses import SAFE, UNSAFE, Address, addresses
from .conftest import Visitor, browser_of, nobody, program_of, undone, writing
from .world import SOUGHT, THEIRS, World, content_of, leaks
from .writes import WRITES, Write

pytestmark = pytest.mark.ignore_template_errors  # what allauth and the administration leave out is theirs

OURS = [address for address in addresses() if not address.is_admin]
HTMX = {"HX-Request": "true"}
NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
ROLES = [*Role.values, "stranger", "nobody"]
FORMS = {write.call: write for write in WRITES}

FILTERS: dict[str, Callable[[World], Any]] = {
    "account_id": lambda world: world.account.pk,
    "item_id": lambda world: world.item.meli_id,
    "ids": lambda world: world.shipment.meli_id,
    "sku": lambda world: world.item.sku,
    "q": lambda world: SOUGHT,
    "item": lambda world: world.item.meli_id,
    "items": lambda world: world.item.meli_id,
    "object": lambda world: world.item.meli_id,
    "person": lambda world: world.person.pk,
    "tag": lambda world: SOUGHT,
}
"""By the name of a filter: a value that finds what belongs to this organization."""

NARROWING = {
    "action", "by", "cover", "currency_id", "cursor", "date_from", "date_to", "days", "dispatch", "dry_run",
    "format", "is_sale", "kind", "late", "listing_type_id", "logistic_type", "max_days", "ordering",
    "outcome", "page_size", "reader", "scope", "sla", "source", "state", "status", "stock", "substatus",
    "topic", "unknown", "validate", "within",
}  # fmt: skip
"""Filters whose values are nobody's."""


def people(ours: World, role: str) -> list[Visitor]:
    """Return who comes: with a session and with a token."""
    if role == "nobody":
        return [nobody()]
    if role == "stranger":
        person = make_person("Sam")
        person.memberships.all().delete()
    else:
        person = ours.members[Role(role)]
    return [browser_of(person), program_of(person)]


def check(answer: Any, call: str, theirs: World, *, sent: str) -> Iterator[str]:
    """Yield what an answer tells of a world it must not know."""
    content = content_of(answer)
    if answer.status_code == 500:
        yield f"{call} -> 500"
    if found := leaks(content, sent):
        yield f"{call} -> {answer.status_code} says {found!r}"
    for number in theirs.numbers:
        if number in content and number not in sent:
            yield f"{call} -> {answer.status_code} knows {number}"


def is_refused(answer: Any) -> bool:
    to_login = answer.status_code == 302 and answer["Location"].startswith("/login/")
    return to_login or answer.status_code in (401, 403, 404, 405)


@pytest.mark.parametrize("role", ROLES)
def test_an_id_of_another_organization_opens_nothing(ours: World, theirs: World, role: str) -> None:
    before = theirs.snapshot()
    wrong = []
    for visitor in people(ours, role):
        for address in (one for one in OURS if one.parameters):
            path = address.of(theirs)
            for method in (*SAFE, *UNSAFE):
                write = FORMS.get(f"{method} {address.text}", Write(f"{method} {address.text}", ""))
                headers = HTMX if method == "GET" else {}
                body = write.body(theirs)
                answer = visitor.send(method, path, body, **headers)
                call = f"{method} {address} as {role}"
                wrong += check(answer, call, theirs, sent=f"{path} {body}")
                if address.has_ids and method != "OPTIONS" and not is_refused(answer):
                    wrong.append(f"{call} -> {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert theirs.snapshot() == before


@pytest.mark.parametrize("role", ROLES)
def test_what_names_no_row_changes_none_of_another_organization(
    ours: World, theirs: World, role: str
) -> None:
    """Bodies and query parameters carry the other organization's ids."""
    before, wrong = theirs.snapshot(), []
    for visitor in people(ours, role):
        for write in WRITES:
            path = next(address for address in OURS if address.text == write.address).of(ours)
            body, query = write.body(theirs), {**write.query(theirs), "account_id": theirs.account.pk}
            with undone(), writing() as written:
                answer = visitor.send(write.method, path, body, query)
                call = f"{write.call} as {role}"
                wrong += check(answer, call, theirs, sent=f"{body} {query}")
                if written and theirs.snapshot() != before:
                    wrong.append(f"{call} -> {answer.status_code} changed a row")
    assert not wrong, "\n".join(wrong)


def filters() -> set[str]:
    """Return the names of the filters of all pages and endpoints."""
    found: set[str] = set()
    queue: list[type[forms.BaseForm]] = [FilterForm]
    while queue:
        form = queue.pop()
        found |= set(form.base_fields)
        queue += form.__subclasses__()
    return found


def test_every_filter_is_known_to_the_sweep() -> None:
    unknown = filters() - set(FILTERS) - NARROWING
    assert not unknown, (
        f"what are {', '.join(sorted(unknown))}? Say in tests/sweep/test_isolation.py how to find another "
        "organization's rows by them (FILTERS), or that their values are nobody's (NARROWING)"
    )


def test_no_filter_finds_what_another_organization_has(ours: World, theirs: World) -> None:
    """Asked by who may see most."""
    wrong = []
    visitor = browser_of(ours.members[Role.OWNER])
    for address in OURS:
        if address.is_allauth or address.has_ids:
            continue
        for name, value in FILTERS.items():
            query = {name: value(theirs)}
            answer = visitor.send("GET", address.of(ours), query=query)
            sent = f"{address.of(ours)} {query}"
            wrong += check(answer, f"GET {address}?{name}=", theirs, sent=sent)
    assert not wrong, "\n".join(wrong)


def test_the_header_that_picks_an_organization_picks_none_of_somebody_else(
    ours: World, theirs: World
) -> None:
    wrong = []
    for visitor in (browser_of(ours.person), program_of(ours.person)):
        for address in OURS:
            header = {"X-Organization": str(theirs.organization.pk)}
            answer = visitor.send("GET", address.of(ours), **header)
            wrong += check(answer, f"GET {address}", theirs, sent=address.of(ours))
    assert not wrong, "\n".join(wrong)


ALWAYS_NEW = re.compile(r"(csrfmiddlewaretoken|csrf-token|X-CSRFToken)[^>]*|X-Request-ID: \S+")
PANEL_WIDE = {"metrics", "readyz", "healthz"}
"""Addresses that tell of the whole panel, to who runs it."""


def test_what_ana_reads_does_not_depend_on_what_carla_has(ours: World) -> None:
    """Totals, counts and charts too: the same answers, to the letter, before Carla came and after."""
    with time_machine.travel(NOW, tick=False):
        before = read_all(ours)
        theirs = World("Carla", says=THEIRS)
        after = read_all(ours)
        assert leaks(json.dumps(read_all(theirs))), "the marked world is not even seen by its owner"
    # The log grows by the files that reading everything takes.
    assert [path for path in before if before[path] != after[path] and "audit" not in path] == []


def read_all(world: World) -> dict[str, str]:
    visitor = browser_of(world.person)
    found = {}
    for address in OURS:
        if address.is_allauth or address.text in PANEL_WIDE or address.text == "meli/oauth/start":
            continue
        answer = visitor.send("GET", address.of(world))
        kind = answer.get("Content-Type", "")
        if "text" in kind or "json" in kind:
            found[str(address)] = ALWAYS_NEW.sub("", content_of(answer))
    return found


def test_an_address_the_sweep_does_not_know_fails_it() -> None:
    from .addresses import Unknown, find

    with pytest.raises(Unknown, match=r"tests/sweep/addresses\.py"):
        find("parcels/{pk}")
    assert isinstance(OURS[0], Address)

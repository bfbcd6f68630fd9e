"""Every address of the panel, read from its URLconf: one that is added tomorrow is swept tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from .world import World

SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Address:
    """One entry of the URLconf: `catalog/{meli_id}/edit/` with its parameters in their order."""

    text: str
    parameters: tuple[str, ...]
    callback: Any

    def __str__(self) -> str:
        return f"/{self.text}"

    @property
    def is_admin(self) -> bool:
        return self.text.startswith("admin/")

    @property
    def is_allauth(self) -> bool:
        """Whether it is allauth's, whose views take any other method for a POST or a GET."""
        return self.callback.__module__.startswith("allauth.")

    @property
    def is_api(self) -> bool:
        return self.text.startswith("api/")

    def kinds(self) -> list[str]:
        """Return what each parameter is known by: the address up to and including it."""
        return [self.text[: self.text.index(f"{{{name}}}") + len(name) + 2] for name in self.parameters]

    def of(self, world: World) -> str:
        """Return the address with this organization's ids in it."""
        path = self.text
        for name, kind in zip(self.parameters, self.kinds(), strict=True):
            path = path.replace(f"{{{name}}}", str(find(kind)(world)), 1)
        return f"/{path}"

    @property
    def has_ids(self) -> bool:
        """Whether a parameter is somebody's: the others are only words."""
        return any(kind in IDS or kind.startswith("admin/") for kind in self.kinds())


Value = Callable[[World], Any]


def first(label: str) -> Value:
    """Return a row of this organization, of the model `app.Model`."""
    return lambda world: world.first(apps.get_model(label)).pk


IDS: dict[str, Value] = {
    "api/audit/{id}": first("audit.Entry"),
    "api/costs/{id}": first("catalog.ProductCost"),
    "api/exports/{id}": first("exports.ExportFile"),
    "api/sale-costs/{id}": first("catalog.SaleCost"),
    "catalog/bulk/{pk}": first("catalog.BulkChange"),
    "exports/{pk}": first("exports.ExportFile"),
    "filters/{name}/{pk}": first("painelml.SavedFilter"),
    "sessions/{pk}": lambda world: world.session.pk,
    "team/audit/{pk}": first("audit.Entry"),
    "team/keys/{pk}": first("accounts.ApiKey"),
    "accounts/{pk}": lambda world: world.account.pk,
    "api/items/{id}": lambda world: world.item.meli_id,
    "api/ml-accounts/{id}": lambda world: world.account.pk,
    "api/orders/{id}": lambda world: world.order.meli_id,
    "api/questions/{id}": lambda world: world.question.meli_id,
    "api/shipments/{id}": lambda world: world.shipment.meli_id,
    "api/shipments/sync/{id}": lambda world: world.shipment.meli_id,
    "api/sync/runs/{id}": lambda world: world.run.pk,
    "catalog/{meli_id}": lambda world: world.item.meli_id,
    "orders/{meli_id}": lambda world: world.order.meli_id,
    "questions/replies/{pk}": first("questions.QuickReply"),
    "questions/{meli_id}": lambda world: world.question.meli_id,
    "shipments/{meli_id}": lambda world: world.shipment.meli_id,
    "team/invitations/{pk}": lambda world: world.invitation.pk,
    "team/members/{pk}": lambda world: world.membership.pk,
    "team/switch/{pk}": lambda world: world.organization.pk,
    "webhooks/{pk}": lambda world: world.notification.pk,
}
"""By the address up to the parameter: whose id it is. These must not open for another organization."""

WORDS: dict[str, Value] = {
    "accounts/connect-failed/{reason}": lambda world: "denied",
    "exports/start/{route}": lambda world: "order-export",
    "filters/{name}": lambda world: "orders",
    "shipments/labels/{token}": lambda world: "guessed",
    # Whoever has one of these links may use it; nobody guesses one.
    "confirm-email/{key}": lambda world: "guessed",
    "password/reset/key/{uidb36}": lambda world: str(world.person.pk),
    "password/reset/key/{uidb36}-{key}": lambda world: "guessed",
    "team/join/{token}": lambda world: "guessed",
    "alerts/stop/{token}": lambda world: "guessed",
}
"""Parameters that are no ids of rows."""

ADMIN: dict[str, Value] = {
    "admin/r/{content_type_id}": lambda world: 1,
    "admin/r/{content_type_id}/{object_id}": lambda world: 1,
    "admin/{app_label}": lambda world: "accounts",
    "admin/{url}": lambda world: "nowhere",
}


class Unknown(LookupError):
    """The sweep does not know what a parameter of an address stands for."""


def find(kind: str) -> Value:
    value = IDS.get(kind) or WORDS.get(kind) or ADMIN.get(kind)
    if value is None and kind.startswith("admin/"):
        return lambda world: world.first_of(*kind.split("/")[1:3])
    if value is None:
        raise Unknown(
            f"What is {kind}? Say in tests/sweep/addresses.py whose id it is (IDS) or that it is none (WORDS)"
        )
    return value


@cache
def addresses() -> list[Address]:
    found: dict[str, Address] = {}
    for address in walk(get_resolver().url_patterns, ""):
        found.setdefault(address.text, address)  # of two entries for one address Django takes the first
    return list(found.values())


def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[Address]:
    for entry in patterns:
        here = before + str(entry.pattern.regex.pattern).removeprefix("^").removesuffix("$").replace(
            r"\Z", ""
        )
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, here)
            continue
        text, parameters = normalize(named_once(here))[0]
        yield Address(re.sub(r"%\((\w+)\)s", r"{\1}", text), tuple(parameters), entry.callback)


def named_once(pattern: str) -> str:
    """Return the pattern with the alternatives of its end that are no part of the address left out."""
    return pattern.replace("(?:/|$)", "/nowhere")

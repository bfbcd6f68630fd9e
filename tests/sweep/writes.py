"""Who may do what: every way to change something, the role it needs, and a body that is right.

A write that is not here fails `test_roles.py`; the isolation sweep sends the same bodies with ids of others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Role

from .world import World

ANYBODY, PERSON = "anybody", "person"
"""Not even a login is needed; a login, whatever the role, for it is about oneself."""

Body = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Write:
    """`POST accounts/{pk}/pause/`: the method and the address as the URLconf has it. `query` goes into the
    address."""

    call: str
    role: str
    body: Body = lambda world: {}
    query: Body = lambda world: {}
    is_own: bool = False

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def address(self) -> str:
        return self.call.partition(" ")[2]


def costs_file(world: World) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("costs.csv", b"sku;custo\nGT-1;12,50\n")}


def reply(world: World) -> dict[str, Any]:
    return {"word": "frete", "text": "O frete sai hoje."}


def sheet_file(world: World) -> dict[str, Any]:
    sheet = f"id;price\n{world.item.meli_id};12,50\n"
    return {"file": SimpleUploadedFile("items.csv", sheet.encode())}


def account_in_query(world: World) -> dict[str, Any]:
    return {"account_id": world.account.pk}


WRITES = [
    # People and their login
    Write("POST language/", ANYBODY, lambda world: {"language": "en", "next": "/"}),
    Write("POST login/", ANYBODY, lambda world: {"login": world.person.email, "password": "wrong horse"}),
    Write("POST logout/", ANYBODY),
    Write("POST signup/", ANYBODY, lambda world: {"email": world.invitation.email}),
    Write("POST confirm-email/{key}/", ANYBODY),
    Write("POST password/reset/", ANYBODY, lambda world: {"email": "nobody@example.com"}),
    Write("POST password/reset/key/{uidb36}-{key}/", ANYBODY, lambda world: {"password1": "battery staple"}),
    Write("POST login/code/confirm/", ANYBODY),
    Write("POST 2fa/authenticate/", ANYBODY),
    Write("POST reauthenticate/", PERSON),
    Write("POST email/", PERSON),
    Write("POST password/change/", PERSON),
    Write("POST password/set/", PERSON),
    Write("POST 2fa/reauthenticate/", PERSON),
    Write("POST 2fa/totp/activate/", PERSON),
    Write("POST 2fa/totp/deactivate/", PERSON),
    Write("POST 2fa/recovery-codes/generate/", PERSON),
    Write("POST profile/", PERSON, lambda world: {"first_name": "Ana", "language": "en"}),
    Write("POST profile/alerts/", PERSON, lambda world: {"kinds": ["stock"], "summary_hour": "8"}),
    Write("POST alerts/stop/{token}/", ANYBODY),
    Write("POST team/join/{token}/", ANYBODY),
    Write("POST team/switch/{pk}/", PERSON),
    Write("POST sessions/{pk}/end/", PERSON),
    Write("POST sessions/end-others/", PERSON),
    Write("POST sessions/log-out-everywhere/", PERSON),
    # The team
    Write("POST team/two-factor/", Role.OWNER, lambda world: {"when": "never"}),
    Write(
        "POST team/keys/",
        Role.OWNER,
        lambda world: {"name": "ERP", "scopes": "read", "lifetime": "30"},
    ),
    Write("POST team/keys/{pk}/revoke/", Role.OWNER),
    Write("POST team/invite/", Role.OWNER, lambda world: {"email": "new@example.com", "role": Role.VIEWER}),
    Write("POST team/delete/", Role.OWNER, lambda world: {"name": world.organization.name}),
    Write("POST team/rename/", Role.OWNER, lambda world: {"name": "Another name"}),
    Write("POST team/invitations/{pk}/withdraw/", Role.OWNER),
    Write("POST team/members/{pk}/role/", Role.OWNER, lambda world: {"role": Role.OPERATOR}),
    Write("POST team/members/{pk}/remove/", Role.OWNER),
    # Accounts
    Write("POST accounts/{pk}/sync/", Role.OPERATOR),
    Write("POST accounts/{pk}/pause/", Role.MANAGER),
    Write("POST accounts/{pk}/resume/", Role.MANAGER),
    Write("POST accounts/{pk}/primary/", Role.MANAGER),
    Write(
        "POST accounts/{pk}/edit/",
        Role.MANAGER,
        lambda world: {"account_name": "Loja", "sync_interval_seconds": 600},
    ),
    Write("POST accounts/{pk}/disconnect/", Role.OWNER),
    Write("POST accounts/{pk}/costs/", Role.MANAGER, lambda world: {"sku": "GT-1", "amount": "12,50"}),
    Write(
        "POST accounts/{pk}/costs/sale/",
        Role.MANAGER,
        lambda world: {"sale-tax_percent": "6", "sale-per_order": "1,50"},
    ),
    Write("POST accounts/{pk}/costs/file/", Role.MANAGER, costs_file),
    Write("POST accounts/{pk}/costs/confirm/", Role.MANAGER, lambda world: {"token": "guessed"}),
    Write("POST accounts/{pk}/service-level/", Role.MANAGER, lambda world: {"target": 60}),
    # What is sold
    Write(
        "POST catalog/{meli_id}/edit/",
        Role.OPERATOR,
        lambda world: {"price": "10,00", "initial-price": "9,00", "status": "active"},
    ),
    Write("POST orders/{meli_id}/erase-buyer/", Role.MANAGER),
    Write("POST questions/{meli_id}/answer/", Role.OPERATOR, lambda world: {"text": "Serve, sim."}),
    Write("POST questions/{meli_id}/beat/", Role.OPERATOR),
    Write("POST questions/replies/new/", Role.MANAGER, reply),
    Write("POST questions/replies/preview/", Role.MANAGER, reply),
    Write("POST questions/replies/{pk}/", Role.MANAGER, reply),
    Write("POST questions/replies/{pk}/delete/", Role.MANAGER),
    Write("POST shipments/labels/", Role.OPERATOR, lambda world: {"ids": world.shipment.meli_id}),
    Write("POST webhooks/try-again/", Role.OPERATOR, query=account_in_query),
    Write("POST webhooks/{pk}/try-again/", Role.OPERATOR),
    # Lists: what people keep, change and take along
    Write("POST filters/{name}/keep/", Role.VIEWER, lambda world: {"name": "Late", "query": "status=paid"}),
    Write("POST filters/{name}/{pk}/rename/", Role.VIEWER, lambda world: {"name": "Late"}, is_own=True),
    Write("POST filters/{name}/{pk}/remove/", Role.VIEWER, is_own=True),
    Write("POST catalog/import/", Role.OPERATOR, sheet_file),
    Write(
        "POST catalog/bulk/new/",
        Role.OPERATOR,
        lambda world: {"action": "pause"},
        lambda world: {"item": world.item.meli_id},
    ),
    Write("POST catalog/bulk/{pk}/start/", Role.OPERATOR),
    Write("POST catalog/bulk/{pk}/stop/", Role.OPERATOR),
    Write("POST catalog/bulk/{pk}/discard/", Role.OPERATOR),
    Write("POST catalog/bulk/{pk}/undo/", Role.OPERATOR),
    Write("POST exports/start/{route}/", Role.VIEWER, query=lambda world: {"format": "csv"}),
    Write("POST exports/{pk}/cancel/", Role.VIEWER, is_own=True),
    Write("POST exports/{pk}/delete/", Role.VIEWER, is_own=True),
    Write("POST exports/{pk}/put-away/", Role.VIEWER, is_own=True),
    # The API
    Write(
        "POST api/auth/token",
        ANYBODY,
        lambda world: {"email": world.person.email, "password": "wrong horse"},
    ),
    Write("POST api/auth/token/refresh", ANYBODY, lambda world: {"refresh": "guessed"}),
    Write("POST api/ml-accounts", Role.MANAGER, lambda world: {"access_token": world.account.access_token}),
    Write("PUT api/ml-accounts/{id}", Role.MANAGER, lambda world: {"account_name": "Loja"}),
    Write("PATCH api/ml-accounts/{id}", Role.MANAGER, lambda world: {"account_name": "Loja"}),
    Write("DELETE api/ml-accounts/{id}", Role.OWNER),
    Write("POST api/ml-accounts/sync-all", Role.OPERATOR),
    Write("POST api/ml-accounts/{id}/sync", Role.OPERATOR),
    Write("PUT api/ml-accounts/{id}/pause", Role.MANAGER),
    Write("PUT api/ml-accounts/{id}/resume", Role.MANAGER),
    Write("PUT api/ml-accounts/{id}/refresh-token", Role.MANAGER),
    Write("PATCH api/items/{id}", Role.OPERATOR, lambda world: {"status": "paused"}),
    Write("POST api/questions/{id}/answer", Role.OPERATOR, lambda world: {"text": "Serve, sim."}),
    Write("POST api/questions/backfill", Role.OPERATOR, query=account_in_query),
    Write("POST api/shipments/backfill", Role.OPERATOR, query=account_in_query),
    Write("POST api/shipments/sync/{id}", Role.OPERATOR),
    Write(
        "POST api/costs",
        Role.MANAGER,
        lambda world: {"account_id": world.account.pk, "sku": "GT-1", "amount": "12.50"},
    ),
    Write("POST api/costs/import", Role.MANAGER, costs_file, account_in_query),
    Write("PATCH api/costs/{id}", Role.MANAGER, lambda world: {"amount": "13.00"}),
    Write("DELETE api/costs/{id}", Role.MANAGER),
    Write(
        "POST api/sale-costs",
        Role.MANAGER,
        lambda world: {"account_id": world.account.pk, "tax_percent": "6.00", "per_order": "1.50"},
    ),
    Write("PATCH api/sale-costs/{id}", Role.MANAGER, lambda world: {"per_order": "2.00"}),
    Write("DELETE api/sale-costs/{id}", Role.MANAGER),
    Write("PUT api/ml-accounts/{id}/service-level", Role.MANAGER, lambda world: {"target_minutes": 60}),
    Write("POST api/exports", Role.VIEWER, lambda world: {"list": "orders", "format": "csv"}),
    Write("POST api/exports/{id}/cancel", Role.VIEWER, is_own=True),
    Write("DELETE api/exports/{id}", Role.VIEWER, is_own=True),
    Write("POST api/sync/start", Role.OPERATOR, query=account_in_query),
    Write("POST api/sync/runs/{id}/cancel", Role.OPERATOR),
    # Mercado Livre itself
    Write("POST meli/webhooks", ANYBODY),
]

READS = {
    "accounts/{pk}/edit/": Role.MANAGER,
    "accounts/{pk}/disconnect/": Role.OWNER,
    "accounts/{pk}/costs/": Role.MANAGER,
    "accounts/{pk}/service-level/": Role.MANAGER,
    "team/delete/": Role.OWNER,
    "orders/{meli_id}/erase-buyer/": Role.MANAGER,
    "catalog/{meli_id}/edit/": Role.OPERATOR,
    "meli/oauth/start": Role.MANAGER,
    "api/shipments/labels": Role.OPERATOR,
    "questions/replies/new/": Role.MANAGER,
    "questions/replies/{pk}/": Role.MANAGER,
    "questions/{meli_id}/replies/": Role.OPERATOR,
    "shipments/labels/{token}/": Role.OPERATOR,
    "catalog/bulk/new/": Role.OPERATOR,
    "catalog/import/": Role.OPERATOR,
    "team/keys/": Role.OWNER,
    "team/audit/": Role.OWNER,
    "team/audit/export/": Role.OWNER,
    "team/audit/{pk}/": Role.OWNER,
    "api/keys": Role.OWNER,
    "api/audit": Role.OWNER,
    "api/audit/export": Role.OWNER,
    "api/audit/{id}": Role.OWNER,
    "api/costs": Role.MANAGER,
    "api/costs/{id}": Role.MANAGER,
    "api/sale-costs": Role.MANAGER,
    "api/sale-costs/{id}": Role.MANAGER,
}
"""Addresses whose GET needs more than to look: forms of a write, and what is a write to Mercado Livre."""

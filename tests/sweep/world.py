"""An organization with a row of every kind in it, made by the models themselves: a new model has one at once.

Every text of its rows can be made to say the same: `THEIRS`, which no answer to somebody else may contain, or
something worse.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from accounts.models import Account, Invitation, Membership, Organization, Role, User
from catalog.models import Item
from orders.models import Order
from painelml.audit.models import Entry
from painelml.audit.words import Outcome
from painelml.fields import EncryptedField
from painelml.sync.models import SyncRun
from questions.models import Question
from shipments.models import Shipment
from tests.factories import make_account, make_item, make_order, make_person, make_question, make_shipment
from webhooks.models import Notification

MARK = "zyxomma"
"""In every text of a marked world."""
SOUGHT = "quarkmoor"
"""There as well: for searches, whose words a page may repeat."""
THEIRS = f"{MARK} {SOUGHT}"
AMOUNT = Decimal("8765432.19")
"""Every amount of a marked world; a page may write it with its country's separators."""
NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

KEEP = {
    "action", "api_host", "currency_id", "endpoint", "format", "is_default", "kind", "language", "list",
    "listing", "logistic_type", "method", "object_kind", "password", "query", "reader", "resource", "role",
    "scope", "scopes", "site_id", "source", "state", "status", "substatus", "topic", "way", "zone_name",
}  # fmt: skip
"""Words that decide how a row is treated: with them changed a row would hide from the very lists it must not
be in."""

OBJECTS = {"attributes", "error_history", "variation_attributes"}
"""Lists of objects."""
UNCHANGING = {Entry}
"""Rows that nobody can change: what they say is said when they are made."""
KNOWN = {
    "action": "pause",
    "format": "csv",
    "language": "en",
    "list": "orders",
    "listing": "orders",
    "scopes": ["read"],
    "state": "done",
}
"""By the name of a field: a value that a made row needs to be one of the panel's."""

numbers = count(700_001)


class World:
    """An organization with its people, and one row at least of every model that belongs to it."""

    def __init__(self, name: str, *, says: str = "", **account: Any) -> None:
        self.says = says
        self.hours = count(8)  # each later than the one before, as those who open and close are
        self.person: User = make_person(name)
        self.organization: Organization = self.person.organizations.get()
        self.account: Account = make_account(self.organization, is_primary=True, **account)
        self.item: Item = make_item(self.account, variations=2)
        self.order: Order = make_order(self.account, pack_id=f"20000{next(numbers)}")
        self.shipment: Shipment = make_shipment(self.account, meli_id=self.order.shipment_id)
        self.question: Question = make_question(self.account, item_id=self.item.meli_id)
        self.run = SyncRun.objects.create(account=self.account, scope="orders", error="Try later")
        self.invitation = Invitation.objects.create(
            organization=self.organization, email=f"guest{next(numbers)}@example.com", invited_by=self.person
        )
        self.members = {
            Role(role): make_person(f"{name}{role}", self.organization, role)
            for role in Role.values
            if role != Role.OWNER
        } | {Role.OWNER: self.person}
        self.membership: Membership = self.members[Role.VIEWER].memberships.get()
        self.notification = Notification.objects.create(
            dedupe_key=uuid.uuid4().hex * 2,
            topic="orders_v2",
            resource=f"/orders/{self.order.meli_id}",
            kind="orders",
            target=self.order.meli_id,
            seller_id=self.account.meli_user_id,
            state="failed",
            outcome="Gone",
        )
        self.session = UserSession.objects.create(
            user=self.person, ip="203.0.113.7", user_agent="Firefox", session_key=uuid.uuid4().hex, data={}
        )
        for model in owned():
            if self.first(model) is None:
                self.make(model)
        if says:
            for model in (*owned(), Organization, User):
                for row in self.rows(model) if model not in UNCHANGING else ():
                    mark(row, says)
            for held in vars(self).values():
                if isinstance(held, models.Model):
                    held.refresh_from_db()

    @property
    def numbers(self) -> set[str]:
        """Return the ids at Mercado Livre of its rows, those long enough to be nobody else's."""
        rows = (self.account, self.item, self.order, self.shipment, self.question)
        ids = {getattr(row, "meli_id", "") or getattr(row, "meli_user_id", "") for row in rows}
        return {one for one in ids if len(one) >= 9}

    def rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """Return this organization's rows of a model."""
        rows = model._default_manager.order_by("pk")
        if model is Organization:
            return rows.filter(pk=self.organization.pk)
        if model is User:
            return rows.filter(memberships__organization=self.organization)
        if model is Notification:
            return rows.filter(seller_id__in=self.rows(Account).values("meli_user_id"))
        return rows.filter(**{way_home(model): self.organization.pk})

    def first(self, model: type[models.Model]) -> Any:
        return self.rows(model).first()

    def first_of(self, app_label: str, model_name: str) -> Any:
        """Return the id of a row of this organization, or one that could be."""
        model = apps.get_model(app_label, model_name)
        known = model in owned() or model in (Organization, User, Notification)
        row = self.first(model) if known else None
        return row.pk if row else 1

    def make(self, model: type[models.Model]) -> models.Model:
        """Make a row of a model out of what its fields allow."""
        values = {field.name: self.value(field) for field in model._meta.concrete_fields if is_needed(field)}
        if self.says and model in UNCHANGING:
            said = {field.name: marked_value(field, "", self.says) for field in model._meta.concrete_fields}
            values |= {name: value for name, value in said.items() if value is not None}
        with transaction.atomic():
            return model._default_manager.create(**values)

    def value(self, field: Any) -> Any:
        if field.name == "organization_id":
            return self.organization.pk
        if field.name in KNOWN and field.model._meta.app_label != "webhooks":
            return KNOWN[field.name]
        if field.is_relation:
            if field.related_model is Organization:
                return self.organization
            if field.related_model is User:
                return self.person
            return self.first(field.related_model) or self.make(field.related_model)
        if field.choices:
            return field.choices[0][0]
        match field:
            case models.DecimalField():
                return Decimal(1)
            case models.BooleanField():
                return False
            case models.DateTimeField():
                return NOON
            case models.DateField():
                return date(2026, 11, 20)
            case models.TimeField():
                return time(next(self.hours))
            case models.DurationField():
                return NOON - NOON
            case models.FloatField() | models.IntegerField():
                return 1
            case models.UUIDField():
                return uuid.uuid4()
            case models.JSONField():
                return {}
            case models.EmailField():
                return f"someone{next(numbers)}@example.com"
            case models.GenericIPAddressField():
                return "203.0.113.7"
            case models.BinaryField():
                return b"bytes"
        return f"made {next(numbers)}"[: field.max_length or None]

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of this organization as it is now, its log too.

        Left out of the log are logins that failed, which anybody may try, and what was refused to its own
        people: another organization's refusals have no place there.
        """
        own = Q(person_id__in=list(self.rows(User).values_list("pk", flat=True)), outcome=Outcome.REFUSED)
        left_out = {Entry: own | Q(action="person.login_failed")}
        return {
            model._meta.label: list(self.rows(model).exclude(left_out.get(model, Q(pk=None))).values())
            for model in (*owned(), Organization, User, Notification)
        }


def is_needed(field: Any) -> bool:
    """Whether a row cannot do without a value for this field, or would hang in the air without it."""
    if field.name == "organization_id" or field.name in KNOWN:
        return True
    if field.is_relation and field.related_model in (Organization, Account, User):
        return True
    is_filled = isinstance(field, models.AutoField) or field.null or field.blank or field.has_default()
    return not is_filled


@cache
def owned() -> list[type[models.Model]]:
    """Return our models whose rows belong to an organization, parents before children."""
    found = [
        model
        for model in apps.get_models()
        if is_ours(model) and model not in (Organization, User) and way_home(model)
    ]
    return sorted(found, key=lambda model: way_home(model).count("__"))


def is_ours(model: type[models.Model]) -> bool:
    path = Path(apps.get_app_config(model._meta.app_label).path)
    return path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts


@cache
def way_home(model: type[models.Model]) -> str:
    """Return the lookup from a model to its organization, the shortest there is; nothing when there is
    none."""
    queue: list[tuple[type[models.Model], tuple[str, ...]]] = [(model, ())]
    seen = {model}
    while queue:
        here, way = queue.pop(0)
        if any(field.name == "organization_id" for field in here._meta.concrete_fields):
            return "__".join((*way, "organization_id"))
        for field in here._meta.concrete_fields:
            to = field.related_model
            if not field.is_relation or to in seen or not isinstance(to, type):
                continue
            if to is Organization:
                return "__".join((*way, field.name))
            if to is not User:
                seen.add(to)
                queue.append((to, (*way, field.name)))
    return ""


def mark(row: models.Model, says: str) -> None:
    """Say in every text of a row whose it is, and make every amount one that nobody else has."""
    changes = {
        field.attname: marked
        for field in row._meta.concrete_fields
        if (marked := marked_value(field, getattr(row, field.attname), says)) is not None
    }
    if changes:
        type(row)._base_manager.filter(pk=row.pk).update(**changes)


def marked_value(field: Any, value: Any, says: str) -> Any:
    if field.name in OBJECTS:
        return [{"name": says, "value_name": says}]
    if field.name in KEEP or field.name.endswith(("_id", "_key", "_hash", "token", "prefix")):
        return None
    if field.primary_key or field.is_relation or field.choices or isinstance(field, EncryptedField):
        return None
    match field:
        case models.DecimalField():
            fits = field.max_digits >= 14
            return AMOUNT if fits and value is not None else None
        case models.EmailField():
            return f"{MARK}.{next(numbers)}@example.com"
        case models.URLField():
            return f"https://{MARK}.example/{says}"
        case models.JSONField():
            if isinstance(value, dict):
                return {**value, "note": says, "id": says}
            return [says] if isinstance(value, list) else None
        case models.CharField() | models.TextField():
            text = f"{says} {next(numbers)}"
            return text if (field.max_length or 99) >= len(text) else None
    return None


def leaks(content: str, sent: str = "") -> str:
    """Return what of a marked world is in an answer and was not in the question; nothing when there is
    nothing."""
    plain = content.lower().replace(".", "").replace(",", "")
    words = [word for word in (MARK, str(AMOUNT).replace(".", "")) if word not in sent]
    return next((word for word in words if word in plain), "")


def content_of(response: Any) -> str:
    """Return all of an answer, its headers too."""
    head = "\n".join(f"{name}: {value}" for name, value in response.items())
    return f"{head}\n{body_of(response)}"


def body_of(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode("utf-8", "replace")

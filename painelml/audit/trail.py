"""Writing the audit log. One call, where a thing is done: `trail.record("account.paused", account)`.

Who did it, for which organization and from where is known from the request under way, so the actions of the
apps need not be handed it; a job that acts for somebody says so with `acting_for`. The row is written in the
transaction of the change: both are kept, or neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar

import structlog
from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from painelml.logs import redact
from painelml.web.address import client_address

from .models import Entry
from .words import ACTIONS, ActorKind, Outcome

LONGEST_TEXT = 2000
LONGEST_LIST = 100
SECRET_WORDS = ("token", "password", "secret", "code_verifier", "recovery", "digest", "authorization")
"""A value whose name has one of these is never stored."""
HIDDEN = "***"
PAUSES_S = (0.2, 1.0, 3.0)
"""How long to wait for the database before an entry of what happened already is tried again."""

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Doer:
    """Who acts where there is no request: the person a job works for."""

    user: Any
    organization_id: int | None = None


current: ContextVar[HttpRequest | Doer | None] = ContextVar("audited", default=None)


@contextmanager
def acting_for(user: Any, organization: Any = None) -> Iterator[None]:
    """Say that a job does what follows for this person; without one the panel itself does it."""
    doer = Doer(user, organization.pk if organization else None) if user else None
    token = current.set(doer)
    try:
        yield
    finally:
        current.reset(token)


def record(
    action: str,
    target: Any = None,
    *,
    account: Any = None,
    organization: Any = None,
    person: Any = None,
    request: HttpRequest | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    error: Exception | str | None = None,
    refused: bool = False,
) -> Entry:
    """Add a row: `action` is a word of `ACTIONS`, `target` the row it was done to, if any.

    `before` and `after` hold what changed, by name; values that stayed the same are left out. An `error` says
    that it was tried and did not happen, `refused` that the panel did not allow it. `organization`, `person`
    and `request` are for what happens before the request knows who it is.
    """
    if action not in ACTIONS:
        raise ValueError(f"There is no action called {action!r}.")
    source = request or current.get()
    account = account or account_of(target)
    before, after = only_changes(before, after)
    entry = Entry(
        action=action,
        outcome=outcome_of(error, refused),
        reason=redact(str(error)[:LONGEST_TEXT])[:500] if error else "",
        before=clean(before),
        after=clean(after),
        organization_id=organization_id_of(organization, account, target, source),
        account_id=account.pk if account else None,
        account_name=str(account)[:120] if account else "",
        **described(target),
        **actor_of(person, source),
        **origin_of(source),
    )
    entry.save(force_insert=True)
    if isinstance(source, HttpRequest):
        source.is_recorded = True  # type: ignore[attr-defined]
    return entry


def record_person(action: str, user: Any, **details: Any) -> None:
    """Add what somebody did to their own login: once for each organization they are in, for its owners."""
    organizations = [membership.organization_id for membership in user.memberships.all()] if user else []
    for organization_id in organizations or [None]:
        record(action, person=user, organization=organization_id, **details)


def came_to_nothing() -> None:
    """Say that the request under way changed nothing: it asked first, or what it wanted was so already."""
    source = current.get()
    if isinstance(source, HttpRequest):
        source.is_recorded = True  # type: ignore[attr-defined]


def record_bare(action: str, target: Model, *, person: Any, after: Mapping[str, Any]) -> Entry:
    """Add a row that outlives what it is about: numbers alone, of no organization, without anybody's name or
    address."""
    source = current.get()
    entry = Entry(
        action=action,
        actor_kind=ActorKind.PERSON if person else ActorKind.SYSTEM,
        person_id=person.pk if person else None,
        object_kind=target._meta.model_name or "",
        object_id=str(target.pk),
        after=clean(after),
    )
    entry.save(force_insert=True)
    if isinstance(source, HttpRequest):
        source.is_recorded = True  # type: ignore[attr-defined]
    return entry


def watched(
    action: str,
    state: Callable[[Any], Mapping[str, Any]] | None = None,
    wanted: Callable[..., Mapping[str, Any]] | None = None,
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Record each call of an action under this word; its first argument is what it is done to.

    `state` says how that is before and after. `wanted` says from the other arguments what was asked for:
    shown when it failed, and where there is no state. An error is recorded as such and raised on; an action
    that returns False did nothing, and nothing is recorded.

    What was done at Mercado Livre stays done when our database goes away in between: the entry is then tried
    again, and at last a line of the process's own log.
    """

    def decorate(act: Callable[..., Result]) -> Callable[..., Result]:
        @wraps(act)
        def acting(target: Any, *args: Any, **kwargs: Any) -> Result:
            before = state(target) if state else None
            asked = wanted(*args, **kwargs) if wanted else None
            try:
                result = act(target, *args, **kwargs)
            except Exception as error:
                if isinstance(error, Error) and connection.in_atomic_block:
                    raise  # nothing was changed, and nothing more can be written
                failed = DatabaseFailed() if isinstance(error, Error) else error
                surely(lambda: record(action, target, after=asked, error=failed), action, target)
                raise

            if result is False:
                came_to_nothing()
                return result

            def note() -> None:
                record(action, target, before=before, after=state(target) if state else asked)

            surely(note, action, target)
            return result

        return acting

    return decorate


class DatabaseFailed(Exception):
    """Our database failed while something was done, so that nobody knows how far it came."""

    def __str__(self) -> str:
        return _("The panel's database failed meanwhile: look whether it was done.")


def surely(write: Callable[[], object], action: str, target: Any) -> None:
    """Write an entry, through a new connection when the database went away; at last log what is missing.

    Within a transaction the error is raised at once: what was done there is undone with it.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            connection.close()
            if pause_s is None:
                log.error("audit_entry_lost", action=action, **ids_of(target))
                return
            time.sleep(pause_s)
        else:
            return


def ids_of(target: Any) -> dict[str, Any]:
    """Return who did it to what, as a line of the log may say it: ids, no names. No database is asked."""
    source = current.get()
    user = getattr(source, "user", None)
    return {
        "object": f"{target._meta.label}:{target.pk}" if isinstance(target, Model) else str(target)[:200],
        "account": getattr(target, "account_id", None),
        "person": getattr(user, "pk", None),
        "request_id": getattr(source, "request_id", ""),
    }


def outcome_of(error: Exception | str | None, refused: bool) -> str:
    if refused:
        return Outcome.REFUSED
    return Outcome.FAILED if error else Outcome.DONE


def account_of(target: Any) -> Any:
    """Return the marketplace account of a row, or the row itself when it is one."""
    if isinstance(target, Model) and target._meta.label == "accounts.Account":
        return target
    return getattr(target, "account", None)


def organization_id_of(organization: Any, account: Any, target: Any, source: Any) -> int | None:
    if organization is not None:
        return organization if isinstance(organization, int) else organization.pk
    for row in (account, target):
        if found := getattr(row, "organization_id", None):
            return int(found)
    if isinstance(target, Model) and target._meta.label == "accounts.Organization":
        return int(target.pk)
    if isinstance(source, Doer):
        return source.organization_id
    try:
        return source.organization.pk if source is not None and source.organization else None
    except (AttributeError, Http404):
        return None


def described(target: Any) -> dict[str, str]:
    if target is None:
        return {}
    if isinstance(target, str):
        return {"object_name": target[:200]}
    return {
        "object_kind": target._meta.model_name,
        "object_id": str(getattr(target, "meli_id", "") or target.pk)[:120],
        "object_name": str(target)[:200],
    }


def actor_of(person: Any, source: Any) -> dict[str, Any]:
    key: Any = getattr(source, "auth", None)
    is_key = getattr(key, "is_api_key", False)
    if is_key and (person is None or person.pk == key.created_by_id):  # it acts in its maker's name
        return {"actor_kind": ActorKind.KEY, "key_id": key.pk, "actor": str(key)[:254]}
    user = person or getattr(source, "user", None)
    if user is not None and user.is_authenticated:
        return {"actor_kind": ActorKind.PERSON, "person_id": user.pk, "actor": user.email}
    return {"actor_kind": ActorKind.SYSTEM if source is None else ActorKind.NOBODY}


def origin_of(source: Any) -> dict[str, Any]:
    if not isinstance(source, HttpRequest):
        return {}
    path = source.path_info
    return {
        "way": "api" if path.startswith("/api/") else "admin" if path.startswith("/admin/") else "page",
        "address": address_of(source),
        "client": redact(source.headers.get("User-Agent", "")[:160])[:160].replace("\x00", ""),
        "request_id": getattr(source, "request_id", ""),
    }


def address_of(request: HttpRequest) -> str | None:
    try:
        return str(ip_address(client_address(request)))
    except ValueError:
        return None


def only_changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Leave out what is the same on both sides."""
    if before is None or after is None:
        return before, after
    same = {name for name in before if name in after and before[name] == after[name]}
    return (
        {name: value for name, value in before.items() if name not in same},
        {name: value for name, value in after.items() if name not in same},
    )


def clean(value: Any, name: str = "") -> Any:
    """Return a value as JSON keeps it: no secrets, no endless text, amounts exactly as they are."""
    if name and any(word in name.lower() for word in SECRET_WORDS):
        return HIDDEN
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(key): clean(one, str(key)) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(one) for one in list(value)[:LONGEST_LIST]]
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return redact(str(value)[:LONGEST_TEXT]).replace("\x00", "")

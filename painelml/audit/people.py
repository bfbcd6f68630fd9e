"""What the login machinery tells: who came in, who did not, and what they changed about their own login."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import receiver

from . import trail


@receiver(user_logged_in)
def logged_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    trail.record_person("person.logged_in", user, request=request)


@receiver(user_logged_out)
def logged_out(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is not None:
        trail.record_person("person.logged_out", user, request=request)


@receiver(user_login_failed)
def login_failed(sender: Any, credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    """Whoever it was, it was not shown to be that person: they are what was tried, not who did it."""
    address = str(credentials.get("email") or credentials.get("username") or "")[:200]
    user = get_user_model().objects.filter(email__iexact=address).first() if address else None
    organizations: list[int | None] = (
        [membership.organization_id for membership in user.memberships.all()] if user else []
    )
    for organization_id in organizations or [None]:
        trail.record(
            "person.login_failed",
            user or address,
            organization=organization_id,
            request=request,
            error="wrong address or password",
        )


@receiver(mfa.authentication_failed)
def second_factor_failed(sender: Any, request: Any, user: Any, **_: Any) -> None:
    trail.record_person("person.second_factor_failed", user, request=request, error="wrong code")


@receiver(account.user_signed_up)
def signed_up(sender: Any, request: Any, user: Any, **_: Any) -> None:
    trail.record_person("person.signed_up", user, request=request)


@receiver([account.password_changed, account.password_set])
def password_changed(sender: Any, request: Any, user: Any, **_: Any) -> None:
    trail.record_person("person.password_changed", user, request=request)


@receiver(account.password_reset)
def password_reset(sender: Any, request: Any, user: Any, **_: Any) -> None:
    trail.record_person("person.password_reset", user, request=request)


@receiver(account.email_added)
def email_added(sender: Any, request: Any, user: Any, email_address: Any, **_: Any) -> None:
    trail.record_person(
        "person.email_changed", user, request=request, before={}, after={"added": email_address.email}
    )


@receiver(account.email_removed)
def email_removed(sender: Any, request: Any, user: Any, email_address: Any, **_: Any) -> None:
    trail.record_person(
        "person.email_changed", user, request=request, before={"removed": email_address.email}, after={}
    )


@receiver(account.email_changed)
def email_changed(
    sender: Any, request: Any, user: Any, from_email_address: Any, to_email_address: Any, **_: Any
) -> None:
    trail.record_person(
        "person.email_changed",
        user,
        request=request,
        before={"primary": from_email_address.email if from_email_address else None},
        after={"primary": to_email_address.email},
    )


@receiver(account.email_confirmed)
def email_confirmed(sender: Any, request: Any, email_address: Any, **_: Any) -> None:
    trail.record_person(
        "person.email_changed", email_address.user, request=request, after={"confirmed": email_address.email}
    )


@receiver(mfa.authenticator_added)
def two_factor_added(sender: Any, request: Any, user: Any, authenticator: Any, **_: Any) -> None:
    is_app = authenticator.type == Authenticator.Type.TOTP  # its recovery codes come along
    word = "person.two_factor_added" if is_app else "person.recovery_codes_made"
    trail.record_person(word, user, request=request)


@receiver(mfa.authenticator_removed)
def two_factor_removed(sender: Any, request: Any, user: Any, authenticator: Any, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        trail.record_person("person.two_factor_removed", user, request=request)


@receiver(mfa.authenticator_reset)
def recovery_codes_made(sender: Any, request: Any, user: Any, **_: Any) -> None:
    trail.record_person("person.recovery_codes_made", user, request=request)


@receiver(post_save, sender=LogEntry)
def changed_in_administration(sender: Any, instance: LogEntry, created: bool, **_: Any) -> None:
    """The administration keeps its own log: each line of it is here, too, where it cannot be changed."""
    if created:
        trail.record(
            "admin.changed",
            str(instance.object_repr)[:200],
            person=instance.user,
            after={
                "kind": str(instance.content_type) if instance.content_type else "",
                "id": instance.object_id,
                "change": instance.get_change_message(),
                "did": instance.get_action_flag_display(),
            },
        )

"""How people come in: who may sign up, which organization they land in, and what guards their second
factor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language

from painelml.crypto import keyring

from .models import Organization, User
from .team import accept, invitation_in

SECOND_FACTOR = b"mfa.Authenticator"
"""What second-factor secrets are bound to when they are encrypted."""


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.SIGNUP == "invite":
            return invitation_in(request) is not None
        return bool(settings.SIGNUP == "open")

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save the person with a place to work: the organization that invited them, or one of their own."""
        user.language = get_language() or ""
        with transaction.atomic():
            super().save_user(request, user, form, commit=True)
            invitation = invitation_in(request)
            if invitation and invitation.email.lower() == user.email.lower():
                accept(invitation, user)
            else:
                Organization.objects.create_for(user)
        return user

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Without a mail server nobody could ever confirm an address, so there it counts as confirmed."""
        waits = account_settings.EMAIL_VERIFICATION == account_settings.EmailVerificationMethod.MANDATORY
        return not waits or super().is_email_verified(request, email)

    def get_reset_password_from_key_url(self, key: str) -> str:
        return at_home(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return at_home(super().get_email_confirmation_url(request, emailconfirmation))


def at_home(address: str) -> str:
    """Return an address of ours for a mail: under `APP_BASE_URL`, whatever host and port a request named."""
    return f"{settings.APP_BASE_URL}{urlsplit(address).path}"


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets rest encrypted with the keys of `ENCRYPTION_KEY`, as tokens do."""

    def encrypt(self, text: str) -> str:
        return keyring().encrypt(text, SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return keyring().decrypt(encrypted_text, SECOND_FACTOR)

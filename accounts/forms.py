"""What people type about accounts, their team and themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import Account, Organization, Role, User
from .team import invitation_in

MIN_INTERVAL, MAX_INTERVAL = 60, 86_400


class SignupForm(AllauthSignupForm):
    """Signing up by invitation is for the invited address only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation_in(context.request)
        if self.invitation:
            self.initial["email"] = self.invitation.email

    def clean_email(self) -> str:
        email: str = super().clean_email()
        invited = self.invitation and self.invitation.email.lower() == email.lower()
        if settings.SIGNUP == "invite" and not invited:
            raise ValidationError(_("The invitation is for another address."))
        return email


class AccountForm(forms.ModelForm):
    """What a manager may change about an account."""

    sync_interval_seconds = forms.IntegerField(
        label=_("Re-read interval (seconds)"), min_value=MIN_INTERVAL, max_value=MAX_INTERVAL
    )

    class Meta:
        model = Account
        fields = ["account_name", "sync_interval_seconds"]


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.OPERATOR)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "language"]


class OrganizationForm(forms.ModelForm):
    class Meta:
        model = Organization
        fields = ["name"]

"""What people type about accounts, their team and themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .models import Account, AlertKind, Organization, Role, Scope, User
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


class SecondFactorForm(forms.Form):
    """When members need two-factor login: in so many days, or no longer."""

    CHOICES = (("7", _("In 7 days")), ("30", _("In 30 days")), ("0", _("At once")))

    when = forms.ChoiceField(label=_("Two-factor login"), choices=CHOICES)
    never = forms.BooleanField(required=False)

    @property
    def days(self) -> int | None:
        return None if self.cleaned_data["never"] else int(self.cleaned_data["when"])


class KeyForm(forms.Form):
    """What a new API key is for, and for how long."""

    NEVER = "never"
    LIFETIMES = (
        ("30", _("30 days")),
        ("90", _("90 days")),
        ("365", _("One year")),
        (NEVER, _("It does not expire")),
    )

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("What uses it, such as the name of your ERP.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
    )
    lifetime = forms.ChoiceField(label=_("Works for"), choices=LIFETIMES, initial="365")

    @property
    def expires_at(self) -> datetime | None:
        lifetime = self.cleaned_data["lifetime"]
        return None if lifetime == self.NEVER else timezone.now() + timedelta(days=int(lifetime))


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "language"]


class AlertsForm(forms.Form):
    """What a member wants to be told by mail."""

    HOURS = (("", _("No summary")), *((str(hour), f"{hour:02}:00") for hour in range(24)))

    kinds = forms.MultipleChoiceField(
        label=_("Tell me about"),
        choices=AlertKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each thing once, several in one mail, one mail in a quarter of an hour at most."),
    )
    summary_hour = forms.TypedChoiceField(
        label=_("Daily summary at"),
        choices=HOURS,
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("How yesterday went and what waits, in the hours of your first account."),
    )


class OrganizationForm(forms.ModelForm):
    class Meta:
        model = Organization
        fields = ["name"]

"""People, organizations and the marketplace accounts they connect.

An organization owns accounts; a membership gives a person a role in it. Every query of the product starts at
the organization, so what belongs to somebody else is simply not there.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from painelml.fields import EncryptedField

from .sites import SITES


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator with an organization of their own and a confirmed address (contract section
        1)."""
        user = self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})
        user.emailaddress_set.create(  # type: ignore[attr-defined]
            email=user.email, primary=True, verified=True
        )
        Organization.objects.create_for(user)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person; logs in with an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(_("language"), max_length=10, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class OrganizationManager(models.Manager["Organization"]):
    def create_for(self, user: User, name: str = "") -> Organization:
        """Create an organization owned by `user`; it becomes their default when they had none."""
        organization = self.create(name=name or str(user))
        Membership.objects.create(
            organization=organization,
            user=user,
            role=Role.OWNER,
            is_default=not user.memberships.filter(is_default=True).exists(),
        )
        return organization


class Organization(models.Model):
    """A company that sells: owns accounts, has members."""

    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="organizations"
    )

    objects: ClassVar[OrganizationManager] = OrganizationManager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; each role can do all that the ones after it can."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    OPERATOR = "operator", _("Operator")
    VIEWER = "viewer", _("Viewer")


class Membership(models.Model):
    """A person's role in an organization."""

    RANK: ClassVar[dict[str, int]] = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.MANAGER: 2, Role.OWNER: 3}

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    is_default = models.BooleanField(_("default organization"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_once"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="membership_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organization} · {self.get_role_display()}"

    def is_at_least(self, role: str) -> bool:
        return self.RANK[self.role] >= self.RANK[role]


class Invitation(models.Model):
    """A way into an organization for one address; the link works once, for seven days."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    token = models.CharField(max_length=64, unique=True, default=secrets.token_urlsafe, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)

    LIFE = timedelta(days=7)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and timezone.now() < self.created_at + self.LIFE


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, organization: Organization) -> AccountQuerySet:
        """Return the accounts this organization owns."""
        return self.filter(organization=organization)

    def working(self) -> AccountQuerySet:
        """Return accounts whose token may be used for background work: neither paused nor expired, and
        connected at the Mercado Livre of the settings."""
        may_work = [AccountStatus.ACTIVE, AccountStatus.ERROR]
        return self.filter(status__in=may_work, api_host=settings.MELI_API_URL)

    def due(self, now: datetime) -> AccountQuerySet:
        """Return working accounts whose own re-read interval has passed."""
        return self.working().filter(Q(next_sync__isnull=True) | Q(next_sync__lte=now))


class AccountStatus(models.TextChoices):
    """`error`: the last work failed but the grant is good. `expired`: people must connect again."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ERROR = "error", _("Error")
    EXPIRED = "expired", _("Expired")


class Account(models.Model):
    """A seller's connection to Mercado Livre: who they are there, the tokens, and how the mirror is doing.

    A seller belongs to one organization only (`meli_user_id` is unique). Tokens rest encrypted and are bound
    to the seller's id, so a token copied to another row does not decrypt.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="accounts")
    meli_user_id = models.CharField(_("seller id"), max_length=32, unique=True)
    nickname = models.CharField(_("nickname"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    site_id = models.CharField(_("site"), max_length=8, default="MLB")
    account_name = models.CharField(_("name"), max_length=120, blank=True)
    account_type = models.CharField(_("type"), max_length=40, blank=True)
    is_primary = models.BooleanField(_("primary"), default=False)
    profile = models.JSONField(_("profile"), default=dict, blank=True)
    api_host = models.CharField(
        _("API host"),
        max_length=200,
        editable=False,
        help_text=_("Where this account was connected; it is never used against another host."),
    )
    sla_target_minutes = models.PositiveIntegerField(_("answer target (minutes)"), default=60)

    status = models.CharField(_("status"), max_length=10, choices=AccountStatus, default=AccountStatus.ACTIVE)
    sync_interval_seconds = models.PositiveIntegerField(_("re-read interval (seconds)"), default=300)
    last_sync = models.DateTimeField(_("last sync"), null=True, blank=True)
    next_sync = models.DateTimeField(_("next sync"), null=True, blank=True)
    last_sync_status = models.CharField(_("last sync status"), max_length=12, blank=True)
    last_sync_error = models.TextField(_("last sync error"), blank=True)
    error_count = models.PositiveIntegerField(_("errors in a row"), default=0)
    error_history = models.JSONField(_("error history"), default=list, blank=True)
    last_activity = models.DateTimeField(_("last activity"), null=True, blank=True)
    is_silent = models.BooleanField(
        _("silent"),
        default=False,
        help_text=_("It sold lately, but Mercado Livre has not notified us for hours."),
    )

    access_token = EncryptedField(bound_to="meli_user_id", blank=True)
    refresh_token = EncryptedField(bound_to="meli_user_id", blank=True)
    access_token_sealed: str
    refresh_token_sealed: str
    token_expires_at = models.DateTimeField(_("token expires at"), null=True, blank=True)
    token_lifetime_seconds = models.PositiveIntegerField(default=21600)
    last_token_refresh = models.DateTimeField(_("last token refresh"), null=True, blank=True)
    token_lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    token_lease_owner = models.CharField(max_length=64, blank=True, editable=False)

    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    ERRORS_KEPT = 20

    objects: ClassVar = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering: ClassVar = ["-is_primary", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(is_primary=True), name="account_one_primary"
            ),
        ]

    def __str__(self) -> str:
        return self.account_name or self.nickname or self.meli_user_id

    @property
    def sync_enabled(self) -> bool:
        return self.status in (AccountStatus.ACTIVE, AccountStatus.ERROR)

    @property
    def time_zone(self) -> ZoneInfo:
        """The zone whose days this seller lives in (design section 8, rule 7)."""
        return ZoneInfo(SITES[self.site_id].time_zone if self.site_id in SITES else settings.TIME_ZONE)

    @property
    def currency_id(self) -> str:
        return SITES[self.site_id].currency_id if self.site_id in SITES else ""

    @property
    def token_seconds_left(self) -> int:
        if self.token_expires_at is None:
            return 0
        return max(0, int((self.token_expires_at - timezone.now()).total_seconds()))

    @property
    def token_health(self) -> int:
        """How much of the access token's life is left, 0 to 100."""
        if self.status == AccountStatus.EXPIRED or not self.token_lifetime_seconds:
            return 0
        return min(100, round(100 * self.token_seconds_left / self.token_lifetime_seconds))


class OAuthState(models.Model):
    """One attempt to connect an account: used once, within ten minutes, by the person who began it."""

    state_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    site_id = models.CharField(max_length=8)
    code_verifier = EncryptedField(bound_to="state_hash")
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    LIFE = timedelta(minutes=10)

    def __str__(self) -> str:
        return f"{self.site_id} {self.created_at:%Y-%m-%d %H:%M}"


class ApiUsage(models.Model):
    """How often an account called one endpoint with one outcome in one hour (UTC); `status` 0 is a failed
    connection."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="api_usage")
    hour = models.DateTimeField()
    endpoint = models.CharField(max_length=120)
    status = models.PositiveSmallIntegerField()
    calls = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        verbose_name = _("API usage")
        verbose_name_plural = _("API usage")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "hour", "endpoint", "status"], name="api_usage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.status}: {self.calls}"

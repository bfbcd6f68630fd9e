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

from .reputation import CANCELLATIONS, CLAIMS, DELAYS, Reputation, near_limits, read_reputation
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
    token_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="API tokens of an older version are void."
    )

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
    two_factor_from = models.DateTimeField(
        _("two-factor login required from"),
        null=True,
        blank=True,
        help_text=_("From then on members work here only with a second factor."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    deleted_at = models.DateTimeField(
        _("deleted"),
        null=True,
        editable=False,
        help_text=_("Nobody is a member any more; what is left of it is being removed."),
    )
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

    @property
    def alert_kinds(self) -> list[str]:
        """What this member wants to be told by mail. One query, unless the alerts were read along."""
        if alerts := getattr(self, "alerts", None):
            return list(alerts.kinds)
        return [AlertKind.EXPIRED] if self.is_at_least(Role.MANAGER) else []


class AlertKind(models.TextChoices):
    """What people may be told about by mail."""

    QUESTIONS = "questions", _("Questions about to be late, or late")
    STOCK = "stock", _("Listings out of stock")
    DISPATCH = "dispatch", _("Parcels late for dispatch")
    REPUTATION = "reputation", _("Reputation near a limit, or past it")
    EXPIRED = "expired", _("Accounts to be connected again")


class Alerts(models.Model):
    """What a member wants to be told by mail. Who never chose has no row: owners and managers are
    then told of expired accounts alone.

    `summary_hour` is an hour of the day where the organization's first account lives; None for no summary.
    `last_mail_at` spaces the mails out.
    """

    membership = models.OneToOneField(Membership, models.CASCADE, related_name="alerts")
    kinds = models.JSONField(_("what about"), default=list)
    summary_hour = models.PositiveSmallIntegerField(_("daily summary at"), null=True, blank=True)
    last_mail_at = models.DateTimeField(null=True, editable=False)
    last_summary_on = models.DateField(null=True, editable=False)

    class Meta:
        verbose_name = _("alerts by mail")
        verbose_name_plural = _("alerts by mail")

    def __str__(self) -> str:
        return f"{self.membership}: {', '.join(self.kinds)}"


class AlertCause(models.Model):
    """Something a member was told and that still holds: it is not told again. Once it is over the row goes,
    so that the next time is news.
    """

    alerts = models.ForeignKey(Alerts, models.CASCADE, related_name="causes")
    name = models.CharField(max_length=80)
    told_at = models.DateTimeField()

    class Meta:
        verbose_name = _("told alert")
        verbose_name_plural = _("told alerts")
        constraints: ClassVar = [models.UniqueConstraint(fields=["alerts", "name"], name="alert_told_once")]

    def __str__(self) -> str:
        return self.name


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


class Scope(models.TextChoices):
    """What an API key may do; the lists and figures of the organization are `read`, each kind of change has a
    scope of its own."""

    READ = "read", _("Read everything but the audit log")
    CATALOG = "write:catalog", _("Change items")
    ORDERS = "write:orders", _("Change costs and taxes")
    SHIPMENTS = "write:shipments", _("Print labels, read shipments again")
    QUESTIONS = "write:questions", _("Answer questions")
    ACCOUNTS = "write:accounts", _("Change accounts, start and stop syncs")
    AUDIT = "read:audit", _("Read the audit log and the list of keys")


class ApiKey(models.Model):
    """A program's way into one organization. Of its text only a digest is kept: it is shown once.

    It works while the person who made it owns the organization, and never does more than its scopes say: who
    leaves takes along what they could still know.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(_("begins with"), max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    is_api_key = True

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or timezone.now() < self.expires_at)

    @property
    def scope_labels(self) -> list[str]:
        return [str(Scope(scope).label) for scope in self.scopes if scope in Scope.values]


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
    def reputation(self) -> Reputation | None:
        """The reputation as Mercado Livre reported it last; None before it ever did."""
        return read_reputation(self.profile.get("seller_reputation"))

    @property
    def near_limits(self) -> list[str]:
        """The metrics of the reputation that are near a limit, or past it (accounts/reputation.py)."""
        return near_limits(self.site_id, self.reputation)

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


class ReputationDayManager(models.Manager["ReputationDay"]):
    def keep(self, account: Account, payload: Any, now: datetime) -> None:
        """Keep what `seller_reputation` says on the account's day of `now`; the last word of a day stays."""
        told = read_reputation(payload)
        if told is None:
            return  # a partial answer (part A section 4.1) says nothing
        rates = {name: metric.true_rate for name, metric in told.metrics.items()}
        self.update_or_create(
            account=account,
            day=now.astimezone(account.time_zone).date(),
            defaults={
                "level_id": told.level_id,
                "sales": told.sales,
                "claims_rate": rates.get(CLAIMS),
                "cancellations_rate": rates.get(CANCELLATIONS),
                "delays_rate": rates.get(DELAYS),
                "read_at": now,
            },
        )


class ReputationDay(models.Model):
    """A seller's reputation as Mercado Livre reported it last on one of the account's days. Rates are
    fractions, those of protected sellers the real ones; null where it named none."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="reputation_days")
    day = models.DateField(_("day"))
    level_id = models.CharField(_("level"), max_length=40, blank=True)
    sales = models.PositiveIntegerField(_("sales"), null=True)
    claims_rate = models.DecimalField(_("claims"), max_digits=9, decimal_places=8, null=True)
    cancellations_rate = models.DecimalField(_("cancellations"), max_digits=9, decimal_places=8, null=True)
    delays_rate = models.DecimalField(_("late dispatches"), max_digits=9, decimal_places=8, null=True)
    read_at = models.DateTimeField(_("read at"))

    objects: ClassVar[ReputationDayManager] = ReputationDayManager()

    class Meta:
        verbose_name = _("reputation of a day")
        verbose_name_plural = _("reputation by day")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="reputation_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.level_id}"


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

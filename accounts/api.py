"""`/api/auth/token` and `/api/ml-accounts` (contract sections 3.2 and 3.3)."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import has_verified_email
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer, TokenRefreshSerializer
from rest_framework_simplejwt.views import TokenObtainPairView
from rest_framework_simplejwt.views import TokenRefreshView as PlainTokenRefreshView

from painelml import meli
from painelml.audit import trail
from painelml.sync import queries as sync_queries
from painelml.sync.actions import start_sync
from painelml.sync.api import RunsSerializer, refuse_resting
from painelml.web.api import ApiViewSet, Conflict, Instant, RowSerializer, Word
from painelml.web.filters import ChoiceFilter, FilterForm

from . import actions, connecting, logins, queries, tokens
from .forms import MAX_INTERVAL, MIN_INTERVAL
from .models import Account, AccountStatus, Role, User
from .team import NotPossible

# Logging in


class TokenSerializer(TokenObtainPairSerializer):
    """E-mail and password, and `code` from people with two-factor login, for a pair of API tokens."""

    code = serializers.CharField(required=False, write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        request = self.context["request"]._request
        try:  # the login page's own limits on failures count here too
            user = get_adapter().authenticate(request, email=attrs["email"], password=attrs["password"])
        except FormError as error:
            raise Throttled(wait=300) from error
        if user is None or not user.is_active or not may_log_in(user):
            raise AuthenticationFailed(self.error_messages["no_active_account"], "no_active_account")
        if is_mfa_enabled(user):
            check_second_factor(user, attrs.get("code", ""))
        trail.record_person("person.token_given", user, request=request)
        refresh: Any = self.get_token(user)
        return {"refresh": str(refresh), "access": str(refresh.access_token)}

    @classmethod
    def get_token(cls, user: Any) -> Any:
        token = super().get_token(user)
        token[logins.VERSION] = user.token_version
        return token


def may_log_in(user: User) -> bool:
    waits = account_settings.EMAIL_VERIFICATION == account_settings.EmailVerificationMethod.MANDATORY
    return not waits or has_verified_email(user)


def check_second_factor(user: User, code: str) -> None:
    """Raises ValidationError for a missing code, AuthenticationFailed for a wrong one, Throttled after
    many."""
    from allauth.mfa.base.forms import AuthenticateForm

    if not code:
        raise ValidationError({"code": [_("This person logs in with two factors: send the code, too.")]})
    form = AuthenticateForm({"code": code}, user=user)
    if not form.is_valid():
        raise AuthenticationFailed(_("Incorrect code."), "incorrect_code")


class TokenView(TokenObtainPairView):
    serializer_class = TokenSerializer


class RefreshSerializer(TokenRefreshSerializer):
    """A new access token, and a new refresh token for the next time."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        try:
            token = self.token_class(attrs["refresh"])
            user = logins.TokenAuthentication().get_user(token)  # a revoked one renews nothing
            if not may_log_in(user):
                raise ObjectDoesNotExist
            return super().validate(attrs)
        except ObjectDoesNotExist as error:
            raise AuthenticationFailed(
                self.error_messages["no_active_account"], "no_active_account"
            ) from error


class TokenRefreshView(PlainTokenRefreshView):
    serializer_class = RefreshSerializer


# Accounts


class CachedDataSerializer(serializers.Serializer):
    """What is mirrored; `issues` counts resources that could not be read."""

    products = serializers.IntegerField()
    orders = serializers.IntegerField()
    issues = serializers.IntegerField()
    last_updated = Instant(allow_null=True)


class ErrorEntrySerializer(serializers.Serializer):
    timestamp = serializers.DateTimeField()
    error = serializers.CharField()
    status_code = serializers.IntegerField(allow_null=True)


class AccountSerializer(RowSerializer):
    ml_user_id = serializers.CharField(source="meli_user_id", read_only=True)
    status = serializers.ChoiceField(AccountStatus.choices, read_only=True)
    sync_enabled = serializers.BooleanField(read_only=True)
    last_sync_status = serializers.SerializerMethodField()
    cached_data = serializers.SerializerMethodField()
    error_history = serializers.SerializerMethodField()
    token_health = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    email = Word(read_only=True)
    last_sync_error = Word(read_only=True)

    class Meta:
        model = Account
        fields: ClassVar = [
            "id", "ml_user_id", "nickname", "email", "site_id", "account_name", "account_type", "is_primary",
            "status", "sync_enabled", "sync_interval_seconds", "last_sync", "next_sync", "last_sync_status",
            "last_sync_error", "cached_data", "error_count", "error_history", "token_expires_at",
            "token_health", "last_token_refresh", "last_activity", "created_at", "updated_at",
        ]  # fmt: skip

    def mirror(self, account: Account) -> queries.Mirror:
        return self.context["mirrors"][account.pk]

    @extend_schema_field(serializers.ChoiceField(["success", "failed", "in_progress"], allow_null=True))
    def get_last_sync_status(self, account: Account) -> str | None:
        return "in_progress" if self.mirror(account).is_running else account.last_sync_status or None

    @extend_schema_field(CachedDataSerializer)
    def get_cached_data(self, account: Account) -> Any:
        return CachedDataSerializer(self.mirror(account)).data

    @extend_schema_field(ErrorEntrySerializer(many=True))
    def get_error_history(self, account: Account) -> Any:
        return account.error_history


WRONG_TOKEN = gettext_lazy("Mercado Livre does not accept this access token.")


class NewAccountSerializer(serializers.Serializer):
    access_token = serializers.RegexField(
        "^[!-~]+$",  # what a header takes
        max_length=2000,
        write_only=True,
        error_messages={"invalid": WRONG_TOKEN},
    )
    refresh_token = serializers.CharField(max_length=2000, required=False, allow_blank=True, write_only=True)
    expires_in = serializers.IntegerField(required=False, min_value=1, max_value=31_536_000)
    account_name = serializers.CharField(max_length=120, required=False, allow_blank=True)


class ChangesSerializer(serializers.Serializer):
    account_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    sync_interval_seconds = serializers.IntegerField(
        required=False, min_value=MIN_INTERVAL, max_value=MAX_INTERVAL
    )
    is_primary = serializers.BooleanField(required=False)


class TokenInfoSerializer(serializers.Serializer):
    status = serializers.ChoiceField(["valid", "expiring", "expired"])
    expires_at = Instant(allow_null=True)
    expires_in_seconds = serializers.IntegerField()
    health_percent = serializers.IntegerField(min_value=0, max_value=100)
    last_refresh = Instant(allow_null=True)
    can_refresh = serializers.BooleanField()
    valid_at_mercado_livre = serializers.BooleanField(allow_null=True)


class AccountFilterForm(FilterForm):
    q = None  # type: ignore[assignment]
    status = ChoiceFilter(AccountStatus.choices, label=gettext_lazy("Status"))


class TokenInfoForm(FilterForm):
    account_id = None  # type: ignore[assignment]
    q = None  # type: ignore[assignment]
    validate = ChoiceFilter(
        [("true", "true"), ("false", "false")], label=gettext_lazy("Ask Mercado Livre as well")
    )


class AccountViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The organization's sellers. Tokens go in and never come out."""

    request: Any
    serializer_class = AccountSerializer
    query_forms: ClassVar[dict[str, Any]] = {"list": AccountFilterForm, "token_info": TokenInfoForm}
    orderings: ClassVar = {"created_at": "created_at", "id": "id", "last_sync": "last_sync"}
    lookup_value_regex = r"\d{1,18}"
    roles: ClassVar[dict[str, str]] = {
        "create": Role.MANAGER,
        "update": Role.MANAGER,
        "partial_update": Role.MANAGER,
        "destroy": Role.OWNER,
        "sync": Role.OPERATOR,
        "sync_all": Role.OPERATOR,
        "pause": Role.MANAGER,
        "resume": Role.MANAGER,
        "refresh_token": Role.MANAGER,
    }

    def get_queryset(self) -> QuerySet[Account]:
        accounts = Account.objects.of(self.request.organization)
        if self.action != "list":
            return accounts
        return accounts.filter(
            pk__in=[account.pk for account in self.query.accounts], **self.query.filters(status="status")
        )

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The counts of a whole page are asked for at once."""
        shown = args[0] if kwargs.get("many") else args[:1]
        kwargs["context"] = {**self.get_serializer_context(), "mirrors": queries.mirrors(list(shown))}
        return self.get_serializer_class()(*args, **kwargs)

    def answer(self, account: Account, status: int = 200) -> Response:
        account.refresh_from_db()
        return Response(self.get_serializer(account).data, status)

    @extend_schema(request=NewAccountSerializer, responses={201: AccountSerializer})
    def create(self, request: Request) -> Response:
        """Connect the seller these tokens belong to. Mercado Livre is asked first who that is."""
        given = NewAccountSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            account = connecting.connect_with_tokens(
                self.request.organization, self.request.user, **given.validated_data
            )
        except connecting.ConnectedAlready as error:
            raise Conflict(str(error)) from error
        except meli.Reconnect as error:
            raise ValidationError({"access_token": [WRONG_TOKEN]}) from error
        return self.answer(account, 201)

    @extend_schema(request=ChangesSerializer, responses=AccountSerializer)
    def update(self, request: Request, id: str) -> Response:
        """Change what is named in the body; what is not named stays."""
        account = self.get_object()
        given = ChangesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changes = given.validated_data
        if not changes:
            trail.came_to_nothing()
        if changes.get("is_primary") is False and account.is_primary:
            raise ValidationError({"is_primary": [_("Make another account primary instead.")]})
        if "account_name" in changes:
            actions.rename(account, changes["account_name"])
        if "sync_interval_seconds" in changes:
            actions.change_interval(account, changes["sync_interval_seconds"])
        if changes.get("is_primary"):
            actions.make_primary(account)
        return self.answer(account)

    @extend_schema(request=ChangesSerializer, responses=AccountSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        return self.update(request, id)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Revoke the grant at Mercado Livre, forget the tokens, remove everything mirrored."""
        connecting.disconnect(self.get_object(), by=self.request.user)
        return Response(status=204)

    @extend_schema(request=None, responses={202: RunsSerializer})
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, id: str) -> Response:
        """Start reading everything of this account again. What is under way is returned as it is."""
        account = self.get_object()
        refuse_resting(account)
        return self.start([account])

    @extend_schema(request=None, responses={202: RunsSerializer})
    @action(detail=False, methods=["post"], url_path="sync-all")
    def sync_all(self, request: Request) -> Response:
        """The same for every account that is neither paused nor expired."""
        return self.start([account for account in self.get_queryset() if account.sync_enabled])

    def start(self, accounts: list[Account]) -> Response:
        started = {
            run.pk for account in accounts for run in start_sync(account, requested_by=self.request.user)
        }
        if not started:
            trail.came_to_nothing()
        runs = [one for one in sync_queries.latest_runs(accounts) if one.run.pk in started]
        return Response(RunsSerializer({"runs": runs}).data, 202)

    @extend_schema(request=None, responses=AccountSerializer)
    @action(detail=True, methods=["put"])
    def pause(self, request: Request, id: str) -> Response:
        """Stop background work for this account."""
        return self.act(actions.pause)

    @extend_schema(request=None, responses=AccountSerializer)
    @action(detail=True, methods=["put"])
    def resume(self, request: Request, id: str) -> Response:
        """Go on after a pause."""
        return self.act(actions.resume)

    def act(self, decided: Any) -> Response:
        account = self.get_object()
        try:
            decided(account)
        except NotPossible as error:
            raise Conflict(str(error)) from error
        return self.answer(account)

    @extend_schema(request=None, responses=TokenInfoSerializer)
    @action(detail=True, methods=["put"], url_path="refresh-token")
    def refresh_token(self, request: Request, id: str) -> Response:
        """Renew the access token now."""
        account = self.get_object()
        if account.status == AccountStatus.EXPIRED or not account.refresh_token_sealed:
            raise Conflict(_("There is nothing to renew this token with: connect the account again."))
        try:
            tokens.renew_now(account)
        except meli.Reconnect as error:
            raise Conflict(_("Mercado Livre no longer accepts this connection: connect it again.")) from error
        account.refresh_from_db()
        return Response(token_info(account, is_valid=None))

    @extend_schema(responses=TokenInfoSerializer)
    @action(detail=True, url_path="token-info")
    def token_info(self, request: Request, id: str) -> Response:
        """Tell how the access token is; with `validate=true` Mercado Livre is asked as well."""
        account = self.get_object()
        is_valid = connecting.is_valid(account) if self.query.value("validate") == "true" else None
        account.refresh_from_db()
        return Response(token_info(account, is_valid))


def token_info(account: Account, is_valid: bool | None) -> Any:
    left = account.token_seconds_left
    is_expired = account.status == AccountStatus.EXPIRED or not left
    is_expiring = account.token_expires_at and account.token_expires_at < timezone.now() + tokens.EARLY
    return TokenInfoSerializer(
        {
            "status": "expired" if is_expired else "expiring" if is_expiring else "valid",
            "expires_at": account.token_expires_at,
            "expires_in_seconds": left,
            "health_percent": account.token_health,
            "last_refresh": account.last_token_refresh,
            "can_refresh": bool(account.refresh_token_sealed) and account.status != AccountStatus.EXPIRED,
            "valid_at_mercado_livre": is_valid,
        }
    ).data

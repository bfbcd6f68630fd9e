"""The administrator's view of people and accounts. Tokens are never shown: encrypted fields are not
editable."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from questions.actions import change_target

from .models import Account, ApiUsage, Invitation, Membership, Organization, User

# One login for everything: with its rate limits, and with two-factor where people have it.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(User)
class PersonAdmin(UserAdmin):
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_staff", "last_login")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "language")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),
    )


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ("name", "created_at", "deleted_at")
    list_filter = (("deleted_at", admin.EmptyFieldListFilter),)
    search_fields = ("name",)
    inlines = (MembershipInline,)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    list_display = ("email", "organization", "role", "created_at", "accepted_at")
    list_select_related = ("organization",)
    readonly_fields = ("accepted_at",)


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    list_display = ("__str__", "meli_user_id", "organization", "status", "last_sync", "token_expires_at")
    list_filter = ("status", "site_id")
    list_select_related = ("organization",)
    search_fields = ("nickname", "account_name", "meli_user_id")
    readonly_fields = (
        "organization", "meli_user_id", "site_id", "nickname", "email", "account_type", "profile",
        "api_host", "status", "is_primary", "last_sync", "next_sync", "last_sync_status", "last_sync_error",
        "error_count", "error_history", "last_activity", "token_expires_at", "token_lifetime_seconds",
        "last_token_refresh", "connected_by", "created_at", "updated_at",
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Account, form: ModelForm, change: bool) -> None:
        """Write what was changed here only: a token refreshed meanwhile stays as it is."""
        changed = [name for name in form.changed_data if name != "sla_target_minutes"]
        obj.save(update_fields=[*changed, "updated_at"])
        if len(changed) < len(form.changed_data):
            change_target(obj, obj.sla_target_minutes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an account comes from Mercado Livre's authorization page

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False  # disconnecting on the accounts page revokes the grant, too


@admin.register(ApiUsage)
class ApiUsageAdmin(admin.ModelAdmin):
    list_display = ("hour", "account", "endpoint", "status", "calls", "seconds")
    list_filter = ("status",)
    list_select_related = ("account",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiUsage | None = None) -> bool:
        return False

"""Roles in the API: who is logged in comes first (401), then what their role, the scopes of their key and the
second factor of their organization allow (403)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request

from .access import has_role
from .keys import is_in_scope
from .models import ApiKey, Role
from .second_factor import is_locked_out


class RolePermission(IsAuthenticated):
    """Viewers read. Anything else needs `view.role` (operator unless the view says so), or what `view.roles`
    has for the viewset's action or the method: `roles = {"destroy": Role.OWNER}`."""

    message = _("Your role in this organization does not allow that.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        default = Role.VIEWER if request.method in SAFE_METHODS else getattr(view, "role", Role.OPERATOR)
        roles = getattr(view, "roles", {})
        action = getattr(view, "action", None)
        needed = roles.get(action) or roles.get(request.method) or default
        if is_locked_out(request.membership, request.user):  # type: ignore[attr-defined, arg-type]
            raise PermissionDenied(
                _("This organization requires two-factor login: set it up in the panel first."),
                "two_factor_required",
            )
        if isinstance(request.auth, ApiKey) and not is_in_scope(request.auth, view, needed):
            raise PermissionDenied(_("This API key has no scope for that."), "out_of_scope")
        return has_role(request, needed)

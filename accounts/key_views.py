"""The page of an organization's API keys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from . import keys
from .access import MemberRequest, role_required
from .forms import KeyForm
from .models import ApiKey, Role


@role_required(Role.OWNER)
@never_cache
@require_http_methods(["GET", "POST"])
def key_page(request: MemberRequest) -> HttpResponseBase:
    """Show the keys, and make one: its text is on the page that answers, and nowhere after that."""
    form, made = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        _key, made = keys.make_key(
            request.organization,
            form.cleaned_data["name"],
            form.cleaned_data["scopes"],
            request.user,
            form.expires_at,
        )
        form = KeyForm()
    found = ApiKey.objects.filter(organization=request.organization).select_related("created_by")
    context = {"keys": found, "form": form, "made": made, "place": "keys"}
    return render(request, "accounts/keys.html", context, status=422 if form.errors else 200)


@role_required(Role.OWNER)
@require_POST
def revoke(request: MemberRequest, pk: int) -> HttpResponseBase:
    key: ApiKey = get_object_or_404(ApiKey, organization=request.organization, pk=pk)
    keys.revoke(key)
    said = _("%(key)s was revoked: calls with it are refused from now on.")
    messages.success(request, said % {"key": key.name})
    return redirect("team:keys")

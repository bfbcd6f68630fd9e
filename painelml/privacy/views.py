"""The page about privacy, erasing a buyer from the page of a sale, and deleting an organization."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import MemberRequest, layout_for, role_required
from accounts.models import Account, Membership, Organization, Role, User
from accounts.removal import delete_organization, logins_that_go
from orders.queries import find_order
from painelml.audit import trail
from painelml.sync.erasure import is_known

from .actions import erase_buyer, rows_about
from .records import RECORDS


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, why, how long, and who reads it: for members, and for whoever is about to log in."""
    return render(request, "privacy/privacy.html", {"records": RECORDS, "layout": layout_for(request)})


@role_required(Role.MANAGER)
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, meli_id: str) -> HttpResponseBase:
    """Erase the buyer of an order, after asking."""
    member = cast(MemberRequest, request)
    order = find_order(member.organization, meli_id)
    if order is None:
        raise Http404(_("There is no such order."))
    is_erased = not is_known(order.buyer_id)
    if request.method == "POST":
        if is_erased:
            trail.came_to_nothing()
            messages.info(request, _("There is nothing left to erase."))
        else:
            erase_buyer(order.account, order.buyer_id)
            messages.success(request, _("The buyer's personal data was erased."))
        return redirect("orders:detail", meli_id=order.meli_id)
    context = {
        "order": order,
        "is_erased": is_erased,
        "rows": [] if is_erased else rows_about(order.account, order.buyer_id),
    }
    return render(request, "privacy/erase_buyer.html", context)


class DeletionForm(forms.Form):
    """The organization's name, typed to say that this one is meant."""

    name = forms.CharField(label=gettext_lazy("Name of the organization"), max_length=120)

    def __init__(self, data: Any, organization: Organization) -> None:
        super().__init__(data)
        self.organization = organization

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.strip() != self.organization.name.strip():
            raise ValidationError(_("This is not the organization's name."))
        return name


@role_required(Role.OWNER)
@require_http_methods(["GET", "POST"])
@reauthentication_required
def delete(request: HttpRequest) -> HttpResponseBase:
    """Delete the organization: its name is typed, and the password was given within the last minutes."""
    member = cast(MemberRequest, request)
    form = DeletionForm(request.POST or None, member.organization)
    if request.method == "POST" and form.is_valid():
        person = User.objects.get(pk=member.user.pk)
        delete_organization(member.organization, person)
        if not User.objects.filter(pk=person.pk).exists():
            # Not `logout`, which would record by name that somebody left who is no more.
            request.session.flush()
            request.user = AnonymousUser()
        messages.success(request, _("The organization was deleted. What is left of it goes within a day."))
        return redirect("privacy")
    people = Membership.objects.filter(organization=member.organization)
    context = {
        "form": form,
        "accounts": Account.objects.of(member.organization),
        "members": people.count(),
        "leaving": logins_that_go(member.organization),
    }
    status = 422 if form.errors else 200
    return render(request, "privacy/delete_organization.html", context, status=status)

"""The page about what an account's products and sales cost. Files are shown before they are stored."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import MemberRequest, role_required
from accounts.models import Account, Role
from catalog.costs import BEGINNING, FILE_MAX, CostRow, UnreadableFile, good, read_costs
from catalog.models import ProductCost
from painelml.audit import trail
from painelml.web.paging import paginate
from painelml.web.show import count

from . import actions
from .forms import CostFileForm, ProductCostForm, SaleCostForm

PREVIEW_S = 3600
"""How long what was read from a file waits for a yes."""
SHOWN = 50
"""Rows a preview lists of the good ones, and of the others."""


@role_required(Role.MANAGER)
@require_http_methods(["GET", "POST"])
def costs(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Show the costs of an account, and store one that was typed."""
    account = account_of(request, pk)
    if request.method != "POST":
        return draw(request, account, ProductCostForm(initial={"sku": request.GET.get("sku", "")}))
    form = ProductCostForm(request.POST)
    if not form.is_valid():
        return draw(request, account, form)
    actions.change_product_costs(account, [CostRow(number=1, **form.cleaned_data)])
    return saved(request, account, 1)


@role_required(Role.MANAGER)
@require_POST
def sale_cost(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Store the taxes and the cost per order of an account."""
    account = account_of(request, pk)
    form = SaleCostForm(request.POST)
    if not form.is_valid():
        return draw(request, account, form)
    actions.change_sale_cost(account, **form.cleaned_data)
    messages.success(request, _("Saved. Every sale is reckoned again."))
    return redirect("costs:costs", account.pk)


@role_required(Role.MANAGER)
@require_POST
def read_file(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Show what a file holds, row by row; nothing is stored before somebody says yes."""
    account = account_of(request, pk)
    form = CostFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return draw(request, account, form)
    try:
        rows = read_costs(form.cleaned_data["file"].read(FILE_MAX + 1))
    except UnreadableFile as error:
        form.add_error("file", str(error))
        return draw(request, account, form)
    found, token = good(rows), uuid.uuid4().hex
    cache.set(key_of(request, account, token), found, PREVIEW_S)
    wrong = [row for row in rows if row.errors]
    context = {
        "account": account,
        "beginning": BEGINNING,
        "token": token,
        "found": len(found),
        "wrong": len(wrong),
        "found_rows": found[:SHOWN],
        "wrong_rows": wrong[:SHOWN],
    }
    return TemplateResponse(request, "orders/costs_preview.html", context)


@role_required(Role.MANAGER)
@require_POST
def confirm(request: MemberRequest, pk: int) -> HttpResponseBase:
    """Store what a preview showed."""
    account = account_of(request, pk)
    key = key_of(request, account, request.POST.get("token", ""))
    rows = cache.get(key)
    if rows is None:
        trail.came_to_nothing()
        messages.error(request, _("This preview is no longer there: choose the file again."))
        return redirect("costs:costs", account.pk)
    stored = actions.change_product_costs(account, rows)
    cache.delete(key)
    return saved(request, account, stored)


def key_of(request: MemberRequest, account: Account, token: str) -> str:
    """Return where a preview waits: only for this person, and for this account. Any token is a good key."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, token)
    return f"costs:{account.pk}:{request.user.pk}:{name}"


def account_of(request: MemberRequest, pk: int) -> Account:
    account: Account = get_object_or_404(Account.objects.of(request.organization), pk=pk)
    return account


def saved(request: MemberRequest, account: Account, stored: int) -> HttpResponseBase:
    said = ngettext("%(count)s cost saved.", "%(count)s costs saved.", stored) % {"count": count(stored)}
    messages.success(request, f"{said} {_('Every sale is reckoned again.')}")
    return redirect("costs:costs", account.pk)


def draw(request: MemberRequest, account: Account, form: forms.Form) -> HttpResponseBase:
    """Draw the page with one form as it was filled in; 422 where something is wrong with it."""
    drawn = {kind: kind() for kind in (ProductCostForm, SaleCostForm, CostFileForm)} | {type(form): form}
    context = {
        "account": account,
        "beginning": BEGINNING,
        "page": paginate(ProductCost.objects.filter(account=account), request.GET, order="sku"),
        "sale_costs": account.sale_costs.all(),
        "product_form": drawn[ProductCostForm],
        "sale_form": drawn[SaleCostForm],
        "file_form": drawn[CostFileForm],
    }
    return TemplateResponse(request, "orders/costs.html", context, status=422 if form.errors else 200)

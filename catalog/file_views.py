"""Prices and stock as a file: to take along, and to read back into a preview."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import MemberRequest, role_required
from accounts.models import Role
from painelml.web.context import filters_of, redirect_kept
from painelml.web.exports import MACHINE, PERSON, Export, send
from painelml.web.uploads import FILE_MAX, FileForm, UnreadableFile

from .files import LISTING, preview_file
from .forms import ItemFilterForm


class SheetForm(FileForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["file"].label = _("CSV or XLSX file")
        self.fields["file"].help_text = _(
            "The first row names the columns: Item or SKU, and Price, Available or Status. "
            "Empty cells change nothing."
        )


@role_required(Role.VIEWER)
@require_GET
def sheet(request: MemberRequest) -> HttpResponseBase:
    """Send the prices and the stock of the filtered items as a sheet that `read_file` reads back."""
    form = filters_of(request, ItemFilterForm)
    is_csv = request.GET.get("format") == "csv"
    return send(
        Export(
            LISTING, request.organization, form, "csv" if is_csv else "xlsx", PERSON if is_csv else MACHINE
        )
    )


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "POST"])
def read_file(request: MemberRequest) -> HttpResponse:
    """Read a sheet and show what it would change; nothing is sent before somebody says yes."""
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = form.cleaned_data["file"].read(FILE_MAX + 1)
            change = preview_file(request.organization, request.user, content)
        except UnreadableFile as error:
            form.add_error("file", str(error))
        else:
            return redirect_kept(request, "catalog:bulk", change.pk)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "catalog/import.html", {"form": form}, status=status)

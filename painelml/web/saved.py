"""Filters people keep under a name, for each list of theirs."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organization, User
from painelml.audit import trail
from painelml.models import SavedFilter

from .filters import FilterForm


class List(NamedTuple):
    """A list whose filters can be kept: the name of its page, and where its form is."""

    page: str
    form: str


LISTS = {
    "items": List("catalog:list", "catalog.forms.ItemListForm"),
    "orders": List("orders:list", "orders.forms.OrderFilterForm"),
    "shipments": List("shipments:list", "shipments.forms.ShipmentFilterForm"),
    "questions": List("questions:list", "questions.forms.QuestionFilterForm"),
}


class NotKept(Exception):
    """A filter was not kept; the message says why."""


def form_of(name: str, query: str, organization: Organization) -> FilterForm:
    """Return the filters of an address, checked by the list's own form."""
    form: FilterForm = import_string(LISTS[name].form)(QueryDict(query), organization=organization)
    return form


def filters_of(user: User, organization: Organization, name: str) -> list[SavedFilter]:
    """Return what somebody kept for a list. One query."""
    return list(SavedFilter.objects.filter(user=user, organization=organization, list=name))


def keep(user: User, organization: Organization, name: str, label: str, query: str) -> SavedFilter:
    """Keep filters under a name; the same name again gets the new filters. Raises NotKept."""
    label = check_label(label)
    form = form_of(name, query, organization)
    query = form.used_query
    if not form.is_valid() or not form.active:
        raise NotKept(_("Choose at least one filter first."))
    if len(query) > SavedFilter.QUERY_MAX:
        raise NotKept(_("These filters are too long to be kept."))
    owner: dict[str, Any] = {"user": user, "organization": organization, "list": name}
    with transaction.atomic():
        # Locked, so that two windows do not go past the limit together.
        User.objects.select_for_update().get(pk=user.pk)
        others = SavedFilter.objects.filter(**owner).exclude(name=label).count()
        if others >= SavedFilter.MOST:
            message = ngettext(
                "At most %(most)s filter can be kept for a list.",
                "At most %(most)s filters can be kept for a list.",
                SavedFilter.MOST,
            )
            raise NotKept(message % {"most": SavedFilter.MOST})
        kept, _created = SavedFilter.objects.update_or_create(**owner, name=label, defaults={"query": query})
        trail.record("filter.kept", kept, after={"list": name, "query": query})
    return kept


def rename(kept: SavedFilter, label: str) -> None:
    """Give a kept filter another name. Raises NotKept."""
    try:
        with transaction.atomic():
            label = check_label(label)
            SavedFilter.objects.filter(pk=kept.pk).update(name=label)
            trail.record("filter.renamed", kept, before={"name": kept.name}, after={"name": label})
    except IntegrityError as error:
        raise NotKept(_("Another filter of this list has that name.")) from error


@trail.watched("filter.removed", wanted=dict)
def remove(kept: SavedFilter) -> None:
    SavedFilter.objects.filter(pk=kept.pk).delete()


def check_label(label: Any) -> str:
    label = " ".join(str(label).split())
    if not label or len(label) > 40 or not label.isprintable():
        raise NotKept(_("Give a name of up to 40 characters."))
    return label

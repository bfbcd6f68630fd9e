"""What pages and statistics ask about orders."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast

from accounts.models import Organization
from painelml.text import fold
from painelml.web.days import within

from .forms import OrderFilterForm
from .models import Order, OrderItem, OrderQuerySet


def orders_for_listing(organization: Organization, form: OrderFilterForm) -> OrderQuerySet:
    """Return the organization's orders that pass the filters, unordered, with their lines and account."""
    orders: OrderQuerySet = Order.objects.of(organization).filter(
        within("date_created", form.accounts, form.value("date_from"), form.value("date_to")),
        account__in=form.accounts,
        **form.filters(status="status"),
    )
    if q := form.value("q"):
        orders = orders.filter(search_text__contains=fold(q))
    if item_id := form.value("item_id"):
        orders = orders.filter(Exists(OrderItem.objects.filter(order=OuterRef("pk"), item_id=item_id)))
    if tag := form.value("tag"):
        # SQLite has no containment for JSON; the quotes make it a whole tag on both databases.
        orders = orders.alias(tags_text=Cast("tags", TextField())).filter(tags_text__contains=f'"{tag}"')
    return orders.select_related("account").prefetch_related("items").defer("payload", "parts", "search_text")

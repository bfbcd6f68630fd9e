"""Listings of Mercado Livre, with their variations. Columns follow the API facts, part A section 5.3."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization
from painelml.sync.models import MirroredRow, PayloadField
from painelml.sync.values import inner, words

LOW_STOCK = 5
"""Units at or below which a listing on sale counts as low on stock."""
DEPOSITS = "warehouse_management"
"""The tag of sellers and items whose stock lies in deposits: what `PUT /items` says of it is ignored."""
HELD = ("active", "paused")
"""Statuses whose units the seller still holds for sale."""


class ItemQuerySet(models.QuerySet["Item"]):
    def of(self, organization: Organization) -> ItemQuerySet:
        """Return the items of all accounts this organization owns."""
        return self.filter(account__organization=organization)

    def sellable(self) -> ItemQuerySet:
        """Return items that are on sale or would be with stock: active, or paused because stock ran out."""
        return self.filter(Q(status="active") | Q(status="paused", is_out_of_stock=True))

    def out_of_stock(self) -> ItemQuerySet:
        """Return items buyers cannot get because nothing is left."""
        return self.sellable().filter(available_quantity=0)

    def low_stock(self) -> ItemQuerySet:
        """Return items on sale with few units left."""
        return self.filter(status="active", available_quantity__gt=0, available_quantity__lte=LOW_STOCK)

    def in_stock(self) -> ItemQuerySet:
        return self.filter(available_quantity__gt=0)


class Item(MirroredRow):
    """A listing. Price is the one in force; quantities are units over all variations."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="items", verbose_name=_("account"))
    title = models.CharField(_("title"), max_length=255, blank=True)
    status = models.CharField(_("status"), max_length=30, blank=True)
    sub_status = models.JSONField(_("sub-status"), default=list)
    is_out_of_stock = models.BooleanField(_("paused for lack of stock"), default=False)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2, null=True)
    currency_id = models.CharField(_("currency"), max_length=5, blank=True)
    available_quantity = models.IntegerField(_("available"), null=True)
    sold_quantity = models.IntegerField(_("sold"), null=True)
    sku = models.CharField(_("SKU"), max_length=120, blank=True)
    listing_type_id = models.CharField(_("listing type"), max_length=40, blank=True)
    logistic_type = models.CharField(_("logistics"), max_length=40, blank=True)
    category_id = models.CharField(_("category"), max_length=30, blank=True)
    permalink = models.URLField(_("page"), max_length=600, blank=True)
    thumbnail = models.URLField(_("picture"), max_length=600, blank=True)
    user_product_id = models.CharField(_("user product"), max_length=32, blank=True)
    inventory_id = models.CharField(_("inventory"), max_length=32, blank=True)
    catalog_listing = models.BooleanField(_("catalog listing"), default=False)
    date_created = models.DateTimeField(_("created"), null=True)
    search_text = models.TextField(editable=False, default="")

    objects: ClassVar = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "meli_id"], name="item_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-date_created", "-id"], name="item_newest"),
            models.Index(fields=["-date_created", "-id"], name="item_newest_of_all"),
            # With the currency: statistics count the items of each without reading one.
            models.Index(fields=["account", "status", "currency_id"], name="item_by_status"),
            models.Index(fields=["account", "sku"], name="item_by_sku"),
            # With all that tells what buyers cannot get: every page counts that.
            models.Index(
                fields=["account", "available_quantity", "status", "is_out_of_stock"],
                condition=Q(status__in=["active", "paused"]),
                name="item_by_stock",
            ),
            models.Index(
                fields=["user_product_id"], condition=~Q(user_product_id=""), name="item_by_product"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.meli_id

    @property
    def is_low_on_stock(self) -> bool:
        return self.status == "active" and 0 < (self.available_quantity or 0) <= LOW_STOCK

    @property
    def keeps_deposits(self) -> bool:
        """Whether its units, or those of its variations, are written to the deposits of their product."""
        return DEPOSITS in {*words(inner(self.account.profile, "tags")), *words(self.payload.get("tags"))}


class Variation(models.Model):
    """One choice of an item (colour, size, voltage) with its own stock and SKU."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="variations")
    meli_id = models.CharField(_("id at Mercado Livre"), max_length=32)
    position = models.PositiveSmallIntegerField(default=0)
    sku = models.CharField(_("SKU"), max_length=120, blank=True)
    available_quantity = models.IntegerField(_("available"), null=True)
    sold_quantity = models.IntegerField(_("sold"), null=True)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2, null=True)
    attributes = PayloadField(_("attributes"), default=list)
    inventory_id = models.CharField(_("inventory"), max_length=32, blank=True)
    user_product_id = models.CharField(_("user product"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("variation")
        verbose_name_plural = _("variations")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["item", "meli_id"], name="variation_once")]
        indexes: ClassVar = [
            models.Index(fields=["sku"], name="variation_by_sku"),
            models.Index(
                fields=["user_product_id"], condition=~Q(user_product_id=""), name="variation_by_product"
            ),
        ]

    def __str__(self) -> str:
        return self.sku or self.meli_id

    @property
    def words(self) -> str:
        """What tells it from its siblings: `Azul · 110 V`."""
        names = (attribute.get("value_name") for attribute in self.attributes)
        return " · ".join(str(name) for name in names if name)


class StockPartQuerySet(models.QuerySet["StockPart"]):
    def sellable(self) -> StockPartQuerySet:
        """Return the parts of sellable items (`ItemQuerySet.sellable`)."""
        return self.filter(is_sellable=True)


class StockPart(models.Model):
    """What sells by itself: an item that is held or, once one of its variations shares its units, each of
    them. Written with its item (`parts.py`), and narrow: whoever adds up all stock reads no item.

    `key` names the pool it sells from (`stock.py`), within the account; `variation_id` is "" where it is the
    whole item, and an unknown quantity is no unit.
    """

    item = models.ForeignKey(Item, models.CASCADE, related_name="stock_parts", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    item_meli_id = models.CharField(max_length=32)
    variation_id = models.CharField(_("variation"), max_length=32, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=65)
    sku = models.CharField(_("SKU"), max_length=120, blank=True)
    units = models.IntegerField(_("available"))
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2, null=True)
    currency_id = models.CharField(_("currency"), max_length=5, blank=True)
    is_sellable = models.BooleanField()
    changed_at = models.DateTimeField()
    listed_since = models.DateTimeField(null=True)

    objects: ClassVar = StockPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of the stock")
        verbose_name_plural = _("parts of the stock")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "variation_id"], name="stock_part_once")
        ]
        indexes: ClassVar = [
            # In the order of readings, newest first, and with all that adding up needs.
            models.Index(
                fields=["account", "key", "-changed_at", "-item", "-position"],
                include=[
                    "units",
                    "price",
                    "currency_id",
                    "sku",
                    "item_meli_id",
                    "variation_id",
                    "is_sellable",
                    "listed_since",
                ],
                name="stock_part_by_pool",
            ),
            models.Index(
                fields=["account", "item_meli_id"],
                include=["variation_id", "key", "is_sellable"],
                name="stock_part_by_item",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class StockOut(models.Model):
    """A time in which an item, or one of its variations, had no unit left; without an end it lasts."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="stock_outs")
    variation_id = models.CharField(_("variation"), max_length=32, blank=True)
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("time without stock")
        verbose_name_plural = _("times without stock")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "variation_id"], condition=Q(ended_at=None), name="stock_out_lasts_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["item", "ended_at"], name="stock_out_by_item")]


class ProductCost(models.Model):
    """What a unit costs the seller, from a day on until the next such row; in the account's currency.

    `sku` is the line's SKU, or the item's id where a listing has none.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="product_costs")
    sku = models.CharField(_("SKU"), max_length=120)
    starts_on = models.DateField(_("from"))
    amount = models.DecimalField(_("cost"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("product cost")
        verbose_name_plural = _("product costs")
        ordering: ClassVar = ["sku", "-starts_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "sku", "starts_on"], name="product_cost_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="product_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.amount}"


class SaleCost(models.Model):
    """What every sale costs beside its product, from a day on until the next such row: a share of it for
    taxes, and an amount per order, in the account's currency.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="sale_costs")
    starts_on = models.DateField(_("from"))
    tax_percent = models.DecimalField(_("taxes (%)"), max_digits=5, decimal_places=2)
    per_order = models.DecimalField(_("cost per order"), max_digits=14, decimal_places=2, default=Decimal(0))

    class Meta:
        verbose_name = _("cost of a sale")
        verbose_name_plural = _("costs of a sale")
        ordering: ClassVar = ["-starts_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "starts_on"], name="sale_cost_once"),
            models.CheckConstraint(
                condition=Q(tax_percent__gte=0, tax_percent__lte=100, per_order__gte=0),
                name="sale_cost_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tax_percent} % + {self.per_order}"


class BulkStatus(models.TextChoices):
    PREVIEW = "preview", _("Preview")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class BulkChangeQuerySet(models.QuerySet["BulkChange"]):
    def of(self, organization: Organization) -> BulkChangeQuerySet:
        return self.filter(organization=organization)

    def started(self) -> BulkChangeQuerySet:
        """Return changes that somebody said yes to."""
        return self.exclude(status=BulkStatus.PREVIEW)


class BulkChange(models.Model):
    """One change of many listings: first only shown, then, once somebody says yes, written line by line.

    `action` is one of `catalog.bulk.ACTIONS`; `how` holds its amount and the ending prices get. `language` is
    that of whoever decided it: results are told in it.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="bulk_changes")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by")
    action = models.CharField(_("action"), max_length=20)
    how = PayloadField(default=dict)
    language = models.CharField(max_length=10)
    status = models.CharField(_("status"), max_length=10, choices=BulkStatus, default=BulkStatus.PREVIEW)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects: ClassVar = BulkChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        indexes: ClassVar = [models.Index(fields=["organization", "-id"], name="bulk_newest")]

    def __str__(self) -> str:
        return f"{self.action} · {self.get_status_display()}"


class LineState(models.TextChoices):
    BARRED = "barred", _("Left out")
    READY = "ready", _("Ready")
    WORKING = "working", _("Working")
    DONE = "done", _("Done")
    FAILED = "failed", _("Not done")
    CANCELLED = "cancelled", _("Cancelled")


class BulkLineQuerySet(models.QuerySet["BulkLine"]):
    def open(self) -> BulkLineQuerySet:
        """Return lines nobody has finished yet."""
        return self.filter(state__in=[LineState.READY, LineState.WORKING])

    def claimable(self, now: datetime) -> BulkLineQuerySet:
        """Return lines a worker may take: due ones, and those whose worker died. What a dead worker began is
        looked at even after the change was cancelled."""
        due = Q(state=LineState.READY, next_try_at__lte=now, change__status=BulkStatus.RUNNING)
        orphaned = Q(state=LineState.WORKING, lease_until__lt=now)
        return self.filter(due | orphaned)


class BulkLine(models.Model):
    """What shall become of one listing in a bulk change, and what became of it.

    Values are kept by name: `price`, `status`, `available_quantity`, and `units:<id>` for a variation. `old`
    and `new` are what the preview showed. `seen` is what was there right before the first write and `sent`
    what is being written: noted before the call, so that whoever takes over knows what may have arrived.
    """

    change = models.ForeignKey(BulkChange, models.CASCADE, related_name="lines")
    item = models.ForeignKey(Item, models.CASCADE, related_name="bulk_lines")
    position = models.PositiveIntegerField()
    old = PayloadField(default=dict)
    new = PayloadField(default=dict)
    seen = PayloadField(null=True)
    sent = PayloadField(null=True)
    state = models.CharField(_("state"), max_length=10, choices=LineState)
    words = models.TextField(_("why"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = BulkLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a bulk change")
        verbose_name_plural = _("lines of bulk changes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["change", "item"], name="bulk_line_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["change", "position"], name="bulk_line_in_order"),
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["ready", "working"]), name="bulk_line_open"
            ),
            models.Index(fields=["item", "-id"], name="bulk_line_of_item"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.state}"

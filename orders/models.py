"""Sales of Mercado Livre: orders with their lines and payments. Columns follow the API facts, part B
section 1.2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization
from painelml.sync.models import MirroredRow, PayloadField

PROFIT = ("goods_cost", "tax", "fixed_cost", "profit", "missing_cost")
"""Columns that the seller's own costs decide, not the payload."""
AMOUNTS = ("gross", "sale_fee", "shipping_cost", "discounts", "net")
"""What Mercado Livre leaves of a sale, and what it takes."""


class OrderQuerySet(models.QuerySet["Order"]):
    def of(self, organization: Organization) -> OrderQuerySet:
        """Return the orders of all accounts this organization owns."""
        return self.filter(account__organization=organization)

    def sales(self) -> OrderQuerySet:
        """Return orders that count as sales: paid for, and neither cancelled, fraudulent nor unfulfilled."""
        return self.filter(is_sale=True)


class Order(MirroredRow):
    """A sale of one item, any quantity; a cart is several orders with the same `pack_id`.

    Money is in `currency_id`. `gross` to `net` are amounts of the whole order and null while unknown; `net`
    is gross - sale_fee - shipping_cost - discounts. `refunded` went back to the buyer, whenever that was.
    `goods_cost` to `profit` follow from the seller's own costs and are null while one is missing;
    `missing_cost` is the first product nobody said a cost of. `item_id` is that of the first line: an order
    is one item (API facts, part B section 1.2), and sums by item need no other table that way.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="orders", verbose_name=_("account"))
    pack_id = models.CharField(_("pack"), max_length=32, blank=True)
    status = models.CharField(_("status"), max_length=30, blank=True)
    is_sale = models.BooleanField(_("counts as a sale"), default=False)
    date_created = models.DateTimeField(_("created"))
    date_closed = models.DateTimeField(_("closed"), null=True)
    total_amount = models.DecimalField(_("total"), max_digits=14, decimal_places=2, null=True)
    paid_amount = models.DecimalField(_("paid"), max_digits=14, decimal_places=2, null=True)
    currency_id = models.CharField(_("currency"), max_length=5, blank=True)
    buyer_id = models.CharField(_("buyer id"), max_length=32, blank=True)
    buyer_nickname = models.CharField(_("buyer"), max_length=120, blank=True)
    shipment_id = models.CharField(_("shipment"), max_length=32, blank=True)
    tags = models.JSONField(_("tags"), default=list)
    cancel_detail = PayloadField(_("cancellation"), null=True)
    has_claim = models.BooleanField(_("has a claim"), default=False)
    units = models.PositiveIntegerField(_("units"), default=0)
    item_id = models.CharField(_("item"), max_length=32, blank=True, default="", db_default="")

    gross = models.DecimalField(_("gross"), max_digits=14, decimal_places=2, null=True)
    sale_fee = models.DecimalField(_("sale fee"), max_digits=14, decimal_places=2, null=True)
    shipping_cost = models.DecimalField(_("shipping cost"), max_digits=14, decimal_places=2, null=True)
    discounts = models.DecimalField(_("discounts"), max_digits=14, decimal_places=2, null=True)
    net = models.DecimalField(_("net"), max_digits=14, decimal_places=2, null=True)
    refunded = models.DecimalField(_("refunded"), max_digits=14, decimal_places=2, null=True)

    goods_cost = models.DecimalField(_("cost of goods"), max_digits=14, decimal_places=2, null=True)
    tax = models.DecimalField(_("taxes"), max_digits=14, decimal_places=2, null=True)
    fixed_cost = models.DecimalField(_("cost per order"), max_digits=14, decimal_places=2, null=True)
    profit = models.DecimalField(_("profit"), max_digits=14, decimal_places=2, null=True)
    missing_cost = models.CharField(
        _("product without a cost"), max_length=120, blank=True, default="", db_default=""
    )

    search_text = models.TextField(editable=False, default="")

    objects: ClassVar = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "meli_id"], name="order_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-date_created", "-id"], name="order_newest"),
            models.Index(fields=["-date_created", "-id"], name="order_newest_of_all"),
            models.Index(fields=["account", "status", "-date_created", "-id"], name="order_by_status"),
            models.Index(fields=["account", "shipment_id"], name="order_by_shipment"),
            models.Index(fields=["account", "pack_id", "-date_created", "-id"], name="order_by_pack"),
            models.Index(fields=["account", "buyer_id", "date_created"], name="order_by_buyer"),
            # Sums of a period are read from these two alone, a sixth of the rows' pages.
            models.Index(
                fields=["account", "date_created"],
                include=["id", "currency_id", "item_id", "units", *AMOUNTS, "profit"],
                condition=Q(is_sale=True),
                name="order_sales",
            ),
            models.Index(
                fields=["account", "date_created"],
                include=["id", "missing_cost", "units"],
                condition=Q(is_sale=True, missing_cost__gt=""),
                name="order_missing_cost",
            ),
            models.Index(
                fields=["account", "date_created"], condition=Q(has_claim=True), name="order_claims_by_day"
            ),
        ]

    @property
    def sale_number(self) -> str:
        """The number sellers see: the pack's, or the order's when it has none (part B section 1.6)."""
        return self.pack_id or self.meli_id

    @property
    def unknown_parts(self) -> list[str]:
        """Which parts of the net amount are not known yet."""
        parts = ("gross", "sale_fee", "shipping_cost", "discounts")
        return [part for part in parts if getattr(self, part) is None]

    @property
    def margin(self) -> Decimal | None:
        """The profit as a share of gross, 0.25 for a quarter; None while it is unknown."""
        return self.profit / self.gross if self.profit is not None and self.gross else None

    @property
    def left(self) -> Decimal | None:
        """What is left of the sale after refunds; None while a part of it is unknown."""
        return None if self.net is None or self.refunded is None else self.net - self.refunded


class OrderItem(models.Model):
    """A line of an order. `unit_price` is after item discounts; `sale_fee` is per unit and null while
    unknown.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField(default=0)
    item_id = models.CharField(_("item"), max_length=32, blank=True)
    variation_id = models.CharField(_("variation"), max_length=32, blank=True)
    variation_attributes = PayloadField(_("variation attributes"), default=list)
    title = models.CharField(_("title"), max_length=255, blank=True)
    sku = models.CharField(_("SKU"), max_length=120, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=0)
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2, null=True)
    full_unit_price = models.DecimalField(_("full unit price"), max_digits=14, decimal_places=2, null=True)
    sale_fee = models.DecimalField(_("sale fee per unit"), max_digits=14, decimal_places=2, null=True)
    listing_type_id = models.CharField(_("listing type"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "position"], name="line_once")]
        indexes: ClassVar = [models.Index(fields=["item_id"], name="line_by_item")]

    def __str__(self) -> str:
        return self.title


class Payment(models.Model):
    """A payment of an order, as the order tells it."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="payments")
    position = models.PositiveSmallIntegerField(default=0)
    meli_id = models.CharField(_("id at Mercado Livre"), max_length=32)
    status = models.CharField(_("status"), max_length=30, blank=True)
    status_detail = models.CharField(_("status detail"), max_length=80, blank=True)
    payment_type = models.CharField(_("type"), max_length=40, blank=True)
    payment_method_id = models.CharField(_("method"), max_length=40, blank=True)
    installments = models.PositiveSmallIntegerField(_("installments"), null=True)
    currency_id = models.CharField(_("currency"), max_length=5, blank=True)
    transaction_amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)
    transaction_amount_refunded = models.DecimalField(
        _("refunded"), max_digits=14, decimal_places=2, null=True
    )
    coupon_amount = models.DecimalField(_("coupon"), max_digits=14, decimal_places=2, null=True)
    shipping_cost = models.DecimalField(_("shipping paid"), max_digits=14, decimal_places=2, null=True)
    taxes_amount = models.DecimalField(_("taxes"), max_digits=14, decimal_places=2, null=True)
    total_paid_amount = models.DecimalField(_("total paid"), max_digits=14, decimal_places=2, null=True)
    date_created = models.DateTimeField(_("created"), null=True)
    date_approved = models.DateTimeField(_("approved"), null=True)
    date_last_modified = models.DateTimeField(_("last modified"), null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "position"], name="payment_once")]

    def __str__(self) -> str:
        return self.meli_id


class Refund(models.Model):
    """Money that went back to the buyer, on its own date.

    Mercado Livre tells how much of a payment was refunded so far (`total`) and when the payment changed; each
    time we see it grow, the difference is a refund of that date.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="refunds")
    payment_id = models.CharField(_("payment"), max_length=32)
    total = models.DecimalField(_("refunded so far"), max_digits=14, decimal_places=2)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    refunded_at = models.DateTimeField(_("refunded"))
    source = models.CharField(_("date taken from"), max_length=60)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering: ClassVar = ["refunded_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "payment_id", "total"], name="refund_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["refunded_at"], name="refund_by_date")]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.amount}"

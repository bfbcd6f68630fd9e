"""Shipments of Mercado Livre. Columns follow the API facts, part B section 3."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Organization
from painelml.sync.models import MirroredRow

STILL = timedelta(days=60)
"""A parcel that has not moved for so long is lost or back; nobody waits for news of it."""
RETURNS = ("return", "return_to_buyer")
"""Directions of parcels that are nobody's dispatch: on their way back to the seller, and from there back to
the buyer (API facts, part B 3.1 and 3.2). An unknown direction is taken for a sale's: that one must not be
forgotten."""


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    def of(self, organization: Organization) -> ShipmentQuerySet:
        """Return the shipments of all accounts this organization owns."""
        return self.filter(account__organization=organization)

    def to_dispatch(self) -> ShipmentQuerySet:
        """Return shipments the seller has to hand over: paid for, not handed over yet, not sent by Full, and
        no returns.
        """
        return self.filter(is_open=True)

    def sent(self) -> ShipmentQuerySet:
        """Return what is sent to buyers, by the seller or by Full: no returns."""
        return self.exclude(direction__in=RETURNS)

    def settled(self) -> ShipmentQuerySet:
        """Return shipments that will not change any more: the cost of delivered ones is known, and the others
        have not moved for months."""
        still = timezone.now() - STILL
        return self.filter(
            Q(status="delivered", cost__isnull=False) | Q(status="cancelled") | Q(remote_updated_at__lt=still)
        )

    def on_the_way(self) -> ShipmentQuerySet:
        """Return shipments that left the seller and have not arrived, or not come back."""
        still = timezone.now() - STILL
        moving = self.filter(is_open=False, remote_updated_at__gte=still)
        return moving.exclude(status__in=["delivered", "cancelled"])

    def read_since(
        self, account: Account, ids: Collection[str], since: datetime | None
    ) -> models.QuerySet[Shipment, str]:
        """Return which of `ids` need no reading: settled, or read after `since` (None: ever)."""
        rows = self.filter(account=account, meli_id__in=ids)
        if since is not None:
            rows = rows.filter(read_at__gte=since) | rows.settled()
        return rows.values_list("meli_id", flat=True)


class Shipment(MirroredRow):
    """A parcel. `cost` is what the seller pays for it; `dispatch_by` the last moment to hand it over."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="shipments", verbose_name=_("account"))
    status = models.CharField(_("status"), max_length=30, blank=True)
    substatus = models.CharField(_("substatus"), max_length=60, blank=True)
    is_open = models.BooleanField(_("to be dispatched"), default=False)
    mode = models.CharField(_("mode"), max_length=30, blank=True)
    logistic_type = models.CharField(_("logistics"), max_length=40, blank=True)
    direction = models.CharField(_("direction"), max_length=20, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80, blank=True)
    tracking_method = models.CharField(_("carrier"), max_length=80, blank=True)
    receiver_name = models.CharField(_("receiver"), max_length=160, blank=True)
    receiver_city = models.CharField(_("city"), max_length=120, blank=True)
    receiver_state = models.CharField(_("state"), max_length=120, blank=True)
    cost = models.DecimalField(_("cost to the seller"), max_digits=14, decimal_places=2, null=True)
    receiver_cost = models.DecimalField(_("cost to the buyer"), max_digits=14, decimal_places=2, null=True)
    dispatch_by = models.DateTimeField(_("dispatch by"), null=True)
    sla_status = models.CharField(_("deadline status"), max_length=30, blank=True)
    date_created = models.DateTimeField(_("created"), null=True)
    date_handed_over = models.DateTimeField(_("handed over"), null=True)
    date_shipped = models.DateTimeField(_("shipped"), null=True)
    date_delivered = models.DateTimeField(_("delivered"), null=True)
    search_text = models.TextField(editable=False, default="")

    objects: ClassVar = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "meli_id"], name="shipment_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-date_created", "-id"], name="shipment_newest"),
            models.Index(fields=["-date_created", "-id"], name="shipment_newest_of_all"),
            models.Index(fields=["account", "status", "-date_created", "-id"], name="shipment_by_status"),
            models.Index(fields=["account", "tracking_number"], name="shipment_by_tracking"),
            models.Index(
                fields=["account", "dispatch_by"], condition=Q(is_open=True), name="shipment_to_dispatch"
            ),
            models.Index(
                fields=["account", "dispatch_by", "date_handed_over"],
                condition=Q(date_handed_over__isnull=False),
                name="shipment_handed_over",
            ),
        ]

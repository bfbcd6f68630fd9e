"""What Mercado Livre's words, and ours, mean to a seller: a label and a tone, in one table for all pages.

Words come from the API facts (items part A 5.4; orders, payments and shipments part B 1.3, 1.2, 3.4 and 3.5;
questions part B 4.3). Mercado Livre adds words without notice: one that is missing here is shown as it came.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Word(NamedTuple):
    """`tone` is good, info, warn, bad or plain."""

    label: Any
    tone: str


WORDS: dict[str, dict[str, Word]] = {
    "order": {
        "paid": Word(_("Paid"), "good"),
        "confirmed": Word(_("Confirmed"), "plain"),
        "payment_required": Word(_("Awaiting payment"), "warn"),
        "payment_in_process": Word(_("Payment in process"), "warn"),
        "partially_paid": Word(_("Partially paid"), "warn"),
        "partially_refunded": Word(_("Partially refunded"), "warn"),
        "pending_cancel": Word(_("Being cancelled"), "bad"),
        "cancelled": Word(_("Cancelled"), "bad"),
        "invalid": Word(_("Invalid"), "bad"),
    },
    "payment": {
        "approved": Word(_("Approved"), "good"),
        "authorized": Word(_("Authorized"), "info"),
        "pending": Word(_("Pending"), "warn"),
        "in_process": Word(_("In process"), "warn"),
        "in_mediation": Word(_("In mediation"), "warn"),
        "rejected": Word(_("Rejected"), "bad"),
        "cancelled": Word(_("Cancelled"), "bad"),
        "refunded": Word(_("Refunded"), "bad"),
        "charged_back": Word(_("Charged back"), "bad"),
    },
    "order_tag": {
        "paid": Word(_("Paid"), "plain"),
        "not_paid": Word(_("Not paid"), "plain"),
        "delivered": Word(_("Delivered"), "plain"),
        "not_delivered": Word(_("Not delivered"), "plain"),
        "pack_order": Word(_("Part of a pack"), "plain"),
        "order_has_discount": Word(_("With a discount"), "plain"),
        "fraud_risk_detected": Word(_("Fraud risk"), "bad"),
        "unfulfilled": Word(_("Not fulfilled"), "bad"),
        "no_shipping": Word(_("Without shipment"), "plain"),
        "catalog": Word(_("Catalog listing"), "plain"),
        "test_order": Word(_("Test order"), "plain"),
        "claim_opened": Word(_("Claim opened"), "warn"),
        "claim_closed": Word(_("Claim closed"), "plain"),
    },
    "payment_type": {
        "account_money": Word(_("Mercado Pago balance"), "plain"),
        "bank_transfer": Word(_("Bank transfer"), "plain"),
        "credit_card": Word(_("Credit card"), "plain"),
        "debit_card": Word(_("Debit card"), "plain"),
        "prepaid_card": Word(_("Prepaid card"), "plain"),
        "ticket": Word(_("Payment slip"), "plain"),
    },
    "item": {
        "active": Word(_("Active"), "good"),
        "paused": Word(_("Paused"), "warn"),
        "under_review": Word(_("Under review"), "warn"),
        "payment_required": Word(_("Awaiting payment"), "warn"),
        "inactive": Word(_("Inactive"), "bad"),
        "not_yet_active": Word(_("Not active yet"), "plain"),
        "closed": Word(_("Closed"), "plain"),
    },
    "listing_type": {
        "gold_pro": Word(_("Premium"), "plain"),
        "gold_special": Word(_("Classic"), "plain"),
        "free": Word(_("Free"), "plain"),
    },
    "logistics": {
        "fulfillment": Word("Full", "info"),
        "self_service": Word("Flex", "plain"),
        "turbo": Word("Flex Turbo", "plain"),
        "cross_docking": Word(_("Pick-up"), "plain"),
        "xd_drop_off": Word(_("Places"), "plain"),
        "drop_off": Word(_("Post office"), "plain"),
        "default": Word(_("Own carrier"), "plain"),
        "custom": Word(_("Own price table"), "plain"),
        "not_specified": Word(_("To be agreed"), "plain"),
    },
    "shipment": {
        "pending": Word(_("Pending"), "plain"),
        "handling": Word(_("Being prepared"), "warn"),
        "ready_to_ship": Word(_("Ready to ship"), "info"),
        "shipped": Word(_("On its way"), "info"),
        "delivered": Word(_("Delivered"), "good"),
        "not_delivered": Word(_("Not delivered"), "bad"),
        "cancelled": Word(_("Cancelled"), "bad"),
        "to_be_agreed": Word(_("To be agreed"), "plain"),
    },
    "substatus": {
        "ready_to_print": Word(_("Label to print"), "plain"),
        "printed": Word(_("Label printed"), "plain"),
        "invoice_pending": Word(_("Invoice missing"), "warn"),
        "buffered": Word(_("Label released later"), "plain"),
        "creating_shipping_order": Word(_("Being created"), "plain"),
        "creating_route": Word(_("Being created"), "plain"),
        "manufacturing": Word(_("Being made"), "plain"),
        "regenerating": Word(_("Label being redone"), "plain"),
        "waiting_for_label_generation": Word(_("Label being made"), "plain"),
        "shipment_paid": Word(_("Freight paid"), "plain"),
        "reviewed": Word(_("Reviewed"), "plain"),
        "waiting_for_payment": Word(_("Awaiting payment"), "plain"),
        "under_review": Word(_("Under review"), "plain"),
        "in_pickup_list": Word(_("On the pick-up list"), "plain"),
        "in_packing_list": Word(_("On the packing list"), "plain"),
        "ready_for_pickup": Word(_("Ready for pick-up"), "plain"),
        "ready_for_dropoff": Word(_("Ready to drop off"), "plain"),
        "ready_to_pack": Word(_("Ready to pack"), "plain"),
        "packed": Word(_("Packed"), "plain"),
        "on_hold": Word(_("On hold"), "plain"),
        "picked_up": Word(_("Picked up"), "plain"),
        "dropped_off": Word(_("Dropped off"), "plain"),
        "in_hub": Word(_("At the hub"), "plain"),
        "in_transit": Word(_("In transit"), "plain"),
        "in_warehouse": Word(_("At the warehouse"), "plain"),
        "out_for_delivery": Word(_("Out for delivery"), "plain"),
        "soon_deliver": Word(_("Arriving soon"), "plain"),
        "waiting_for_withdrawal": Word(_("Waiting for the buyer to collect"), "plain"),
        "receiver_absent": Word(_("Nobody at home"), "plain"),
        "bad_address": Word(_("Wrong address"), "plain"),
        "refused_delivery": Word(_("Refused by the buyer"), "plain"),
        "delayed": Word(_("Delayed"), "plain"),
        "not_localized": Word(_("Not found"), "plain"),
        "buyer_rescheduled": Word(_("Put off by the buyer"), "plain"),
        "delivery_failed": Word(_("Delivery failed"), "plain"),
        "inferred": Word(_("Assumed delivered"), "plain"),
        "unclaimed": Word(_("Not collected"), "plain"),
        "closed_by_user": Word(_("Closed"), "plain"),
        "pack_splitted": Word(_("Pack split"), "plain"),
        "stale": Word(_("Standing still"), "plain"),
        "returning_to_sender": Word(_("On its way back"), "plain"),
        "returned": Word(_("Returned"), "plain"),
        "lost": Word(_("Lost"), "plain"),
        "stolen": Word(_("Stolen"), "plain"),
        "damaged": Word(_("Damaged"), "plain"),
        "cancelled_manually": Word(_("Cancelled by hand"), "plain"),
        "label_expired": Word(_("Label expired"), "plain"),
        "fraudulent": Word(_("Fraud"), "plain"),
    },
    "reputation": {
        "5_green": Word(_("Green"), "good"),
        "4_light_green": Word(_("Light green"), "good"),
        "3_yellow": Word(_("Yellow"), "warn"),
        "2_orange": Word(_("Orange"), "warn"),
        "1_red": Word(_("Red"), "bad"),
    },
    "medal": {
        "silver": Word("MercadoLíder", "plain"),
        "gold": Word("MercadoLíder Gold", "plain"),
        "platinum": Word("MercadoLíder Platinum", "plain"),
    },
    "metric": {
        "claims": Word(_("Claims"), "plain"),
        "cancellations": Word(_("Cancelled by you"), "plain"),
        "delayed_handling_time": Word(_("Dispatched late"), "plain"),
    },
    "question": {
        "UNANSWERED": Word(_("Unanswered"), "warn"),
        "ANSWERED": Word(_("Answered"), "good"),
        "CLOSED_UNANSWERED": Word(_("Closed without answer"), "plain"),
        "UNDER_REVIEW": Word(_("Under review"), "warn"),
        "BANNED": Word(_("Removed by moderation"), "bad"),
        "DELETED": Word(_("Deleted"), "plain"),
        "DISABLED": Word(_("Disabled"), "plain"),
    },
    "sla": {
        "breached": Word(_("Past its time"), "bad"),
        "at_risk": Word(_("At risk"), "warn"),
        "ok": Word(_("On time"), "good"),
    },
    "account": {
        "active": Word(_("Active"), "good"),
        "paused": Word(_("Paused"), "plain"),
        "error": Word(_("Error"), "warn"),
        "expired": Word(_("Expired"), "bad"),
    },
    "run": {
        "queued": Word(_("Queued"), "plain"),
        "running": Word(_("Running"), "info"),
        "done": Word(_("Done"), "good"),
        "failed": Word(_("Failed"), "bad"),
        "cancelled": Word(_("Cancelled"), "plain"),
    },
    "notification": {
        "pending": Word(_("Pending"), "plain"),
        "working": Word(_("Working"), "info"),
        "done": Word(_("Done"), "good"),
        "ignored": Word(_("Ignored"), "plain"),
        "failed": Word(_("Failed"), "bad"),
    },
    "bulk": {
        "preview": Word(_("Preview"), "plain"),
        "running": Word(_("Running"), "info"),
        "done": Word(_("Done"), "good"),
        "cancelled": Word(_("Stopped"), "plain"),
    },
    "bulk_line": {
        "barred": Word(_("Left out"), "plain"),
        "ready": Word(_("Waiting"), "plain"),
        "working": Word(_("Being written"), "info"),
        "done": Word(_("Accepted"), "good"),
        "failed": Word(_("Not done"), "bad"),
        "cancelled": Word(_("Stopped"), "plain"),
    },
    "scope": {
        "items": Word(_("Items"), "plain"),
        "orders": Word(_("Orders"), "plain"),
        "shipments": Word(_("Shipments"), "plain"),
        "questions": Word(_("Questions"), "plain"),
    },
}


def word_for(kind: str, value: str) -> Word:
    """Return what to show for a word; one we do not know is its own label."""
    return WORDS[kind].get(value, Word(value, "plain"))


def choices(kind: str) -> list[tuple[str, Any]]:
    """Return the known words of a kind as choices of a form."""
    return [(value, word.label) for value, word in WORDS[kind].items()]

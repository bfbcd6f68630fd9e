"""Which data every column holds. The page about privacy is made of this, and a test reads every model: a
column nobody classified fails it."""

from __future__ import annotations

from functools import cache

from django.db import models
from django.utils.translation import gettext_lazy as _


class Data(models.TextChoices):
    """The kinds of data, those that need most care first."""

    SECRET = "secret", _("Secrets, encrypted or as a digest")
    BUYERS = "buyers", _("Personal data of buyers")
    MEMBERS = "members", _("Personal data of members")
    BUSINESS = "business", _("Business data")
    NONE = "none", _("Technical")


SECRET, BUYERS, MEMBERS, BUSINESS, NONE = Data

# What every mirrored row begins with; payloads are read as a whole, so they are what is worst in them.
MIRRORED = "id account meli_id remote_updated_at read_at"
LEASE = "attempts lease_until lease_owner"

FIELDS: dict[str, dict[Data, str]] = {
    # Mirrored from Mercado Livre
    "orders.Order": {
        NONE: MIRRORED,
        BUYERS: "payload parts buyer_id buyer_nickname cancel_detail search_text",
        BUSINESS: "pack_id status is_sale date_created date_closed total_amount paid_amount currency_id "
        "shipment_id tags has_claim units gross sale_fee shipping_cost discounts net refunded goods_cost tax "
        "fixed_cost profit missing_cost item_id",
    },
    "orders.OrderItem": {
        NONE: "id order position",
        BUSINESS: "item_id variation_id variation_attributes title sku quantity unit_price full_unit_price "
        "sale_fee listing_type_id",
    },
    "orders.Payment": {
        NONE: "id order position",
        BUSINESS: "meli_id status status_detail payment_type payment_method_id installments currency_id "
        "transaction_amount transaction_amount_refunded coupon_amount shipping_cost taxes_amount "
        "total_paid_amount date_created date_approved date_last_modified",
    },
    "orders.Refund": {NONE: "id order", BUSINESS: "payment_id total amount refunded_at source"},
    "shipments.Shipment": {
        NONE: MIRRORED,
        BUYERS: "payload parts receiver_name receiver_city receiver_state tracking_number search_text",
        BUSINESS: "status substatus is_open mode logistic_type direction tracking_method cost receiver_cost "
        "dispatch_by sla_status date_created date_handed_over date_shipped date_delivered",
    },
    "questions.Question": {
        NONE: MIRRORED,
        BUYERS: "payload parts text from_id search_text",
        BUSINESS: "item_id status date_created answer_text answer_status answered_at response_seconds "
        "response_open_seconds due_at",
    },
    "questions.PanelAnswer": {NONE: "id question", MEMBERS: "person name created_at"},
    "catalog.Item": {
        NONE: MIRRORED,
        BUSINESS: "payload parts title status sub_status is_out_of_stock price currency_id "
        "available_quantity sold_quantity sku listing_type_id logistic_type category_id permalink thumbnail "
        "user_product_id inventory_id catalog_listing date_created search_text",
    },
    "catalog.Variation": {
        NONE: "id item position",
        BUSINESS: "meli_id sku available_quantity sold_quantity price attributes inventory_id "
        "user_product_id",
    },
    "catalog.StockPart": {
        NONE: "id item account position",
        BUSINESS: "item_meli_id variation_id key sku units price currency_id is_sellable changed_at "
        "listed_since",
    },
    "catalog.StockOut": {NONE: "id item", BUSINESS: "variation_id began_at ended_at"},
    # What the organization decides and says of itself
    "catalog.ProductCost": {NONE: "id account", BUSINESS: "sku starts_on amount"},
    "catalog.SaleCost": {NONE: "id account", BUSINESS: "starts_on tax_percent per_order"},
    "catalog.BulkChange": {
        NONE: "id organization undoes language",
        MEMBERS: "requested_by",
        BUSINESS: "action how status created_at started_at finished_at",
    },
    "catalog.BulkLine": {
        NONE: f"id change item position next_try_at {LEASE}",
        BUSINESS: "old new seen sent state words finished_at",
    },
    "questions.QuickReply": {NONE: "id organization", BUSINESS: "word text updated_at"},
    "questions.BusinessCalendar": {NONE: "id account", BUSINESS: "zone_name"},
    "questions.OpenHours": {NONE: "id calendar", BUSINESS: "weekday opens closes"},
    "questions.Holiday": {NONE: "id calendar", BUSINESS: "day name"},
    "painelml.SavedFilter": {NONE: "id organization list", MEMBERS: "user name", BUYERS: "query"},
    # Accounts at Mercado Livre
    "accounts.Account": {
        NONE: "id organization api_host token_expires_at token_lifetime_seconds last_token_refresh "
        "token_lease_until token_lease_owner created_at updated_at",
        SECRET: "access_token refresh_token",
        MEMBERS: "email connected_by",
        BUSINESS: "meli_user_id nickname site_id account_name account_type is_primary profile "
        "sla_target_minutes status sync_interval_seconds last_sync next_sync last_sync_status "
        "last_sync_error error_count error_history last_activity is_silent",
    },
    "accounts.ReputationDay": {
        NONE: "id account read_at",
        BUSINESS: "day level_id sales claims_rate cancellations_rate delays_rate",
    },
    "accounts.ApiUsage": {NONE: "id account hour endpoint status calls seconds"},
    "accounts.OAuthState": {
        NONE: "id organization site_id created_at used_at",
        SECRET: "state_hash code_verifier",
        MEMBERS: "user",
    },
    # People who work here
    "accounts.User": {
        NONE: "id is_superuser is_staff is_active token_version",
        SECRET: "password",
        MEMBERS: "email first_name last_name language last_login date_joined",
    },
    "accounts.Organization": {NONE: "id two_factor_from created_at deleted_at", BUSINESS: "name"},
    "accounts.Membership": {NONE: "id organization is_default", MEMBERS: "user role created_at"},
    "accounts.Alerts": {
        NONE: "id last_mail_at last_summary_on",
        MEMBERS: "membership kinds summary_hour",
    },
    "accounts.AlertCause": {NONE: "id alerts told_at", BUSINESS: "name"},
    "accounts.Invitation": {
        NONE: "id organization created_at",
        SECRET: "token",
        MEMBERS: "email role invited_by accepted_at",
    },
    "accounts.ApiKey": {
        NONE: "id organization scopes created_at expires_at last_used_at revoked_at",
        SECRET: "prefix digest",
        MEMBERS: "name created_by",
    },
    "account.EmailAddress": {NONE: "id verified primary", MEMBERS: "user email"},
    "account.EmailConfirmation": {NONE: "id created sent", SECRET: "key", MEMBERS: "email_address"},
    "mfa.Authenticator": {NONE: "id type created_at last_used_at", SECRET: "data", MEMBERS: "user"},
    "usersessions.UserSession": {
        NONE: "id created_at data",
        SECRET: "session_key",
        MEMBERS: "user ip user_agent last_seen_at",
    },
    "sessions.Session": {NONE: "expire_date", SECRET: "session_key session_data"},
    # What was done, and what was taken along
    "audit.Entry": {
        NONE: "id at organization_id actor_kind key_id action outcome way request_id",
        MEMBERS: "person_id actor address client",
        BUYERS: "before after",  # an answer may repeat what a buyer wrote
        BUSINESS: "reason account_id account_name object_kind object_id object_name",
    },
    "admin.LogEntry": {
        NONE: "id action_time content_type object_id action_flag",
        MEMBERS: "user object_repr change_message",
    },
    "exports.ExportFile": {
        NONE: f"id organization listing format reader language name state total done size error {LEASE} "
        "created_at started_at finished_at expires_at seen_at",
        MEMBERS: "user",
        BUYERS: "query",
    },
    "exports.FilePiece": {NONE: "id file number", BUYERS: "content"},
    "painelml.KeptAnswer": {
        NONE: "id organization key fingerprint status location began_at",
        MEMBERS: "user",
        BUYERS: "body",
    },
    # The work of the panel itself
    "sync.SyncRun": {
        NONE: "id account scope kind status since total done failed changed api_calls error created_at "
        "started_at finished_at",
        MEMBERS: "requested_by",
    },
    "sync.SyncStep": {
        NONE: f"id run name key position params cursor state expected held pages next_try_at error {LEASE}"
    },
    "sync.PendingRead": {NONE: "id account resource meli_id wanted_at attempts next_try_at given_up error"},
    "sync.BuyerKey": {NONE: "id account", SECRET: "key"},
    "sync.ErasedBuyer": {NONE: "id account pseudonym erased_at"},
    "webhooks.Notification": {
        NONE: "id dedupe_key topic resource kind target application_id received sent source created_at "
        f"repeats state next_try_at outcome error done_at {LEASE}",
        BUSINESS: "seller_id",
    },
}
"""By model: the columns of each kind. What a payload holds is classed by the worst of it."""

FRAMEWORK = {"auth", "contenttypes", "django_celery_beat"}
"""Apps whose tables hold names of permissions, kinds of rows and times of jobs: nothing about anybody."""


@cache
def data_of(label: str) -> dict[str, Data]:
    """Return the kind of each column of a model: `{"buyer_id": Data.BUYERS, ...}`."""
    return {name: data for data, names in FIELDS[label].items() for name in names.split()}


def kinds_of(*labels: str) -> list[Data]:
    """Return the kinds of data these models hold, those that need most care first; technical ones apart."""
    held = {data for label in labels for data in FIELDS[label]}
    return [data for data in Data if data in held and data != NONE]

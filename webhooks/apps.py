from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from accounts.models import Account
        from accounts.signals import account_disconnected

        account_disconnected.connect(forget_seller)
        post_delete.connect(forget_account, sender=Account)


def forget_account(instance: Any, **_: Any) -> None:
    forget_seller(instance.meli_user_id)


def forget_seller(seller_id: str, **_: Any) -> None:
    """Delete the events of an account that was removed: whoever connects that seller next must not see
    them."""
    from .models import Notification

    Notification.objects.filter(seller_id=seller_id).delete()

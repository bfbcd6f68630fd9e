from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from accounts.models import Account

        post_delete.connect(forget_seller, sender=Account)


def forget_seller(instance: Any, **_: Any) -> None:
    """Delete the events of an account that was removed: whoever connects that seller next must not see
    them."""
    from .models import Notification

    Notification.objects.filter(seller_id=instance.meli_user_id).delete()

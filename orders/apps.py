from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from painelml.sync.signals import rows_saved

        from .settle import settle_saved

        rows_saved.connect(settle_saved)

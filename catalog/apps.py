from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        from django.db.models import Field

        from painelml.sync.signals import rows_saved

        from .lookups import Among
        from .stock import note_stock_saved

        Field.register_lookup(Among)
        rows_saved.connect(note_stock_saved)

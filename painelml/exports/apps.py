from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    """Files made in the background: long lists, while people do something else."""

    name = "painelml.exports"
    label = "exports"
    verbose_name = _("Exports")

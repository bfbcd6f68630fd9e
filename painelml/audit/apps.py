from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "painelml.audit"
    label = "audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        from . import people  # noqa: F401  connects its receivers

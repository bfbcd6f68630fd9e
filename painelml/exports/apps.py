from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    """Files made in the background: long lists, while people do something else."""

    name = "painelml.exports"
    label = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        from accounts.signals import account_disconnected

        account_disconnected.connect(forget_files)


def forget_files(organization_id: int, **_: Any) -> None:
    """Delete the files of an organization that disconnected an account: its rows are in them."""
    from .actions import delete_files
    from .models import ExportFile

    delete_files(ExportFile.objects.filter(organization=organization_id))

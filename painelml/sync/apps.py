from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    name = "painelml.sync"
    label = "sync"
    verbose_name = _("Synchronization")

    def ready(self) -> None:
        from accounts.signals import account_connected

        from .actions import backfill_new_account
        from .schedule import apply_schedule

        autodiscover_modules("sync")
        account_connected.connect(backfill_new_account)
        post_migrate.connect(apply_schedule, sender=apps.get_app_config("django_celery_beat"))

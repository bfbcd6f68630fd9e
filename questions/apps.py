from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuestionsConfig(AppConfig):
    name = "questions"
    verbose_name = _("Questions")

    def ready(self) -> None:
        from painelml.sync.signals import rows_saved

        from .clocks import set_clocks_saved

        rows_saved.connect(set_clocks_saved)

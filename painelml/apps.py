from django.apps import AppConfig


class PainelmlConfig(AppConfig):
    """What all apps share: management commands, template tags, the pages' frame."""

    name = "painelml"
    verbose_name = "Painel ML"

    def ready(self) -> None:
        from . import log_context, slow_queries  # noqa: F401  they listen to signals

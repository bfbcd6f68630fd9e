from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and accounts")

    def ready(self) -> None:
        from allauth.account import signals
        from allauth.core.internal import ratelimit
        from allauth.mfa.totp.internal import auth as totp
        from django.contrib.auth.signals import user_logged_in
        from rest_framework_simplejwt import state

        from .limits import LimitCache
        from .logins import SigningKeys, after_new_password, note_seen

        # allauth asks Django's cache itself, and would answer 500 while Redis is away.
        ratelimit.cache = totp.cache = LimitCache()
        state.token_backend = SigningKeys(state.token_backend.algorithm, state.token_backend.signing_key)
        user_logged_in.connect(note_seen)
        for signal in (signals.password_changed, signals.password_set, signals.password_reset):
            signal.connect(after_new_password)

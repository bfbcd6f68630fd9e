"""A client that speaks for one account: its tokens, its share of the rate, its calls counted."""

from collections.abc import Callable
from functools import lru_cache, partial

from django.conf import settings
from redis import Redis

from painelml.meli import Call, Client, Governor, LocalGovernor, Priority, RedisGovernor

from . import usage
from .models import Account
from .tokens import AccountTokens, refuse_other_host


def client_for(
    account: Account, priority: Priority = Priority.BACKFILL, on_call: Callable[[Call], None] | None = None
) -> Client:
    """Return a client for this account. Threads may share it. `on_call` hears of every call besides the
    usage page.

    Raises NotAllowed for an account that was connected at another host than the settings name.
    """
    refuse_other_host(account)
    return Client(
        api_url=settings.MELI_API_URL,
        token=AccountTokens(account),
        governor=governor(),
        key=account.meli_user_id,
        on_call=partial(_count, account.pk, on_call),
        priority=priority,
    )


def _count(account_id: int, also: Callable[[Call], None] | None, call: Call) -> None:
    usage.count(account_id, call)
    if also is not None:
        also(call)


def governor() -> Governor:
    """Return this process's governor: in Redis it is everybody's."""
    return _governor(settings.REDIS_URL, settings.MELI_MAX_RPM)


@lru_cache(maxsize=4)
def _governor(redis_url: str, rpm: int) -> Governor:
    if not redis_url:
        return LocalGovernor(rpm)
    return RedisGovernor(Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1), rpm)

"""How often somebody may call the API; too often is 429 with `Retry-After`."""

from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle


class ForgivingThrottle(SimpleRateThrottle):
    """Counts in the cache; when that is down everybody may call."""

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            return True


class KeyThrottle(ForgivingThrottle):
    """Six hundred calls a minute for each API key."""

    rate = "600/min"
    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not getattr(request.auth, "is_api_key", False):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.pk}


class PersonThrottle(ForgivingThrottle, UserRateThrottle):
    """Six hundred calls a minute for each person, whatever the number of their tokens."""

    rate = "600/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        is_person = request.user.is_authenticated and not getattr(request.auth, "is_api_key", False)
        return super().get_cache_key(request, view) if is_person else None


class AddressThrottle(ForgivingThrottle, AnonRateThrottle):
    """Sixty calls a minute from an address that did not log in."""

    rate = "60/min"


class StrangerThrottle(AddressThrottle):
    """Sixty calls a minute from an address that were refused for want of a login, or for a wrong one.

    Counted apart: a program with an old token keeps nobody behind its address from getting a new one.
    """

    scope = "stranger"

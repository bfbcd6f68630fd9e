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


class PersonThrottle(ForgivingThrottle, UserRateThrottle):
    """Six hundred calls a minute for each person, whatever the number of their tokens."""

    rate = "600/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class AddressThrottle(ForgivingThrottle, AnonRateThrottle):
    """Sixty calls a minute from an address that did not log in."""

    rate = "60/min"

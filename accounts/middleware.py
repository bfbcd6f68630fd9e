"""What every request brings along: the organization beside the user, and when they were last seen."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from .access import find_membership
from .logins import SEEN
from .models import Membership


class OrganizationMiddleware:
    """Sets `request.membership` and `request.organization`; both are falsy for nobody.

    Found when first asked for: the API knows who asks only after its own authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        def membership() -> Membership | None:
            try:
                return find_membership(request)
            except Http404:
                # The page that says so asks for the organization once more, for its frame.
                request.membership = request.organization = None  # type: ignore[attr-defined]
                raise

        found = SimpleLazyObject(membership)
        request.membership = found  # type: ignore[attr-defined]
        request.organization = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: found.organization if found else None
        )
        return self.get_response(request)


SEEN_EVERY_S = 300


class LastSeenMiddleware:
    """Notes, every five minutes, that a session is in use: where from, and with what."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        now = time.time()
        if request.user.is_authenticated and now - request.session.get(SEEN, 0) > SEEN_EVERY_S:
            request.session[SEEN] = now
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

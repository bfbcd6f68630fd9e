"""Puts the organization beside the user on every request."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from .access import find_membership
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

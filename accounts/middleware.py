"""Puts the organization beside the user on every request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from .access import find_membership


class OrganizationMiddleware:
    """Sets `request.membership` and `request.organization`; both are falsy for nobody.

    Found when first asked for: the API knows who asks only after its own authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        membership = SimpleLazyObject(lambda: find_membership(request))
        request.membership = membership  # type: ignore[attr-defined]
        request.organization = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: membership.organization if membership else None
        )
        return self.get_response(request)

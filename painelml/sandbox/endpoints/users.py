"""Users and grants (facts: part A, sections 1.7 and 4)."""

from typing import Any

from ..http import Request, forbidden, not_found, route
from ..payloads.users import public_user_payload, user_payload
from ..server import Box


def own_user(request: Request, user_id: str) -> int:
    """The user of the path, who must be the caller. Raises ApiError 403."""
    if user_id != str(request.user):
        raise forbidden()
    return request.user


@route("GET", "/users/me")
def me(box: Box, request: Request) -> dict[str, Any]:
    return user_payload(box.world, box.world.sellers[request.user])


@route("GET", "/users/{user_id}")
def user(box: Box, request: Request, user_id: str) -> dict[str, Any]:
    seller = box.world.sellers.get(int(user_id)) if user_id.isdigit() else None
    if seller is None:
        raise not_found(f"User {user_id} not found.")
    if seller.id == request.user:
        return user_payload(box.world, seller)
    return public_user_payload(box.world, seller)


@route("GET", "/users/{user_id}/applications")
def grants(box: Box, request: Request, user_id: str) -> list[dict[str, Any]]:
    return [box.oauth.grant_payload(own_user(request, user_id))]


@route("DELETE", "/users/{user_id}/applications/{app_id}")
def revoke(box: Box, request: Request, user_id: str, app_id: str) -> dict[str, Any]:
    user = own_user(request, user_id)
    if app_id != str(box.application.id):
        raise not_found("Application not found")
    box.oauth.revoke(user)
    return {"user_id": user_id, "app_id": app_id, "msg": "Autorização eliminada"}


@route("GET", "/applications/{app_id}")
def application(box: Box, request: Request, app_id: str) -> dict[str, Any]:
    if app_id != str(box.application.id):
        raise not_found("Application not found")
    return {
        "id": box.application.id,
        "site_id": "MLB",
        "name": "Painel ML (sandbox)",
        "description": "Aplicação de testes",
        "thumbnail": None,
        "url": box.application.redirect_uri,
        "short_name": "painel-ml",
        "sandbox_mode": True,
        "project_id": None,
        "active": True,
        "max_requests_per_hour": 18000,
        "certification_status": "not_certified",
    }

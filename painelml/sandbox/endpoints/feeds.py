"""Missed feeds, with their quirks (facts: part A, section 3.5)."""

from typing import Any

from ..http import ApiError, Request, route
from ..server import Box

PAGE_OF_THE_SHORT = 3


@route("GET", "/missed_feeds")
def missed_feeds(box: Box, request: Request) -> dict[str, Any]:
    """Newest first, no total, no cursor; the end is `null`. A page can be shorter than asked with more
    behind it.
    """
    if request.query.get("app_id") != str(box.application.id):
        raise ApiError(403, body={"status": 403, "error": "Invalid scopes", "code": "FORBIDDEN"})
    topic = request.query.get("topic")
    if topic == "items" and not request.query.get("site_id"):
        raise ApiError(400, "site_id is required for topic items", "bad_request")
    limit, offset = request.number("limit", 10), request.number("offset", 0)
    entries = [entry for entry in box.notifier.missed_feeds() if topic in (None, entry["topic"])]
    page = entries[offset : offset + limit]
    if offset == 0 and limit > PAGE_OF_THE_SHORT and len(entries) > limit:
        page = page[:PAGE_OF_THE_SHORT]
    return {"messages": page or None}

"""Scan scrolls: a new id for every page, each good for five minutes, and each always opening the same
page.
"""

import secrets
from collections import OrderedDict
from typing import Any

from .clock import MINUTE, Clock
from .http import ApiError

LIFE = 5 * MINUTE
KEPT = 512


class Scrolls:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._open: OrderedDict[str, tuple[int, list[Any], int]] = OrderedDict()

    def page(self, scroll_id: str, rows: list[Any] | None, limit: int) -> tuple[list[Any], str | None, int]:
        """(the page, the id of the next one or None at the end, the total). `rows` starts a scan when there
        is no id yet.

        Raises ApiError 400 for an id that is unknown or older than five minutes.
        """
        start = 0
        if scroll_id:
            expires, rows, start = self._open.get(scroll_id, (0, [], 0))
            if expires <= self.clock.now():
                raise ApiError(400, "Invalid scroll_id or it has expired", "bad_request")
        rows = rows or []
        page = rows[start : start + limit]
        if not page:
            return [], None, len(rows)
        return page, self._remember(rows, start + len(page)), len(rows)

    def _remember(self, rows: list[Any], position: int) -> str:
        scroll_id = f"YXBpY29yZS1pdGVtcw=={secrets.token_urlsafe(18)}"
        self._open[scroll_id] = (self.clock.now() + LIFE, rows, position)
        if len(self._open) > KEPT:
            self._open.popitem(last=False)
        return scroll_id

"""`POST /api/shipments/backfill` and `/api/questions/backfill`: the past of one resource (contract 3.5)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from painelml.web.once import acts_once

from .api import RunsSerializer, start_runs


class BackfillMixin:
    """Adds `backfill` to a viewset; `scope` is its resource, and `query_forms` has `BackfillForm` for it."""

    scope: str
    query: Any

    @extend_schema(request=None, responses={202: RunsSerializer})
    @action(detail=False, methods=["post"])
    @acts_once
    def backfill(self, request: Request) -> Response:
        """Read everything again, or the last `days`. A run that is under way is returned as it is."""
        return start_runs(request, self.query, self.scope)

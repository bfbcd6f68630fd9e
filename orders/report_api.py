"""`/api/reports` and `/api/report-breakdowns`: the reports as files."""

from __future__ import annotations

from typing import Any, ClassVar

from painelml.web.api import ApiViewSet
from painelml.web.exports import ExportMixin, export_form

from .report_exports import BREAKDOWN, LISTING


class ReportViewSet(ExportMixin, ApiViewSet):
    """How the sales of a period went, day by day: the last 30 without one, a year at most."""

    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {"export": export_form(LISTING.form)}


class BreakdownViewSet(ExportMixin, ApiViewSet):
    """What sold in a period by item, state or account, against as long a period before."""

    listing = BREAKDOWN
    query_forms: ClassVar[dict[str, Any]] = {"export": export_form(BREAKDOWN.form)}

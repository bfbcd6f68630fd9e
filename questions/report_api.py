"""`/api/report-service-level`: how well questions were answered, as a file."""

from __future__ import annotations

from typing import Any, ClassVar

from painelml.web.api import ApiViewSet
from painelml.web.exports import ExportMixin, export_form

from .report_exports import LISTING


class ServiceLevelReportViewSet(ExportMixin, ApiViewSet):
    """How the questions of a period were answered, day by day: the last 30 without one, a year at most."""

    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {"export": export_form(LISTING.form)}

"""`/api/report-dispatch`: how dispatch and delivery went, as a file."""

from __future__ import annotations

from typing import Any, ClassVar

from painelml.web.api import ApiViewSet
from painelml.web.exports import ExportMixin, export_form

from .report_exports import LISTING


class DispatchReportViewSet(ExportMixin, ApiViewSet):
    """How parcels were handed over and delivered by state, against as long a period before."""

    listing = LISTING
    query_forms: ClassVar[dict[str, Any]] = {"export": export_form(LISTING.form)}

"""A list on paper: a PDF with a cover, its totals and a chart."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.graphics.charts.barcharts import HorizontalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from . import show
from .exports import Export, Summary

ACCENT, LINE, MUTED = HexColor("#2d4bc7"), HexColor("#d9dce3"), HexColor("#5b6272")
MARGIN = 2 * cm
WIDTH = A4[0] - 2 * MARGIN
BAR = 0.75 * cm
LABEL_MAX = 28

styles = getSampleStyleSheet()
TITLE = ParagraphStyle("cover", parent=styles["Title"], alignment=0, fontSize=28, leading=34)
HEAD = ParagraphStyle("head", parent=styles["Heading2"], textColor=ACCENT)
BODY = ParagraphStyle("body", parent=styles["BodyText"], fontSize=11, leading=16)
QUIET = ParagraphStyle("quiet", parent=BODY, textColor=MUTED)


def pdf_pieces(export: Export) -> Iterator[bytes]:
    """Yield the list's summary as a PDF, in one piece: it is short however long the list is."""
    yield draw_summary(export, export.listing.summarize(export.rows))


def draw_summary(export: Export, summary: Summary) -> bytes:
    """Return the PDF: a cover that says what is in it, the totals, and the chart."""
    title = str(export.listing.title)
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, title=title, author="Painel ML"
    )
    story: list[Any] = [
        Spacer(1, 5 * cm),
        Paragraph(said(title), TITLE),
        Spacer(1, cm),
        Paragraph(said(_("What is in it")), HEAD),
        *[Paragraph(said(f"{name}: {value}"), BODY) for name, value in export.about()],
        PageBreak(),
        Paragraph(said(_("Totals")), HEAD),
        table(summary.totals) if summary.totals else Paragraph(said(_("Nothing to show.")), QUIET),
        Spacer(1, cm),
        Paragraph(said(summary.chart_title), HEAD),
        bars(summary.chart) if summary.chart else Paragraph(said(_("Nothing to show.")), QUIET),
    ]
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def said(text: str) -> str:
    """Return text as a paragraph takes it: what buyers and sellers wrote is no markup."""
    return escape(text)


def table(rows: list[tuple[str, str]]) -> Table:
    cells = [[Paragraph(said(name), BODY), Paragraph(said(value), BODY)] for name, value in rows]
    return Table(
        cells, colWidths=[WIDTH * 0.6, WIDTH * 0.4], style=[("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE)]
    )


def bars(values: list[tuple[str, Decimal]]) -> Drawing:
    """Return a bar for every value, the first one on top, its amount beside it."""
    drawing = Drawing(WIDTH, BAR * len(values) + cm)
    chart = HorizontalBarChart()
    chart.x, chart.y = 5 * cm, 0.6 * cm
    chart.width, chart.height = WIDTH - 7.5 * cm, BAR * len(values)
    chart.data = [[float(value) for _label, value in reversed(values)]]
    chart.categoryAxis.categoryNames = [label[:LABEL_MAX] for label, _value in reversed(values)]
    chart.categoryAxis.strokeColor = LINE
    chart.valueAxis.visible = False
    chart.valueAxis.valueMin = 0
    chart.bars[0].fillColor = ACCENT
    chart.bars[0].strokeColor = None
    chart.barLabels.nudge = 0.3 * cm
    chart.barLabels.boxAnchor = "w"
    chart.barLabelFormat = lambda value: show.count(round(value))
    drawing.add(chart)
    return drawing


def foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(MUTED)
    canvas.drawString(MARGIN, 1.2 * cm, "Painel ML")
    canvas.drawRightString(A4[0] - MARGIN, 1.2 * cm, str(document.page))
    canvas.restoreState()

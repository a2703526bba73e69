"""The report of a version as one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

if TYPE_CHECKING:
    from recognizer.services.versions import reports


def render_report(report: reports.VersionReport) -> str:
    """Return an HTML file with its style and its pictures inside."""
    style = Path(str(finders.find("css/report.css"))).read_text(encoding="utf-8")
    context = {"report": report, "style": mark_safe(style)}  # nosec B308 B703 # our own file
    return render_to_string("recognizer/report_file.html", context)

"""manage.py export_report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.pages.report_file import render_report
from recognizer.services.versions import findings, registry, reports


class Command(ServiceCommand):
    help = (
        "Write the report of a version to one HTML file: confusion matrix, calibration, learning "
        "curve, worst mistakes. It shows drawings of visitors, so mind whom you give it to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file")
        parser.add_argument(
            "--model", type=int, metavar="N", help="the version (default: the active one)"
        )

    def run(self, **options: Any) -> None:
        version = registry.get_model(options["model"]).version
        report: reports.VersionReport = findings.make(version)
        options["path"].write_text(render_report(report), encoding="utf-8")
        if report.fault:
            self.stderr.write(f"Nothing could be measured: {report.fault}")
        self.stdout.write(f"Report of {report.model} written to {options['path']}.")

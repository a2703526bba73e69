"""manage.py import_drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.drawings import archive
from recognizer.services.versions import evaluating
from recognizer.wording import counted

MOST_NAMED = 10


class Command(ServiceCommand):
    help = (
        f"Keep every drawing of a labeled file as an approved correction: {evaluating.FORMATS}. "
        "Running it again adds nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the labeled file or folder")
        parser.add_argument("--quiet", action="store_true", help="print the last line only")

    def run(self, **options: Any) -> None:
        def report(summary: archive.ImportSummary) -> None:
            if not options["quiet"]:
                done = summary.imported + summary.known + len(summary.refused)
                self.stdout.write(f"{done:,} of {summary.total:,} drawings")

        summary = archive.import_drawings(options["path"], report)
        for sentence in summary.refused[:MOST_NAMED]:
            self.stderr.write(f"Refused {sentence}")
        if len(summary.refused) > MOST_NAMED:
            self.stderr.write(f"and {len(summary.refused) - MOST_NAMED:,} more")
        self.stdout.write(
            f"{counted(summary.imported, 'drawing')} imported, {summary.known:,} already there, "
            f"{len(summary.refused):,} refused."
        )

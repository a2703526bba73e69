"""manage.py import_drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.drawings import archive
from recognizer.services.versions import evaluating
from recognizer.wording import counted

MOST_NAMED = 10


class Command(ServiceCommand):
    help = (
        f"Keep every drawing of a labeled file as an approved correction: {evaluating.FORMATS}. "
        "Exported drawings keep id, time, source and review. Running it again adds nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, nargs="?", help="the labeled file or folder")
        parser.add_argument("--quiet", action="store_true", help="print the last line only")
        parser.add_argument(
            "--unreviewed", action="store_true", help="let the labels wait for a review"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="also if the active model disagrees with more than a third of the labels",
        )
        parser.add_argument(
            "--transpose",
            action="store_true",
            help="exchange rows and columns of the pixels, as for EMNIST",
        )
        parser.add_argument(
            "--undo",
            type=int,
            metavar="ID",
            help="delete the drawings that came with an import, also those reviewed since",
        )

    def run(self, **options: Any) -> None:
        def report(summary: archive.ImportSummary) -> None:
            if not options["quiet"]:
                done = summary.imported + summary.known + len(summary.refused)
                self.stdout.write(f"{done:,} of {summary.total:,} drawings")

        if (options["path"] is None) == (options["undo"] is None):
            raise CommandError("Name either a file to import or an import to --undo.")
        if options["undo"] is not None:
            count = archive.undo_import(options["undo"])
            self.stdout.write(f"{counted(count, 'drawing')} of import {options['undo']} deleted.")
            return
        choices = {name: options[name] for name in ("unreviewed", "force", "transpose")}
        summary = archive.import_drawings(options["path"], report, **choices)
        for sentence in summary.notices:
            self.stderr.write(sentence)
        for sentence in summary.refused[:MOST_NAMED]:
            self.stderr.write(f"Refused {sentence}")
        if len(summary.refused) > MOST_NAMED:
            self.stderr.write(f"and {len(summary.refused) - MOST_NAMED:,} more")
        if summary.id is not None:
            undo = f"manage.py import_drawings --undo {summary.id}"
            self.stdout.write(f"This is import {summary.id}; {undo} deletes it.")
        if summary.differing:
            self.stderr.write(
                f"{summary.differing:,} of those already there have another label or review here, "
                "and keep it."
            )
        self.stdout.write(
            f"{counted(summary.imported, 'drawing')} imported, {summary.known:,} already there, "
            f"{len(summary.refused):,} refused."
        )

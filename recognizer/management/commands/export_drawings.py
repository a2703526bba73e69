"""manage.py export_drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.drawings import exports
from recognizer.wording import counted


class Command(ServiceCommand):
    help = (
        "Write every drawing that a model may learn from (answered, not rejected) to a file: "
        ".csv or .csv.gz in TMNIST's format, .npz with arrays x and y, .ndjson or .json with "
        "pictures and strokes. import_drawings takes them back under their ids. "
        f"{exports.LEFT_BEHIND}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file; its ending says the format")
        parser.add_argument(
            "--all",
            action="store_true",
            help="every drawing, also those that are rejected or not answered, as .ndjson or .json",
        )

    def run(self, **options: Any) -> None:
        count = exports.export_drawings(options["path"], everything=options["all"])
        self.stdout.write(f"{counted(count, 'drawing')} written to {options['path']}.")
        if options["all"]:
            self.stdout.write(exports.LEFT_BEHIND)

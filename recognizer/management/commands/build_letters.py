"""manage.py build_letters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.versions import bundle


class Command(ServiceCommand):
    help = (
        "Render letters, as pictures without a digit, of fonts whose digits build_tmnist took. "
        "The same fonts give the same bytes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fonts", type=Path, required=True, metavar="DIR", help="folder with font files"
        )
        parser.add_argument(
            "--digits",
            type=Path,
            default=settings.BASE_DATASET,
            metavar="CSV.GZ",
            help="the data set that build_tmnist made of them (default: %(default)s)",
        )
        parser.add_argument(
            "--target",
            type=Path,
            default=settings.LETTERS_DATASET,
            metavar="CSV.GZ",
            help="the file to write (default: %(default)s)",
        )

    def run(self, **options: Any) -> None:
        summary = bundle.build_letters(
            options["fonts"], options["digits"], options["target"], report=self.stdout.write
        )
        self.stdout.write(str(summary))

"""manage.py build_letters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand, add_data_set
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
        made = "the data set that build_tmnist made of them"
        add_data_set(parser, "--digits", settings.BASE_DATASET, made)
        add_data_set(parser, "--target", settings.LETTERS_DATASET, "the file to write")

    def run(self, **options: Any) -> None:
        summary = bundle.build_letters(
            options["fonts"], options["digits"], options["target"], report=self.stdout.write
        )
        self.stdout.write(str(summary))

"""manage.py build_tmnist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand, add_data_set
from recognizer.services.versions import bundle


class Command(ServiceCommand):
    help = (
        "Render the digits of every openly licensed font of a folder into a data set in TMNIST's "
        "format. The same fonts give the same bytes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fonts", type=Path, required=True, metavar="DIR", help="folder with font files"
        )
        add_data_set(parser, "--target", settings.BASE_DATASET, "the file to write")
        parser.add_argument(
            "--any-license",
            action="store_true",
            help="take fonts whatever their license says, for use at home",
        )

    def run(self, **options: Any) -> None:
        summary = bundle.build_tmnist(
            options["fonts"],
            options["target"],
            any_license=options["any_license"],
            report=self.stdout.write,
        )
        self.stdout.write(str(summary))

"""manage.py export_dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.site import releases
from recognizer.wording import counted


class Command(ServiceCommand):
    help = (
        "Write a release of the data set into a new folder: the labeled drawings that their "
        "authors let be published under DATASET_LICENSE, as npz, IDX, csv and strokes, with a card "
        "and croissant.json."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that is not there, or empty")
        parser.add_argument(
            "--url", help="where the release will be found (default: the address of the site)"
        )

    def run(self, **options: Any) -> None:
        release = releases.export_dataset(options["folder"], options["url"])
        train, test = release.sides.values()
        self.stdout.write(
            f"{counted(release.count, 'drawing')} by {counted(release.writers, 'writer')} "
            f"written to {options['folder']}, {train.count:,} to train and {test.count:,} to test."
        )
        if release.other_license:
            self.stdout.write(
                f"{counted(release.other_license, 'drawing')} left out: agreed to under another "
                "license."
            )

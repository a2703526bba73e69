"""manage.py build_model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand, read_count
from recognizer.management.progress_line import ProgressLine
from recognizer.services.retraining import training
from recognizer.services.versions import bundle
from recognizer.wording import describe_accuracy


class Command(ServiceCommand):
    help = (
        "Train the model that comes with the project, from random weights, on the bundled "
        "typefaces and the synthetic pen; no drawing of this site is used and none of its "
        "versions changes. `make model` runs this."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--target",
            type=Path,
            default=Path(settings.BUNDLED_MODEL),
            metavar="FILE",
            help="where the model goes; its manifest stands beside it (default: the bundled one)",
        )
        parser.add_argument(
            "--seed", type=int, default=0, help="where randomness begins (default: 0)"
        )
        usual = training.TrainingOptions()
        for name, count, what in (
            ("--pens", usual.pen_samples, "digits of the synthetic pen, 0 for none"),
            ("--copies", usual.typeface_copies, "changed copies of each typeface digit"),
            ("--others", usual.other_samples, "letters and scribbles"),
        ):
            shown = f"{what} (default: {count:,})"
            parser.add_argument(name, type=read_count, default=count, metavar="N", help=shown)

    def run(self, **options: Any) -> None:
        progress = ProgressLine(self)
        manifest = bundle.build_model(
            options["target"],
            training.TrainingOptions(
                seed=options["seed"],
                pen_samples=options["pens"],
                typeface_copies=options["copies"],
                other_samples=options["others"],
            ),
            progress,
        )
        progress.end()
        self.stdout.write(
            f"{options['target'].name} has {manifest.size_bytes:,} bytes; "
            f"{describe_accuracy(manifest.metrics)}."
        )

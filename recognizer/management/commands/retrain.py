"""manage.py retrain."""

from __future__ import annotations

import json
import math
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer import services
from recognizer.management.base import ServiceCommand, counted
from recognizer.management.training import ProgressLine, describe_accuracy


class Command(ServiceCommand):
    """Trains a new version."""

    help = (
        "Train a new version on typefaces and every drawing with a right answer, and let it "
        "answer. A running server picks it up by itself. Rejected drawings are not learned from."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--quiet", action="store_true", help="print the last line only")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )
        parser.add_argument(
            "--from-scratch",
            action="store_true",
            help="start from random weights instead of the bundled model's; takes longer",
        )
        parser.add_argument(
            "--no-pen",
            action="store_true",
            help="train on typefaces and drawings alone, without generated handwriting; this "
            "starts from random weights, since the bundled model's have seen some",
        )
        parser.add_argument(
            "--base",
            type=Path,
            metavar="CSV",
            help="typefaces in TMNIST's format, plain, .gz or .zip (default: the bundled ones)",
        )
        parser.add_argument(
            "--seed", type=int, default=0, help="where randomness begins (default: 0)"
        )
        parser.add_argument(
            "--replay",
            type=read_share,
            default=1.0,
            metavar="SHARE",
            help="share of the usual exercise on digits that it reads already, above 0 to 1: "
            "less is faster and forgets more (default: 1)",
        )

    def run(self, **options: Any) -> None:
        """Train."""
        usual = services.TrainingOptions(seed=options["seed"])
        if options["no_pen"]:
            usual = replace(usual, pen_samples=0)
        progress = ProgressLine(self) if not options["quiet"] else None
        retrained = services.retrain(
            services.RetrainOptions(
                from_scratch=options["from_scratch"] or options["no_pen"],
                base=options["base"],
                training=replace(
                    usual,
                    replay_samples=math.ceil(usual.replay_samples * options["replay"]),
                    replay_pen_samples=math.ceil(usual.replay_pen_samples * options["replay"]),
                ),
            ),
            progress or (lambda step: None),
        )
        if progress:
            progress.end()
        for sentence in retrained.left_out:
            self.stderr.write(sentence)
        model = retrained.model
        if options["json"]:
            self.stdout.write(json.dumps(summarize(retrained)))
            return
        corrections = model.data["corrections"] + model.data["corrections_held_out"]
        self.stdout.write(
            f"{model} is active: trained on {model.data['samples']:,} samples with "
            f"{counted(corrections, 'correction')} in {model.training_seconds:.0f} s; "
            f"{describe_accuracy(model.metrics)}."
        )


def read_share(text: str) -> float:
    """Return a share of something, above 0 to 1."""
    value = float(text)
    if not 0 < value <= 1:
        raise ArgumentTypeError(f"{text} is not above 0 to 1")
    return value


def summarize(retrained: services.Retrained) -> dict[str, Any]:
    """Return what a program wants to know."""
    model = retrained.model
    accuracies = {
        name: report["accuracy"] if report else None
        for name, report in model.metrics.items()
        if name != "others"
    }
    return {
        "model": model.version,
        "run": retrained.run.pk,
        "active": model.active,
        "accuracy": accuracies,
        "data": model.data,
        "seconds": model.training_seconds,
        "left_out": len(retrained.left_out),
    }

"""manage.py retrain."""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer import services
from recognizer.management.base import ServiceCommand, share


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
        progress = ProgressLine(self) if not options["quiet"] else None
        retrained = services.retrain(
            services.RetrainOptions(
                from_scratch=options["from_scratch"],
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
            f"{corrections:,} corrections in {model.training_seconds:.0f} s; "
            f"{describe_accuracy(model.metrics)}."
        )


class ProgressLine:
    """One line that changes on a terminal; one line for each phase elsewhere."""

    def __init__(self, command: ServiceCommand) -> None:
        self._write = command.stdout.write
        self._is_terminal = sys.stdout.isatty()
        self._phase = ""

    def __call__(self, progress: services.Progress) -> None:
        """Show how far it is."""
        if self._is_terminal:
            line = f"{progress.fraction:4.0%} {progress.phase}"
            self._write(f"\r{line:<60}", ending="")
        elif progress.phase != self._phase:
            self._write(f"{progress.fraction:4.0%} {progress.phase}")
        self._phase = progress.phase

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            self._write("")


def read_share(text: str) -> float:
    """Return a share of something, above 0 to 1."""
    value = float(text)
    if not 0 < value <= 1:
        raise ArgumentTypeError(f"{text} is not above 0 to 1")
    return value


def describe_accuracy(metrics: dict[str, Any]) -> str:
    """Say how good a model is on what was kept aside."""
    holdouts = {
        "typefaces": "unseen typefaces",
        "pens": "generated handwriting",
        "corrections": "corrections kept aside",
    }
    parts = [
        f"{share(metrics[key])} of {name}" for key, name in holdouts.items() if metrics.get(key)
    ]
    return f"reads {' and '.join(parts)}" if parts else "nothing was kept aside to measure it"


def summarize(retrained: services.Retrained) -> dict[str, Any]:
    """Return what a program wants to know."""
    model = retrained.model
    accuracies = {
        name: report["accuracy"] if report else None for name, report in model.metrics.items()
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

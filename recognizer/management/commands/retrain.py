"""manage.py retrain."""

from __future__ import annotations

import json
import math
from argparse import ArgumentTypeError
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from recognizer.management.base import ServiceCommand, read_count
from recognizer.management.progress_line import ProgressLine
from recognizer.services.retraining import training
from recognizer.wording import counted, describe_accuracy

NOT_ACTIVE = 3
"""Exit code where the new version does not answer."""


class Command(ServiceCommand):
    help = (
        "Train a new version on typefaces and every labeled drawing, and activate it. "
        "A running server picks it up by itself. Rejected drawings are not learned from. "
        "A version that reads significantly worse than the active one is kept, but does not "
        "answer; the exit code is then 3."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        flag = partial(parser.add_argument, action="store_true")
        flag("--quiet", help="print the last line only")
        flag("--json", help="print one JSON object as the last line")
        flag(
            "--from-scratch",
            help="start from random weights instead of the bundled model's; takes longer",
        )
        flag(
            "--reviewed-only",
            default=settings.RETRAIN_REVIEWED_ONLY,
            help="learn only from drawings that a reviewer approved, as a site that strangers "
            "use should (default: the setting RETRAIN_REVIEWED_ONLY)",
        )
        flag(
            "--no-pen",
            help="train on typefaces and drawings alone, without generated handwriting; this "
            "starts from random weights, since the bundled model's have seen some",
        )
        parser.add_argument(
            "--base",
            action="append",
            metavar="BASE",
            help="what it is based on besides corrections, once or several times: tmnist, the "
            "bundled typefaces (the default); mnist, 60,000 handwritten digits, fetched from "
            "openml.org; or the path of any file that evaluate reads. Without tmnist among them it "
            "starts from random weights, since the bundled model's have learned from that; this "
            "takes longer",
        )
        parser.add_argument(
            "--base-path",
            type=Path,
            metavar="DIR",
            help="the folder with MNIST's files, for --base mnist without a network",
        )
        flag("--force", help="activate the new version even if it is significantly worse")
        flag(
            "--dry-run",
            help="train and compare, say what would happen, and store neither version nor file; "
            "the run is listed as tried",
        )
        parser.add_argument(
            "--keep",
            type=read_count,
            default=settings.KEEP_MODELS,
            metavar="K",
            help="delete the files of retrained versions that do not answer, but for the newest K "
            f"(default: {settings.KEEP_MODELS}); what is known of them stays",
        )
        parser.add_argument(
            "--cluster",
            metavar="ADDRESS",
            default=settings.RETRAIN_CLUSTER,
            help="scheduler of a Dask cluster whose processes do the costly part, as in "
            "tcp://scheduler:8786; the model is the same (docs/cluster.md)",
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
        usual = training.TrainingOptions(seed=options["seed"])
        if options["no_pen"]:
            usual = replace(usual, pen_samples=0)
        progress = ProgressLine(self) if not options["quiet"] else None
        retrained = training.retrain(
            training.RetrainOptions(
                from_scratch=options["from_scratch"] or options["no_pen"],
                reviewed_only=options["reviewed_only"],
                base=tuple(options["base"] or ["tmnist"]),
                base_path=options["base_path"],
                force=options["force"],
                dry_run=options["dry_run"],
                keep=options["keep"],
                cluster=options["cluster"],
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
        for sentence in retrained.notices:
            self.stderr.write(sentence)
        model, verdict = retrained.model, retrained.verdict
        if options["json"]:
            self.stdout.write(json.dumps(summarize(retrained)))
        else:
            corrections = model.data["corrections"] + model.data["corrections_held_out"]
            waiting = retrained.left_out.waiting
            self.stdout.write(
                f"{head_of(retrained)}: trained on {model.data['samples']:,} samples with "
                f"{counted(corrections, 'correction')} in {model.training_seconds:.0f} s; "
                f"{describe_accuracy(model.metrics)}."
                + (f" {counted(waiting, 'label')} left to a reviewer." if waiting else "")
            )
        if not verdict.accepted:
            raise CommandError(verdict.reason + way_out(model.pk), returncode=NOT_ACTIVE)
        if verdict.reason:
            self.stderr.write(verdict.reason)


def way_out(version: int | None) -> str:
    """Return how to activate a version that the gate refused."""
    return f" To activate it anyway: manage.py activate_model {version}." if version else ""


def head_of(retrained: training.Retrained) -> str:
    """Return the outcome for the new version in a few words."""
    model, verdict = retrained.model, retrained.verdict
    if model.version is None:
        would = "would be active" if verdict.accepted else "would not be active"
        return f"Dry run, nothing is stored: the model {would}"
    if not verdict.accepted:
        return f"{model} is kept, but not active"
    return f"{model} is active" + (", because it was forced" if verdict.forced else "")


def read_share(text: str) -> float:
    """Return a share of something, above 0 to 1."""
    value = float(text)
    if not 0 < value <= 1:
        raise ArgumentTypeError(f"{text} is not above 0 to 1")
    return value


def summarize(retrained: training.Retrained) -> dict[str, Any]:
    """Return the facts for --json."""
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
        "accepted": retrained.verdict.accepted,
        "gate": model.gate,
        "accuracy": accuracies,
        "data": model.data,
        "seconds": model.training_seconds,
        "left_out": retrained.left_out.as_dict(),
    }

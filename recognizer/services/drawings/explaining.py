"""Why the model answers as it does: where it looks, and its way from ink to digit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ml import explanation, pipeline
from ml.drawing import pictures
from recognizer.models import Drawing
from recognizer.services.drawings.recognition import Sketch, canonical_digit_of, read_sketch
from recognizer.services.versions.registry import active_model

EXAMPLE = (
    "86,96 91,81 99,68 111,56 124,48 140,44 157,46 172,53 183,64 186,78 184,94 177,110 "
    "169,125 160,138 150,150 140,162 130,172 118,183 107,193 95,203 84,214 72,226 84,217 "
    "97,214 110,216 123,220 137,224 150,228 163,228 175,224 188,214"
)
"""Points of one stroke, a slanting 2, for visitors without a drawing."""


@dataclass(frozen=True)
class Explanation:
    """How much the answer depends on each pixel."""

    prediction: int
    confidence: float
    model: int
    map: list[list[float]]
    """28 rows of 28: how far the confidence falls, 0 to 1, while this place is covered."""


@dataclass(frozen=True)
class Walkthrough:
    """A drawing on its way through the model, as PNG files, and the answer at the end."""

    drawn: bytes
    canonical: bytes
    upright: bytes
    directions: list[bytes]
    prediction: pipeline.Prediction
    model: int


def explain(drawing: Drawing) -> Explanation:
    """Return where the active model looks for its answer to a drawing."""
    model = active_model()
    occlusion = explanation.occlude(model.pipeline, canonical_digit_of(drawing))
    return Explanation(
        prediction=occlusion.prediction.digit,
        confidence=round(occlusion.prediction.confidence, 6),
        model=model.version,
        map=np.round(occlusion.losses.astype(float), 4).tolist(),
    )


def explanation_tag(drawing: Drawing) -> str:
    """Return a hash of digit and model; the same hash means the same map."""
    content = bytes(drawing.canonical) + active_model().sha256.encode()
    return hashlib.sha256(content).hexdigest()


def walk_through(drawing: Drawing | None) -> Walkthrough:
    """Follow a drawing, or the example, through the active model."""
    if drawing is None:
        sketch = example()
        drawn, digit = sketch.png, sketch.digit
    else:
        drawn, digit = bytes(drawing.image), canonical_digit_of(drawing)
    model = active_model()
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

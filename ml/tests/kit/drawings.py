"""Digits as strokes, drawn for the tests, on a pad of 280 units."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.drawing.canonical import canonical_digit
from ml.drawing.strokes import Strokes, ink_from_strokes
from ml.features import MomentNormalization


def arc(
    x: float, y: float, rx: float, ry: float, start: float, turn: float, points: int = 24
) -> list[list[float]]:
    """Points on an ellipse: from `start` degrees (0 right, 90 down), turning by `turn` degrees."""
    angles = [math.radians(start + turn * step / (points - 1)) for step in range(points)]
    return [[x + rx * math.cos(angle), y + ry * math.sin(angle)] for angle in angles]


DIGITS: dict[int, Strokes] = {
    0: [arc(140, 140, 60, 90, -90, -360)],
    1: [[[140, 40], [138, 140], [136, 240]]],
    2: [[*arc(140, 95, 55, 50, -170, 200), [90, 230], [205, 230]]],
    3: [[*arc(135, 90, 50, 45, -150, 240), *arc(135, 185, 58, 50, -90, 240)]],
    4: [[[120, 40], [75, 150], [210, 150]], [[170, 90], [165, 240]]],
    5: [[[105, 45], [95, 125], *arc(135, 175, 62, 58, -120, 250)], [[105, 45], [200, 42]]],
    6: [[[170, 40], [110, 110], *arc(140, 185, 52, 55, 190, -350)]],
    7: [[[80, 50], [200, 50], [130, 240]]],
    8: [[*arc(140, 95, 42, 45, 90, 360), *arc(140, 190, 52, 50, -90, 360)]],
    9: [[*arc(140, 95, 50, 50, 0, -350), [190, 95], [180, 240]]],
}


def scaled(strokes: Strokes, factor: float, dx: float = 0, dy: float = 0) -> Strokes:
    """Strokes made larger or smaller around the pad's center, and moved."""
    return [
        [[140 + factor * (x - 140) + dx, 140 + factor * (y - 140) + dy] for x, y in stroke]
        for stroke in strokes
    ]


def canonical(digit: int) -> NDArray[np.uint8]:
    """The canonical form of one of the digits above."""
    return canonical_digit(ink_from_strokes(DIGITS[digit]))


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Difference of two digits as the model sees them, centered, as a share of their ink."""
    seen = MomentNormalization().transform(np.stack([one, other]).reshape(2, -1))
    return float(np.abs(seen[0] - seen[1]).sum() / seen[0].sum())


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """An encoded picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()

"""How a way to write a digit is written down: a variant, its knobs and its strokes.

A variant is a digit written with certain strokes in a certain order. Its strokes are lists of
points (x, y) or (x, y, CORNER) in a frame whose height is 1, x to the right, y downward. What
varies from hand to hand without changing the structure is a knob: a name and the range it is drawn
from, evenly. The strokes are computed for many hands at once, so knobs are arrays and the
expressions plain arithmetic. Variants of one family share their knobs, and need not use each.
A share is relative to the other variants of the same digit.

The variants are the team's own, from general knowledge of school scripts and everyday hands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

CORNER: Final = "corner"
"""Marks a point at which the pen turns sharply (or, by habit, rounds, loops or cuts the turn)."""

Knobs = Any
"""Attribute access to the drawn knobs, each a (n,) float array."""
ControlStroke = list[tuple[Any, ...]]
"""Control points of one stroke: (x, y) or (x, y, CORNER), each coordinate a float or (n,) array."""


@dataclass(frozen=True)
class Variant:
    """A way to write a digit."""

    digit: int
    """The digit, 0 to 9, or `ml.pipeline.NOT_A_DIGIT`."""
    name: str
    """Short name, unique for the digit."""
    share: float
    """How common it is, relative to the other variants of the digit."""
    note: str
    """What it looks like and, where hands elsewhere do not write so, who writes it and where."""
    knobs: dict[str, tuple[float, float]]
    """Range of each knob."""
    strokes: Callable[[Knobs], list[ControlStroke]]
    """From the knobs to the control points of each stroke."""


def arc(
    x: Any, y: Any, rx: Any, ry: Any, start_degrees: Any, turn_degrees: Any, growth: Any = 0.0
) -> ControlStroke:
    """Ten control points on a part of an ellipse; arguments are floats or arrays (n,).

    It begins at `start_degrees` (0 is right, 90 is down) and turns clockwise by `turn_degrees`,
    while the radii grow by the share `growth`.
    """
    points: ControlStroke = []
    for part in np.linspace(0, 1, 10):
        angle = np.deg2rad(start_degrees + turn_degrees * part)
        size = 1 + growth * (part - 0.5)
        points.append((x + rx * size * np.cos(angle), y + ry * size * np.sin(angle)))
    return points

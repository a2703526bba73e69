"""What people add to a digit: an underline, a full stop, a circle or a box around it.

Boxes are left, top, right and bottom, in any unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 3
"""Decorations of one digit: a circle, and two lines under it."""
MOST_SIDES: Final = 4
"""Strokes of which a box is drawn."""
FLAT: Final = 0.25
"""Height of an underline as a share of its width."""
STOP: Final = 0.11
"""Size of a full stop as a share of the digit's."""
BASELINE: Final = 0.12
"""How far a full stop reaches below the digit, as a share of its height: that of a ? is lower."""
CLEAR: Final = 0.04
"""Least gap of a decoration, as a share of the digit's height or of the enclosure's size."""
LEAST_INSIDE: Final = 0.3
"""Height of a digit as a share of the size of what is drawn around it."""
STRAIGHT: Final = 1.15
"""Length of a line as a share of its box's diagonal up to which it may be the slash of a zero."""
ROUND: Final = 0.8
"""Width of a circle around a 1, as a share of its height: a zero with a slash is narrower."""
UPRIGHT: Final = {"circle": 0.6, "box": 0.8}
"""Width of a 1 in each as a share of its height: a slash leans more, and no zero is a box."""
LEAST_ONE: Final = 0.4
"""Height of a 1 in a circle as a share of the circle's: a zero's dot or dash is shorter."""
SECTORS: Final = 16
"""Directions in which an enclosure is looked for."""
MOST_OPEN: Final = 2
"""Directions in which an enclosure may be open."""
CORNERS: Final = 1.62
"""|x| + |y| of the outermost points of a box, where a circle has 1.41 and a square 2."""

Box = tuple[float, float, float, float]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decoration:
    """A part of a drawing that was set aside."""

    kind: str
    """underline, full stop, circle or box."""
    box: tuple[float, ...]
    """Left, top, right and bottom, in the unit of what was sent."""
    strokes: tuple[int, ...] = ()
    """Numbers of its strokes, from 0; none in a picture."""

    def place(self, left: int, top: int, factor: int = 1) -> Decoration:
        """Return it with its box in pixels of a larger picture, of which it is on a part."""
        box = zip(self.box, (left, top) * 2, strict=True)
        return replace(self, box=tuple(factor * value + start for value, start in box))


def kind_beside(part: Box, rest: Box, pen: float = 0) -> str | None:
    """Return what a part is to the rest of a drawing: an underline, a full stop, or neither.

    The boxes are those of lines without their width, or with that of a pen.
    """
    width, height = part[2] - part[0], part[3] - part[1]
    rest_width, rest_height = rest[2] - rest[0], rest[3] - rest[1]
    size = max(rest_width, rest_height)
    if rest_height < LEAST_INSIDE * size:  # a line itself: = or an arrow
        return None
    if (
        height - pen < FLAT * width
        and width > max(LEAST_INSIDE * rest_height, 0.5 * rest_width)
        and CLEAR * rest_height < part[1] - rest[3] < 0.6 * rest_height
        and part[2] > rest[0] + 0.7 * rest_width
        and part[0] < rest[0] + 0.3 * rest_width
    ):
        return "underline"
    if (
        max(width, height) - pen < STOP * size
        and part[1] > rest[1] + 0.7 * rest_height
        and part[3] < rest[3] + BASELINE * rest_height
        and 0 < part[0] - rest[2] + CLEAR * size < 0.6 * size
    ):
        return "full stop"
    return None


def may_surround(part: Box, rest: Box) -> bool:
    """Check by their boxes whether a part may have been drawn around the rest."""
    outer = max(part[2] - part[0], part[3] - part[1])
    gap = CLEAR * outer
    return (
        part[0] < rest[0] - gap
        and part[1] < rest[1] - gap
        and part[2] > rest[2] + gap
        and part[3] > rest[3] + gap
        and rest[3] - rest[1] > LEAST_INSIDE * outer
    )


def kind_around(points: Points, part: Box, rest: Box, *, is_straight: bool) -> str | None:
    """Return whether points (n, 2), close to each other, are a circle or a box around the rest.

    If that is straight, it is a 1 or the slash of a zero.
    """
    middle = np.array([rest[0] + rest[2], rest[1] + rest[3]]) / 2
    x, y = (points - middle).T
    sectors = np.floor((np.arctan2(y, x) / np.pi + 1) * (SECTORS / 2)).astype(int) % SECTORS
    if len(set(sectors.tolist())) < SECTORS - MOST_OPEN:
        return None
    width, height = max(part[2] - part[0], 1e-9), max(part[3] - part[1], 1e-9)
    x = (points[:, 0] - part[0]) * (2 / width) - 1
    y = (points[:, 1] - part[1]) * (2 / height) - 1
    reach, quadrant = np.abs(x) + np.abs(y), 2 * (x > 0) + (y > 0)
    corners = [reach[quadrant == index].max(initial=0) for index in range(4)]
    kind = "box" if np.mean(corners) > CORNERS else "circle"
    if is_straight:
        tall, broad = rest[3] - rest[1], rest[2] - rest[0]
        is_one = broad < UPRIGHT[kind] * tall and tall > LEAST_ONE * height
        if not is_one or (kind == "circle" and width < ROUND * height):
            return None
    return kind


def join(boxes: Sequence[Box]) -> Box:
    """Return the box around boxes."""
    if len(boxes) == 1:
        return boxes[0]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def find_decorations(
    strokes: Sequence[Sequence[Sequence[float]]], boxes: Sequence[Box]
) -> list[Decoration]:
    """Find the strokes that decorate the others, by their points and their boxes.

    People add them last, or draw the frame first.
    """
    left = list(range(len(strokes)))
    found: list[Decoration] = []
    while len(left) > 1 and len(found) < MOST:
        decoration = _outermost(strokes, boxes, left)
        if decoration is None:
            break
        found.append(decoration)
        left = [index for index in left if index not in decoration.strokes]
    return found


def _outermost(
    strokes: Sequence[Sequence[Sequence[float]]], boxes: Sequence[Box], left: list[int]
) -> Decoration | None:
    """Find one decoration among the first and the last of the strokes that are left."""
    for part, rest in ((left[-1:], left[:-1]), (left[:1], left[1:])):
        around = join([boxes[index] for index in rest])
        kind = kind_beside(boxes[part[0]], around)
        if kind:
            return Decoration(kind, boxes[part[0]], tuple(part))
    for count in range(1, min(MOST_SIDES, len(left) - 1) + 1):
        for part, rest in ((left[-count:], left[:-count]), (left[:count], left[count:])):
            own, around = (join([boxes[index] for index in each]) for each in (part, rest))
            if not may_surround(own, around):
                continue
            points = np.concatenate([_dense(strokes[index]) for index in part])
            inner = [np.array([point[:2] for point in strokes[index]]) for index in rest]
            length = sum(float(np.hypot(*np.diff(each, axis=0).T).sum()) for each in inner)
            diagonal = np.hypot(around[2] - around[0], around[3] - around[1])
            straight = bool(length < STRAIGHT * diagonal)
            kind = kind_around(points, own, around, is_straight=straight)
            if kind:
                return Decoration(kind, own, tuple(part))
    return None


def _dense(stroke: Sequence[Sequence[float]]) -> Points:
    """Return 64 points along a stroke, as (64, 2)."""
    points = np.array([point[:2] for point in stroke])
    along = np.append(0, np.hypot(*np.diff(points, axis=0).T).cumsum())
    places = np.linspace(0, along[-1], 64)
    return np.stack([np.interp(places, along, axis) for axis in points.T], axis=1)

"""Strokes: lists of points as a pad records them; checked, drawn, and turned into ink."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import atan2, ceil, cos, degrees, log10, radians, sin, trunc
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.drawing.canonical import CANONICAL_BOX
from ml.drawing.decorations import Box, Decoration, find_decorations
from ml.drawing.ink import Ink
from ml.drawing.pictures import encode_png
from ml.drawing.pieces import PEER, is_open_four
from ml.errors import BlankDrawing, InvalidStrokes, SeveralDigits

MAX_STROKES: Final = 200
"""Most strokes of one drawing."""
MAX_POINTS: Final = 20_000
"""Most points of one drawing, all strokes together."""
MAX_KEPT_POINTS: Final = 2_000
"""Most points that are left of a drawing after thinning; a digit has about a hundred."""
KEPT_STEPS: Final = 320
"""Points closer than the drawing's size by this are one: half a pixel when strokes are read."""
ROUNDED_STEPS: Final = 2_000
"""Coordinates are rounded to decimals that divide the drawing's size into at least so many."""
MAX_COORDINATE: Final = 1e6
"""Largest coordinate, either way from 0."""
MAX_MS: Final = 24 * 60 * 60 * 1000
"""Latest time of a point after the drawing's first one, in milliseconds."""
PAD_SIZE: Final = 280
"""Side of the drawing page's pad, in the units of its strokes."""
PAD_PEN_WIDTH: Final = 18.0
"""Default pen width of the drawing page's pad."""
READING_PEN_WIDTH: Final = 2.6
"""Pen width, in canonical pixels, with which strokes are read, whatever pen drew them."""
SCALE: Final = 8
"""Drawn pixels for each canonical one, so that edges come out smooth."""
PLAIN_NUMBERS: Final = frozenset({int, float})
"""Types of the numbers that JSON has."""
INK: Final = 255
"""Tone of ink on a picture that strokes are drawn on."""
WIDEST_WITHOUT_JOINTS: Final = 4
"""Width in pixels up to which joints of a line are left as they are."""
WIDEST_WITHOUT_GAPS: Final = 8
"""Width up to which a joint leaves no gaps to the line."""

MOST_LINES: Final = 8
"""Strokes of two points from which on none is taken for a list of coordinates."""
UPRIGHT_SHARE: Final = 0.5
"""How much it counts that a digit is upright, beside that its strokes meet."""
CLEARLY: Final = 0.3
"""Difference in this by which two points are told; refused, a caller learns what to send."""
STRAY: Final = 0.1
"""Size of a stray dot, as a share of the longest stroke's."""
FAR: Final = 0.5
"""Least distance of a stray dot from all else, as a share of the size of that."""
APART: Final = 0.1
"""Least gap of two digits, as a share of the height of the tallest stroke."""

Vector = NDArray[np.float64]
"""Left, top, right and bottom (4,), or those of many boxes (n, 4)."""
Shift = tuple[float, float]
"""x and y."""
Strokes = list[list[list[float]]]
"""Strokes of points [x, y], [x, y, pressure] or [x, y, pressure, ms].

x grows to the right, y downward, in any unit; ms counts from the drawing's first point.
"""


def parse_strokes(value: object, *, is_ours: bool = False) -> Strokes:
    """Check strokes that come from outside.

    Parameters
    ----------
    value : object
        Decoded JSON.
    is_ours : bool
        Whether they come from our own archive, where two points are two points.

    Returns
    -------
    Strokes
        The strokes as floats, without empty ones.

    Raises
    ------
    InvalidStrokes
        This is not a list of lists of points, or may be none; a number is not finite; or there are
        too many. Times are those of some points only, run backward, or are out of range.
    BlankDrawing
        There is no point at all.
    """
    if not isinstance(value, list) or not all(isinstance(stroke, list) for stroke in value):
        raise InvalidStrokes("The strokes are a list of strokes, each a list of points [x, y].")
    if len(value) > MAX_STROKES:
        raise InvalidStrokes(f"There are {len(value):,} strokes; at most {MAX_STROKES} are read.")
    points = sum(len(stroke) for stroke in value)
    if points > MAX_POINTS:
        raise InvalidStrokes(f"There are {points:,} points; at most {MAX_POINTS:,} are read.")
    if points == 0:
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    strokes = [
        [_parse_point(point, index, is_ours=is_ours) for point in stroke]
        for index, stroke in enumerate(value, start=1)
        if stroke
    ]
    _check_times([point[3:] for stroke in strokes for point in stroke])
    if not is_ours and _may_be_columns(strokes):
        raise InvalidStrokes(
            "This may be two points a stroke, or [[x...], [y...]]. A stroke is a list of points "
            "[x, y]: add the point in the middle."
        )
    return strokes


def thin_strokes(strokes: Strokes) -> Strokes:
    """Round coordinates and leave out points that change nothing that can be seen.

    Of a drawing with more than `MAX_KEPT_POINTS` even then, fewer are left. Thinning what was
    thinned changes nothing, so stored strokes are read as the sent ones were.

    Parameters
    ----------
    strokes : Strokes
        At least one point.

    Returns
    -------
    Strokes
        The first and the last point of each stroke, and some between them.
    """
    rounded_to: int | None = None
    while True:
        longer = _longer_side(_bounds(strokes))
        decimals = ceil(log10(ROUNDED_STEPS) - log10(longer)) if longer else 0
        rounded = strokes
        if decimals != rounded_to:
            rounded = [[_round(point, decimals) for point in stroke] for stroke in strokes]
            rounded_to = decimals
        apart = longer / KEPT_STEPS
        thinned = [_thin(stroke, apart) for stroke in rounded]
        while sum(map(len, thinned)) > MAX_KEPT_POINTS:
            apart *= 2
            thinned = [_thin(stroke, apart) for stroke in thinned]
        if thinned == strokes:
            return thinned
        strokes = thinned  # its size may round to other decimals


def _round(point: list[float], decimals: int) -> list[float]:
    x, y, *rest = point
    return [round(x, decimals), round(y, decimals), *[round(number, 3) for number in rest]]


def _thin(stroke: list[list[float]], apart: float) -> list[list[float]]:
    """Keep the ends of a stroke, and points so far from the one kept before."""
    kept = [stroke[0]]
    (x, y), least = stroke[0][:2], apart * apart
    for point in stroke:
        dx, dy = point[0] - x, point[1] - y
        if dx * dx + dy * dy >= least and (dx or dy):
            kept.append(point)
            x, y = point[:2]
    if stroke[-1][:2] != kept[-1][:2]:
        kept.append(stroke[-1])
    return kept


@dataclass(frozen=True, eq=False)
class Drawn:
    """The ink of strokes, and which of them were set aside."""

    ink: Ink
    set_aside: list[Decoration]


def ink_from_strokes(strokes: Strokes) -> Ink:
    """Draw strokes as `find_drawn` does."""
    return find_drawn(strokes).ink


def find_drawn(strokes: Strokes) -> Drawn:
    """Draw strokes with a pen whose width is a fixed share of the drawing's size.

    So the answer depends neither on the size of the drawing nor on the pen of the pad. Underlines,
    a full stop, a circle and a box around the digit are set aside.

    Parameters
    ----------
    strokes : Strokes
        At least one point.

    Returns
    -------
    Drawn
        (height, width) float32, 0 (paper) to 1 (full ink), and what it is without.

    Raises
    ------
    SeveralDigits
        Two or more digits stand side by side.
    """
    set_aside: list[Decoration] = []
    if len(strokes) > 1:
        boxes = [box_of(stroke) for stroke in strokes]
        set_aside = find_decorations(strokes, boxes)
        aside = {index for each in set_aside for index in each.strokes}
        left = [index for index in range(len(strokes)) if index not in aside]
        strokes = _of_one_digit(
            [strokes[index] for index in left], np.array([boxes[index] for index in left])
        )
    box = _bounds(strokes)
    pen = READING_PEN_WIDTH * SCALE
    scale = (CANONICAL_BOX * SCALE - pen) / max(_longer_side(box), 1e-6)
    size = CANONICAL_BOX * SCALE + 4 * SCALE
    shift = _shift_to_middle(box, scale, size)
    picture = draw_strokes(strokes, scale, shift, pen, (size, size))
    ink = np.asarray(picture.crop(picture.getbbox()), dtype=np.float32)
    return Drawn(ink / np.float32(255), set_aside)


def _shift_to_middle(box: Box, scale: float, side: float) -> Shift:
    """Return where the origin lies when a scaled box lies in the middle of a square."""
    return side / 2 - scale * (box[0] + box[2]) / 2, side / 2 - scale * (box[1] + box[3]) / 2


def box_of(stroke: list[list[float]]) -> Box:
    x, y, *_ = zip(*stroke, strict=False)
    return min(x), min(y), max(x), max(y)


def _of_one_digit(strokes: Strokes, boxes: Vector) -> Strokes:
    """Leave out stray dots far from everything else. Raises SeveralDigits if there are two."""
    if len(strokes) == 1:
        return strokes
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)  # (n,)
    large = boxes[longer > STRAY * longer.max()]
    if not len(large):  # dots alone
        return strokes
    low, high = large[:, :2].min(axis=0), large[:, 2:].max(axis=0)
    size = (high - low).max()
    away = np.maximum(low - boxes[:, 2:], boxes[:, :2] - high).max(axis=1)  # of each from the rest
    is_stray = (longer <= STRAY * longer.max()) & (away > FAR * size)
    _count_side_by_side(large)
    return [stroke for stroke, stray in zip(strokes, is_stray, strict=True) if not stray]


def _count_side_by_side(boxes: Vector) -> None:
    """Raise SeveralDigits if strokes, by their boxes (n, 4), stand in groups beside each other."""
    gap = APART * (boxes[:, 3] - boxes[:, 1]).max()
    groups: list[Vector] = []
    for box in boxes[np.argsort(boxes[:, 0])]:
        if groups and box[0] <= groups[-1][2] + gap:
            last = groups[-1]
            groups[-1] = np.concatenate(
                [np.minimum(last[:2], box[:2]), np.maximum(last[2:], box[2:])]
            )
        else:
            groups.append(box)
    heights = np.array([group[3] - group[1] for group in groups])
    shared = min(group[3] for group in groups) - max(group[1] for group in groups)
    breadth = groups[-1][2] - groups[0][0]
    is_level = heights.min() >= PEER * heights.max() and shared >= heights.max() / 2
    is_four = len(groups) == 2 and is_open_four(groups[0].tolist(), groups[1].tolist())
    if len(groups) > 1 and is_level and breadth >= heights.max() and not is_four:
        raise SeveralDigits(len(groups))


def draw_png(strokes: Strokes, pen_width: float | None = None) -> bytes:
    """Draw strokes dark on white, as their author saw them.

    A drawing of the page's pad stays where it was drawn; any other is fitted to the same square.

    Parameters
    ----------
    strokes : Strokes
        At least one point.
    pen_width : float, optional
        In the unit of the strokes; the pad's pen by default.

    Returns
    -------
    bytes
        A PNG file of 280x280 gray pixels.
    """
    box = _bounds(strokes)
    longer = _longer_side(box)
    scale, shift = 1.0, (0.0, 0.0)
    if min(box) < 0 or max(box) > PAD_SIZE or longer < PAD_SIZE / 10:
        scale = 0.75 * PAD_SIZE / max(longer, 1e-6)
        shift = _shift_to_middle(box, scale, PAD_SIZE)
    pen = PAD_PEN_WIDTH if pen_width is None else pen_width * scale
    pen = min(max(pen, 1.0), PAD_SIZE / 4)
    # Only the part with ink is drawn, to whole pixels.
    reach, (x, y) = pen / 2 + 1, shift
    left, top = max(0, int(scale * box[0] + x - reach)), max(0, int(scale * box[1] + y - reach))
    right = min(PAD_SIZE, ceil(scale * box[2] + x + reach))
    bottom = min(PAD_SIZE, ceil(scale * box[3] + y + reach))
    smooth = 2
    picture = draw_strokes(
        strokes,
        scale * smooth,
        ((x - left) * smooth, (y - top) * smooth),
        pen * smooth,
        (smooth * (right - left), smooth * (bottom - top)),
        round_joints=True,
    )
    page = np.full((PAD_SIZE, PAD_SIZE), 255, np.uint8)
    page[top:bottom, left:right] -= np.asarray(picture.reduce(smooth))
    return encode_png(page)


def draw_strokes(
    strokes: Strokes,
    scale: float,
    shift: Shift,
    pen: float,
    size: tuple[int, int],
    *,
    round_joints: bool = False,
) -> Image.Image:
    """Draw white lines with round ends on black.

    Parameters
    ----------
    strokes : Strokes
        At least one point.
    scale : float
        Pixels for one unit of the strokes.
    shift : tuple of float
        Where the origin of the strokes lies in the picture, x and y.
    pen : float
        Pen width in pixels.
    size : tuple of int
        Width and height of the picture.
    round_joints : bool
        Whether each point is a full circle; Pillow's joints leave cracks in wide lines, which the
        model has learned with.

    Returns
    -------
    Image
        Gray (L) picture, ink 255 on 0, without anti-aliasing: draw large and reduce.
    """
    picture = Image.new("L", size, 0)
    # Below Pillow's methods, each of which looks its color up: a drawing has a hundred parts.
    draw = ImageDraw.Draw(picture).draw
    radius, width = pen / 2, round(pen)
    for stroke in strokes:
        points = [(scale * x + shift[0], scale * y + shift[1]) for x, y, *_ in stroke]
        if len(points) > 1:
            draw.draw_lines(points, INK, width)
            if not round_joints and width > WIDEST_WITHOUT_JOINTS:
                _draw_joints(draw, points, width)
        for x, y in points if round_joints else (points[0], points[-1]):
            draw.draw_ellipse((x - radius, y - radius, x + radius, y + radius), INK, 1)
    return picture


def _draw_joints(draw: Any, points: list[tuple[float, float]], width: int) -> None:
    """Round the joints of a line as Pillow's `joint="curve"` does, pixel by pixel.

    The directions are those of the line's parts, clockwise from upward, in degrees; Pillow computes
    them, and what follows from them, several times.
    """
    reach = width / 2 - 1
    directions = [
        degrees(atan2(end[0] - start[0], start[1] - end[1])) % 360
        for start, end in pairwise(points)
    ]
    for (x, y), (before, after) in zip(points[1:], pairwise(directions), strict=False):
        if before == after:
            continue
        is_left = after - 180 > before if after > before else after + 180 > before
        # Where the edges of both parts end that leave a gap between them; added and taken away as
        # Pillow does, so that rounding is the same.
        sides = [angle + 90 - 90 if is_left else angle - 90 - 90 for angle in (before, after)]
        box = (x - reach, y - reach, x + reach, y + reach)
        draw.draw_pieslice(box, *(reversed(sides) if is_left else sides), INK, 1)
        if width > WIDEST_WITHOUT_GAPS:
            edges = [
                (x + trunc(reach * cos(angle)), y + trunc(reach * sin(angle)))
                for angle in map(radians, sides)
            ]
            draw.draw_lines((edges[0], (x, y), edges[1]), INK, 3)


def _may_be_columns(strokes: Strokes) -> bool:
    """Check whether two points a stroke make not clearly more of a digit than [[x...], [y...]].

    A digit is upright, and its strokes hang together; those of programs meet in the same point.
    """
    if len(strokes) > MOST_LINES or any(
        len(stroke) != 2 or len(stroke[0]) != len(stroke[1]) for stroke in strokes
    ):
        return False
    if any(len(stroke[0]) == 4 for stroke in strokes):  # a time may be a coordinate
        return True
    if any(len(stroke[0]) == 3 for stroke in strokes):  # coordinates as small as pressures
        return all(0 <= number <= 1 for stroke in strokes for point in stroke for number in point)
    columns = [[list(point) for point in zip(*stroke, strict=True)] for stroke in strokes]
    if _share_points(strokes) and not _share_points(columns):
        return False
    return _awkwardness(columns) < _awkwardness(strokes) + CLEARLY


def _share_points(strokes: Strokes) -> bool:
    """Check whether each of several strokes ends in a point of another."""
    ends = [{tuple(point) for point in stroke} for stroke in strokes]
    return len(ends) > 1 and all(
        any(end & other for other in ends if other is not end) for end in ends
    )


def _awkwardness(strokes: Strokes) -> float:
    """Measure how far lines of two points are apart, and how far they are from upright."""
    box = _bounds(strokes)
    width, height = box[2] - box[0], box[3] - box[1]
    size = max(width, height, 1e-6)
    ends = np.array([[point[:2] for point in stroke] for stroke in strokes])  # (n, 2, 2)
    along = np.linspace(0, 1, 24)[:, None]
    lines = ends[:, None, 0] * (1 - along) + ends[:, None, 1] * along  # (n, 24, 2)
    gaps, joined, left = 0.0, lines[:1], lines[1:]
    while len(left):
        steps = left[:, :, None, None] - joined[None, None]  # (m, 24, k, 24, 2)
        distances = np.hypot(steps[..., 0], steps[..., 1]).min(axis=(1, 2, 3))
        nearest = int(distances.argmin())
        gaps += distances[nearest]
        joined = np.concatenate([joined, left[nearest : nearest + 1]])
        left = np.delete(left, nearest, axis=0)
    return float(gaps + UPRIGHT_SHARE * (width - height)) / float(size)


def _parse_point(point: object, stroke: int, *, is_ours: bool) -> list[float]:
    """Check one point of stroke number `stroke`."""
    if not isinstance(point, list) or not 2 <= len(point) <= 4:
        raise InvalidStrokes(
            f"Stroke {stroke}: a point is [x, y], [x, y, pressure] or [x, y, pressure, ms], and a "
            "stroke a list of points, not [[x...], [y...]]."
        )
    if not PLAIN_NUMBERS.issuperset(map(type, point)) and not all(map(_is_number, point)):
        raise InvalidStrokes(f"Stroke {stroke}: a point holds something other than a number.")
    x, y, *rest = point
    third = rest[0] if rest else 0
    most = MAX_COORDINATE
    # Each is false for NaN, too.
    if not (-most <= x <= most and -most <= y <= most and -most <= third <= most):
        raise InvalidStrokes(f"Stroke {stroke}: coordinates are finite and at most {most:,.0f}.")
    if not rest:
        return [float(x), float(y)]
    if not is_ours and not 0 <= third <= 1:
        raise InvalidStrokes(
            f"Stroke {stroke}: the third number of a point is its pressure, 0 to 1, and 0.5 where "
            "that is unknown; a time is the fourth."
        )
    times = [_parse_time(number, stroke) for number in rest[1:]]
    return [float(x), float(y), float(third), *times]


def _is_number(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool)


def _parse_time(number: float, stroke: int) -> int:
    if not 0 <= number <= MAX_MS:  # false for NaN, too
        raise InvalidStrokes(
            f"Stroke {stroke}: the fourth number of a point is its time in milliseconds since the "
            f"drawing's first point, 0 to {MAX_MS:,}."
        )
    return round(number)


def _check_times(times: list[list[float]]) -> None:
    """Check the times of all points in order: an empty list for a point without one."""
    if any(len(time) != len(times[0]) for time in times):
        raise InvalidStrokes("Either all points have a time, their fourth number, or none has.")
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InvalidStrokes("The times of the points run backward; put them in the order drawn.")


def _bounds(strokes: Strokes) -> Box:
    """Left, top, right and bottom of all points."""
    xs = [point[0] for stroke in strokes for point in stroke]
    ys = [point[1] for stroke in strokes for point in stroke]
    return min(xs), min(ys), max(xs), max(ys)


def _longer_side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])

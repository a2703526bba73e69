"""What decorates a digit in strokes is set aside, and what belongs to a digit is not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ml.drawing.strokes import Strokes, find_drawn

SEVEN = [[20.0, 20.0], [40.0, 20.0], [60.0, 20.0], [45.0, 60.0], [35.0, 100.0]]
ONE = [[50.0, 20.0], [49.0, 60.0], [50.0, 100.0]]
UNDERLINE = [[10.0, 115.0], [40.0, 116.0], [70.0, 114.0]]
LOWER = [[15.0, 125.0], [40.0, 126.0], [68.0, 124.0]]
STOP = [[68.0, 98.0], [69.0, 99.0]]
SLASH = [[65.0, 25.0], [45.0, 60.0], [25.0, 95.0]]


def ring(width: float, height: float) -> list[list[float]]:
    angles = np.linspace(0, 6.3, 40)
    return [[42 + width * np.cos(angle), 60 + height * np.sin(angle)] for angle in angles]


CORNERS = [[0.0, 0.0], [85.0, 0.0], [85.0, 120.0], [0.0, 120.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("strokes", "found"),
    [
        ([SEVEN, UNDERLINE], [("underline", (1,))]),
        ([SEVEN, UNDERLINE, LOWER], [("underline", (2,)), ("underline", (1,))]),
        ([SEVEN, STOP], [("full stop", (1,))]),
        ([SEVEN, ring(65, 65)], [("circle", (1,))]),
        ([ring(65, 65), SEVEN], [("circle", (0,))]),
        ([ONE, ring(65, 65)], [("circle", (1,))]),
        ([SEVEN, CORNERS], [("box", (1,))]),
        ([SEVEN, *map(list, pairwise(CORNERS))], [("box", (1, 2, 3, 4))]),
    ],
)
def test_what_decorates_a_seven_or_a_one_is_not_read(
    strokes: Strokes, found: list[tuple[str, tuple[int, ...]]]
) -> None:
    drawn = find_drawn(strokes)
    assert [(each.kind, each.strokes) for each in drawn.set_aside] == found
    digit = ONE if ONE in strokes else SEVEN
    assert np.array_equal(drawn.ink, find_drawn([digit]).ink)


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param([ring(30, 50), SLASH], id="slashed zero"),
        pytest.param([ring(30, 50), [[42.0, 59.0], [43.0, 61.0]]], id="dotted zero"),
        pytest.param([ONE, [[30.0, 101.0], [50.0, 101.0], [70.0, 101.0]]], id="1 with a base"),
        pytest.param([SEVEN, [[30.0, 60.0], [45.0, 60.0], [62.0, 60.0]]], id="7 with crossbar"),
        pytest.param(
            [[[30.0, 20.0], [10.0, 70.0], [70.0, 70.0]], [[50.0, 40.0], [50.0, 110.0]]], id="4"
        ),
        pytest.param(
            [
                [[20.0, 20.0], [20.0, 55.0], [60.0, 75.0], [20.0, 100.0]],
                [[20.0, 20.0], [60.0, 19.0]],
            ],
            id="5",
        ),
        pytest.param([[[10.0, 40.0], [70.0, 41.0]], [[10.0, 60.0], [70.0, 61.0]]], id="="),
    ],
)
def test_what_belongs_to_a_digit_is_read(strokes: Strokes) -> None:
    assert find_drawn(strokes).set_aside == []

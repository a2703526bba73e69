from __future__ import annotations

import io
import json
import math
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ml.drawing.canonical import canonical_digit
from ml.drawing.strokes import (
    MAX_COORDINATE,
    MAX_KEPT_POINTS,
    MAX_POINTS,
    MAX_STROKES,
    Strokes,
    draw_png,
    draw_strokes,
    ink_from_strokes,
    parse_strokes,
    thin_strokes,
)
from ml.errors import BlankDrawing, InvalidStrokes
from ml.tests.kit.drawings import DIGITS, canonical, difference, scaled


def test_points_with_and_without_pressure_are_accepted() -> None:
    assert parse_strokes([[[1, 2], [3.5, 4, 0.5]]]) == [[[1.0, 2.0], [3.5, 4.0, 0.5]]]


def test_times_are_kept_as_whole_milliseconds() -> None:
    strokes = parse_strokes([[[1, 2, 0.5, 0], [3, 4, 0.5, 16.7]], [[5, 6, 0.5, 17]]])
    assert strokes == [[[1, 2, 0.5, 0], [3, 4, 0.5, 17]], [[5, 6, 0.5, 17]]]
    assert json.dumps(strokes[1]) == "[[5.0, 6.0, 0.5, 17]]"


@pytest.mark.parametrize("digit", range(10))
def test_times_change_neither_which_points_are_kept_nor_the_digit(digit: int) -> None:
    plain = [[[x, y, 0.5] for x, y, *_ in stroke] for stroke in DIGITS[digit]]
    ms = count(step=8)
    timed = [[[*point, next(ms)] for point in stroke] for stroke in plain]
    kept = thin_strokes(parse_strokes(timed))
    assert [[point[:3] for point in stroke] for stroke in kept] == thin_strokes(plain)
    assert thin_strokes(kept) == kept
    assert np.array_equal(
        canonical_digit(ink_from_strokes(kept)),
        canonical_digit(ink_from_strokes(thin_strokes(plain))),
    )


def test_strokes_without_points_are_left_out() -> None:
    assert parse_strokes([[], [[1, 2]], []]) == [[[1.0, 2.0]]]


@pytest.mark.parametrize("value", [[], [[]], [[], []]])
def test_strokes_without_any_point_are_a_blank_drawing(value: object) -> None:
    with pytest.raises(BlankDrawing):
        parse_strokes(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "strokes",
        {"x": 1},
        [1, 2],
        [[1, 2]],
        [[[1]]],
        [[[1, 2, 3, 4]]],
        [[[1, 2, 0.5, 4, 5]]],
        [[[1, 2, 0.5, -1]]],
        [[[1, 2, 0.5, 86_400_001]]],
        [[[1, 2, 0.5, math.nan]]],
        [[[1, 2, 0.5, None]]],
        [[[1, 2, 0.5, 0], [3, 4]]],
        [[[1, 2, 0.5, 9]], [[3, 4, 0.5, 8]]],
        [[["1", "2"]]],
        [[[None, 2]]],
        [[[True, False]]],
        [[{"x": 1, "y": 2}]],
        [[[math.nan, 1]]],
        [[[math.inf, 1]]],
        [[[1e7, 1]]],
        [[[10**400, 1]]],
        [[[1, 2]]] * (MAX_STROKES + 1),
        [[[1, 2]] * (MAX_POINTS + 1)],
    ],
)
def test_invalid_strokes_are_refused(value: object) -> None:
    with pytest.raises(InvalidStrokes):
        parse_strokes(value)


def test_the_error_names_the_invalid_stroke() -> None:
    with pytest.raises(InvalidStrokes, match="Stroke 2"):
        parse_strokes([[[1, 2]], [[1, math.nan]]])


@settings(deadline=None)
@given(
    digit=st.integers(0, 9),
    factor=st.floats(0.001, 1000),
    dx=st.floats(-1e4, 1e4),
    dy=st.floats(-1e4, 1e4),
)
def test_place_and_unit_of_strokes_do_not_change_the_digit(
    digit: int, factor: float, dx: float, dy: float
) -> None:
    moved = scaled(DIGITS[digit], factor, dx, dy)
    assert difference(canonical(digit), canonical_digit(ink_from_strokes(moved))) < 0.25


def test_a_single_tap_is_a_dot() -> None:
    digit = canonical_digit(ink_from_strokes([[[5, 5]]]))
    assert digit[13, 13] == 255


def test_a_drawing_of_the_pad_is_archived_where_it_was_drawn() -> None:
    picture = np.asarray(Image.open(io.BytesIO(draw_png(DIGITS[1], 10))))
    assert picture.shape == (280, 280)
    rows, columns = np.nonzero(picture < 128)
    assert rows.min() == pytest.approx(35, abs=2)
    assert rows.max() == pytest.approx(245, abs=2)
    assert columns.mean() == pytest.approx(138, abs=2)


def test_a_drawing_of_another_pad_is_archived_fitted_to_the_square() -> None:
    tiny = scaled(DIGITS[4], 0.001)
    rows, columns = np.nonzero(np.asarray(Image.open(io.BytesIO(draw_png(tiny)))) < 128)
    assert np.ptp(rows) > 150
    assert rows.mean() == pytest.approx(140, abs=20)
    assert columns.mean() == pytest.approx(140, abs=20)


COORDINATE = st.floats(-MAX_COORDINATE, MAX_COORDINATE, allow_subnormal=False)
DRAWN = st.lists(st.lists(st.lists(COORDINATE, min_size=2, max_size=2), min_size=1), min_size=1)


@given(DRAWN)
def test_thinning_what_was_thinned_changes_nothing(strokes: list[list[list[float]]]) -> None:
    thinned = thin_strokes(strokes)
    assert thin_strokes(thinned) == thinned
    assert len(thinned) == len(strokes)


def test_a_scribble_of_the_most_points_is_thinned_to_a_tenth() -> None:
    corners = np.random.default_rng(0).uniform(0, 280, (MAX_POINTS, 2)).tolist()
    thinned = thin_strokes([corners])
    assert sum(map(len, thinned)) <= MAX_KEPT_POINTS
    assert thin_strokes(thinned) == thinned


@pytest.mark.parametrize("size", [1, 280, 30_000])
def test_many_points_of_a_line_are_stored_as_few_and_read_the_same(size: float) -> None:
    turns = np.linspace(0, 2 * math.pi, 5_000)
    ring = np.stack([0.3 * np.cos(turns), 0.5 * np.sin(turns)], axis=1) * size + size / 3
    thinned = thin_strokes([ring.tolist()])
    assert sum(map(len, thinned)) < 1_000
    assert len(json.dumps(thinned)) < 20_000
    before, after = (canonical_digit(ink_from_strokes(each)) for each in ([ring.tolist()], thinned))
    assert difference(before, after) < 0.03


@settings(deadline=None)
@given(
    strokes=st.lists(
        st.lists(st.lists(st.floats(20, 180), min_size=2, max_size=2), min_size=1, max_size=9),
        min_size=1,
        max_size=3,
    ),
    turned=st.booleans(),
    pen=st.sampled_from([3, 5, 8, 9, 20.8, 30]),
)
def test_lines_and_joints_are_those_that_pillow_draws(
    strokes: Strokes, turned: bool, pen: float
) -> None:
    if turned:  # and back the same way
        strokes = [[*stroke, *reversed(stroke)] for stroke in strokes]
    expected = Image.new("L", (200, 200))
    draw = ImageDraw.Draw(expected)
    for stroke in strokes:
        points = [(x, y) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=255, width=round(pen), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    drawn = draw_strokes(strokes, 1.0, (0.0, 0.0), pen, (200, 200))
    assert np.array_equal(np.asarray(drawn), np.asarray(expected))


def test_a_wide_line_has_no_cracks_at_its_joints() -> None:
    corners = [(140, 140), (151.4, 141.7), (170.3, 121.2), (172, 105), (168.9, 98.7), (183.8, 75.5)]
    corners += [(183.9, 73.9), (188.8, 70.1), (201.8, 67.3), (213.2, 68.5), (213.9, 71.2)]
    corners += [(223.6, 88.7), (239.9, 99.9), (240, 96.7), (239, 93.6), (235.9, 81.6), (230, 74.2)]
    stroke = np.array(corners)
    picture = np.asarray(Image.open(io.BytesIO(draw_png([stroke.tolist()], 60))))

    line = np.concatenate([np.linspace(*ends, 40) for ends in pairwise(stroke)])  # (points, 2)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    away = np.full(picture.shape, np.inf)
    for x, y in line:
        np.minimum(away, np.hypot(columns + 0.5 - x, rows + 0.5 - y), out=away)
    assert picture[away < 28.5].max() < 60


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-300])
def test_strokes_of_hardly_any_size_are_thinned_and_read(size: float) -> None:
    strokes = thin_strokes([[[0.0, 0.0], [size, 0.0]]])
    assert np.isfinite(ink_from_strokes(strokes)).all()


def by_columns(strokes: Strokes) -> Strokes:
    """Strokes as [[x...], [y...]]."""
    return [[list(numbers) for numbers in zip(*stroke, strict=True)] for stroke in strokes]


LINES: dict[str, Strokes] = {
    "1": [[[140, 40], [138, 240]]],
    "1, slanted": [[[180, 40], [100, 240]]],
    "1 upward": [[[130, 250], [140, 30]]],
    "1 with a flag and a foot": [
        [[140, 40], [140, 240]],
        [[140, 40], [100, 80]],
        [[100, 240], [180, 240]],
    ],
    "4": [[[180, 40], [60, 170]], [[60, 170], [220, 170]], [[180, 40], [180, 240]]],
    "7": [[[60, 40], [210, 40]], [[210, 40], [120, 240]]],
    "7 on a pad of 1": [[[0.2, 0.1], [0.8, 0.1]], [[0.8, 0.1], [0.4, 0.9]]],
    "2": [[[70, 50], [200, 50]], [[200, 50], [70, 240]], [[70, 240], [200, 240]]],
}
UNCLEAR_LINES: dict[str, Strokes] = {
    "7 with a bar": [[[59, 52], [215, 43]], [[207, 55], [126, 238]], [[97, 143], [181, 126]]],
    "7 with a flat roof": [[[58, 45], [199, 62]], [[222, 75], [118, 239]]],
    "wide 1": [[[220, 90], [90, 200]]],
}


@pytest.mark.parametrize("name", LINES)
def test_two_points_are_told_from_coordinates_one_after_the_other(name: str) -> None:
    assert parse_strokes(LINES[name]) == LINES[name]
    with pytest.raises(InvalidStrokes, match="may be two points a stroke"):
        parse_strokes(by_columns(LINES[name]))
    assert parse_strokes(by_columns(LINES[name]), is_ours=True)


@pytest.mark.parametrize("name", UNCLEAR_LINES)
def test_two_points_that_are_hardly_told_from_coordinates_are_refused(name: str) -> None:
    for strokes in (UNCLEAR_LINES[name], by_columns(UNCLEAR_LINES[name])):
        with pytest.raises(InvalidStrokes, match="add the point in the middle"):
            parse_strokes(strokes)
    middle = [
        [one, [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2], other]
        for one, other in UNCLEAR_LINES[name]
    ]
    assert parse_strokes(middle) == middle


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([[[60, 200, 100], [40, 40, 240]]], "its pressure, 0 to 1"),
        ([[[0.2, 0.8, 0.4], [0.1, 0.1, 0.9]]], "may be two points a stroke"),
        ([[[60, 200, 150, 100], [40, 40, 140, 240]]], "its pressure, 0 to 1"),
        ([[[3, 5, 0, 1], [0, 0, 1, 4]]], "may be two points a stroke"),
        ([[[6, 20, 15, 10, 8], [4, 4, 14, 24, 30]]], r"not \[\[x...\], \[y...\]\]"),
    ],
)
def test_more_coordinates_one_after_the_other_are_refused(strokes: Strokes, message: str) -> None:
    with pytest.raises(InvalidStrokes, match=message):
        parse_strokes(strokes)


def test_two_points_of_a_pen_are_points() -> None:
    strokes = [[[140, 40, 0.3], [138, 240, 0.4]]]
    assert parse_strokes(strokes) == strokes

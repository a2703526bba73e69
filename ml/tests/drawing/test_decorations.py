"""What decorates a digit is set aside, and what belongs to a digit is not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from ml.drawing import pieces
from ml.drawing.canonical import canonical_digit
from ml.drawing.paper import MODERATE, take
from ml.drawing.pictures import Found, find_in_pixels, find_ink
from ml.drawing.strokes import Strokes, draw_strokes, find_drawn
from ml.errors import InvalidDrawing, SeveralDigits
from ml.tests.kit.drawings import DIGITS, difference, encode, scaled

SEVEN = [[20.0, 20.0], [40.0, 20.0], [60.0, 20.0], [45.0, 60.0], [35.0, 100.0]]
ONE = [[50.0, 20.0], [49.0, 60.0], [50.0, 100.0]]
UNDERLINE = [[10.0, 115.0], [40.0, 116.0], [70.0, 114.0]]
LOWER = [[15.0, 125.0], [40.0, 126.0], [68.0, 124.0]]
STOP = [[68.0, 98.0], [69.0, 99.0]]
SLASH = [[65.0, 25.0], [45.0, 60.0], [25.0, 95.0]]


def ring(width: float, height: float) -> list[list[float]]:
    angles = np.linspace(0, 6.3, 40)
    return [[42 + width * np.cos(angle), 60 + height * np.sin(angle)] for angle in angles]


def picture(strokes: Strokes, pen: float = 6, side: int = 280) -> Image.Image:
    """Draw strokes of up to 140 units dark on a white square, with a pen in the same units."""
    scale = 2 * side / 280 * 1.6
    middle = side - scale * 42, side - scale * 60
    ink = draw_strokes(strokes, scale, middle, scale * pen, (2 * side, 2 * side), round_joints=True)
    return ImageOps.invert(ink.reduce(2))


def kinds(found: Found) -> list[str]:
    return [each.kind for each in found.set_aside]


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


LOWEST = [[15.0, 132.0], [40.0, 133.0], [68.0, 131.0]]
OUTER = [[x - 3, 1.15 * y] for x, y in CORNERS]
DECORATED = [
    pytest.param([SEVEN], [UNDERLINE], ["underline"], id="underline"),
    pytest.param([SEVEN], [UNDERLINE, LOWEST], ["underline", "underline"], id="underlined twice"),
    pytest.param([SEVEN], [[[75.0, 97.0], [76.0, 98.0]]], ["full stop"], id="full stop"),
    pytest.param([SEVEN], [ring(65, 65)], ["circle"], id="circle"),
    pytest.param([ONE], [ring(65, 65)], ["circle"], id="1 in a circle"),
    pytest.param([SEVEN], [CORNERS], ["box"], id="box"),
    pytest.param([SEVEN], [OUTER, UNDERLINE], ["box", "underline"], id="box around an underline"),
    pytest.param(
        [SEVEN],
        [[[8.0, 2.0], [77.0, 2.0]], [[85.0, 10.0], [85.0, 124.0]], [[77.0, 132.0], [8.0, 132.0]],
         [[0.0, 124.0], [0.0, 10.0]]],
        ["box"],
        id="box of four lines with gaps",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("digit", "added", "expected"), DECORATED)
@pytest.mark.parametrize("side", [140, 280, 1000])
def test_what_decorates_a_digit_on_a_picture_is_not_read(
    digit: Strokes, added: Strokes, expected: list[str], side: int
) -> None:
    bare = canonical_digit(find_ink(encode(picture(digit, side=side))).ink)
    drawn = picture(digit + added, side=side)
    for image in (drawn, ImageOps.invert(drawn)):
        found = find_ink(encode(image))
        assert kinds(found) == expected
        assert difference(canonical_digit(found.ink), bare) < 0.12


@pytest.mark.parametrize(("digit", "added", "expected"), DECORATED)
def test_a_digit_of_any_pixels_is_read_without_its_decorations(
    digit: Strokes, added: Strokes, expected: list[str]
) -> None:
    pixels = np.asarray(picture(digit + added, side=140))
    assert kinds(find_in_pixels(pixels.tolist())) == expected
    assert kinds(find_in_pixels(np.asarray(picture(digit + added, side=28)))) == []


def cut(image: Image.Image, *lines: tuple[float, float, float, float]) -> Image.Image:
    for line in lines:
        ImageDraw.Draw(image).line([280 * part for part in line], 255, 4)
    return image


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(picture([ring(30, 50), SLASH]), id="slashed zero"),
        pytest.param(picture([ring(30, 50), [[52.0, 42.0], [32.0, 78.0]]]), id="loose slash"),
        pytest.param(picture([ring(30, 50), [[42.0, 59.0], [43.0, 61.0]]]), id="dotted zero"),
        pytest.param(
            picture([[[60.0, 20.0], [22.0, 20.0]], [[20.0, 31.0], [20.0, 55.0], [60.0, 75.0],
                     [20.0, 100.0]]]),
            id="5 with a loose bar",
        ),
        pytest.param(
            picture([[[30.0, 20.0], [10.0, 70.0], [50.0, 70.0]], [[62.0, 40.0], [62.0, 110.0]]]),
            id="4 in two parts",
        ),
        pytest.param(picture([ONE, [[30.0, 109.0], [70.0, 109.0]]]), id="1 with a loose base"),
        pytest.param(cut(picture(scaled(DIGITS[2], 0.4, -98, -80)), (0, 0.68, 1, 0.68)), id="2"),
        pytest.param(
            cut(picture(scaled(DIGITS[8], 0.4, -98, -80)), (0, 0.5, 1, 0.5), (0.5, 0, 0.5, 1)),
            id="8 in four parts",
        ),
    ],
)  # fmt: skip
def test_what_belongs_to_a_digit_on_a_picture_is_read(image: Image.Image) -> None:
    found = find_ink(encode(image))
    assert found.set_aside == []
    rows, columns = np.nonzero(np.asarray(image) < 230)
    box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    np.testing.assert_allclose(found.box, box, atol=1)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_that_noise_divides_is_whole(digit: int) -> None:
    image = np.asarray(picture(scaled(DIGITS[digit], 0.4, -98, -80), side=200)).copy()
    rng = np.random.default_rng(digit)
    image[rng.random(image.shape) < 0.5] = 255
    image[rng.random(image.shape) < 0.02] = 90
    assert kinds(find_ink(encode(Image.fromarray(image)))) == []


def boxes(found: Found) -> list[tuple[float, ...]]:
    return [found.box, *(each.box for each in found.set_aside)]


def test_boxes_are_in_pixels_of_what_was_sent() -> None:
    small = picture([SEVEN, ring(65, 65)])
    circle = Image.new("L", small.size, 255)
    circle.paste(picture([ring(65, 65)]))
    expected = [find_ink(encode(picture([SEVEN]))).box, find_ink(encode(circle)).box]
    assert boxes(find_ink(encode(small))) == expected
    large = small.resize((2800, 2800), Image.Resampling.NEAREST)
    np.testing.assert_allclose(boxes(find_ink(encode(large))), 10 * np.array(expected), atol=10)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    turned = encode(small.rotate(90, expand=True), "JPEG", quality=95, exif=exif)
    np.testing.assert_allclose(boxes(find_ink(turned)), expected, atol=2)
    page = Image.new("L", (900, 700), 255)
    page.paste(small, (500, 300))
    marked = find_ink(encode(page), (500, 300, 780, 580))
    np.testing.assert_allclose(boxes(marked), np.array(expected) + 2 * [500, 300], atol=1)


def test_the_alpha_channel_alone_shows_decorations_as_well() -> None:
    ink = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    ink.paste((0, 0, 0, 255), mask=ImageOps.invert(picture([SEVEN, UNDERLINE])))
    assert kinds(find_ink(encode(ink))) == ["underline"]


def test_a_faint_digit_in_a_dark_circle_is_read_as_the_digit_alone() -> None:
    faint = np.asarray(picture([SEVEN])) // 3 + 170
    both = np.minimum(faint, np.asarray(picture([ring(65, 65)])))
    found = find_ink(encode(Image.fromarray(both.astype(np.uint8))))
    bare = find_ink(encode(picture([SEVEN])))
    assert kinds(found) == ["circle"]
    assert difference(canonical_digit(found.ink), canonical_digit(bare.ink)) < 0.12


@pytest.mark.parametrize(
    ("added", "expected"),
    [(UNDERLINE, "underline"), (ring(65, 65), "circle"), (CORNERS, "box")],
    ids=["underline", "circle", "box"],
)
def test_decorations_are_set_aside_on_a_photograph(added: list[list[float]], expected: str) -> None:
    how = replace(MODERATE, pen=0.02, size=0.6, noise=3)
    found = find_ink(take([SEVEN, added], how, np.random.default_rng(2)))
    assert kinds(found) == [expected]
    bare = find_ink(take([SEVEN], how, np.random.default_rng(2)))
    assert difference(canonical_digit(found.ink), canonical_digit(bare.ink)) < 0.45


def test_two_digits_in_a_circle_are_counted() -> None:
    two = scaled(DIGITS[4], 0.25, -120, -80) + scaled(DIGITS[7], 0.25, -74, -80)
    with pytest.raises(SeveralDigits, match="2 digits"):
        find_ink(encode(picture([*two, ring(70, 70)], pen=4)))


@pytest.mark.parametrize("count", [13, 1_500, 30_000])
def test_many_pieces_are_not_compared(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    compared = 0

    def count_comparisons(*arguments: Any) -> str | None:
        nonlocal compared
        compared += 1
        return None

    monkeypatch.setattr(pieces, "kind_beside", count_comparisons)
    side = 1000
    spots = np.full((side, side), 255, np.uint8)
    step = int(side / np.sqrt(count))
    spots[step // 2 :: step, step // 2 :: step] = 0
    spots[step // 2 + 1 :: step, step // 2 :: step] = 0
    with suppress(InvalidDrawing):
        assert find_ink(encode(Image.fromarray(spots))).set_aside == []
    assert compared <= 8 * pieces.MOST_PARTS

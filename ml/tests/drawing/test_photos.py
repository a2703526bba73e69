from __future__ import annotations

import functools
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from ml.drawing.canonical import canonical_digit
from ml.drawing.paper import KINDS, MODERATE, Photograph, take
from ml.drawing.pictures import find_ink, ink_from_image
from ml.drawing.strokes import Strokes, draw_png, ink_from_strokes
from ml.errors import NothingFound, SeveralDigits
from ml.tests.kit.drawings import DIGITS, arc, difference, encode, scaled

PEN = 18


def read(data: bytes) -> np.ndarray:
    return canonical_digit(ink_from_image(data))


def photograph(digit: int, how: Photograph) -> bytes:
    return take(DIGITS[digit], how, np.random.default_rng(digit))


@functools.cache
def flawless(digit: int, pen: float, size: float) -> np.ndarray:
    """Read a digit on paper without a flaw, as written with the same pen."""
    how = Photograph(ink=(0, 0, 0), paper=(255,) * 3, pen=pen, size=size)
    return read(photograph(digit, how))


def picture(digit: int, size: float = 1) -> Image.Image:
    return Image.open(io.BytesIO(draw_png(scaled(DIGITS[digit], size), PEN)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_digit_on_photographed_paper_is_found(kind: str) -> None:
    how = KINDS[kind][1]
    for digit in (2, 5):
        seen = read(photograph(digit, how))
        assert difference(seen, flawless(digit, how.pen, how.size)) < 0.45


@pytest.mark.parametrize("strength", [0, 1, 2])
@pytest.mark.parametrize(
    "kind", ["vignette", "ruled", "squared", "squared, dark", "dotted", "form", "desk", "finger"]
)
def test_on_an_empty_sheet_nothing_is_found(kind: str, strength: int) -> None:
    sheet = take([], KINDS[kind][strength], np.random.default_rng([0, strength]))
    with pytest.raises(NothingFound):
        find_ink(sheet)


@pytest.mark.parametrize("thickness", [10, 28])
@pytest.mark.parametrize("name", ["a one", "a four"])
def test_a_straight_stroke_of_a_large_digit_is_no_printed_line(name: str, thickness: int) -> None:
    strokes = {
        "a one": [[(600, 240), (600, 1360)]],
        "a four": [[(300, 120), (220, 900), (1000, 900)], [(800, 320), (800, 1480)]],
    }[name]
    drawn = Image.new("L", (1200, 1600))
    for stroke in strokes:
        ImageDraw.Draw(drawn).line(stroke, 255, thickness, joint="curve")
    light = np.linspace(225, 165, 1200) + np.random.default_rng(0).normal(0, 3, (1600, 1200))
    shaded = np.where(np.asarray(drawn) > 0, 70, light).clip(0, 255).astype(np.uint8)
    data = encode(Image.fromarray(shaded).convert("RGB"), "JPEG")
    assert difference(read(data), read(encode(ImageOps.invert(drawn)))) < 0.4


def test_a_digit_that_touches_the_rim_of_uneven_paper_is_kept() -> None:
    # Its strokes end at the rim, and nothing better is left.
    image = Image.open(io.BytesIO(photograph(3, MODERATE)))
    found = find_ink(photograph(3, MODERATE))
    left, top, right, bottom = found.box
    tight = image.crop((left - 20, top - 20, right + 2, bottom + 20))
    assert difference(read(encode(tight)), read(photograph(3, MODERATE))) < 0.3


def test_a_loose_bar_and_a_dotted_pen_belong_to_the_digit() -> None:
    bare = picture(5)
    loose = picture(5)
    ImageDraw.Draw(loose).rectangle((98, 60, 102, 100), fill=255)
    assert difference(read(encode(loose)), read(encode(bare))) < 0.3
    dots = Image.new("L", (280, 280), 255)
    for x, y in DIGITS[0][0]:
        ImageDraw.Draw(dots).ellipse((x - 5, y - 5, x + 5, y + 5), fill=0)
    assert min(ink_from_image(encode(dots)).shape) >= 120


@pytest.mark.parametrize("dash", [0, 60])
def test_a_digit_of_more_than_forty_dots_is_whole(dash: int) -> None:
    dots = Image.new("L", (280, 280), 255)
    brush = ImageDraw.Draw(dots)
    ring = arc(140, 140, 90, 120, 90, 360, points=81)
    for x, y in ring:
        brush.ellipse((x - 2, y - 2, x + 2, y + 2), fill=0)
    if dash:  # some run together
        brush.line([(x, y) for x, y in ring[:6]], 0, 4)
    left, top, right, bottom = find_ink(encode(dots)).box
    assert (right - left, bottom - top) == pytest.approx((184, 244), abs=6)


@pytest.mark.parametrize("alpha", [253, 254])
def test_an_almost_opaque_picture_is_no_mask(alpha: int) -> None:
    image = picture(2).convert("RGBA")
    image.putalpha(alpha)
    image.putpixel((0, 0), (255, 255, 255, 255))
    np.testing.assert_array_equal(read(encode(image)), read(encode(picture(2))))


def two_digits() -> Strokes:
    return scaled(DIGITS[4], 0.5, -60) + scaled(DIGITS[7], 0.5, 60)


def test_two_digits_on_a_picture_are_counted() -> None:
    with pytest.raises(SeveralDigits, match="2 digits"):
        ink_from_image(draw_png(two_digits(), 10))


def test_two_digits_on_a_photograph_are_counted() -> None:
    how = replace(MODERATE, fall=0.3, pen=0.02)
    with pytest.raises(SeveralDigits, match="2 digits"):
        ink_from_image(take(two_digits(), how, np.random.default_rng(0)))


@pytest.mark.parametrize("side", [28, 40, 60])
def test_two_digits_on_a_small_picture_are_counted(side: int) -> None:
    large = Image.open(io.BytesIO(draw_png(two_digits(), 14)))
    with pytest.raises(SeveralDigits, match="2 digits"):
        ink_from_image(encode(large.resize((side, side), Image.Resampling.BOX)))


def test_two_digits_that_both_touch_the_rim_are_counted() -> None:
    large = Image.open(io.BytesIO(draw_png(two_digits(), 10)))
    left, top, right, bottom = ImageOps.invert(large).getbbox() or (0, 0, 0, 0)
    with pytest.raises(SeveralDigits, match="2 digits"):
        ink_from_image(encode(large.crop((left + 2, top + 2, right - 2, bottom - 2))))


OPEN_FOUR: Strokes = [[[60, 60], [55, 170], [170, 172]], [[200, 60], [205, 220]]]
"""Its bar stands apart from the rest."""


@pytest.mark.parametrize("side", [28, 56, 280])
def test_an_open_four_of_wide_parts_is_one_digit(side: int) -> None:
    pad = Image.open(io.BytesIO(draw_png(OPEN_FOUR, 10)))
    found = find_ink(encode(pad.resize((side, side), Image.Resampling.BOX)))
    assert found.box[2] - found.box[0] >= 0.5 * side
    assert ink_from_strokes(OPEN_FOUR).any()


def test_two_digits_in_strokes_are_counted() -> None:
    with pytest.raises(SeveralDigits, match="2 digits"):
        ink_from_strokes(two_digits())


@pytest.mark.parametrize("digit", DIGITS)
def test_a_stray_dot_far_from_the_strokes_is_left_out(digit: int) -> None:
    ink = ink_from_strokes([*DIGITS[digit], [[600, 400]]])
    np.testing.assert_array_equal(ink, ink_from_strokes(DIGITS[digit]))


def test_on_a_photograph_without_strokes_nothing_is_found() -> None:
    y, x = np.mgrid[0:280, 0:280]
    shade = (235 - 60 * (x + y) / 560).astype(np.uint8)
    with pytest.raises(NothingFound):
        ink_from_image(encode(Image.fromarray(shade)))


def test_faint_ink_on_flawless_paper_is_read() -> None:
    faint = np.asarray(picture(6)).astype(float) * (12 / 255) + 240
    read_faint = read(encode(Image.fromarray(faint.astype(np.uint8))))
    assert difference(read_faint, read(encode(picture(6)))) < 0.12


def test_a_transparent_corner_costs_no_color() -> None:
    picture = Image.new("RGBA", (200, 200), (0, 130, 0, 255))
    ImageDraw.Draw(picture).line([(60, 60), (140, 60), (90, 150)], (255, 0, 0, 255), 14)
    picture.paste((0, 0, 0, 0), (0, 0, 3, 3))
    assert find_ink(encode(picture)).box == (60, 54, 147, 154)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA"])
def test_a_large_picture_keeps_ink_that_differs_in_color_alone(mode: str) -> None:
    picture = Image.new("RGB", (2100, 2100), (0, 130, 0))
    ImageDraw.Draw(picture).line([(600, 600), (1400, 600), (900, 1500)], (255, 0, 0), 140)
    picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    if mode == "RGBA":
        picture.putpixel((0, 0), (0, 130, 0, 0))
    found = find_ink(encode(picture))
    np.testing.assert_allclose(found.box, (600, 528, 1464, 1536), atol=8)


def test_an_extension_of_a_gif_is_no_second_picture() -> None:
    data = encode(Image.open(io.BytesIO(draw_png(DIGITS[7]))).convert("P"), "GIF")
    at = data.index(b"\x2c", 13 + 3 * 2 ** (1 + data[10] % 8))
    longer = data[:at] + b"!\x2c\x01a\0" + data[at:]
    assert find_ink(longer).box == find_ink(data).box

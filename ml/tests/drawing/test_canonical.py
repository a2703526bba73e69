from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from ml.drawing.batches import canonical_digits
from ml.drawing.canonical import CANONICAL_BOX, canonical_digit, is_canonical
from ml.drawing.pictures import MAX_IMAGE_BYTES, encode_png, ink_from_image, ink_from_pixels
from ml.drawing.raster import pen_width
from ml.drawing.strokes import draw_png
from ml.errors import BlankDrawing, ImageTooLarge, InvalidImage, InvalidPixels
from ml.tests.kit.drawings import DIGITS, canonical, difference, encode, scaled

GOLDEN = Path(__file__).parent / "golden"


def picture(digit: int = 7) -> Image.Image:
    """A digit as drawn, dark on white, 280 x 280."""
    return Image.open(io.BytesIO(draw_png(DIGITS[digit])))


def read(data: bytes) -> np.ndarray:
    return canonical_digit(ink_from_image(data))


@pytest.mark.parametrize("digit", DIGITS)
def test_canonical_digits_are_the_golden_ones(digit: int) -> None:
    golden = np.asarray(Image.open(GOLDEN / f"canonical_{digit}.png"))
    assert np.abs(canonical(digit).astype(int) - golden).max() <= 2


def test_a_canonical_digit_is_20_px_long_with_its_mass_in_the_middle() -> None:
    digit = read(encode(picture()))
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == CANONICAL_BOX
    center = (digit.sum(axis=1) @ np.arange(28)) / digit.sum()
    assert abs(center - 13.5) <= 0.5
    assert digit.max() == 255
    assert digit.dtype == np.uint8


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 60}),
        ("MPO", {"quality": 60, "save_all": True, "append_images": [Image.new("L", (99, 99))]}),
        ("WEBP", {"quality": 60}),
        ("WEBP", {"lossless": 1}),
        ("GIF", {}),
        ("GIF", {"interlace": True, "comment": b"a" * 999}),
        ("BMP", {}),
    ],
)
def test_all_formats_give_the_same_digit(kind: str, options: dict[str, object]) -> None:
    assert difference(read(encode(picture(5), kind, **options)), read(encode(picture(5)))) < 0.03


def test_light_on_dark_is_the_same_digit_as_dark_on_light() -> None:
    inverted = ImageOps.invert(picture(3))
    np.testing.assert_array_equal(read(encode(inverted)), read(encode(picture(3))))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "I;16", "CMYK"])
def test_every_pixel_format_of_pillow_gives_the_same_digit(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.asarray(picture(4)).astype(np.uint16) * 257)
    else:
        image = picture(4).convert(mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert difference(read(encode(image, kind)), read(encode(picture(4)))) < 0.1


@pytest.mark.parametrize("ink", ["black", "white", "#888"])
def test_ink_of_any_color_on_a_transparent_ground_is_read(ink: str) -> None:
    image = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    image.paste(Image.new("RGBA", image.size, ink), mask=ImageOps.invert(picture(2)))
    assert difference(read(encode(image)), read(encode(picture(2)))) < 0.03


def test_a_card_with_transparent_corners_is_read_by_its_tones() -> None:
    image = picture(6).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 280, 20))
    image.paste((255, 255, 255, 0), (0, 0, 20, 280))
    assert difference(read(encode(image)), read(encode(picture(6)))) < 0.03


def test_a_palette_with_transparency_is_read() -> None:
    image = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    image.paste((20, 20, 160, 255), mask=ImageOps.invert(picture(9)))
    assert difference(read(encode(image.quantize(8))), read(encode(picture(9)))) < 0.1


def test_a_turned_photo_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    turned = encode(picture(4).rotate(90, expand=True), "JPEG", quality=95, exif=exif)
    assert difference(read(turned), read(encode(picture(4)))) < 0.03


@pytest.mark.parametrize("side", [64, 500, 4096])
def test_the_size_of_the_picture_does_not_change_the_digit(side: int) -> None:
    resized = picture(8).resize((side, side), Image.Resampling.LANCZOS)
    assert difference(read(encode(resized)), read(encode(picture(8)))) < 0.2


@settings(max_examples=25, deadline=None)
@given(
    digit=st.integers(0, 9),
    factor=st.floats(0.3, 1.1),
    dx=st.floats(-0.3, 0.3),
    dy=st.floats(-0.3, 0.3),
)
def test_place_and_size_of_the_drawing_do_not_change_the_digit(
    digit: int, factor: float, dx: float, dy: float
) -> None:
    room = 140 - 100 * factor
    drawn = scaled(DIGITS[digit], factor, dx * room, dy * room)
    moved = read(draw_png(drawn, 18 * factor))
    # Of 3,000 such drawings the least alike, a 5 a third as large, differed by 0.30.
    assert difference(read(draw_png(DIGITS[digit], 18)), moved) < 0.35


@pytest.mark.parametrize("pens", [(0.4, 1.2), (1.4, 4.8), (4.8, 6.0)])
def test_reading_a_canonical_digit_again_changes_nothing(pens: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    for digit in range(10):
        for _ in range(12):
            width = rng.uniform(*pens) * 10
            drawn = scaled(DIGITS[digit], rng.uniform(0.5, 1.0), *rng.uniform(-20, 20, 2))
            once = read(draw_png(drawn, width))
            np.testing.assert_array_equal(canonical_digit(ink_from_pixels(once)), once)
            np.testing.assert_array_equal(read(encode_png(once)), once)
            np.testing.assert_array_equal(canonical_digits(once[None])[0], once)


@pytest.mark.parametrize(("down", "right"), [(1, 0), (0, -1), (3, 3)])
def test_a_digit_that_is_moved_is_not_canonical(down: int, right: int) -> None:
    moved = np.roll(canonical(7), (down, right), (0, 1))
    assert is_canonical(canonical(7))
    assert not is_canonical(moved)
    assert is_canonical(canonical_digit(ink_from_pixels(moved)))


@pytest.mark.parametrize("width", [2, 4, 8, 30, 40])
def test_very_thin_and_very_thick_pens_are_evened(width: float) -> None:
    ink = ink_from_image(draw_png(DIGITS[2], width))
    digit = canonical_digit(ink).astype(np.float32) / np.float32(255)
    assert 1.2 <= pen_width(digit) <= 5.2


def test_a_hairline_on_a_huge_picture_survives() -> None:
    image = Image.new("L", (4096, 4096), 255)
    image.paste(0, (1000, 500, 1002, 3500))
    digit = read(encode(image))
    assert (digit.max(axis=1) > 128).sum() >= 18


def test_dust_is_left_out() -> None:
    image = picture(1)
    image.paste(0, (5, 5, 8, 8))
    np.testing.assert_array_equal(read(encode(image)), read(encode(picture(1))))


@pytest.mark.parametrize("levels", [8, 15, 25])
def test_noise_is_left_out(levels: float) -> None:
    noise = np.random.default_rng(0).normal(0, levels, (280, 280))
    noisy = (np.asarray(picture(5)) + noise).clip(0, 255).astype(np.uint8)
    assert difference(read(encode(Image.fromarray(noisy))), read(encode(picture(5)))) < 0.2


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("levels", [5, 10, 20])
def test_noise_around_a_small_digit_is_left_out(levels: float, kind: str) -> None:
    image = Image.open(io.BytesIO(draw_png(scaled(DIGITS[5], 0.3, 0, 0), 5.4)))
    noise = np.random.default_rng(0).normal(0, levels, (280, 280))
    noisy = (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
    assert difference(read(encode(Image.fromarray(noisy), kind)), read(encode(image))) < 0.3


def test_noise_alone_is_blank() -> None:
    noise = np.random.default_rng(0).normal(200, 15, (280, 280)).clip(0, 255).astype(np.uint8)
    with pytest.raises(BlankDrawing):
        ink_from_image(encode(Image.fromarray(noise)))


def test_a_detached_part_of_a_digit_stays_in_noise() -> None:
    image = picture(1)
    image.paste(0, (200, 60, 230, 75))
    noise = np.random.default_rng(0).normal(0, 15, (280, 280))
    noisy = (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
    assert difference(read(encode(Image.fromarray(noisy))), read(encode(image))) < 0.3


@pytest.mark.parametrize("inset", [0, 3])
def test_a_compressed_frame_around_a_small_digit_is_left_out(inset: int) -> None:
    image = Image.open(io.BytesIO(draw_png(scaled(DIGITS[5], 0.3, 0, 0), 5.4)))
    plain = read(encode(image))
    assert difference(read(encode(framed(image, inset), "JPEG", quality=40)), plain) < 0.3


def framed(image: Image.Image, inset: int) -> Image.Image:
    ImageDraw.Draw(image).rectangle((inset, inset, 279 - inset, 279 - inset), outline=0, width=4)
    return image


@pytest.mark.parametrize("inset", [0, 1, 6])
@pytest.mark.parametrize("digit", DIGITS)
def test_a_frame_is_left_out(digit: int, inset: int) -> None:
    image = framed(picture(digit), inset)
    np.testing.assert_array_equal(read(encode(image)), read(encode(picture(digit))))


@pytest.mark.parametrize("digit", DIGITS)
def test_ruled_lines_are_left_out(digit: int) -> None:
    image = picture(digit)
    for y in (60, 150, 235):
        ImageDraw.Draw(image).line((0, y, 280, y), fill=90, width=2)
    assert difference(read(encode(image)), read(encode(picture(digit)))) < 0.2


def test_a_margin_line_is_left_out() -> None:
    image = picture(3)
    ImageDraw.Draw(image).line((30, 0, 30, 280), fill=60, width=3)
    assert difference(read(encode(image)), read(encode(picture(3)))) < 0.12


@pytest.mark.parametrize("digit", DIGITS)
def test_bars_of_a_digit_that_fills_its_picture_stay(digit: int) -> None:
    image = picture(digit)
    tight = image.crop(ImageOps.invert(image).getbbox())
    assert difference(read(encode(tight)), read(encode(image))) < 0.12


def test_raw_pixels_are_read_flat_and_square_and_inverted() -> None:
    digit = canonical(5)
    square = canonical_digit(ink_from_pixels(digit.tolist()))
    flat = canonical_digit(ink_from_pixels(digit.ravel().tolist()))
    inverted = canonical_digit(ink_from_pixels(255 - digit))
    np.testing.assert_array_equal(square, flat)
    np.testing.assert_array_equal(square, inverted)


def test_a_canonical_digit_stays_nearly_as_it_is() -> None:
    for digit in DIGITS:
        once = canonical(digit)
        assert difference(once, canonical_digit(ink_from_pixels(once))) < 0.1


@pytest.mark.parametrize(
    "pixels",
    [
        [0] * 783,
        [[0] * 28] * 27 + [[0] * 27],
        ["a"] * 784,
        [True] * 784,
        [-1] + [0] * 783,
        [256] + [0] * 783,
        [float("nan")] * 784,
        [float("inf")] * 784,
        None,
        "7",
        {"a": 1},
        [[[0] * 28] * 28],
        [],
        [10**400] * 784,
    ],
)
def test_invalid_pixels_are_refused(pixels: object) -> None:
    with pytest.raises(InvalidPixels):
        ink_from_pixels(pixels)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ([0] * 80, "up to 4,096 rows of equal length; here are 80"),
        ([[0], [0, 1]], "rows of the pixels differ in length"),
    ],
)
def test_the_error_about_pixels_tells_both_ways_to_send_them(pixels: object, message: str) -> None:
    with pytest.raises(InvalidPixels, match=message):
        ink_from_pixels(pixels)  # type: ignore[arg-type]


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_an_even_picture_is_blank(shade: int) -> None:
    with pytest.raises(BlankDrawing):
        ink_from_image(encode(Image.new("L", (280, 280), shade)))


def test_a_transparent_picture_is_blank() -> None:
    with pytest.raises(BlankDrawing):
        ink_from_image(encode(Image.new("RGBA", (280, 280), (255, 0, 0, 0))))


def test_faint_noise_is_blank() -> None:
    noise = np.random.default_rng(0).integers(240, 255, (280, 280)).astype(np.uint8)
    with pytest.raises(BlankDrawing):
        ink_from_image(encode(Image.fromarray(noise)))


def test_ink_of_nothing_is_blank() -> None:
    with pytest.raises(BlankDrawing):
        canonical_digit(np.zeros((28, 28), np.float32))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encode(picture(1))[:-30],
        encode(picture(1), "JPEG")[:400],
        encode(picture(1), "WEBP")[:100],
    ],
    ids=["empty", "text", "header", "svg", "png cut", "jpeg cut", "webp cut"],
)
def test_a_damaged_or_incomplete_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        ink_from_image(data)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_animated_pictures_are_refused(kind: str) -> None:
    with pytest.raises(InvalidImage, match="animated"):
        ink_from_image(
            encode(picture(1), kind, save_all=True, append_images=[picture(2)], duration=100)
        )


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header promises more pixels than its few bytes can hold."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(4097, 10), (10, 4097), (10_000, 10_000), (60_000, 60_000)])
def test_pictures_with_too_many_pixels_are_refused_before_they_are_decoded(
    size: tuple[int, int],
) -> None:
    with pytest.raises(ImageTooLarge, match="4096"):
        ink_from_image(png_that_claims(*size))


def test_pictures_with_too_many_bytes_are_refused() -> None:
    with pytest.raises(ImageTooLarge, match="15 MB"):
        ink_from_image(bytes(MAX_IMAGE_BYTES + 1))


def test_an_encoded_png_holds_the_same_pixels() -> None:
    digit = canonical(2)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_png(digit)))), digit)

"""Small inputs that would grow large: they are refused, or read within bounds."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.drawing.canonical import canonical_digit
from ml.drawing.encoded import MAX_SIDE
from ml.drawing.pictures import encode_png, ink_from_image, ink_from_pixels
from ml.errors import (
    BlankDrawing,
    DatasetError,
    ImageTooLarge,
    InvalidDrawing,
    InvalidImage,
    InvalidPixels,
)
from ml.labeled import formats, members
from ml.labeled.formats import iter_labeled
from ml.tests.kit.drawings import difference, encode
from ml.tests.kit.fuzzing import peak_bytes, start_of_peak
from ml.tests.kit.hostile import PNG_SIGNATURE, npy, npz_of, png_chunk, with_chunk, zip_of
from ml.tests.kit.labeled import MNIST_HEADER, digit_pixels, mnist_row

LARGEST_PICTURE_BYTES = 100 * 2**20
"""Most memory that a picture of the largest size takes."""
FEW_BYTES = 80 * 2**20
"""What the text of some thousand digits takes, and they as arrays."""


@pytest.fixture(scope="module")
def large() -> Image.Image:
    """A digit on a picture of the largest size."""
    picture = Image.new("L", (MAX_SIDE, MAX_SIDE), 255)
    points = [(1000, 1000), (3000, 1000), (1500, 3500)]
    ImageDraw.Draw(picture).line(points, 0, 300)
    return picture


def with_alpha(picture: Image.Image) -> Image.Image:
    return Image.merge("LA", (picture, picture.point([255 - tone for tone in range(256)])))


LARGE: dict[str, Callable[[Image.Image], bytes]] = {
    "gray": encode,
    "two tones": lambda picture: encode(picture.convert("1")),
    "color": lambda picture: encode(picture.convert("RGB").resize((4032, 3024))),
    "gray, transparent": lambda picture: encode(with_alpha(picture)),
    "color, transparent": lambda picture: encode(
        with_alpha(picture).convert("RGBA").resize((3041, 3041))
    ),
    "palette": lambda picture: encode(picture.convert("P"), transparency=b"\0\x80"),
    "16 bits": lambda picture: encode(Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)),
    "JPEG for print": lambda picture: encode(picture.convert("CMYK"), "JPEG"),
    "progressive JPEG": lambda picture: encode(picture, "JPEG", progressive=True),
    "WebP": lambda picture: encode(picture.resize((2048, 2048)).convert("RGBA"), "WEBP"),
    "lossless WebP": lambda picture: encode(picture.resize((1024, 1024)), "WEBP", lossless=True),
}


@pytest.mark.parametrize("kind", LARGE)
def test_the_largest_picture_is_read_within_memory_bounds(large: Image.Image, kind: str) -> None:
    data = LARGE[kind](large)
    before = start_of_peak()
    assert canonical_digit(ink_from_image(data)).any()
    assert peak_bytes() - before <= LARGEST_PICTURE_BYTES


@pytest.mark.parametrize("nest", [lambda row: row, lambda row: [row] * 28])
def test_long_texts_among_pixels_take_no_memory(nest: Callable[[list[Any]], list[Any]]) -> None:
    pixels = nest(["9" * 10_000_000, *[0] * 783])
    before = start_of_peak()
    with pytest.raises(InvalidPixels, match="not all numbers"):
        ink_from_pixels(pixels)
    assert peak_bytes() - before <= FEW_BYTES


def deflated(size: int) -> bytes:
    """Zeros, a thousand times smaller."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(2**20)) for _ in range(size // 2**20)]
    return b"".join(parts) + packer.flush()


@pytest.mark.parametrize(
    ("kind", "head"),
    [(b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")],
)
def test_what_stands_beside_a_picture_is_not_unpacked(kind: bytes, head: bytes) -> None:
    data = with_chunk(encode_png(digit_pixels(3)), kind, head + deflated(100 * 2**20))
    before = start_of_peak()
    assert ink_from_image(data).any()
    assert peak_bytes() - before <= FEW_BYTES


SMALL = Image.fromarray(digit_pixels(3)).resize((64, 64))


def scan_of(jpeg: bytes) -> bytes:
    """Return the last scan of a JPEG."""
    return jpeg[jpeg.rindex(b"\xff\xda") : -2]


@pytest.mark.parametrize(("side", "more"), [(64, 60), (4096, 12)])
def test_a_jpeg_of_more_scans_than_any_program_writes_is_refused(side: int, more: int) -> None:
    data = encode(SMALL.resize((side, side)), "JPEG", progressive=True)
    assert ink_from_image(data).any()
    with pytest.raises(ImageTooLarge, match="too many scans"):
        ink_from_image(data[:-2] + more * scan_of(data) + data[-2:])


@pytest.mark.parametrize("frame", [0xC3, 0xC9, 0xCA])
def test_a_lossless_or_arithmetic_jpeg_is_refused(frame: int) -> None:
    data = encode(SMALL, "JPEG").replace(b"\xff\xc0", bytes([0xFF, frame]))
    with pytest.raises(InvalidImage, match="lossless or coded arithmetically"):
        ink_from_image(data)


def test_pictures_behind_the_first_of_a_jpeg_are_left_aside() -> None:
    data = encode(SMALL, "JPEG")
    assert (ink_from_image(data + 100 * data) == ink_from_image(data)).all()


def test_a_png_of_more_pixels_than_a_phone_takes_is_refused() -> None:
    photo = Image.new("RGB", (4032, 3024), "white")
    with pytest.raises(BlankDrawing):
        ink_from_image(encode(photo))
    with pytest.raises(ImageTooLarge, match="unpacks to more than"):
        ink_from_image(encode(photo.convert("RGBA")))


def test_a_webp_of_noise_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2048, 2048, 3), np.uint8)
    with pytest.raises(ImageTooLarge, match="more than 2,000,000 bytes"):
        ink_from_image(encode(Image.fromarray(noise), "WEBP", quality=90, method=0))


@pytest.mark.parametrize("side", [5_000, 20_000])
def test_a_png_is_what_its_first_header_says(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = with_chunk(encode_png(np.full((8, 8), 255, np.uint8)), b"IHDR", header)
    with pytest.raises(BlankDrawing):
        ink_from_image(data)


def test_a_png_that_begins_with_another_part_than_its_header_is_refused() -> None:
    png = encode_png(np.full((8, 8), 255, np.uint8))
    with pytest.raises(InvalidImage):
        ink_from_image(PNG_SIGNATURE + png_chunk(b"tEXt", png[16:29]) + png[8:])


def test_a_webp_is_as_large_as_the_largest_size_that_it_states() -> None:
    data = encode(Image.new("L", (4_500, 300), 255), "WEBP", lossless=True)
    small = b"VP8X" + (10).to_bytes(4, "little") + bytes(10)
    riff = data[12:] + small
    with pytest.raises(ImageTooLarge):
        ink_from_image(b"RIFF" + (4 + len(riff)).to_bytes(4, "little") + b"WEBP" + riff)


def test_a_webp_that_may_hold_many_tables_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    with pytest.raises(ImageTooLarge, match="too much memory"):
        ink_from_image(encode(Image.fromarray(noise), "WEBP", lossless=True, method=0))


@pytest.mark.parametrize(
    "data",
    [
        encode(SMALL)[:33] + 20_000 * png_chunk(b"IDAT", b"") + encode(SMALL)[33:],
        encode(SMALL, "JPEG")[:2] + b"\xff\xfe\0\2" * 20_000 + encode(SMALL, "JPEG")[2:],
        b"RIFF" + (160_000).to_bytes(4, "little") + b"WEBP" + b"JUNK\0\0\0\0" * 20_000,
    ],
    ids=["PNG", "JPEG", "WebP"],
)
def test_a_file_of_countless_parts_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage, match="more than 10,000 parts"):
        ink_from_image(data)


def test_pixels_beyond_those_of_the_header_are_not_unpacked() -> None:
    head = encode_png(np.full((28, 28), 255, np.uint8))[: len(PNG_SIGNATURE) + 25]
    data = head + png_chunk(b"IDAT", deflated(100 * 2**20)) + png_chunk(b"IEND", b"")
    before = start_of_peak()
    with pytest.raises(BlankDrawing):
        ink_from_image(data)
    assert peak_bytes() - before <= FEW_BYTES


def refuse(path: Path, message: str) -> None:
    before = start_of_peak()
    with pytest.raises(DatasetError, match=message):
        list(iter_labeled(path))
    assert peak_bytes() - before <= FEW_BYTES


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zip"])
def test_a_csv_that_unpacks_endlessly_is_read_in_parts(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_UNPACKED", 64 * 2**20)
    lines = MNIST_HEADER.encode() + b"\n" + (mnist_row(3).encode() + b"\n") * 50_000
    path = tmp_path / f"a.{ending}"
    path.write_bytes(gzip.compress(lines, 1) if ending == "csv.gz" else zip_of({"a.csv": lines}))
    del lines
    refuse(path, "larger than 67,108,864 bytes")


def test_a_line_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0," * (50 * 2**20), 1))
    refuse(path, "The line is longer than")


@pytest.mark.parametrize("stated", [(1_000_000, 28, 28), (2**62, 2**62, 28), (10**6, 10**6, 0)])
def test_an_npz_that_states_more_than_it_holds_takes_no_memory(
    tmp_path: Path, stated: tuple[int, ...]
) -> None:
    header = io.BytesIO()
    description = {"descr": "|u1", "fortran_order": False, "shape": stated}
    np.lib.format.write_array_header_1_0(header, description)
    path = tmp_path / "a.npz"
    path.write_bytes(npz_of(header.getvalue(), npy(np.array([3, 7]))))
    refuse(path, "larger than|not a whole npz|not images such as")


def test_an_npz_of_too_many_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5_000):
            archive.writestr(f"{number}.npy", b"")
    refuse(path, "it lists more than 1,000 files")


def test_an_idx_that_states_more_than_it_holds_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "t-images-idx3-ubyte"
    path.write_bytes(bytes.fromhex("00000803 000f4240 0000001c 0000001c"))
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(bytes.fromhex("00000801 000f4240"))
    refuse(path, "but 0 of the 784,000,000 bytes")


def test_json_that_would_take_a_hundred_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MAX_JSON", 2**20)
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b"[" + b"[]," * 2**20 + b"0]"))
    refuse(path, "use ndjson")


def test_a_drawing_with_the_most_points_is_read_within_memory_bounds(tmp_path: Path) -> None:
    strokes = [[[n % 280, n // 80] for n in range(100)]] * 200
    path = tmp_path / "a.ndjson"
    before = start_of_peak()
    path.write_text(json.dumps({"label": 3, "strokes": strokes[:40]}) + "\n")
    assert len(list(iter_labeled(path))) == 1
    assert peak_bytes() - before <= FEW_BYTES


def photo(width: int, height: int, **options: object) -> bytes:
    """Return a 7 on a JPEG of a phone's size, small at first, since most of it is paper."""
    picture = Image.new("L", (width, height), 225)
    points = [(0.3 * width, 0.2 * height), (0.7 * width, 0.2 * height), (0.4 * width, 0.8 * height)]
    ImageDraw.Draw(picture).line(points, 40, width // 20)
    return encode(picture, "JPEG", **options)


@pytest.mark.parametrize(
    ("width", "height", "options"),
    [(4624, 3468, {}), (6120, 8160, {}), (5200, 5200, {"progressive": True})],
)
def test_a_photo_of_a_phone_is_reduced_while_it_is_decoded(
    width: int, height: int, options: dict[str, object]
) -> None:
    data = photo(width, height, **options)
    before = start_of_peak()
    ink = ink_from_image(data)
    assert peak_bytes() - before <= LARGEST_PICTURE_BYTES
    small = encode(Image.open(io.BytesIO(data)).resize((width // 8, height // 8)))
    assert difference(canonical_digit(ink), canonical_digit(ink_from_image(small))) < 0.05


def test_a_jpeg_of_more_pixels_than_phones_have_is_refused() -> None:
    with pytest.raises(ImageTooLarge, match="64 megapixels"):
        ink_from_image(photo(9_000, 9_000))
    with pytest.raises(ImageTooLarge, match="larger than 16384"):
        ink_from_image(encode(Image.new("L", (16_385, 8)), "JPEG"))


def test_a_gif_is_as_large_as_its_picture() -> None:
    data = encode(SMALL, "GIF")
    at = data.index(b",\0\0\0\0")
    with pytest.raises(ImageTooLarge):
        ink_from_image(data[: at + 1] + struct.pack("<HH", 5_000, 5_000) + data[at + 5 :])


@pytest.mark.parametrize("more", [b"!\xfe\1a\0" * 60_000, b"!\xfe" + 110_000 * b"\1a" + b"\0"])
def test_a_gif_of_countless_parts_is_refused(more: bytes) -> None:
    with pytest.raises(InvalidImage, match="more than 100,000 parts"):
        ink_from_image(encode(SMALL, "GIF")[:-1] + more + b";")


def test_a_compressed_bmp_is_refused() -> None:
    data = bytearray(encode(SMALL, "BMP"))
    data[30] = 1
    with pytest.raises(InvalidImage, match="BMP is compressed"):
        ink_from_image(bytes(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encode(SMALL, "TIFF"), "a TIFF picture"),
        (encode(SMALL, "AVIF"), "an AVIF picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC picture.*Settings, Camera, Formats"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "an AVIF picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a video"),
        (b"%PDF-1.7", "a PDF file"),
        (b"<?xml?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG picture"),
        (encode(SMALL, "PPM"), "not a PNG, JPEG, WebP, GIF or BMP"),
    ],
)
def test_a_format_that_is_not_read_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(InvalidImage, match=message):
        ink_from_image(data)


@pytest.mark.parametrize("disc", [45, 60, 100])
def test_large_dots_take_no_more_memory_than_a_digit(disc: int) -> None:
    step = disc * 4 // 3
    picture = Image.new("L", (3 * step, 3 * step), 255)
    for number in range(9):
        left, top = number % 3 * step + 4, number // 3 * step + 4
        ImageDraw.Draw(picture).ellipse((left, top, left + disc, top + disc), 0)
    before = start_of_peak()
    with contextlib.suppress(InvalidDrawing):
        ink_from_image(encode(picture))
    assert peak_bytes() - before < LARGEST_PICTURE_BYTES

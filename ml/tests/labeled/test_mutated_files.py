"""Every parser of bytes withstands mutated inputs: our own errors, bounded memory, an end."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ml import artifacts
from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_image, ink_from_pixels
from ml.drawing.strokes import draw_png, ink_from_strokes, parse_strokes
from ml.errors import ArtifactError, DatasetError, InvalidDrawing
from ml.labeled.formats import iter_labeled
from ml.tests.kit.circulating import tar, write_jsons
from ml.tests.kit.drawings import DIGITS, encode
from ml.tests.kit.fuzzing import Parser, Seed
from ml.tests.kit.hostile import (
    PNG_SIGNATURE,
    npy,
    npz_of,
    png_chunk,
    with_chunk,
    with_right_checksums,
    zip_of,
)
from ml.tests.kit.labeled import MNIST_HEADER, digit_pixels, idx, mnist_row, tmnist_text
from ml.tests.kit.parquet import hugging_face, labeled_frame, listed
from ml.training.train import TrainedArtifact

Check = Callable[[Parser], None]

SMALL = Image.open(io.BytesIO(draw_png(DIGITS[3]))).convert("L").resize((60, 60))
IMAGES = np.stack([digit_pixels(3), digit_pixels(7)])
LABELS = np.array([3, 7], np.uint8)
STROKES: list[Any] = [[[10, 10], [20, 30.5], [200, 90]], [[5, 5, 0.5]]]
ENOUGH = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def camera_data() -> Image.Exif:
    """What a phone writes beside a picture: it was held sideways."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Phone"
    return exif


def pngs() -> Iterator[bytes]:
    """PNGs of each kind, and with chunks of each kind."""
    transparent = SMALL.convert("RGBA")
    transparent.putalpha(SMALL.point([255 - tone for tone in range(256)]))
    yield encode(SMALL)
    yield encode(SMALL.convert("1"))
    yield encode(SMALL.convert("RGB"))
    yield encode(transparent)
    yield encode(transparent.convert("LA"))
    yield encode(SMALL.convert("P"), transparency=b"\0\x80\xff")
    yield encode(Image.fromarray(np.asarray(SMALL).astype(np.uint16) * 257))
    yield encode(SMALL, exif=camera_data(), icc_profile=b"profile" * 20, dpi=(72, 72))
    yield with_chunk(encode(SMALL), b"tEXt", b"Comment\0a seven")


def png_of_rows(rows: bytes) -> bytes:
    """Pack rows of pixels, each below the number of its filter, whatever became of them."""
    header = struct.pack(">IIBBBBB", *SMALL.size, 8, 0, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(rows))
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + body + png_chunk(b"IEND", b"")


def jpegs() -> Iterator[bytes]:
    """JPEGs of each kind."""
    yield encode(SMALL, "JPEG")
    yield encode(SMALL.convert("RGB"), "JPEG", progressive=True)
    yield encode(SMALL.convert("CMYK"), "JPEG")
    yield encode(SMALL, "JPEG", exif=camera_data(), icc_profile=b"profile" * 20, comment="seven")


def webps() -> Iterator[bytes]:
    """WebPs of each kind."""
    yield encode(SMALL, "WEBP", quality=60)
    yield encode(SMALL.convert("RGB"), "WEBP", lossless=True)
    yield encode(SMALL.convert("RGBA"), "WEBP", exif=camera_data(), icc_profile=b"profile" * 20)


def gifs_and_bmps() -> Iterator[bytes]:
    """GIFs and BMPs of each kind."""
    yield encode(SMALL, "GIF", interlace=True)
    yield encode(SMALL.convert("P"), "GIF", transparency=255, comment=b"seven")
    for mode in ("1", "L", "RGB", "RGBA"):
        yield encode(SMALL.convert(mode), "BMP")


def read_picture(data: bytes) -> None:
    digit = canonical_digit(ink_from_image(data))
    assert digit.shape == (28, 28)


@pytest.mark.parametrize(
    ("kind", "pictures", "pack"),
    [
        ("PNG", pngs, with_right_checksums),
        ("JPEG", jpegs, bytes),
        ("WebP", webps, bytes),
        ("GIF or BMP", gifs_and_bmps, bytes),
    ],
)
def test_a_mutated_picture_is_read_or_refused(
    assert_withstands: Check,
    kind: str,
    pictures: Callable[[], Iterator[bytes]],
    pack: Callable[[bytes], bytes],
) -> None:
    seeds = [Seed(data, pack) for data in pictures()]
    if kind == "PNG":
        rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(SMALL))
        seeds += [Seed(rows, png_of_rows)] * len(seeds)
    assert_withstands(Parser(kind, seeds, read_picture, (InvalidDrawing,)))


TMNIST = tmnist_text("A-Bold", "B").encode()
MNIST = "\n".join([MNIST_HEADER, mnist_row(3), mnist_row(7)]).encode()
PLAIN = "\n".join([mnist_row(3), mnist_row(7)]).encode()
OBJECTS = [
    {"label": 3, "strokes": STROKES, "writer": "w1"},
    {"label": 7, "strokes": STROKES},
]
LINES = b"".join(
    json.dumps(item).encode() + b"\n"
    for item in [*OBJECTS, {"label": 7, "strokes": None, "canonical": "A" * 1046 + "=="}]
)
JSONS = write_jsons()
OTHER_JSON = ("label_studio.json", "xy_objects.json", "pixels_label.json", "quickdraw_raw.ndjson")
PICTURES = {"3/a.png": encode(SMALL), "7/b.png": encode(SMALL)}
NAME_OF_IMAGES, NAME_OF_LABELS = "t-images-idx3-ubyte", "t-labels-idx1-ubyte"
FILES = {
    "csv": ("a.csv", [Seed(TMNIST), Seed(MNIST), Seed(PLAIN)]),
    "csv.gz": ("a.csv.gz", [Seed(TMNIST, gzip.compress), Seed(MNIST, gzip.compress)]),
    "csv.zip": ("a.csv.zip", [Seed(TMNIST, lambda text: zip_of({"d/a.csv": text}))]),
    "npz, images": (
        "a.npz",
        [
            Seed(npy(IMAGES), lambda x: npz_of(x, npy(LABELS))),
            Seed(npy(np.asfortranarray(IMAGES)), lambda x: npz_of(x, npy(LABELS))),
        ],
    ),
    "npz, labels": (
        "a.npz",
        [
            Seed(npy(LABELS), lambda y: npz_of(npy(IMAGES), y)),
            Seed(npy(LABELS.astype(np.int64)), lambda y: npz_of(npy(IMAGES), y)),
        ],
    ),
    "IDX, images": (NAME_OF_IMAGES, [Seed(idx(2, 28, 28, data=IMAGES.tobytes()))]),
    "IDX, labels": (NAME_OF_LABELS, [Seed(idx(2, data=LABELS.tobytes()))]),
    "stroke JSON": ("a.json", [Seed(json.dumps(OBJECTS).encode())]),
    "stroke JSON, zipped": (
        "a.json.zip",
        [Seed(json.dumps(OBJECTS).encode(), lambda text: zip_of({"a.json": text}))],
    ),
    "ndjson": ("a.ndjson", [Seed(LINES)]),
    "other JSON": (
        "a.json",
        [Seed(JSONS[name]) for name in OTHER_JSON],
    ),
    "Parquet": ("a.parquet", [Seed(hugging_face()), Seed(listed()), Seed(labeled_frame())]),
    "zip of pictures": ("a.zip", [Seed(zip_of(PICTURES))]),
    "tar of pictures": ("a.tar", [Seed(tar(PICTURES, ""))]),
    "tar.gz of pictures": ("a.tar.gz", [Seed(tar(PICTURES, ""), gzip.compress)]),
    "tar.xz of pictures": ("a.tar.xz", [Seed(tar(PICTURES, ""), lzma.compress)]),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_mutated_file_is_read_or_refused(
    assert_withstands: Check, tmp_path: Path, kind: str
) -> None:
    name, seeds = FILES[kind]
    (tmp_path / NAME_OF_IMAGES).write_bytes(idx(2, 28, 28, data=IMAGES.tobytes()))
    (tmp_path / NAME_OF_LABELS).write_bytes(idx(2, data=LABELS.tobytes()))
    read_from = tmp_path / (NAME_OF_IMAGES if name == NAME_OF_LABELS else name)

    def read(data: bytes) -> None:
        (tmp_path / name).write_bytes(data)
        for drawing in iter_labeled(read_from):
            assert drawing.label is None or 0 <= drawing.label <= 10

    assert_withstands(Parser(kind, seeds, read, (DatasetError,)))


def read_strokes(data: bytes) -> None:
    strokes = parse_strokes(json.loads(data))
    assert canonical_digit(ink_from_strokes(strokes)).shape == (28, 28)
    assert draw_png(strokes)


def read_pixels(data: bytes) -> None:
    assert canonical_digit(ink_from_pixels(json.loads(data))).shape == (28, 28)


@pytest.mark.parametrize(
    ("kind", "values", "read"),
    [
        ("strokes", [DIGITS[3], STROKES], read_strokes),
        ("pixels", [IMAGES[0].ravel().tolist(), IMAGES[1].tolist()], read_pixels),
    ],
)
def test_mutated_strokes_and_pixels_are_read_or_refused(
    assert_withstands: Check, kind: str, values: list[Any], read: Callable[[bytes], None]
) -> None:
    seeds = [Seed(json.dumps(value).encode()) for value in values]
    # What is no JSON at all never comes this far.
    refusals = (InvalidDrawing, json.JSONDecodeError, UnicodeDecodeError, RecursionError)

    def read_json(data: bytes) -> None:
        try:
            read(data)
        except ValueError as error:
            if "integer string conversion" not in str(error):
                raise
            raise json.JSONDecodeError("A number is too long.", "", 0) from error

    assert_withstands(Parser(kind, seeds, read_json, refusals))


@pytest.mark.parametrize("part", ["model file", "manifest"])
def test_a_mutated_model_is_refused_unopened(
    assert_withstands: Check, trained: TrainedArtifact, tmp_path: Path, part: str
) -> None:
    data = artifacts.serialize(trained.model)
    path = tmp_path / "model.joblib"
    artifacts.save(path, data, artifacts.describe(data, {"seed": 0}, {"n": 1}, {"a": 0.5}))
    mutated = path if part == "model file" else path.with_suffix(".json")
    original = mutated.read_bytes()

    def load(content: bytes) -> None:
        mutated.write_bytes(content)
        artifacts.load(path)
        assert content == original or part == "manifest"

    assert_withstands(
        Parser(part, [Seed(original)], load, (ArtifactError,), accepts_some=part == "manifest")
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=20,
)
POINTS = st.lists(st.integers() | st.floats(), min_size=1, max_size=4)


@ENOUGH
@given(strokes=JSON_VALUES | st.lists(st.lists(POINTS, max_size=5), max_size=5))
def test_any_json_is_strokes_or_none(strokes: object) -> None:
    try:
        parsed = parse_strokes(strokes)
    except InvalidDrawing:
        return
    assert canonical_digit(ink_from_strokes(parsed)).shape == (28, 28)
    assert draw_png(parsed, pen_width=1e6)


@ENOUGH
@given(pixels=JSON_VALUES | st.binary(min_size=784, max_size=784).map(list))
def test_any_json_is_pixels_or_none(pixels: Any) -> None:
    try:
        ink = ink_from_pixels(pixels)
    except InvalidDrawing:
        return
    assert canonical_digit(ink).shape == (28, 28)


@ENOUGH
@given(name=st.text(), label=st.text(), place=st.integers(2, 785), pixel=st.text())
def test_any_text_in_a_csv_is_read_or_refused(
    tmp_path: Path, name: str, label: str, place: int, pixel: str
) -> None:
    fields = TMNIST.decode().splitlines()[1].split(",")
    fields[0], fields[1], fields[place] = name, label, pixel
    header = TMNIST.decode().splitlines()[0]
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{','.join(fields)}\n", encoding="utf-8", errors="replace")
    try:
        drawings = list(iter_labeled(path))
    except DatasetError:
        return
    assert {drawing.label for drawing in drawings} <= {None, *range(10)}


@ENOUGH
@given(
    header=st.fixed_dictionaries(
        {
            "descr": st.sampled_from(["|u1", "<i8", "|O", "<M8[ns]", "V9999999", "|S0", "no"])
            | st.text()
            | st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["|u1", "|O"])), max_size=2),
            "fortran_order": st.booleans() | st.none(),
            "shape": st.lists(st.integers() | st.booleans(), max_size=4).map(tuple),
        }
    )
)
def test_any_header_in_an_npz_is_read_or_refused(tmp_path: Path, header: dict[str, Any]) -> None:
    text = repr(header).encode("latin-1", "replace") + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(784)
    path = tmp_path / "a.npz"
    path.write_bytes(npz_of(array, array))
    try:
        drawings = list(iter_labeled(path))
    except DatasetError:
        return
    assert {drawing.label for drawing in drawings} <= {None, *range(10)}

"""An invalid drawing gets a 4xx problem that names the field, and is not stored."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ml.tests.kit.fuzzing import peak_bytes, start_of_peak
from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem, blank_png, data_url, encode, png_of

ADDRESSES = [DRAWINGS, "/predict"]


def bomb_png(side: int) -> bytes:
    """Return a small file that would decode to a huge picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side // 8 + 1) * side, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def animated(file_format: str) -> bytes:
    """Return a picture that moves."""
    frames = [Image.open(io.BytesIO(png_of(digit))).convert("L") for digit in (1, 2)]
    buffer = io.BytesIO()
    frames[0].save(buffer, file_format, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


PICTURES = {
    "nothing": (b"", 400, "invalid-request"),
    "text": (b"seven", 400, "invalid-image"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "invalid-image"),
    "half a png": (png_of(7)[:200], 400, "invalid-image"),
    "head of a png": (png_of(7)[:20], 400, "invalid-image"),
    "tiff": (encode(Image.new("L", (28, 28)), "TIFF"), 400, "invalid-image"),
    "animated gif": (animated("GIF"), 400, "invalid-image"),
    "animated png": (animated("PNG"), 400, "invalid-image"),
    "animated webp": (animated("WEBP"), 400, "invalid-image"),
    "white": (blank_png(255), 400, "blank-drawing"),
    "black": (blank_png(0), 400, "blank-drawing"),
    "transparent": (encode(Image.new("RGBA", (280, 280))), 400, "blank-drawing"),
    "too wide": (encode(Image.new("1", (4097, 8))), 413, "image-too-large"),
    "decompression bomb": (bomb_png(8_000), 413, "image-too-large"),
}


@pytest.fixture(autouse=True)
def nothing_is_kept(stranger: Caller) -> Iterator[None]:
    """Check, after each test here, that the archive is empty."""
    yield
    assert Drawing.objects.count() == 0


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_bad_picture_in_json_is_refused(stranger: Caller, address: str, picture: str) -> None:
    data, status, slug = PICTURES[picture]
    answer = stranger.post(address, {"image": data_url(data)})
    assert_problem(answer, status, slug, "image")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_bad_picture_as_a_file_is_refused(stranger: Caller, address: str, picture: str) -> None:
    data, status, slug = PICTURES[picture]
    answer = stranger.client.post(address, {"image": SimpleUploadedFile("picture.png", data)})
    if picture == "nothing":
        status, slug = 400, "invalid-request"
    assert_problem(answer, status, slug, "image")


def test_a_picture_of_too_many_megabytes_is_refused(stranger: Caller) -> None:
    file = SimpleUploadedFile("picture.png", png_of(7) + bytes(15 * 2**20))
    answer = stranger.client.post(DRAWINGS, {"image": file})
    assert_problem(answer, 413, "image-too-large", "image")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "image",
    [
        "",
        "   ",
        "seven!",
        "data:image/png;base64,",
        "data:image/png;base64,@@@@",
        "data:image/png,plain",
        "data:," + "A" * 1000,
        "AAAAA",
        base64.b64encode(png_of(7)).decode() + "\n!",
        "ünïcödé",
        "\x00",
        "\ud800",
        7,
        1.5,
        True,
        [],
        ["a"],
        {},
        {"data": "a"},
    ],
    ids=repr,
)
def test_an_image_that_is_no_base64_is_refused(
    stranger: Caller, address: str, image: object
) -> None:
    assert_problem(stranger.post(address, {"image": image}), 400, "invalid-request", "image")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("body", [{}, {"image": None}, {"picture": "a"}], ids=repr)
def test_no_image_is_refused(stranger: Caller, address: str, body: object) -> None:
    assert_problem(stranger.post(address, body), 400, "invalid-request", "image")


@pytest.mark.parametrize(
    ("strokes", "slug"),
    [
        ([], "blank-drawing"),
        ([[]], "blank-drawing"),
        ("seven", "invalid-strokes"),
        (7, "invalid-strokes"),
        (True, "invalid-strokes"),
        ({}, "invalid-strokes"),
        ([7], "invalid-strokes"),
        ([[7]], "invalid-strokes"),
        ([[[7]]], "invalid-strokes"),
        ([[[1, 2, 3, 4]]], "invalid-strokes"),
        ([[["1", "2"]]], "invalid-strokes"),
        ([[[None, 2]]], "invalid-strokes"),
        ([[[True, 2]]], "invalid-strokes"),
        ([[[1e300, 2]]], "invalid-strokes"),
        ([[[10**400, 2]]], "invalid-strokes"),
        ([[[[1], 2]]], "invalid-strokes"),
        ([[[60, 40, 1.5], [200, 40, 0.5]]], "invalid-strokes"),
        ([[[60, 40, -0.1], [200, 40, 0.5]]], "invalid-strokes"),
        ([[[1, 2]]] * 201, "invalid-strokes"),
        ([[[1, 2]] * 20_001], "invalid-strokes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_bad_strokes_are_refused(stranger: Caller, strokes: object, slug: str) -> None:
    assert_problem(stranger.post(DRAWINGS, {"strokes": strokes}), 400, slug, "strokes")


def test_bad_strokes_beside_a_good_image_are_refused(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"image": data_url(png_of(7)), "strokes": [[[1]]]})
    assert_problem(answer, 400, "invalid-strokes", "strokes")


@pytest.mark.parametrize(
    ("pixels", "slug"),
    [
        ([], "invalid-pixels"),
        ([0] * 783, "invalid-pixels"),
        ([0] * 785, "invalid-pixels"),
        ([0] * 784, "blank-drawing"),
        ([255] * 784, "blank-drawing"),
        ([256] * 784, "invalid-pixels"),
        ([-1] * 784, "invalid-pixels"),
        ([0, 5] * 392, "invalid-pixels"),
        ([-0.5, 0.5] * 392, "invalid-pixels"),
        (["0"] * 784, "invalid-pixels"),
        ([None] * 784, "invalid-pixels"),
        ([10**400] * 784, "invalid-pixels"),
        ([[0] * 28] * 27 + [[0] * 27], "invalid-pixels"),
        ([0] * 783 + [[0]], "invalid-pixels"),
        ("pixels", "invalid-pixels"),
        (7, "invalid-pixels"),
        ({"0": 0}, "invalid-pixels"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_bad_pixels_are_refused(stranger: Caller, pixels: object, slug: str) -> None:
    assert_problem(stranger.post(DRAWINGS, {"pixels": pixels}), 400, slug, "pixels")


def test_pixels_beside_strokes_are_refused(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"pixels": [0] * 784, "strokes": SEVEN})
    assert_problem(answer, 400, "invalid-request", "pixels")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pen_width", 0),
        ("pen_width", -1),
        ("pen_width", 1e300),
        ("pen_width", 10**400),
        ("pen_width", "nan"),
        ("pen_width", "wide"),
        ("pen_width", [1]),
        ("id", "the one before"),
        ("id", -1),
        ("id", [1]),
        ("id", "\x00"),
        ("source", "import"),
        ("source", "\ud800"),
        ("source", []),
        ("source", {}),
        ("source", 7),
    ],
    ids=repr,
)
def test_a_bad_field_beside_good_strokes_is_refused(
    stranger: Caller, field: str, value: object
) -> None:
    answer = stranger.post(DRAWINGS, {"strokes": SEVEN, field: value})
    assert_problem(answer, 400, "invalid-request", field)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"seven",
        b'{"image": "\xff\xfe"}',
        b"\x00",
        b"[" * 5_000,
        b'{"strokes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"image":' * 50_000,
        b'{"strokes": [[[' + b"9" * 5000 + b", 1]]]}",
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_body_that_is_no_json_is_refused(stranger: Caller, address: str, body: bytes) -> None:
    assert_problem(stranger.post(address, body), 400, "malformed-body")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("value", ["[]", "{}", '{"a": 1}', '"ab"', "0.5", "[1, 2]"])
def test_more_values_than_any_drawing_has_are_not_decoded(
    stranger: Caller, address: str, value: str
) -> None:
    body = b'{"image": [' + b", ".join([value.encode()] * 1_500_000) + b"]}"
    before = start_of_peak()
    assert_problem(stranger.post(address, body), 413, "body-too-large")
    assert peak_bytes() - before <= 4 * len(body)


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (DRAWINGS, {"pixels": ["9" * 10_000_000, *[0] * 783]}),
        ("/api/v1/predictions/", {"pixels": ["9" * 10_000_000, *[[0]] * 999]}),
        (
            "/api/v1/predictions/",
            {"pixels": [[0] * 784, ["9" * 10_000_000, *[0] * 783]]},
        ),
    ],
    ids=["a drawing", "a batch", "a drawing of a batch"],
)
def test_a_long_text_among_pixels_takes_no_room(
    stranger: Caller, address: str, body: object
) -> None:
    before = start_of_peak()
    answer = stranger.post(address, body)
    assert answer.status_code == 400
    assert answer.json()["type"] in {"/problems/invalid-pixels/", "/problems/blank-drawing/"}
    assert peak_bytes() - before <= 200 * 2**20


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_empty_body_is_refused(stranger: Caller, address: str) -> None:
    assert_problem(stranger.post(address, b""), 400, "invalid-request", "image")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("body", [[], [1], "seven", 7, None, True], ids=repr)
def test_json_that_is_no_object_is_refused(stranger: Caller, address: str, body: Any) -> None:
    answer = stranger.post(address, json.dumps(body))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("body", "slug", "field"),
    [
        ('{"strokes": [[[%s, 1], [2, 2]]]}', "invalid-strokes", "strokes"),
        ('{"strokes": %s}', "invalid-strokes", "strokes"),
        ('{"pixels": [%s' + ", 255" * 783 + "]}", "invalid-pixels", "pixels"),
        ('{"image": %s}', "invalid-request", "image"),
        ('{"strokes": [[[1, 1], [2, 2]]], "pen_width": %s}', "invalid-request", "pen_width"),
        ('{"strokes": [[[1, 1], [2, 2]]], "id": %s}', "invalid-request", "id"),
    ],
    ids=lambda value: value[:20],
)
def test_a_number_that_is_not_finite_is_refused_with_its_field(
    stranger: Caller, body: str, number: str, slug: str, field: str
) -> None:
    assert_problem(stranger.post(DRAWINGS, (body % number).encode()), 400, slug, field)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "image/png",
        "application/xml",
        "seven",
        "application/json; charset=zlib",
        "multipart/form-data; boundary=x; charset=rot13",
    ],
)
def test_another_content_type_is_refused(stranger: Caller, address: str, content_type: str) -> None:
    answer = stranger.client.generic("POST", address, b"image=seven", content_type)
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"],
)
def test_a_broken_form_is_refused(stranger: Caller, address: str, content_type: str) -> None:
    answer = stranger.post(address, b"--y\r\nhalf a form", content_type=content_type)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_file_under_another_name_is_refused(stranger: Caller) -> None:
    upload = SimpleUploadedFile("seven.png", png_of(7))
    answer = stranger.client.post(DRAWINGS, {"picture": upload})
    assert_problem(answer, 400, "invalid-request", "image")


def test_too_many_files_are_refused(stranger: Caller) -> None:
    files = {f"image{number}": SimpleUploadedFile("a", b"a") for number in range(1200)}
    assert_problem(stranger.client.post(DRAWINGS, files), 400, "malformed-body")

"""POST /api/v1/predictions/ with files: pictures of a form, npz, IDX and csv."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from recognizer.models import Drawing
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.drawings import (
    assert_problem,
    blank_png,
    data_url,
    digits_of_one_face,
    encode,
    png_of,
)

pytestmark = pytest.mark.any_database

PREDICTIONS = "/api/v1/predictions/"
OCTETS = "application/octet-stream"


def npz(**arrays: Any) -> bytes:
    """Pack arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def idx(images: Any) -> bytes:
    """Write the file of images of MNIST's authors."""
    return struct.pack(">IIII", 0x0803, *images.shape) + bytes(images.tobytes())


def tmnist(images: Any) -> bytes:
    """Write a csv of Kaggle's."""
    lines = [",".join(["names", "labels", *map(str, range(1, 785))])]
    lines += [
        f"face,{n % 10}," + ",".join(map(str, image.ravel())) for n, image in enumerate(images)
    ]
    return "\n".join(lines).encode()


def mnist(images: Any) -> bytes:
    """Write a csv of MNIST without a header."""
    return "\n".join(f"0,{','.join(map(str, image.ravel()))}" for image in images).encode()


FILES = {
    "npz": npz(x=digits_of_one_face()),
    "npz with labels": npz(y=np.arange(10), x=digits_of_one_face()),
    "IDX": idx(digits_of_one_face()),
    "IDX, gzipped": gzip.compress(idx(digits_of_one_face())),
    "csv of TMNIST": tmnist(digits_of_one_face()),
    "csv of MNIST": mnist(digits_of_one_face()),
    "csv, gzipped": gzip.compress(tmnist(digits_of_one_face())),
}


def upload(caller: Caller, **files: Any) -> Any:
    """Send files as a form does."""
    form = {
        name: [SimpleUploadedFile("digits", content) for content in contents]
        for name, contents in files.items()
    }
    return caller.client.post(PREDICTIONS, form)


def send(caller: Caller, body: bytes, content_type: str = OCTETS) -> Any:
    """Send a file as the whole body."""
    return caller.client.generic("POST", PREDICTIONS, body, content_type)


def digits_in(answer: Any) -> list[int]:
    """Return the digits of an answer."""
    assert answer.status_code == 200, answer.content
    return [prediction["prediction"] for prediction in answer.json()["predictions"]]


@pytest.mark.parametrize("name", ["image", "images"])
def test_a_form_may_have_many_pictures(stranger: Caller, name: str) -> None:
    answer = upload(stranger, **{name: [png_of(3), png_of(1), png_of(4)]})
    assert digits_in(answer) == [3, 1, 4]
    assert not Drawing.objects.exists()


def test_a_form_may_have_a_thousand_pictures_and_no_more(stranger: Caller) -> None:
    assert len(digits_in(upload(stranger, image=[png_of(7, 28)] * 1000))) == 1000
    answer = upload(stranger, image=[png_of(7, 28)] * 1001)
    assert_problem(answer, 400, "invalid-request", "image")


def test_a_bad_picture_of_a_form_is_named(stranger: Caller) -> None:
    answer = upload(stranger, image=[png_of(3), blank_png()])
    assert_problem(answer, 400, "blank-drawing", "image[1]")


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_of_digits_is_read_from_a_form(stranger: Caller, content: bytes) -> None:
    assert digits_in(upload(stranger, file=[content])) == list(range(10))


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_of_digits_may_be_the_whole_body(stranger: Caller, content: bytes) -> None:
    assert digits_in(send(stranger, content)) == list(range(10))


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("npz", "application/zip"),
        ("IDX, gzipped", "application/gzip"),
        ("csv of TMNIST", "text/csv"),
        ("csv of TMNIST", "text/csv; charset=utf-8"),
    ],
)
def test_a_body_says_what_it_is(stranger: Caller, name: str, content_type: str) -> None:
    assert digits_in(send(stranger, FILES[name], content_type)) == list(range(10))


def test_a_file_says_what_pixels_say(stranger: Caller) -> None:
    pixels = stranger.post(PREDICTIONS, {"pixels": digits_of_one_face().reshape(10, -1).tolist()})
    assert send(stranger, FILES["npz"]).json() == pixels.json()


@pytest.mark.parametrize(
    "content",
    [
        npz(x=digits_of_one_face() - np.float32(128)),
        npz(x=digits_of_one_face()[:, :27]),
        npz(x=digits_of_one_face()[0]),
        npz(x=digits_of_one_face()[:0]),
        npz(y=np.arange(10)),
        npz(x=np.array([{"a": 1}], dtype=object)),
        FILES["npz"][:-40],
        b"PK\x03\x04",
        idx(digits_of_one_face())[:-1],
        idx(digits_of_one_face()) + b"\0",
        idx(digits_of_one_face()[:, :27]),
        b"\0\0",
        b"seven",
        b"\x1f\x8b\x08",
        gzip.compress(b"", mtime=0),
    ],
    ids=range(15),
)
def test_what_is_no_file_of_digits_is_refused(stranger: Caller, content: bytes) -> None:
    assert_problem(send(stranger, content), 400, "invalid-file", "file")


def test_an_npz_is_read_as_it_circulates_and_its_labels_are_left_aside(stranger: Caller) -> None:
    digits = digits_of_one_face()
    content = npz(x_test=digits[..., None] / 255, y_test=np.array(["?"] * 10))
    assert digits_in(send(stranger, content)) == digits_in(send(stranger, npz(x=digits)))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_csv_needs_no_labels(stranger: Caller, pack: Callable[[bytes], bytes]) -> None:
    rows = "\n".join(";".join(map(str, each.ravel())) for each in digits_of_one_face())
    assert digits_in(send(stranger, pack(rows.encode()))) == list(range(10))


def test_the_answer_says_what_was_assumed_about_a_file(stranger: Caller) -> None:
    answer = send(stranger, npz(x=digits_of_one_face() / 255))
    assert answer.json()["notices"] == ["x reaches from 0 to 1; it is read as from 0 to 1."]
    assert "notices" not in send(stranger, FILES["npz"]).json()


def test_an_empty_body_is_no_batch(stranger: Caller) -> None:
    assert_problem(send(stranger, b""), 400, "invalid-request", "images")


@pytest.mark.parametrize("pack", [tmnist, mnist, lambda images: idx(images), lambda x: npz(x=x)])
def test_a_file_may_have_a_thousand_digits_and_no_more(stranger: Caller, pack: Any) -> None:
    digits = np.repeat(digits_of_one_face(), 101, axis=0)
    assert len(digits_in(send(stranger, pack(digits[:1000])))) == 1000
    answer = send(stranger, pack(digits[:1001]))
    assert_problem(answer, 400, "invalid-file", "file")
    assert "1,000" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["npz", "IDX", "csv of MNIST"])
def test_a_blank_digit_of_a_file_is_named(stranger: Caller, name: str) -> None:
    digits = digits_of_one_face().copy()
    digits[6] = 0
    files = {"npz": npz(x=digits), "IDX": idx(digits), "csv of MNIST": mnist(digits)}
    assert_problem(send(stranger, files[name]), 400, "blank-drawing", "file[6]")


def test_a_bad_row_of_a_csv_is_named(stranger: Caller) -> None:
    lines = FILES["csv of TMNIST"].decode().splitlines()
    lines[4] = lines[4][:-1] + "x"
    answer = send(stranger, "\n\n".join(lines).encode(), "text/csv")
    assert_problem(answer, 400, "invalid-file", "file[3]")
    assert answer.json()["detail"].startswith("Line 9: Pixel 784 is")


def test_a_bad_item_of_pixels_is_named(stranger: Caller) -> None:
    pixels = digits_of_one_face().reshape(10, -1).tolist()
    pixels[4][0] = 256
    answer = stranger.post(PREDICTIONS, {"pixels": pixels})
    assert_problem(answer, 400, "invalid-pixels", "pixels[4]")
    pixels[4] = pixels[4][:3]
    answer = stranger.post(PREDICTIONS, {"pixels": pixels})
    assert_problem(answer, 400, "invalid-pixels", "pixels[4]")


def test_a_bomb_is_refused(stranger: Caller) -> None:
    bomb = gzip.compress(b"0," * 2**26)
    assert_problem(send(stranger, bomb), 400, "invalid-file", "file")
    swollen = io.BytesIO()
    with zipfile.ZipFile(swollen, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        shape = {"descr": "|u1", "fortran_order": False, "shape": (2**20, 28, 28)}
        np.lib.format.write_array_header_1_0(header, shape)
        archive.writestr("x.npy", header.getvalue())
    assert_problem(send(stranger, swollen.getvalue()), 400, "invalid-file", "file")


def test_pictures_that_are_too_many_pixels_together_are_refused(stranger: Caller) -> None:
    largest = data_url(encode(Image.new("L", (4096, 4096), 255)))
    answer = stranger.post(PREDICTIONS, {"images": [largest] * 6})
    assert_problem(answer, 413, "image-too-large", "images")


def test_another_media_type_is_refused(stranger: Caller) -> None:
    answer = send(stranger, FILES["npz"], "application/x-www-form-urlencoded")
    assert_problem(answer, 415, "unsupported-media-type")


def test_a_file_that_is_longer_than_any_valid_body_is_refused(stranger: Caller) -> None:
    answer = send(stranger, b"0" * (settings.MAX_BODY_BYTES + 1), "text/csv")
    assert_problem(answer, 413, "body-too-large")

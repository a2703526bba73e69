"""Pictures that are something else, too, are kept as ink alone and served as nothing but PNG."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from ml.tests.kit.hostile import with_chunk, zip_of
from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import png_of

PAGE = b"<!doctype html><html><body><script>alert(1)</script></body></html>"


def encoded(kind: str, **options: Any) -> bytes:
    """Encode a seven with something beside it."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png_of(7))).save(buffer, kind, **options)
    return buffer.getvalue()


def camera_data() -> Image.Exif:
    """Return what a camera would write about the place, and a page."""
    exif = Image.Exif()
    exif[0x010E] = PAGE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def with_text() -> PngImagePlugin.PngInfo:
    """Return a page as a comment of a PNG."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", PAGE.decode())
    info.add_itxt("XML:com.adobe.xmp", PAGE.decode())
    return info


POLYGLOTS = {
    "a page behind a PNG": lambda: png_of(7) + PAGE,
    "a page in a comment of a PNG": lambda: encoded("PNG", pnginfo=with_text()),
    "a page in an unknown chunk": lambda: with_chunk(png_of(7), b"htMl", PAGE),
    "a page in a comment of a JPEG": lambda: encoded("JPEG", comment=PAGE),
    "a page in the camera's data of a JPEG": lambda: encoded("JPEG", exif=camera_data()),
    "a page in the color profile of a JPEG": lambda: encoded("JPEG", icc_profile=PAGE),
    "a page behind a WebP": lambda: encoded("WEBP", xmp=PAGE) + PAGE,
    "an archive behind a PNG": lambda: png_of(7) + zip_of({"index.html": PAGE}),
}


@pytest.mark.parametrize("kind", POLYGLOTS)
def test_a_picture_that_is_more_than_that_is_kept_as_ink(visitor: Caller, kind: str) -> None:
    data = POLYGLOTS[kind]()
    assert PAGE in data or b"index.html" in data or b"alert(1)" in data
    upload = SimpleUploadedFile("a.html", data, "text/html")
    answer = visitor.client.post(
        DRAWINGS, {"image": upload}, headers={"X-CSRFToken": visitor.token}
    )
    assert answer.status_code == 201, answer.content
    stored = Drawing.objects.get()
    assert b"script" not in bytes(stored.image)
    assert b"index.html" not in bytes(stored.image)
    picture = visitor.get(f"{DRAWINGS}{stored.pk}/image/")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in picture.headers["Content-Security-Policy"]
    assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")
    opened = Image.open(io.BytesIO(picture.content))
    opened.load()
    assert (opened.info, dict(opened.getexif())) == ({}, {})


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.png",
        "/etc/passwd",
        "C:\\evil.png",
        "a.svg",
        "<script>.png",
        "\u202egnp.html",
        "x" * 500,
    ],
)
def test_the_name_of_a_file_is_nowhere_used(visitor: Caller, name: str) -> None:
    upload = SimpleUploadedFile("a.png", png_of(7))
    upload._name = name  # type: ignore[attr-defined]  # as no tidy client would send it
    answer = visitor.client.post(
        DRAWINGS, {"image": upload}, headers={"X-CSRFToken": visitor.token}
    )
    assert answer.status_code == 201
    assert name not in answer.content.decode()


@pytest.mark.parametrize(
    "turn", [(2, Image.Transpose.FLIP_LEFT_RIGHT), (3, Image.Transpose.ROTATE_180)]
)
def test_a_picture_is_kept_the_way_up_that_its_camera_says(
    stranger: Caller, turn: tuple[int, Image.Transpose]
) -> None:
    orientation, transposition = turn
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png_of(7))).transpose(transposition).save(buffer, "PNG", exif=exif)
    for data in (png_of(7), buffer.getvalue()):
        stranger.client.post(DRAWINGS, {"image": SimpleUploadedFile("a.png", data)})
    upright, turned = (bytes(one.canonical) for one in Drawing.objects.all())
    pixels = [np.frombuffer(one, np.uint8).astype(int) for one in (upright, turned)]
    assert np.abs(pixels[0] - pixels[1]).max() <= 2


def test_an_svg_is_refused_by_any_name(stranger: Caller) -> None:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for name in ("a.svg", "a.png"):
        for data in (svg, b"<?xml version='1.0'?>" + svg):
            upload = SimpleUploadedFile(name, data, "image/svg+xml")
            answer = stranger.client.post(DRAWINGS, {"image": upload})
            assert answer.status_code == 400
            assert answer.json()["type"] == "/problems/invalid-image/"

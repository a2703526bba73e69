"""Drawings to test with."""

from __future__ import annotations

import base64
import io

from PIL import Image, ImageDraw, ImageFont

SEVEN = [[[60, 60], [220, 60], [120, 240]]]
"""Strokes of a 7."""


def png_of(digit: int, size: int = 280) -> bytes:
    """Draw a digit, dark on white, with the face that Pillow carries."""
    image = Image.new("L", (size, size), 255)
    font = ImageFont.load_default(size * 0.7)
    ImageDraw.Draw(image).text((size / 2, size / 2), str(digit), 0, font, anchor="mm")
    return encode(image)


def blank_png(color: int = 255) -> bytes:
    """Draw nothing."""
    return encode(Image.new("L", (280, 280), color))


def encode(image: Image.Image, file_format: str = "PNG") -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


def data_url(picture: bytes, media_type: str = "image/png") -> str:
    """Wrap an encoded picture as the canvas does."""
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"

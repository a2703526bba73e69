"""Characters of a font, rendered as TMNIST renders its digits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

from ml.drawing.canonical import CANONICAL_BOX, CANONICAL_SIZE, Digits
from ml.drawing.raster import centering
from ml.errors import TypefaceError
from ml.fonts.catalog import FontFile

FONT_SIZE: Final = 28
"""Size at which TMNIST renders a face, in pixels of the em square."""
LARGEST_GLYPH: Final = 20 * FONT_SIZE
"""Longest side of a rendered digit, in pixels; a font that asks for more is broken or hostile."""
MASS_CENTER: Final = 14.0
"""Pixel index to which TMNIST moves the center of mass, in both directions."""

NO_FONT = "cannot be opened as a font"
NO_DIGITS = "lacks a digit"

FaceDigits = NDArray[np.uint8]
"""The ten digits of one face, from 0 to 9: (10, 28, 28) uint8, ink 255 on 0."""


@dataclass(frozen=True)
class Typeface:
    """A face with its ten rendered digits."""

    font: FontFile
    digits: FaceDigits


def render_digits(path: Path) -> FaceDigits:
    """Render the ten digits of a font as TMNIST does.

    Each is drawn by Pillow at 28 px, cut to its ink, resized bilinearly to 20 px on the longer
    side, and moved by whole pixels so that the center of mass is at pixel 14. Raises TypefaceError
    for an invalid font, or if a digit is blank or has no sign of its own.
    """
    return render_characters(path, "0123456789", NO_DIGITS)


def render_characters(path: Path, characters: str, lacking: str) -> Digits:
    """Render characters of a font, as `render_digits` does: (n, 28, 28) uint8.

    Raises TypefaceError, with the text `lacking` if a character is blank or without a sign.
    """
    try:
        # The basic layout maps a character to its glyph and nothing else, on every machine.
        font = ImageFont.truetype(path, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)
        missing = _draw(font, "\uffff")  # never a character: the font's sign for a missing one
        images = []
        for character in characters:
            ink = _draw(font, character)
            if not ink.any() or np.array_equal(ink, missing):
                raise TypefaceError(lacking)
            images.append(_center(ink))
            if not images[-1].any():  # a hair so fine that it is lost
                raise TypefaceError(lacking)
    except (OSError, ValueError) as error:
        raise TypefaceError(NO_FONT) from error
    return np.stack(images)


def _draw(font: ImageFont.FreeTypeFont, character: str) -> FaceDigits:
    """Draw one character: (height, width) uint8, ink 255 on 0; without any pixel if it is blank."""
    left, top, right, bottom = font.getbbox(character)
    if max(right - left, bottom - top) > LARGEST_GLYPH:
        raise ValueError("a glyph is far larger than its em square")
    mask = font.getmask(character, mode="L")
    width, height = mask.size
    return np.array(mask, np.uint8).reshape(height, width)


def _center(ink: FaceDigits) -> FaceDigits:
    """Scale the ink's box to 20 px and move its center of mass to pixel 14, as TMNIST does."""
    image = crop_to_ink(ink)
    scale = CANONICAL_BOX / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    digit = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    if not small.any():
        return digit
    top, left = (
        centering(small.sum(axis=axis, dtype=np.int64), CANONICAL_SIZE, MASS_CENTER)
        for axis in (1, 0)
    )
    digit[top : top + height, left : left + width] = small
    return digit


def crop_to_ink(ink: FaceDigits) -> Image.Image:
    """Cut to the box of the pixels with any ink."""
    image = Image.fromarray(ink)
    return image.crop(image.getbbox())

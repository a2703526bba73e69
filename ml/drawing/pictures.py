"""Encoded pictures and raw pixels: decode them, find their ink, and encode PNG."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from ml.drawing.canonical import CANONICAL_SIZE, is_canonical
from ml.drawing.decorations import Decoration
from ml.drawing.encoded import CUT_OFF, MAX_SIDE, PNG_SIGNATURE, Encoded, read_encoded
from ml.drawing.ink import (
    FAINTEST_CONTRAST,
    INK_THRESHOLD,
    NOISY_SIDE,
    Ink,
    PlacedInk,
    box_of,
    ink_from_deviation,
    ink_from_gray,
)
from ml.drawing.photos import settle, without_decorations
from ml.errors import (
    BlankDrawing,
    ImageTooLarge,
    InvalidBox,
    InvalidDrawing,
    InvalidImage,
    InvalidPixels,
)

RANGES: Final = (1, 16)
"""Largest pixel of the two smaller ranges in which pixels may be sent."""
ENOUGH_SIDE: Final = 1024
"""A larger picture is reduced before its ink is found, to at least this longer side."""
MAX_IMAGE_BYTES: Final = 15 * 1024 * 1024
"""Largest encoded picture that is read."""
STRIP_ROWS: Final = 32
"""Rows of the reduced picture that are reduced at once."""
OPAQUE: Final = 250
"""Alpha from which a pixel counts as opaque: some programs write 253 or 254 for it."""
LEAST_SIDE: Final = 8
"""Shorter side, in pixels after that reduction, of a box that is read."""
LARGE_BYTES: Final = 8 * 2**20
"""Memory from which a picture is large: that of 724x724 pixels."""
IMAGE_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to set a picture upright, by its orientation."""
# What Pillow's decoders raise on hostile bytes, besides OSError; each was seen in its sources.
DECODER_ERRORS: Final = (
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    NotImplementedError,
    struct.error,
    zlib.error,
)


Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of an upright picture as it was sent."""


@dataclass(frozen=True, eq=False)
class Found:
    """The ink of a picture, and the box around it."""

    ink: Ink
    box: Box
    set_aside: list[Decoration]
    """What decorates the digit and is not part of the ink."""


def ink_from_image(data: bytes) -> Ink:
    """Find the ink of an encoded picture, as `find_ink` does."""
    return find_ink(data).ink


def find_ink(data: bytes, box: tuple[float, float, float, float] | None = None) -> Found:
    """Find the ink of an encoded picture, or of the part inside of a box.

    The tone of the picture's rim decides whether it is dark on light or light on dark. If the
    picture is transparent and its opaque part has one tone, the opaque part is the ink. Decorations
    that do not touch the digit are set aside, if the shorter side of the picture, or of the box,
    has at least `NOISY_SIDE` pixels: on a smaller one, loose strokes look like them.

    Parameters
    ----------
    data : bytes
        A PNG, JPEG, WebP, GIF or BMP file of at most `MAX_IMAGE_BYTES` bytes.
    box : tuple of float, optional
        Left, top, right and bottom in pixels of the upright picture: all that is looked at.

    Returns
    -------
    Found
        The part of the picture with ink, and where it is.

    Raises
    ------
    InvalidImage
        The bytes are not one whole, still picture of these formats.
    ImageTooLarge
        The picture has too many bytes or pixels.
    InvalidBox
        The box is not inside of the picture, or too small.
    BlankDrawing
        Nothing stands out from the paper.
    """
    encoded = _check(data)
    picture, alpha = _decode(encoded)
    scale = picture.width / encoded.upright[0], picture.height / encoded.upright[1]
    left, top = 0, 0
    if box is not None:
        corners = _corners(box, encoded.upright, scale)
        left, top = corners[:2]
        picture, alpha = picture.crop(corners), alpha and alpha.crop(corners)
    found = _find(picture, alpha)
    tight = box_of(found.ink >= INK_THRESHOLD * found.ink.max())
    tight = found.top + tight[0], found.top + tight[1], found.left + tight[2], found.left + tight[3]

    def to_sent(box: tuple[float, ...]) -> Box:
        """Return a box of what was looked at in pixels of what was sent."""
        across = [round((left + each) / scale[0]) for each in box[::2]]
        down = [round((top + each) / scale[1]) for each in box[1::2]]
        return across[0], down[0], across[1], down[1]

    set_aside = [replace(each, box=to_sent(each.box)) for each in found.set_aside]
    return Found(found.ink, to_sent((tight[2], tight[0], tight[3], tight[1])), set_aside)


def _find(picture: Image.Image, alpha: Image.Image | None) -> PlacedInk:
    """Find the ink of a picture (L or RGB) and, where it has one, its alpha channel (L)."""
    lowest, highest = (np.asarray(alpha).min(), np.asarray(alpha).max()) if alpha else (255, 255)
    if alpha is not None and lowest < OPAQUE:
        # Edges may be mixed with the ground's color, so full ink alone decides, if there is any.
        least = OPAQUE if highest >= OPAQUE else 128
        solid = alpha.point([255 * (level >= least) for level in range(256)])
        histograms = [band.histogram(solid) for band in picture.split()]
        if max(map(_tonal_range, histograms)) < 2 * FAINTEST_CONTRAST:
            found = ink_from_deviation(np.asarray(alpha))
            return settle(alpha, found) if found.is_doubtful or found.has_gap else found
        tones = tuple(_percentile(histogram, 0.5) for histogram in histograms)
        paper = Image.new(picture.mode, picture.size, tones if len(tones) > 1 else tones[0])
        picture = Image.composite(picture, paper, alpha)
    try:
        gray = picture if picture.mode == "L" else picture.convert("L")  # which would copy it
        plain = _ink_of(np.asarray(gray))
    except BlankDrawing:
        return settle(picture, None)
    return settle(picture, plain) if plain.is_doubtful or plain.has_gap else plain


def count_pixels(data: bytes) -> int:
    """Read how many pixels of a picture take work, before it is decoded.

    Parameters
    ----------
    data : bytes
        An encoded picture.

    Returns
    -------
    int
        Width times height, a quarter of them for a JPEG that is reduced while it is decoded; 0 for
        anything that `ink_from_image` would refuse unread.
    """
    try:
        return read_encoded(data).work
    except InvalidDrawing:
        return 0


def is_large(data: bytes) -> bool:
    """Check whether an encoded picture takes so much memory that it is best decoded alone."""
    try:
        return read_encoded(data).needed_bytes > LARGE_BYTES
    except InvalidDrawing:
        return False


def ink_from_pixels(pixels: ArrayLike) -> Ink:
    """Find the ink of raw pixels, as `find_in_pixels` does."""
    return find_in_pixels(pixels).ink


def find_in_pixels(pixels: ArrayLike) -> Found:
    """Find the ink of raw pixels, light on dark or dark on light.

    Decorations are set aside as in a picture.

    Parameters
    ----------
    pixels : array_like
        784 numbers or (height, width): 0 to 255, 0 to 16, or 0 to 1.

    Returns
    -------
    Found
        The part of the picture with ink, or all of a canonical digit, and where it is.

    Raises
    ------
    InvalidPixels
        The shape is another one, or a value is not a number in one of these ranges.
    BlankDrawing
        Nothing stands out from the paper.
    """
    if not is_numeric(pixels):
        raise InvalidPixels("The pixels are not all numbers.")
    try:
        values = np.asarray(pixels)
    except ValueError as error:  # ragged rows
        raise InvalidPixels("The rows of the pixels differ in length.") from error
    if values.dtype.kind not in "uif":
        raise InvalidPixels("The pixels are not all numbers.")
    if values.shape == (CANONICAL_SIZE**2,):
        values = values.reshape(CANONICAL_SIZE, CANONICAL_SIZE)
    if values.ndim != 2 or min(values.shape) < 1 or max(values.shape) > MAX_SIDE:
        raise InvalidPixels(
            f"Send 784 pixels, one after the other, or up to {MAX_SIDE:,} rows of equal length; "
            f"here are {values.size:,}."
        )
    found = _ink_of(to_levels(values))
    if found.has_gap and min(values.shape) >= NOISY_SIDE:
        found = without_decorations(found)
    height, width = found.ink.shape
    box = found.left, found.top, found.left + width, found.top + height
    return Found(found.ink, box, list(found.set_aside))


def _ink_of(gray: NDArray[np.uint8]) -> PlacedInk:
    """Find the ink of a gray picture; a canonical digit, also a dark one on light, stays whole."""
    light = gray if gray[0, 0] == 0 else 255 - gray
    if is_canonical(light):
        return PlacedInk(light.astype(np.float32) / np.float32(255), 0, 0)
    return ink_from_gray(gray)


def to_levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring numbers from 0 to 255, from 0 to 16 or from 0 to 1 to gray levels, by the largest."""
    most = values.max(initial=0)
    if not np.all(values >= 0) or not most <= 255 or 1 < most < 8:  # true for NaN, too
        raise InvalidPixels(
            f"The pixels reach from {values.min():g} to {most:g}. Send them from 0 to 255; from 0 "
            "to 16 and from 0 to 1 are read as well."
        )
    scale = 255 if most <= RANGES[0] else 255 / RANGES[1] if most <= RANGES[1] else 1
    return (values if scale == 1 else np.rint(values * scale)).astype(np.uint8)


def is_numeric(pixels: object) -> bool:
    """Check that decoded JSON is numbers in a list or in lists, or else an array.

    NumPy would give every text in a list as much memory as the longest one needs: gigabytes, for a
    request of a few bytes.
    """
    if isinstance(pixels, np.ndarray):
        return True
    if not isinstance(pixels, list):
        return False
    rows = pixels if pixels and isinstance(pixels[0], list) else [pixels]
    return all(isinstance(row, list) and set(map(type, row)) <= {int, float} for row in rows)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode gray pixels as they are, fast.

    Of plain ink on plain paper, runs of equal pixels are what can be compressed. Pillow would try
    five filters on each row first: that takes three times as long, for a larger file.

    Parameters
    ----------
    pixels : ndarray
        (height, width) uint8, 255 is white.

    Returns
    -------
    bytes
        A PNG file.

    References
    ----------
    "Portable Network Graphics (PNG) Specification", W3C, chapters 9 to 11.
    """
    height, width = pixels.shape
    rows = np.zeros((height, 1 + width), np.uint8)  # each begins with its filter: 0, unfiltered
    rows[:, 1:] = pixels
    deflate = zlib.compressobj(strategy=zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bits of gray
    body = deflate.compress(rows.data) + deflate.flush()
    chunks = (b"IHDR" + header, b"IDAT" + body, b"IEND")
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def _corners(box: tuple[float, ...], size: tuple[int, int], scale: tuple[float, float]) -> Box:
    """Return a box of a picture of this size in pixels of the picture reduced by `scale`."""
    left, top, right, bottom = box
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):  # false for NaN, too
        raise InvalidBox(
            "A box is [left, top, right, bottom] in pixels, inside of the picture, which has "
            f"{size[0]} x {size[1]}."
        )
    first, last = (int(left * scale[0]), int(top * scale[1])), (right * scale[0], bottom * scale[1])
    corners = *first, ceil(last[0]), ceil(last[1])
    if min(corners[2] - corners[0], corners[3] - corners[1]) < LEAST_SIDE:
        least = ceil(round(LEAST_SIDE / min(scale), 3))
        raise InvalidBox(
            f"The box is too small to hold a digit; make it at least {least} pixels wide and high."
        )
    return corners


def _check(data: bytes) -> Encoded:
    if len(data) > MAX_IMAGE_BYTES:
        megabytes = MAX_IMAGE_BYTES // 2**20
        raise ImageTooLarge(
            f"The picture has {len(data):,} bytes; at most {megabytes} MB are read."
        )
    return read_encoded(data)


def _decode(encoded: Encoded) -> tuple[Image.Image, Image.Image | None]:
    """Decode to gray or color (L or RGB) and, where the picture has one, its alpha channel (L)."""
    try:
        image: Image.Image = Image.open(io.BytesIO(encoded.data), formats=IMAGE_FORMATS)
        if image.width > encoded.width or image.height > encoded.height:
            raise InvalidImage(CUT_OFF)  # it is not the picture whose cost is known
        if max(image.size) >= 2 * ENOUGH_SIDE:  # JPEG's decoder can reduce on the way
            width, height = (ENOUGH_SIDE * side // max(image.size) or 1 for side in image.size)
            image.draft("RGB", (width, height))
        image.load()
    except DECODER_ERRORS as error:
        raise InvalidImage(CUT_OFF) from error
    picture, alpha = _reduce(image)
    turn = TURNS.get(encoded.orientation)
    if turn is not None:  # the first of them is 0
        picture, alpha = picture.transpose(turn), alpha and alpha.transpose(turn)
    return picture, alpha


def _reduce(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Reduce to gray or color (L or RGB) and, where the picture has one, its alpha channel (L)."""
    factor = max(1, max(image.size) // ENOUGH_SIDE)
    if factor > 1 and image.mode in ("L", "RGB"):
        image, factor = image.reduce(factor), 1
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would clip instead of scale
        levels = np.asarray(image).astype("<u2", copy=False).view(np.uint8)[:, 1::2]
        return Image.fromarray(levels).reduce(factor), None
    if image.mode == "L":
        return image, None
    has_alpha = image.has_transparency_data
    size = -(-image.width // factor), -(-image.height // factor)
    picture, alpha = Image.new("RGB", size), Image.new("L", size) if has_alpha else None
    rows = factor * (STRIP_ROWS if factor > 1 else size[1])
    for top in range(0, image.height, rows):  # all colors at once would take too much memory
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        if alpha and strip.mode not in ("LA", "RGBA"):
            strip = strip.convert("RGBA")
        picture.paste(strip.convert("RGB").reduce(factor), (0, top // factor))
        if alpha:
            alpha.paste(strip.getchannel("A").reduce(factor), (0, top // factor))
    return picture, alpha


def _percentile(histogram: list[int], share: float) -> int:
    """Gray level below which this share of a histogram's pixels lies."""
    total = np.cumsum(histogram)
    return int(np.searchsorted(total, share * total[-1]))


def _tonal_range(histogram: list[int]) -> int:
    """Gray levels between the darkest and the lightest 2 % of a histogram; 0 for an empty one."""
    if not any(histogram):
        return 0
    return _percentile(histogram, 0.98) - _percentile(histogram, 0.02)

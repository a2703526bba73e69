"""From whatever somebody drew or sent to one canonical digit: decode, find ink, even the pen."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy import ndimage

from ml.errors import ImageTooLarge, InvalidImage, InvalidPixels
from ml.ink import FAINTEST_CONTRAST, Ink, crop, ink_from_deviation, ink_from_gray

CANONICAL_SIZE: Final = 28
"""Side of a canonical digit."""
CANONICAL_BOX: Final = 20
"""Longer side of the ink inside a canonical digit, as in MNIST and TMNIST."""
MAX_SIDE: Final = 4096
"""Longest side of a picture that is looked at."""
ENOUGH_SIDE: Final = 1024
"""Longer side, at the least, to which a larger picture is reduced before its ink is found."""
MAX_IMAGE_BYTES: Final = 10 * 1024 * 1024
"""Most bytes of an encoded picture that are looked at."""

IMAGE_FORMATS: Final = ("PNG", "JPEG", "WEBP")
PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
PEN_WIDTHS: Final = (1.5, 4.6)
"""Pen widths, in canonical pixels, that are left alone; the training images cover this range."""
FAINT_LINE: Final = 0.25
"""Share of the darkest ink from which a line counts as one, however light its surroundings are."""
WORKING_SIDE: Final = 160
"""Longer side of the ink, at the most, while a pen width is changed."""

# What Pillow's decoders raise on hostile bytes, besides OSError; each was seen in its sources.
DECODER_ERRORS: Final = (
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

Digit = NDArray[np.uint8]
"""One canonical digit: (28, 28) uint8, ink 255 on 0."""
Digits = NDArray[np.uint8]
"""Canonical digits: (n, 28, 28) uint8, ink 255 on 0."""


def ink_from_image(data: bytes) -> Ink:
    """Find the ink of an encoded picture.

    Dark on light and light on dark are told apart by the tone of the picture's rim; where the
    picture is transparent and its opaque part is of one tone, the opaque part is the ink.

    Parameters
    ----------
    data : bytes
        A PNG, JPEG or WebP file of at most `MAX_IMAGE_BYTES` bytes and `MAX_SIDE` px a side.

    Returns
    -------
    Ink
        (height, width) float32, 0 (paper) to 1 (full ink): the part of the picture with ink.

    Raises
    ------
    InvalidImage
        The bytes are not one whole, still picture of these formats.
    ImageTooLarge
        The picture has too many bytes or pixels.
    BlankDrawing
        Nothing stands out from the paper.
    """
    gray, alpha = _decode(data)
    if alpha is None or alpha.getextrema() == (255, 255):
        return ink_from_gray(np.asarray(gray))
    # Edges may be mixed with the color of the ground, so full ink is asked first, if there is any.
    least = 255 if alpha.getextrema()[1] == 255 else 128
    solid = alpha.point([255 * (level >= least) for level in range(256)])
    histogram = gray.histogram(solid)
    if _tonal_range(histogram) < 2 * FAINTEST_CONTRAST:
        return ink_from_deviation(np.asarray(alpha))
    paper = Image.new("L", gray.size, _percentile(histogram, 0.5))
    return ink_from_gray(np.asarray(Image.composite(gray, paper, alpha)))


def count_pixels(data: bytes) -> int:
    """Say how large a picture states to be, before it is decoded.

    Parameters
    ----------
    data : bytes
        An encoded picture, of which only the beginning is looked at.

    Returns
    -------
    int
        Width times height; 0 of what is no picture, or one that `ink_from_image` would refuse.
    """
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            return image.width * image.height if max(image.size) <= MAX_SIDE else 0
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, *DECODER_ERRORS):
        return 0


def ink_from_pixels(pixels: ArrayLike) -> Ink:
    """Find the ink of raw pixels, light on dark or dark on light.

    Parameters
    ----------
    pixels : array_like
        784 numbers or (height, width) numbers, each 0 to 255.

    Returns
    -------
    Ink
        (height, width) float32, 0 (paper) to 1 (full ink): the part of the picture with ink.

    Raises
    ------
    InvalidPixels
        The shape is another one, or a value is not a number from 0 to 255.
    BlankDrawing
        Nothing stands out from the paper.
    """
    if not is_numeric(pixels):
        raise InvalidPixels("The pixels are not all numbers.")
    try:
        values = np.asarray(pixels)
    except ValueError as error:  # ragged rows
        raise InvalidPixels("The pixels are not a plain list of 784 numbers.") from error
    if values.dtype.kind not in "uif":
        raise InvalidPixels("The pixels are not all numbers.")
    if values.shape == (CANONICAL_SIZE**2,):
        values = values.reshape(CANONICAL_SIZE, CANONICAL_SIZE)
    if values.ndim != 2 or min(values.shape) < 1 or max(values.shape) > MAX_SIDE:
        raise InvalidPixels(f"784 pixels, row by row, are expected, not {values.size}.")
    if not np.all((values >= 0) & (values <= 255)):  # false for NaN, too
        raise InvalidPixels("Each pixel is a number from 0 to 255.")
    return ink_from_gray(values.astype(np.uint8))


def is_numeric(pixels: object) -> bool:
    """Tell whether this is an array, or numbers in lists or in lists of lists.

    NumPy gives every text in a list as much room as the longest one: gigabytes, for a few bytes.

    Parameters
    ----------
    pixels : object
        An array, or decoded JSON.

    Returns
    -------
    bool
        Whether NumPy may see it.
    """
    if isinstance(pixels, np.ndarray):
        return True
    if not isinstance(pixels, list):
        return False
    rows = pixels if pixels and isinstance(pixels[0], list) else [pixels]
    return all(isinstance(row, list) and set(map(type, row)) <= {int, float} for row in rows)


def canonical_digit(ink: Ink) -> Digit:
    """Bring a drawing to the one form that the model knows, wherever and however it was drawn.

    The ink's box is scaled to 20 px on the longer side, very thin and very thick pens are evened,
    and the center of mass is moved, by whole pixels, to the center of 28x28.

    Parameters
    ----------
    ink : Ink
        (height, width) float32 of any size, 0 (paper) to 1 (full ink).

    Returns
    -------
    Digit
        (28, 28) uint8, ink 255 on 0.

    Raises
    ------
    BlankDrawing
        There is no ink.

    References
    ----------
    The box of 20 px and the centering by mass are MNIST's: LeCun, Bottou, Bengio, Haffner,
    "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998) 2278-2324.
    """
    ink = crop(ink)
    width = pen_width(ink) * CANONICAL_BOX / max(ink.shape)
    if not PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]:
        ink = crop(_change_pen(ink, float(np.clip(width, *PEN_WIDTHS)), thinner=width > 2))
    small = scale_to_box(ink)
    height, breadth = small.shape
    small *= 255 / small.max()
    top = _offset(small.sum(axis=1), height)
    left = _offset(small.sum(axis=0), breadth)
    digit = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    digit[top : top + height, left : left + breadth] = np.rint(small)
    return digit


def scale_to_box(ink: Ink) -> Ink:
    """Scale ink, with its proportions, to the box of a canonical digit.

    Parameters
    ----------
    ink : Ink
        (height, width) float32, cut to the ink.

    Returns
    -------
    Ink
        The same, 20 px on the longer side; a new array.
    """
    scale = CANONICAL_BOX / max(ink.shape)
    height, breadth = (max(1, round(side * scale)) for side in ink.shape)
    if ink.shape == (height, breadth):
        return ink.copy()
    return _resize(ink, (height, breadth))


def pen_width(ink: Ink) -> float:
    """Estimate the width of the pen that drew some ink.

    The area of a line divided by half of its rim is its width. The rim is counted in pixel edges,
    which are 4/pi times longer than a rim of random direction.

    Parameters
    ----------
    ink : Ink
        (height, width) float32, 0 (paper) to 1 (full ink).

    Returns
    -------
    float
        Pen width in pixels of `ink`; 0 where there is no ink.
    """
    mask = ink > 0.5
    edges = (
        np.count_nonzero(mask[1:] ^ mask[:-1])
        + np.count_nonzero(mask[:, 1:] ^ mask[:, :-1])
        + np.count_nonzero(mask[0])  # the picture's own edges end lines, too
        + np.count_nonzero(mask[-1])
        + np.count_nonzero(mask[:, 0])
        + np.count_nonzero(mask[:, -1])
    )
    return 2 * np.count_nonzero(mask) / (edges * np.pi / 4) if edges else 0.0


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode gray pixels as they are, fast.

    Of plain ink on plain paper, runs of equal pixels are what there is to compress. Pillow would
    try five filters on each row first: that takes three times as long, for a larger file.

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
    rows = np.zeros((height, 1 + width), np.uint8)  # each begins with its filter, which is none
    rows[:, 1:] = pixels
    deflate = zlib.compressobj(strategy=zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bits of gray
    body = deflate.compress(rows.data) + deflate.flush()
    chunks = (b"IHDR" + header, b"IDAT" + body, b"IEND")
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def _decode(data: bytes) -> tuple[Image.Image, Image.Image | None]:
    """Decode to gray (L) and, where the picture has one, its alpha channel (L)."""
    if len(data) > MAX_IMAGE_BYTES:
        megabytes = MAX_IMAGE_BYTES // 2**20
        raise ImageTooLarge(
            f"The picture has {len(data):,} bytes; at most {megabytes} MB are read."
        )
    too_large = f"The picture is larger than {MAX_SIDE} x {MAX_SIDE} pixels; send a smaller one."
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=IMAGE_FORMATS)
        if max(image.size) > MAX_SIDE:
            raise ImageTooLarge(too_large)
        if getattr(image, "n_frames", 1) > 1:
            raise InvalidImage("The picture is animated; send a still one.")
        if max(image.size) >= 2 * ENOUGH_SIDE:
            image.draft("L", (ENOUGH_SIDE, ENOUGH_SIDE))  # JPEG's decoder can do it on the way
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(too_large) from error
    except UnidentifiedImageError as error:
        raise InvalidImage("This is not a PNG, JPEG or WebP picture.") from error
    except DECODER_ERRORS as error:
        raise InvalidImage("The picture is damaged or cut off; send it again.") from error
    factor = max(1, max(image.size) // ENOUGH_SIDE)
    if factor > 1 and image.mode in ("L", "RGB"):
        image, factor = image.reduce(factor), 1
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would clip instead of scale
        levels = np.asarray(image) // 257
        return Image.fromarray(levels.clip(0, 255).astype(np.uint8)).reduce(factor), None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return image.convert("L").reduce(factor), image.getchannel("A").reduce(factor)
    return image if image.mode == "L" else image.convert("L").reduce(factor), None


def _percentile(histogram: list[int], share: float) -> int:
    """Gray level below which this share of a histogram's pixels lies."""
    total = np.cumsum(histogram)
    return int(np.searchsorted(total, share * total[-1]))


def _tonal_range(histogram: list[int]) -> int:
    """Gray levels between the darkest and the lightest 2 % of a histogram; 0 for an empty one."""
    if not any(histogram):
        return 0
    return _percentile(histogram, 0.98) - _percentile(histogram, 0.02)


def _resize(ink: Ink, shape: tuple[int, int]) -> Ink:
    """Resize to (height, width): by area to smaller shapes, bilinearly to larger ones."""
    smaller = shape[0] < ink.shape[0] or shape[1] < ink.shape[1]
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    resized = Image.fromarray(ink, mode="F").resize((shape[1], shape[0]), method)
    return np.array(resized, dtype=np.float32)


def _change_pen(ink: Ink, width: float, *, thinner: bool) -> Ink:
    """Redraw with a pen of `width` canonical pixels, by the distance from the rim of the ink."""
    ink = _to_working_size(ink, keep_lines=not thinner)
    scale = max(ink.shape) / CANONICAL_BOX
    if not thinner:
        # A hairline that was scaled down is gray here and there; it is a line all the same.
        reach = 2 * int(np.ceil(1.5 * scale)) + 1
        ink = ink / np.maximum(ndimage.maximum_filter(ink, reach), FAINT_LINE * ink.max())
    ink = ink / ink.max()
    growth = (width * scale - pen_width(ink)) / 2
    growth = min(growth, 0) if thinner else max(growth, 0)
    reach = int(np.ceil(abs(growth)))
    mask = np.pad(ink > 0.5, reach + 1)
    # The rim lies half a px from the middle of the first pixel on its other side.
    depth = _distances(~mask, reach) - 0.5 if thinner else 0.5 - _distances(mask, reach)
    redrawn: Ink = np.clip(depth + growth + 0.5, 0, 1).astype(np.float32)
    return redrawn


def _distances(mask: NDArray[np.bool_], most: int) -> NDArray[np.float64]:
    """Distance in px of each pixel of (height, width) from the nearest that is set, up to `most`.

    What lies further off gets some larger number. Looking no further takes half of the time of
    SciPy's transform, which finds the nearest pixel wherever it is.
    """
    far, columns = most + 1, np.arange(mask.shape[1], dtype=np.int16)
    left = np.where(mask, columns, np.int16(-far))
    right = np.where(mask, columns, np.int16(len(columns) + far))[:, ::-1]
    before = columns - np.maximum.accumulate(left, axis=1)
    behind = np.minimum.accumulate(right, axis=1)[:, ::-1] - columns
    beside = np.minimum(np.minimum(before, behind), np.int16(far)) ** 2  # within its own row
    nearest = beside.copy()
    for rows in range(1, far):
        shifted = beside + np.int16(rows**2)
        np.minimum(nearest[rows:], shifted[:-rows], out=nearest[rows:])
        np.minimum(nearest[:-rows], shifted[rows:], out=nearest[:-rows])
    return np.sqrt(nearest.astype(np.float64))


def _to_working_size(ink: Ink, *, keep_lines: bool) -> Ink:
    """Scale by a whole factor to a longer side of 80 to 160; lines of a hair's width survive."""
    longer = max(ink.shape)
    if longer <= WORKING_SIDE // 2:
        factor = WORKING_SIDE // longer
        return _resize(ink, (ink.shape[0] * factor, ink.shape[1] * factor))
    factor = -(-longer // WORKING_SIDE)
    if not keep_lines:
        return _resize(ink, (-(-ink.shape[0] // factor), -(-ink.shape[1] // factor)))
    padded = np.pad(ink, [(0, -side % factor) for side in ink.shape])
    blocks = padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor)
    pooled: Ink = blocks.max(axis=(1, 3))
    return pooled


def _offset(mass: NDArray[np.float32], length: int) -> int:
    """Whole-pixel position at which a profile of mass is centered in the canonical square."""
    center = float(mass @ np.arange(length)) / float(mass.sum())
    return int(np.clip(round(CANONICAL_SIZE / 2 - 0.5 - center), 0, CANONICAL_SIZE - length))

"""From whatever somebody drew or sent to one canonical digit: find the ink, even the pen."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError
from scipy import ndimage

from ml.errors import BlankDrawing, ImageTooLarge, InvalidImage, InvalidPixels

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
FAINTEST_CONTRAST: Final = 24
"""Gray levels (of 255) by which ink must differ from the paper to be ink at all."""
INK_THRESHOLD: Final = 0.1
"""Share of the darkest ink from which a pixel belongs to the drawing."""
SPECK_SHARE: Final = 0.01
"""A piece with less than this share of the largest piece's area, or of its mass, is dust."""
NOISY_SIDE: Final = 64
"""Shorter side from which noise is smoothed; on a smaller picture that would blur the digit."""
NOISE_LEVEL: Final = 1.5
"""Gray levels between neighbors on the paper, in the median, from which it is called noisy."""
NOISE_DEVIATIONS: Final = 4
"""Standard deviations of the smoothed paper from which a pixel of a noisy picture is ink."""
NOISY_COVERAGE: Final = 0.3
"""Share of a coarse grid with ink from which specks may touch there, and are told apart in full."""
COARSEST: Final = 16
"""Largest cell of the coarse grid; in one of 23 px, one pixel's share of 255 would round to 0."""
LINE_COVERAGE: Final = 0.9
"""Share of a row that is ink where the row belongs to a ruled line or a frame."""
LINE_MARGIN: Final = 0.03
"""Share of the picture's side by which the digit keeps clear of the ends of a line."""
FRAME_SHARE: Final = 0.06
"""Widest frame, as a share of the picture's shorter side."""
FRINGE_LEVEL: Final = 4
"""Gray levels from the paper at which a ring inside of a frame is the frame's blurred edge."""
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

TOUCHING: Final = np.ones((3, 3), bool)
"""Pixels that touch, be it at a corner, are of one piece."""

Pixel = TypeVar("Pixel", bound=np.generic)
Ink = NDArray[np.float32]
"""Ink of one drawing: (height, width) float32, 0 (paper) to 1 (full ink)."""
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
        return _ink_from_gray(np.asarray(gray))
    # Edges may be mixed with the color of the ground, so full ink is asked first, if there is any.
    least = 255 if alpha.getextrema()[1] == 255 else 128
    solid = alpha.point([255 * (level >= least) for level in range(256)])
    histogram = gray.histogram(solid)
    if _tonal_range(histogram) < 2 * FAINTEST_CONTRAST:
        return _ink_from_deviation(np.asarray(alpha))
    paper = Image.new("L", gray.size, _percentile(histogram, 0.5))
    return _ink_from_gray(np.asarray(Image.composite(gray, paper, alpha)))


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
    return _ink_from_gray(values.astype(np.uint8))


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
    ink = _crop(ink)
    width = pen_width(ink) * CANONICAL_BOX / max(ink.shape)
    if not PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]:
        ink = _crop(_change_pen(ink, float(np.clip(width, *PEN_WIDTHS)), thinner=width > 2))
    scale = CANONICAL_BOX / max(ink.shape)
    height, breadth = (max(1, round(side * scale)) for side in ink.shape)
    small = _resize(ink, (height, breadth))
    small *= 255 / small.max()
    top = _offset(small.sum(axis=1), height)
    left = _offset(small.sum(axis=0), breadth)
    digit = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    digit[top : top + height, left : left + breadth] = np.rint(small)
    return digit


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
    """Encode gray pixels as they are.

    Parameters
    ----------
    pixels : ndarray
        (height, width) uint8, 255 is white.

    Returns
    -------
    bytes
        A PNG file.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


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
        levels = np.asarray(image).astype(np.float32) / 257
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


def _ink_from_gray(gray: NDArray[np.uint8]) -> Ink:
    """Ink is what differs from the paper, whose tone is that of the rim, in the prevailing way."""
    noisy = _is_noisy(gray)
    if noisy:
        gray = np.asarray(Image.fromarray(gray).filter(ImageFilter.BoxBlur(1)))
    gray = _inside_of_frame(gray)
    paper = _rim_tone(gray)
    noise = NOISE_DEVIATIONS * _deviation(_rim(gray), paper) if noisy else 0
    # The deviations to either side sum to the deviation of the sum.
    if gray.sum(axis=0, dtype=np.uint32).sum(dtype=np.int64) <= paper * gray.size:
        return _ink_from_deviation(paper - np.minimum(gray, paper), noise)
    return _ink_from_deviation(np.maximum(gray, paper) - paper, noise)


def _is_noisy(gray: NDArray[np.uint8]) -> bool:
    """Tell whether neighbors on the rim differ, more often than not; on clean paper they don't."""
    if min(gray.shape) < NOISY_SIDE:
        return False
    rim = _rim(gray)
    return _median(np.maximum(rim[1:], rim[:-1]) - np.minimum(rim[1:], rim[:-1])) >= NOISE_LEVEL


def _deviation(tones: NDArray[np.uint8], middle: int) -> float:
    """Standard deviation of tones from their median, by the median of it: ink does not count."""
    return 1.4826 * _median(np.maximum(tones, middle) - np.minimum(tones, middle))


def _rim_tone(gray: NDArray[np.uint8], inset: int = 0) -> int:
    """Median tone of the outermost pixels, or of those that lie further in."""
    return _median(_rim(gray, inset))


def _median(tones: NDArray[np.uint8]) -> int:
    """Median of tones (n,), rounded down; faster on few of them than NumPy's."""
    low, high = (len(tones) - 1) // 2, len(tones) // 2
    ordered = np.partition(tones, (low, high))
    return (int(ordered[low]) + int(ordered[high])) // 2


def _rim(gray: NDArray[np.uint8], inset: int = 0) -> NDArray[np.uint8]:
    """Pixels of the ring that lies so far inside of the edges."""
    inner = gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset]
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])


def _inside_of_frame(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut off a frame that runs along the edges; without one, return the picture as it is."""
    widest = int(FRAME_SHARE * min(gray.shape))
    if not widest or not _may_have_frame(gray, widest):
        return gray
    paper = _rim_tone(gray, widest)
    if not any(_is_frame(_rim(gray, ring), paper) for ring in range(widest)):
        return gray
    # The frame's edge may be blurred, or ring where the picture was compressed.
    rings = [r for r in range(widest) if abs(_rim_tone(gray, r) - paper) >= FRINGE_LEVEL]
    inset = rings[-1] + 1
    return gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset]


def _may_have_frame(gray: NDArray[np.uint8], widest: int) -> bool:
    """Look from the middle of each side inward: a frame is met on all four."""
    row, column = gray[gray.shape[0] // 2], gray[:, gray.shape[1] // 2]
    ways = (row[: widest + 1], row[-widest - 1 :], column[: widest + 1], column[-widest - 1 :])
    return all(int(way.max()) - int(way.min()) >= 2 * FAINTEST_CONTRAST for way in ways)


def _is_frame(ring: NDArray[np.uint8], paper: int) -> bool:
    """Tell whether nearly all of a ring differs from the paper."""
    differs = np.abs(ring.astype(np.int16) - paper) >= 2 * FAINTEST_CONTRAST
    return bool(differs.mean() > LINE_COVERAGE)


def _ink_from_deviation(deviation: NDArray[np.uint8], noise: float = 0) -> Ink:
    """Scale the deviation from the paper to 0..1 and leave out what is no stroke of the digit.

    What deviates by less than `noise` is paper, and so is all, unless some ink is twice as strong.
    """
    peak = int(deviation.max())
    if peak < max(FAINTEST_CONTRAST, 2 * noise):
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    mask = deviation >= int(np.ceil(max(INK_THRESHOLD * peak, noise)))
    factor = min(max(1, max(mask.shape) // 64), COARSEST)
    coarse = _coarsen(mask, factor)
    if max(coarse.mean(axis=0).max(), coarse.mean(axis=1).max()) >= LINE_COVERAGE:
        if noise > 0:
            mask = _without_dust(mask, deviation, 1)  # specks would lie at the ends of a line
        mask = _without_lines(mask)
        coarse = _coarsen(mask, factor)
    if noise > 0 or coarse.mean() > NOISY_COVERAGE:
        coarse, factor = mask, 1
    # From here on only the part of the picture that has ink is looked at: most have little.
    kept = _without_dust(coarse, deviation, factor)
    part = _box(kept)
    box = part[0] * factor, part[1] * factor, part[2] * factor, part[3] * factor
    mask = _cut(mask, box)
    if kept is not coarse:
        fine = _cut(kept, part).repeat(factor, axis=0).repeat(factor, axis=1)
        mask = mask & fine[: mask.shape[0], : mask.shape[1]]
    return (_cut(deviation, box) * mask).astype(np.float32) / np.float32(peak)


def _coarsen(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """See a mask on a coarse grid, in which a cell is ink where it holds some."""
    cells = Image.fromarray(mask.view(np.uint8) * np.uint8(255)).reduce(factor)
    return np.asarray(cells) > 0


def _without_dust(
    mask: NDArray[np.bool_], deviation: NDArray[np.uint8], factor: int
) -> NDArray[np.bool_]:
    """Leave out pieces that are tiny beside the largest one, on a grid of so many px a cell."""
    pieces, count = ndimage.label(mask, structure=TOUCHING)
    if count <= 1:
        return mask
    labels = pieces.ravel()
    areas = np.bincount(labels)
    areas[0] = 0
    is_kept = areas >= SPECK_SHARE * areas.max()
    if factor > 1:  # one cell can be more than that share, however little of it is ink
        masses = np.bincount(labels, np.asarray(Image.fromarray(deviation).reduce(factor)).ravel())
        masses[0] = 0
        is_kept &= masses >= SPECK_SHARE * masses.max()
    kept: NDArray[np.bool_] = is_kept[pieces]
    return kept


def _without_lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Erase ruled lines and frames: what runs from edge to edge while the rest keeps clear.

    A stroke that crosses a line keeps the crossing. A bar of the digit itself stays, since the
    rest of the digit ends where the bar does, or nothing is left without it.
    """
    rows, columns = _lines(mask), _lines(mask.T)
    if not rows.any() and not columns.any():
        return mask
    rest = mask & ~rows[:, None] & ~columns
    if np.count_nonzero(rest) < SPECK_SHARE * np.count_nonzero(mask):
        return mask
    ends = [
        np.count_nonzero(np.diff(lines, prepend=False, append=False)) for lines in (rows, columns)
    ]
    is_frame = bool(min(ends) >= 4)  # two lines each way, with two ends each
    mask = _erase(mask, rest, rows, is_frame=is_frame)
    return _erase(mask.T, rest.T, columns, is_frame=is_frame).T


def _lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that are nearly full of ink, if they are few: (height,) bool."""
    full: NDArray[np.bool_] = mask.mean(axis=1) >= LINE_COVERAGE
    return full if full.mean() <= 4 * FRAME_SHARE else np.zeros_like(full)


def _erase(
    mask: NDArray[np.bool_], rest: NDArray[np.bool_], lines: NDArray[np.bool_], *, is_frame: bool
) -> NDArray[np.bool_]:
    """Erase rows of lines, if the rest keeps clear of both ends; crossing strokes stay."""
    margin = max(1, round(LINE_MARGIN * mask.shape[1]))
    reaches_edges = mask[lines][:, [0, -1]].any(axis=0).all()
    keeps_clear = not rest[:, :margin].any() and not rest[:, -margin:].any()
    if not keeps_clear or not (reaches_edges or is_frame):
        return mask
    erased = mask.copy()
    for row in np.flatnonzero(lines):
        erased[row] = mask[row] & erased[row - 1] if row else False
    return erased


def _crop(ink: Ink) -> Ink:
    """Cut to the box of the ink."""
    peak = ink.max(initial=0)
    if peak <= 0:
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    return _cut(ink, _box(ink >= INK_THRESHOLD * peak))


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Box around what is set, which is something: top, bottom, left, right."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _cut(picture: NDArray[Pixel], box: tuple[int, int, int, int]) -> NDArray[Pixel]:
    """Cut a box (top, bottom, left, right) out of a picture."""
    top, bottom, left, right = box
    return picture[top:bottom, left:right]


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
    ink = np.pad(ink, int(np.ceil(2 * scale)))
    if not thinner:
        # A hairline that was scaled down is gray here and there; it is a line all the same.
        reach = 2 * int(np.ceil(1.5 * scale)) + 1
        ink = ink / np.maximum(ndimage.maximum_filter(ink, reach), FAINT_LINE * ink.max())
    mask = ink > 0.5 * ink.max()
    growth = (width * scale - pen_width(ink / ink.max())) / 2
    growth = min(growth, 0) if thinner else max(growth, 0)
    depth: NDArray[np.float64] = ndimage.distance_transform_edt(mask if thinner else ~mask)
    rim_distance = (depth - 0.5) if thinner else (0.5 - depth)  # positive inside
    redrawn: Ink = np.clip(rim_distance + growth + 0.5, 0, 1).astype(np.float32)
    return redrawn


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

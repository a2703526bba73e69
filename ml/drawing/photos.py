"""The ink of photographed paper: uneven light, desks, lines, objects, any color."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from ml.drawing.ink import INK_THRESHOLD, NOISE_DEVIATIONS, NOISY_SIDE, PlacedInk, box_of
from ml.drawing.pieces import (
    MOST_PARTS,
    Choice,
    choose,
    find_decorations,
    label_pieces,
    measure_pieces,
)
from ml.drawing.raster import Mask
from ml.errors import BlankDrawing, NothingFound, SeveralDigits

WORKING_SIDE: Final = 320
"""Longer side to which a photograph is reduced."""
CELLS: Final = 40
"""Cells along the longer side, of which each has one tone of paper."""
WINDOW: Final = 13
"""Cells across the square whose median is the tone of the paper."""
NEAR: Final = 3
"""Cells across the square in which the tones of the paper are those of a pixel."""
FAR: Final = 7
"""The same for what is certainly no paper."""
DARKEST: Final = 0.35
"""Tone of paper, as a share of the brightest, below which ink is not strengthened any more."""
SHARES: Final = (0.0, 0.2, 0.35, 0.55)
"""Thresholds that are tried, as shares of the strongest ink."""
SLOPES: Final = np.linspace(-0.2, 0.2, 41)
"""Slopes of lines that are looked for, to 11 degrees."""
LINE_SHARE: Final = 0.5
"""Share of the picture's width that a printed line covers at least."""
FEWEST_LEFT: Final = 0.35
"""Share of the pixels of printed lines above a threshold from which they are still lines."""
LINE_WIDTH: Final = 5
"""Length across a line, in pixels, from which a stroke crosses it."""
GOOD_SCORE: Final = 0.4
"""Score from which what differs from the rim needs no second look."""
LEAST_SCORE: Final = 0.2
"""Score below which nothing looks like a digit."""
PLAIN_BONUS: Final = 2.0
"""How much better a second look has to be than what differs from the rim."""
FULL_INK: Final = 0.45 * 255
"""Mean ink of a digit; with a shade that it runs into, it is less."""
SOLID: Final = 0.1
"""What the score of ink that fills the picture is multiplied by."""
BILINEAR: Final = Image.Resampling.BILINEAR
SMALLEST_SIDE: Final = 100
"""Shorter side from which lines are looked for: on a smaller picture, strokes are as thin."""
SEGMENT: Final = 8
"""Columns that are looked at together."""

Tones = NDArray[np.float32]


def settle(picture: Image.Image, plain: PlacedInk | None) -> PlacedInk:
    """Find the digit of a picture (L or RGB) on which a first look left doubts.

    Parameters
    ----------
    picture : Image
        The picture.
    plain : PlacedInk or None
        What differs from the tone of the rim, if anything does.

    Returns
    -------
    PlacedInk
        `plain`, a part of it, or what differs from the paper around it.

    Raises
    ------
    BlankDrawing
        The picture has one tone.
    NothingFound
        Nothing looks like strokes.
    SeveralDigits
        Two or more digits stand side by side.
    """
    if plain and plain.has_gap and not plain.is_solid and min(picture.size) >= NOISY_SIDE:
        plain = without_decorations(plain)
    if plain and not plain.is_doubtful:
        return plain
    best = _choose_plain(plain, picture.size) if plain else None
    if plain and best and not plain.is_solid and min(picture.size) < NOISY_SIDE:
        if best.choice.count > 1:
            raise SeveralDigits(best.choice.count)
        return plain
    score = best.choice.score if best else 0.0
    if plain and plain.is_solid:
        score *= SOLID
    elif best and best.choice.is_all and best.deviation[best.choice.mask].mean() > FULL_INK:
        # Nothing else is there, and no shade.
        best = replace(best, choice=replace(best.choice, score=best.choice.inner_score))
        score = best.choice.score
    if score < GOOD_SCORE:
        found = _find_strokes(picture)
        if found and found.choice.score > PLAIN_BONUS * score:
            best, plain = found, None
    if best is None:
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    if best.choice.score < LEAST_SCORE:
        raise NothingFound("Nothing here looks like a digit; show it larger, on plain paper.")
    if best.choice.count > 1:
        raise SeveralDigits(best.choice.count)
    if plain and best.choice.is_all:
        return plain
    placed = best.place()
    return placed._replace(set_aside=(plain.set_aside if plain else ()) + placed.set_aside)


@dataclass(frozen=True, eq=False)
class _Find:
    """Deviation from the paper on a picture that is reduced by `factor`, and what is chosen."""

    deviation: Tones
    choice: Choice
    factor: int
    inset: int = 0

    def place(self) -> PlacedInk:
        """Return the ink in the pixels of the picture."""
        ink = self.deviation * self.choice.mask
        top, bottom, left, right = box_of(self.choice.mask)
        part = Image.fromarray(ink[top:bottom, left:right] / ink.max())
        grown = part.resize((part.width * self.factor, part.height * self.factor), BILINEAR)
        rows, columns = (self.inset + self.factor * each for each in (top, left))
        aside = (each.place(self.inset, self.inset, self.factor) for each in self.choice.set_aside)
        return PlacedInk(np.asarray(grown), rows, columns, set_aside=tuple(aside))


def without_decorations(plain: PlacedInk) -> PlacedInk:
    """Set aside what decorates a digit; if one piece is left, there is no doubt."""
    labels, count = label_pieces(plain.ink)
    if not 1 < count <= MOST_PARTS:
        return plain
    pieces = measure_pieces(labels, count, plain.ink)
    found = find_decorations(pieces, labels)
    if not found:
        return plain
    aside = {piece.label for _, parts in found for piece in parts}
    is_kept = ~np.isin(np.arange(count + 1), [0, *aside])
    mask = is_kept[labels]
    top, bottom, left, right = box_of(mask)
    ink = (plain.ink * mask)[top:bottom, left:right]
    return plain._replace(
        ink=ink / ink.max(),
        top=plain.top + top,
        left=plain.left + left,
        is_doubtful=count - len(aside) > 1,
        set_aside=tuple(each.place(plain.left, plain.top) for each, _ in found),
    )


def _choose_plain(plain: PlacedInk, size: tuple[int, int]) -> _Find | None:
    factor = _factor(size)
    whole = np.zeros((size[1], size[0]), np.float32)
    height, width = plain.ink.shape
    whole[plain.top : plain.top + height, plain.left : plain.left + width] = 255 * plain.ink
    inner = whole[plain.inset : size[1] - plain.inset, plain.inset : size[0] - plain.inset]
    deviation = np.asarray(Image.fromarray(inner).reduce(factor))
    choice = choose(deviation >= INK_THRESHOLD * 255 / factor, deviation)
    return _Find(deviation, choice, factor, plain.inset) if choice else None


def _find_strokes(image: Image.Image) -> _Find | None:
    factor = _factor(image.size)
    small = image.reduce(factor)
    pixels = np.asarray(small, np.float32)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    noise = _noise(pixels)
    if noise > 1.5:
        small = small.filter(ImageFilter.BoxBlur(1))
        pixels = np.asarray(small, np.float32).reshape(pixels.shape)
        noise = _noise(pixels)
    low, high = _paper(small, NEAR)
    departure = pixels - pixels.clip(low, high)  # (height, width, channels)
    certain = pixels - pixels.clip(*_paper(small, FAR))
    light = high.mean(axis=2)
    brightest = max(float(np.percentile(light, 95)), 1.0)
    strengthened = (brightest / np.maximum(light, DARKEST * brightest))[:, :, None]
    departure *= strengthened
    axis = _axis(departure)
    along, certain = departure @ axis, (certain * strengthened) @ axis
    best: _Find | None = None
    for sign in (-1, 1):
        deviation = (sign * along).clip(0).astype(np.float32)
        peak = float(np.percentile(deviation, 99.9))
        least = NOISE_DEVIATIONS * noise + 5
        if peak < least:
            continue
        thresholds = [max(least, share * peak) for share in SHARES]
        erase = _line_eraser(deviation >= thresholds[1])
        for threshold in sorted(set(thresholds)):
            choice = choose(erase(deviation >= threshold), deviation, (sign * certain).clip(0))
            if choice and (best is None or choice.score > best.choice.score):
                best = _Find(deviation, choice, factor)
    return best


def _factor(size: tuple[int, int]) -> int:
    return max(1, round(max(size) / WORKING_SIDE))


def _noise(pixels: Tones) -> float:
    """Standard deviation of the noise, by the median deviation from the mean of near pixels."""
    tone = pixels.mean(axis=2)
    return 1.4826 * float(np.median(np.abs(tone - ndimage.uniform_filter(tone, 5))))


def _paper(image: Image.Image, near: int) -> tuple[Tones, Tones]:
    """Estimate the lowest and the highest tone of paper, of each channel, `near` cells across."""
    factor = max(1, -(-max(image.size) // CELLS))
    cells = np.asarray(image.reduce(factor)).astype(np.float32)
    cells = cells.reshape(*cells.shape[:2], -1)
    middle = ndimage.median_filter(cells, (WINDOW, WINDOW, 1), mode="nearest")
    bounds = []
    for extreme in (ndimage.minimum_filter, ndimage.maximum_filter):
        tones = extreme(middle, (near, near, 1))
        size = (tones.shape[1] * factor, tones.shape[0] * factor)
        grown = [
            np.asarray(
                Image.fromarray(tones[:, :, channel]).resize(size, Image.Resampling.BILINEAR)
            )
            for channel in range(tones.shape[2])
        ]
        bounds.append(np.stack(grown, axis=2)[: image.height, : image.width])
    return bounds[0], bounds[1]


def _axis(departure: Tones) -> NDArray[np.float32]:
    """Direction in color in which ink and paper differ most; darker is negative."""
    flat = departure.reshape(-1, departure.shape[2])
    _, vectors = np.linalg.eigh((flat.T @ flat).astype(np.float64))
    axis = vectors[:, -1]
    axis *= (1 if axis.sum() >= 0 else -1) / np.abs(axis).max()
    return np.asarray(axis, np.float32)


def _line_eraser(mask: Mask) -> Callable[[Mask], Mask]:
    """Return what erases straight lines that run through the picture; crossing strokes stay."""
    if min(mask.shape) < SMALLEST_SIDE or mask.mean() > 0.5:
        return lambda mask: mask
    level, upright = _line_zone(mask), _line_zone(mask.T).T
    if not (level.any() or upright.any()):
        return lambda mask: mask
    zone = level | upright
    printed = np.count_nonzero(mask & zone)

    def erase(mask: Mask) -> Mask:
        if np.count_nonzero(mask & zone) < FEWEST_LEFT * printed:
            return mask  # the lines are fainter than this threshold
        lines = level & ~_across(mask, level) | upright & ~_across(mask.T, upright.T).T
        return mask & ~(lines | level & upright)

    return erase


def _across(mask: Mask, level: Mask) -> Mask:
    """Pixels of strokes across nearly level lines, however wide most of these lines are."""
    tall = mask
    for width in (LINE_WIDTH, LINE_WIDTH + 2, LINE_WIDTH + 4):
        tall = ndimage.minimum_filter1d(mask, width, axis=0, mode="constant")
        tall = ndimage.maximum_filter1d(tall, width, axis=0, mode="constant")
        if np.count_nonzero(tall & level) < LINE_SHARE * np.count_nonzero(mask & level):
            break
    return tall


def _line_zone(mask: Mask) -> Mask:
    """Pixels on nearly level lines that cover at least half of the picture's width.

    A line that neither runs from rim to rim nor has a parallel is a stroke, as of a large 1.
    """
    height, width = mask.shape
    thick = mask.copy()
    thick[1:] |= mask[:-1]
    thick[:-1] |= mask[1:]
    count = width // SEGMENT
    segments = (
        thick[:, : count * SEGMENT].reshape(height, count, SEGMENT).sum(axis=2, dtype=np.float32)
    )
    segments /= SEGMENT
    middles = (np.arange(count) + 0.5) * SEGMENT - width / 2
    margin = int(np.ceil(abs(SLOPES[0]) * width / 2)) + 1
    padded = np.pad(segments, [(margin, margin), (0, 0)])
    zone = np.zeros(padded.shape, bool)
    columns = np.arange(count)
    is_printed = False
    for slope in SLOPES:
        rows = np.arange(height)[:, None] + margin + np.rint(slope * middles).astype(np.intp)
        covered = padded[rows, columns]
        full = np.flatnonzero(covered.sum(axis=1) >= LINE_SHARE * count)
        zone[rows[full], columns] = True
        begins, ends = (covered[full][:, part].max(axis=1) > 0.5 for part in ([0, 1], [-2, -1]))
        has_parallel = (np.diff(full) > 2 * LINE_WIDTH).any()
        is_printed |= bool(has_parallel or (begins & ends).any())
    if not is_printed:
        return np.zeros_like(mask)
    zone = ndimage.binary_dilation(zone[margin : margin + height], np.ones((5, 3), bool))
    wide = np.zeros_like(mask)
    wide[:, : count * SEGMENT] = zone.repeat(SEGMENT, axis=1)
    wide[:, count * SEGMENT :] = zone[:, -1:]
    return wide

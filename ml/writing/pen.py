"""A synthetic pen: writes digits as strokes, in the variants that people write, by many hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import numpy as np
from joblib import Parallel
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.drawing.batches import canonical_inks
from ml.drawing.canonical import CANONICAL_BOX, CANONICAL_SIZE, Digits
from ml.drawing.strokes import PAD_SIZE, Strokes
from ml.parallel import repeatable
from ml.writing.augmentation import spline_weights
from ml.writing.scanning import coarsen, soften
from ml.writing.variants.notation import CORNER, ControlStroke, Variant
from ml.writing.variants.table import VARIANTS

HANDS: Final = 128
"""Digits of one variant that are written together, with one random generator."""
CURVE_POINTS: Final = 6
"""Points of the drawn line for each piece between two control points."""
ZOOM: Final = 4
"""Pixels that are drawn for each canonical one."""
KNOTS: Final = np.arange(-0.5, 1.6, 0.4)
"""Points, along each side, of the grid that warps a digit; the digit lies between 0 and 1."""
GENTLE_BEND: Final = 0.9
"""Cosine of the bend, 26 degrees, up to which two pieces of a line share their corners."""

Lines = NDArray[np.float64]
"""One stroke of n hands, each with m points: (n, m, 2) float64, x and y."""
Shapes = tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]
"""Bars and circles that cover such a stroke, each with which of them to draw; see `_shapes`."""


@dataclass(frozen=True, slots=True)
class PenSettings:
    """How much hands differ.

    Lengths are shares of the digit's height unless a unit is named.
    """

    jitter: float = 0.038
    """Standard deviation of each control point's place; each hand takes 0.3 to 1.6 times of it."""
    rounded: float = 0.3
    looped: float = 0.1
    cut: float = 0.1
    """Shares of corners that are rounded, turned with a little loop, and cut short; the others are
    sharp."""
    trimmed: float = 0.3
    """Share of hands that begin a stroke late or end it early."""
    rotation_degrees: float = 10.0
    """Standard deviation of the rotation; half as much again for a 1."""
    slant_mean: float = 0.12
    slant: float = 0.28
    """Mean and standard deviation of the shear, to the right for one up."""
    stretch: float = 0.28
    """Standard deviation of the logarithm of the width; 1.3 times for 2, 5 and 7."""
    squash: float = 0.45
    squashed: float = 0.2
    """Standard deviation of the logarithm by which some digits are lower than usual, and the share
    of 2 and 7 to which this happens."""
    warp: float = 0.15
    """Largest standard deviation of the displacement of each point of the grid that bends the digit
    here one way and there another; each hand draws its own from 0 upward."""
    wave: float = 0.045
    """Standard deviation of the amplitude of the waves that bend the whole digit."""
    pen_widths: tuple[float, float] = (1.4, 4.8)
    """Thinnest and thickest pen, in canonical pixels; thinner ones are more common."""
    tapered: float = 0.35
    """Share of hands whose pen width changes along the stroke."""
    coarse: float = 0.1
    """Share of digits that are taken with a coarse grid."""
    cells: tuple[int, int] = (7, 18)
    """Fewest and most cells of that grid along the digit's longer side."""
    blur: tuple[float, float] = (0.25, 0.7)
    """Smallest and largest standard deviation of the blur that half of the digits get, in canonical
    pixels."""
    contrast: float = 2.0
    """Largest factor by which three of ten digits are made harder."""


PEN: Final = PenSettings()
"""The settings that the bundled model is trained with."""


def write_digits(
    count: int,
    seed: int,
    settings: PenSettings = PEN,
    variants: tuple[Variant, ...] = VARIANTS,
    *,
    jobs: int = 1,
    report: Callable[[float], None] = lambda fraction: None,
) -> tuple[Digits, NDArray[np.uint8]]:
    """Write digits, about as many of each, the variants of each by their shares.

    The outcome depends on the arguments before `jobs` only, whatever the number of processes;
    `report` gets the fraction done, 0 to 1, from time to time. Returns images (count, 28, 28) and
    labels (count,) uint8, in an order without meaning.
    """
    rng = np.random.default_rng(seed)
    shares = np.array([variant.share for variant in variants], float)
    digits = np.array([variant.digit for variant in variants])
    for digit in np.unique(digits):
        shares[digits == digit] /= shares[digits == digit].sum()
    counts = rng.multinomial(count, shares / shares.sum())
    tasks = [
        (variant, min(HANDS, total - start))
        for variant, total in zip(variants, counts.tolist(), strict=True)
        for start in range(0, total, HANDS)
    ]
    if not tasks:
        return np.empty((0, CANONICAL_SIZE, CANONICAL_SIZE), np.uint8), np.empty(0, np.uint8)
    seeds = np.random.SeedSequence(seed).spawn(len(tasks))
    order = rng.permutation(len(tasks))  # so that progress and load are even
    work = (
        repeatable(ink_variant, *tasks[task], np.random.default_rng(seeds[task]), settings)
        for task in order
    )
    done: list[Digits] = []
    for chunk in Parallel(n_jobs=jobs, return_as="generator", batch_size=8)(work):
        done.append(chunk)
        report(len(done) / len(tasks))
    labels = [np.full(tasks[task][1], tasks[task][0].digit, np.uint8) for task in order]
    return np.concatenate(done), np.concatenate(labels)


def write_strokes(
    digit: int,
    rng: np.random.Generator,
    settings: PenSettings = PEN,
    *,
    size: float = 0.7,
    variants: tuple[Variant, ...] = VARIANTS,
) -> Strokes:
    """Write one digit as strokes on the drawing page's pad, in its units and to a tenth.

    `size` is the longer side of the digit, as a share of the pad's.
    """
    mine = [variant for variant in variants if variant.digit == digit]
    shares = np.array([variant.share for variant in mine], float)
    variant = mine[rng.choice(len(mine), p=shares / shares.sum())]
    lines = trace(variant, 1, rng, settings)
    points = np.concatenate(lines, axis=1)[0]
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size * PAD_SIZE / max(float((high - low).max()), 1e-6)
    moved = [(line[0] - (low + high) / 2) * scale + PAD_SIZE / 2 for line in lines]
    return [np.round(line, 1).tolist() for line in moved]


def trace(
    variant: Variant, hands: int, rng: np.random.Generator, settings: PenSettings = PEN
) -> list[Lines]:
    """Write a variant by several hands, as lines.

    Returns each stroke as (hands, points, 2), the height of the digit about 1.
    """
    knobs = SimpleNamespace(
        **{name: rng.uniform(*limits, hands) for name, limits in variant.knobs.items()}
    )
    spread = settings.jitter * rng.uniform(0.3, 1.6, (hands, 1, 1))
    lines = []
    for stroke in variant.strokes(knobs):
        points = _stack(stroke, hands)
        points += spread * rng.standard_normal(points.shape)
        corners = [index for index, point in enumerate(stroke) if CORNER in point[2:]]
        pieces = _turn_corners(points, corners, rng, settings)
        lines.append(np.concatenate([_curve(piece) for piece in pieces], axis=1))
    return _bend(_warp(lines, hands, rng, settings), variant.digit, hands, rng, settings)


def _stack(stroke: ControlStroke, hands: int) -> Lines:
    """Spread control points, of which some are the same for all hands, to (hands, points, 2)."""
    points = np.empty((hands, len(stroke), 2))
    for index, point in enumerate(stroke):
        points[:, index, 0], points[:, index, 1] = point[0], point[1]
    return points


def _turn_corners(
    points: Lines, corners: list[int], rng: np.random.Generator, settings: PenSettings
) -> list[Lines]:
    """Split a stroke at its corners, each turned in one of the ways in which pens turn."""
    ways = ("rounded", "looped", "cut", "sharp")
    shares = [settings.rounded, settings.looped, settings.cut]
    pieces, begin = [], points[:, :0]
    start = 0
    for corner in corners:
        way = rng.choice(ways, p=[*shares, 1 - sum(shares)])
        before, at, after = (points[:, corner + step] for step in (-1, 0, 1))
        upto = np.concatenate([begin, points[:, start:corner]], axis=1)
        start = corner + 1
        if way == "rounded":
            begin = np.concatenate([upto, at[:, None]], axis=1)
        elif way == "looped":
            come, go = _unit(at - before), _unit(after - at)
            size = rng.uniform(0.03, 0.1, (len(points), 1))
            loop = [at, at + size * (come - 0.3 * go), at + size * (0.2 * come - 0.8 * go)]
            begin = np.concatenate([upto, np.stack(loop, axis=1)], axis=1)
        elif way == "cut":
            pieces.append(np.concatenate([upto, (at + 0.12 * (before - at))[:, None]], axis=1))
            begin = np.stack([pieces[-1][:, -1], at + 0.12 * (after - at)], axis=1)
        else:
            pieces.append(np.concatenate([upto, at[:, None]], axis=1))
            begin = at[:, None]
    pieces.append(np.concatenate([begin, points[:, start:]], axis=1))
    return pieces


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale vectors (n, 2) to length 1."""
    length: NDArray[np.float64] = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float64] = vectors / np.maximum(length, 1e-6)
    return unit


def _curve(points: Lines) -> Lines:
    """Lay a centripetal Catmull-Rom curve through points; it neither overshoots nor loops.

    Yuksel, Schaefer, Keyser, "Parameterization and applications of Catmull-Rom curves",
    Computer-Aided Design 43 (2011) 747-755.
    """
    first = 2 * points[:, :1] - points[:, 1:2]
    last = 2 * points[:, -1:] - points[:, -2:-1]
    p = np.concatenate([first, points, last], axis=1)
    gaps = np.sqrt(np.linalg.norm(np.diff(p, axis=1), axis=2)) + 1e-4  # (n, m + 1)
    p0, p1, p2, p3 = (p[:, step : p.shape[1] - 3 + step, None] for step in range(4))
    g0, g1, g2 = (gaps[:, step : gaps.shape[1] - 2 + step, None, None] for step in range(3))
    t = np.linspace(0, 1, CURVE_POINTS, endpoint=False)[:, None] * g1  # from p1, on to p2
    a1 = p0 + (p1 - p0) * (t + g0) / g0
    a2 = p1 + (p2 - p1) * t / g1
    a3 = p2 + (p3 - p2) * (t - g1) / g2
    b1 = a1 + (a2 - a1) * (t + g0) / (g0 + g1)
    b2 = a2 + (a3 - a2) * t / (g1 + g2)
    curve = b1 + (b2 - b1) * t / g1  # (n, m - 1, CURVE_POINTS, 2)
    return np.concatenate([curve.reshape(len(points), -1, 2), points[:, -1:]], axis=1)


def _warp(
    lines: list[Lines], hands: int, rng: np.random.Generator, settings: PenSettings
) -> list[Lines]:
    """Move each place of a digit by a smooth random field of its own.

    Simard, Steinkraus, Platt, "Best practices for convolutional neural networks applied to visual
    document analysis", ICDAR 2003.
    """
    spread = settings.warp * rng.uniform(0, 1, (hands, 1, 1, 1))
    moves = spread * rng.standard_normal((hands, 2, len(KNOTS), len(KNOTS)))
    apart = KNOTS[1] - KNOTS[0]
    warped = []
    for line in lines:
        of_column, of_row = (
            spline_weights((line[..., axis, None] - KNOTS) / apart) for axis in (0, 1)
        )  # (n, m, knots) each
        warped.append(line + np.einsum("nmi,naij,nmj->nma", of_row, moves, of_column))
    return warped


def _bend(
    lines: list[Lines], digit: int, hands: int, rng: np.random.Generator, settings: PenSettings
) -> list[Lines]:
    """Send waves through each digit, then stretch, slant and rotate it."""
    phase = rng.uniform(0, 2 * np.pi, (6, hands, 1))
    pitch = rng.uniform(2, 7, (6, hands, 1))
    height = rng.normal(0, settings.wave, (6, hands, 1))
    stretch = settings.stretch * (1.3 if digit in (2, 5, 7) else 1)
    wide = np.exp(rng.normal(0.04, stretch, (hands, 1)))
    low = np.exp(-np.abs(rng.normal(0, settings.squash, (hands, 1))))
    squashed = rng.random((hands, 1)) < (settings.squashed if digit in (2, 7) else 0)
    tall = np.where(squashed, low, 1)
    slant = rng.normal(settings.slant_mean, settings.slant, (hands, 1))
    rotation = settings.rotation_degrees * (1.5 if digit == 1 else 1)
    angle = np.deg2rad(rng.normal(0, rotation, (hands, 1)))
    bent = []
    for line in lines:
        x, y = line[..., 0], line[..., 1]

        def wave(index: int, along: NDArray[np.float64]) -> NDArray[np.float64]:
            swing: NDArray[np.float64] = height[index] * np.sin(pitch[index] * along + phase[index])
            return swing

        moved_x = x + wave(0, y) + wave(1, x) + 0.5 * wave(2, 2 * y)
        moved_y = y + wave(3, x) + wave(4, y) + 0.5 * wave(5, 2 * x)
        moved_x, moved_y = moved_x * wide, moved_y * tall
        moved_x = moved_x - slant * (moved_y - 0.5)
        cos, sin = np.cos(angle), np.sin(angle)
        bent.append(np.stack([cos * moved_x - sin * moved_y, sin * moved_x + cos * moved_y], -1))
    return bent


def ink_variant(
    variant: Variant, hands: int, rng: np.random.Generator, settings: PenSettings = PEN
) -> Digits:
    """Write a variant by several hands, as `trace` does, and ink it."""
    lines = trace(variant, hands, rng, settings)
    points = np.concatenate(lines, axis=1)
    low, high = points.min(axis=1), points.max(axis=1)  # (hands, 2)
    thin, thick = settings.pen_widths
    pens = thin + (thick - thin) * rng.beta(1.3, 2.2, hands)
    if variant.digit == 1:
        pens = np.where(rng.random(hands) < 0.3, 1.3 * pens, pens)
    scale = (CANONICAL_BOX - pens) * ZOOM / np.maximum((high - low).max(axis=1), 1e-6)
    side = CANONICAL_SIZE * ZOOM  # room for pens that press harder on the way
    placed = [
        (line - ((low + high) / 2)[:, None]) * scale[:, None, None] + side / 2 for line in lines
    ]
    tapered = rng.random(hands) < settings.tapered
    shapes = [_shapes(line, pens * ZOOM, tapered, rng, settings) for line in placed]
    # A hand that never touches the paper leaves it empty.
    digits = canonical_inks(_draw(shapes, hands, side))
    ink = digits.astype(np.float32) / np.float32(255)
    ink = coarsen(ink, rng, settings.coarse, settings.cells)
    soft = soften(ink, rng, settings.blur, settings.contrast)
    return (soft * 255).astype(np.uint8)


def _draw(shapes: list[Shapes], hands: int, side: int) -> NDArray[np.uint8]:
    """Draw the shapes of each stroke into pictures (hands, side, side), 1 where there is ink."""
    # One high picture holds all of them: to begin a picture takes as long as many bars.
    sheet = Image.new("L", (side, hands * side))
    draw = ImageDraw.Draw(sheet).draw  # its own methods look up the color again for each bar
    below = side * np.arange(hands)[:, None, None] * (np.arange(8) % 2)  # (hands, 1, 8)
    for bars, is_bar, rounds, is_round in shapes:
        # Pillow draws from pixel to pixel, and cuts off the fractions.
        for bar in (bars.astype(int) + below)[is_bar].tolist():
            draw.draw_polygon(bar, 1, 1)
        for circle in (rounds.astype(int) + below[..., :4])[is_round].tolist():
            draw.draw_ellipse(circle, 1, 1)
    return np.asarray(sheet).reshape(hands, side, side)


def _shapes(
    line: Lines,
    pens: NDArray[np.float64],
    tapered: NDArray[np.bool_],
    rng: np.random.Generator,
    settings: PenSettings,
) -> Shapes:
    """Cover a stroke (n, m, 2) of pens (n,) in pixels by bars and circles.

    Hurried hands begin late or end early, and some press harder and softer on the way.

    Returns bars (n, m - 1, 8), which of them to draw (n, m - 1), circles (n, m, 4), and which of
    them to draw (n, m).
    """
    hands, count = line.shape[:2]
    spare = rng.integers(0, max(1, count // 14), hands) * (rng.random(hands) < settings.trimmed)
    late = rng.random(hands) < 0.5
    first, last = np.where(late, spare, 0), count - 1 - np.where(late, 0, spare)
    waves, phase = rng.uniform(2, 9, (hands, 1)), rng.uniform(0, 2 * np.pi, (hands, 1))
    swing = 0.3 * np.sin(waves * np.linspace(0, 1, count) + phase)
    half = pens[:, None] / 2 * (1 + swing * tapered[:, None])  # (n, m)
    begins, ends, is_sharp = _rims(line)
    begins, ends = begins * half[:, :-1, None], ends * half[:, 1:, None]
    start, end = line[:, :-1], line[:, 1:]
    bars = np.concatenate([start + begins, end + ends, end - ends, start - begins], axis=2)
    rounds = np.concatenate([line - half[..., None], line + half[..., None]], axis=2)
    place = np.arange(count)
    is_inked = (place >= first[:, None]) & (place <= last[:, None])
    is_end = (place == first[:, None]) | (place == last[:, None])
    return bars, is_inked[:, :-1] & is_inked[:, 1:], rounds, is_inked & (is_sharp | is_end)


def _rims(line: Lines) -> tuple[Lines, Lines, NDArray[np.bool_]]:
    """Find the ways across a stroke (n, m, 2) along which its bars begin and end.

    Where the stroke bends gently, two bars share their corners; where it bends more, a circle must
    close the gap. Returns the ways for a pen of radius 1, (n, m - 1, 2) each, and whether a point
    needs a circle, (n, m).
    """
    ahead = np.diff(line, axis=1)
    across = np.stack([-ahead[..., 1], ahead[..., 0]], axis=2)
    across /= np.maximum(np.hypot(across[..., :1], across[..., 1:]), 1e-6)
    cosine = (across[:, :-1] * across[:, 1:]).sum(axis=2)
    is_sharp = np.zeros(line.shape[:2], bool)
    is_sharp[:, 1:-1] = cosine < GENTLE_BEND
    shared = (across[:, :-1] + across[:, 1:]) / np.maximum(1 + cosine, 1)[..., None]
    begins, ends = across.copy(), across.copy()
    sharp = is_sharp[:, 1:-1, None]
    begins[:, 1:] = np.where(sharp, across[:, 1:], shared)
    ends[:, :-1] = np.where(sharp, across[:, :-1], shared)
    return begins, ends, is_sharp

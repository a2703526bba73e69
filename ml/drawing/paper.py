"""Photographs of paper that never were: a digit on a sheet, on a desk, in some light."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ml.drawing.strokes import Strokes, draw_strokes

SIDE: Final = 420
"""Side of a photograph."""
SMOOTH: Final = 2
"""Drawn pixels for each pixel of the sheet, so that edges come out smooth."""

Color = tuple[int, int, int]
Layer = NDArray[np.float32]
"""(SIDE, SIDE) or (SIDE, SIDE, 3) float32."""


@dataclass(frozen=True)
class Photograph:
    """How paper is written on and photographed; by default a flawless sheet.

    Lengths are shares of the photograph's side, falls of light shares of the brightest light.
    """

    ink: Color = (30, 30, 40)
    paper: Color = (238, 236, 230)
    pen: float = 0.03
    size: float = 0.5
    """Of the digit."""
    away: float = 0.1
    """Farthest that the digit lies from the middle, in each direction."""
    texture: float = 0.0
    """Standard deviation of the paper's own tone, in gray levels."""
    lines: str = ""
    """ruled, squared, dotted or form."""
    line_color: Color = (150, 170, 205)
    turn_degrees: float = 0.0
    tilt_degrees: float = 0.0
    """Of the camera to the sheet."""
    desk: float = 0.0
    """Width of the desk's border on all sides; less than 0: on two sides."""
    desk_color: Color = (70, 62, 55)
    grain: float = 0.0
    """Standard deviation of the desk's grain, in gray levels."""
    clutter: str = ""
    """finger, corner, neighbor, blot or print."""
    fall: float = 0.0
    """By how much the light falls across the picture."""
    shadow: float = 0.0
    """What a shadow with an edge takes from the light."""
    vignette: float = 0.0
    blur: float = 0.0
    """Standard deviation in pixels."""
    noise: float = 0.0
    """Standard deviation of the sensor's noise, in gray levels."""
    quality: int = 92
    """Of the JPEG."""


def _each(changes: str, **strengths: tuple[object, object, object]) -> tuple[Photograph, ...]:
    base = MODERATE if changes == "moderate" else Photograph()
    return tuple(
        replace(base, **{name: values[strength] for name, values in strengths.items()})  # type: ignore[arg-type]
        for strength in range(3)
    )


MODERATE: Final = Photograph(texture=1.5, fall=0.12, noise=1.5, blur=0.6, quality=88)
"""What every photograph has."""
KINDS: Final = {  # each at three strengths
    "flawless": _each("", pen=(0.03, 0.02, 0.012)),
    "light falls": _each("moderate", fall=(0.15, 0.28, 0.4), noise=(1, 2, 3)),
    "edge of a shadow": _each("moderate", shadow=(0.12, 0.25, 0.4)),
    "vignette": _each("moderate", vignette=(0.12, 0.25, 0.4)),
    "marker, light falls": _each("moderate", pen=(0.05,) * 3, fall=(0.15, 0.28, 0.4)),
    "ballpoint": _each(
        "moderate",
        pen=(0.014, 0.012, 0.01),
        ink=((120, 120, 130), (160, 160, 165), (196, 195, 190)),
        noise=(1, 2, 3),
    ),
    "sensor noise": _each("moderate", noise=(4, 8, 12)),
    "blur": _each("moderate", blur=(1.5, 2.5, 4)),
    "JPEG": _each("moderate", quality=(60, 35, 15)),
    "desk": _each("moderate", desk=(0.05, 0.1, 0.18), grain=(2, 5, 8), size=(0.5, 0.45, 0.4)),
    "bright desk": _each(
        "moderate",
        desk=(0.05, 0.1, 0.18),
        desk_color=((190, 160, 125),) * 3,
        grain=(2, 4, 6),
        size=(0.5, 0.45, 0.4),
    ),
    "desk on two sides": _each("moderate", desk=(-0.02, -0.08, -0.15), grain=(2, 5, 8)),
    "turned and tilted": _each(
        "moderate", turn_degrees=(3, 6, 10), tilt_degrees=(3, 6, 10), desk=(0.06,) * 3
    ),
    "ruled": _each("moderate", lines=("ruled",) * 3, turn_degrees=(1, 4, 10)),
    "squared": _each("moderate", lines=("squared",) * 3, turn_degrees=(1, 4, 10)),
    "squared, dark": _each(
        "moderate",
        lines=("squared",) * 3,
        turn_degrees=(1, 4, 10),
        line_color=((170, 170, 175), (140, 140, 150), (110, 110, 125)),
    ),
    "dotted": _each("moderate", lines=("dotted",) * 3, turn_degrees=(1, 4, 10)),
    "form": _each("moderate", lines=("form",) * 3, turn_degrees=(1, 4, 10)),
    "blue ballpoint": _each(
        "moderate", ink=((40, 60, 170), (70, 90, 190), (100, 120, 205)), pen=(0.018, 0.014, 0.012)
    ),
    "red on green": _each(
        "moderate", ink=((225, 40, 40),) * 3, paper=((80, 150, 80), (60, 125, 60), (70, 112, 70))
    ),
    "chalk on a board": _each(
        "moderate", paper=((40, 60, 50),) * 3, ink=((225,) * 3, (190,) * 3, (150,) * 3)
    ),
    "finger": _each("moderate", clutter=("finger",) * 3, size=(0.5, 0.45, 0.4)),
    "corner of an object": _each("moderate", clutter=("corner",) * 3, size=(0.5, 0.45, 0.4)),
    "neighbor cut off": _each("moderate", clutter=("neighbor",) * 3, size=(0.5, 0.45, 0.4)),
    "blot": _each("moderate", clutter=("blot",) * 3, size=(0.5, 0.4, 0.3)),
    "print": _each("moderate", clutter=("print",) * 3, size=(0.5, 0.4, 0.3)),
    "small": _each("moderate", size=(0.3, 0.2, 0.12), pen=(0.02, 0.014, 0.01), away=(0.2,) * 3),
    "all together": (
        replace(MODERATE, fall=0.15, turn_degrees=2, tilt_degrees=2, desk=0.04, grain=2, noise=2),
        replace(
            MODERATE,
            fall=0.25,
            shadow=0.12,
            turn_degrees=4,
            tilt_degrees=4,
            desk=0.08,
            grain=4,
            noise=3,
            lines="squared",
            quality=70,
            pen=0.022,
        ),
        replace(
            MODERATE,
            fall=0.35,
            shadow=0.25,
            turn_degrees=8,
            tilt_degrees=8,
            desk=0.12,
            grain=6,
            noise=5,
            lines="squared",
            quality=50,
            pen=0.018,
            blur=1.2,
            size=0.4,
        ),
    ),
}
"""Kinds of photographs, each at three strengths."""


def take(strokes: Strokes, photograph: Photograph, rng: np.random.Generator) -> bytes:
    """Write strokes on paper and photograph it.

    Parameters
    ----------
    strokes : Strokes
        None for an empty sheet.
    photograph : Photograph
        How; directions, places and noise come from `rng`.
    rng : numpy.random.Generator
        Source of all that is random.

    Returns
    -------
    bytes
        A JPEG file of `SIDE` pixels a side.
    """
    sheet = Image.fromarray(_sheet(strokes, photograph, rng).clip(0, 255).astype(np.uint8))
    scene = Image.fromarray(_desk(photograph, rng).clip(0, 255).astype(np.uint8))
    view = _view(photograph, rng)
    inside = Image.new("L", sheet.size, 255)
    perspective = Image.Transform.PERSPECTIVE
    seen = sheet.transform(sheet.size, perspective, view, Image.Resampling.BICUBIC)
    inside = inside.transform(sheet.size, perspective, view, Image.Resampling.BILINEAR)
    scene.paste(seen, mask=inside)
    if photograph.clutter in ("finger", "corner"):
        _lay(scene, photograph.clutter, rng)
    lit = np.asarray(scene, np.float32) * _light(photograph, rng)[:, :, None]
    image = Image.fromarray(lit.clip(0, 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(photograph.blur))
    noisy = np.asarray(image) + rng.normal(0, photograph.noise, (SIDE, SIDE, 3))
    buffer = io.BytesIO()
    picture = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    picture.save(buffer, "JPEG", quality=photograph.quality)
    return buffer.getvalue()


def _sheet(strokes: Strokes, photograph: Photograph, rng: np.random.Generator) -> Layer:
    """Draw the sheet as it lies before the camera: (SIDE, SIDE, 3)."""
    sheet = np.empty((SIDE, SIDE, 3), np.float32)
    sheet[:] = photograph.paper
    if photograph.texture:
        grains = rng.normal(0, 127, (SIDE // 3, SIDE // 3)).clip(-128, 127) + 128
        coarse = Image.fromarray(grains.astype(np.uint8)).resize(
            (SIDE, SIDE), Image.Resampling.BILINEAR
        )
        sheet += (np.asarray(coarse, np.float32) - 128)[:, :, None] * (photograph.texture / 64)
    lines = _lines(photograph.lines, rng)[:, :, None]
    sheet = sheet * (1 - lines) + lines * np.array(photograph.line_color, np.float32)
    ink = _written(strokes, photograph, rng)[:, :, None]
    return sheet * (1 - ink) + ink * np.array(photograph.ink, np.float32)


def _written(strokes: Strokes, photograph: Photograph, rng: np.random.Generator) -> Layer:
    """Draw the digit, and what was written or spilled beside it: (SIDE, SIDE), 0 to 1."""
    if not strokes:
        return np.zeros((SIDE, SIDE), np.float32)
    points = np.array([point[:2] for stroke in strokes for point in stroke])
    low, high = points.min(axis=0), points.max(axis=0)
    side, pen = SIDE * SMOOTH, photograph.pen * SIDE * SMOOTH
    scale = photograph.size * side / max(float((high - low).max()), 1e-6)
    middle = side * (0.5 + rng.uniform(-photograph.away, photograph.away, 2))
    middle += 1.5 * side * max(-photograph.desk, 0)  # the sheet has moved as far the other way
    x, y = (middle - scale * (low + high) / 2).tolist()
    picture = draw_strokes(strokes, scale, (x, y), pen, (side, side), round_joints=True)
    brush = ImageDraw.Draw(picture)
    if photograph.clutter == "neighbor":
        left = max(middle[0] + scale * (high - low)[0] / 2 + 0.06 * side, 0.9 * side)
        box = (left, middle[1] - 0.2 * side, left + 0.25 * side, middle[1] + 0.2 * side)
        brush.ellipse(box, outline=255, width=round(pen))
    elif photograph.clutter == "blot":
        x, y = (0.06 + 0.88 * rng.integers(0, 2, 2)) * side
        radius = rng.uniform(0.015, 0.035) * side
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    elif photograph.clutter == "print":
        for number in range(11):
            left, top = (0.55 + 0.03 * number) * side, 0.92 * side
            brush.rectangle(
                (left, top, left + 0.018 * side, top + 0.035 * side), outline=255, width=3
            )
    return np.asarray(picture.reduce(SMOOTH), np.float32) / np.float32(255)


def _lines(kind: str, rng: np.random.Generator) -> Layer:
    """Draw what is printed on the sheet: (SIDE, SIDE), 0 to 1."""
    side = SIDE * SMOOTH
    picture = Image.new("L", (side, side), 0)
    brush = ImageDraw.Draw(picture)
    step = round(rng.uniform(0.07, 0.1) * side)
    places = range(int(rng.integers(step)), side, step)
    if kind in ("ruled", "squared"):
        for place in places:
            brush.line((0, place, side, place), fill=255, width=3)
            if kind == "squared":
                brush.line((place, 0, place, side), fill=255, width=3)
    elif kind == "dotted":
        for y in places:
            for x in places:
                brush.ellipse((x - 3, y - 3, x + 3, y + 3), fill=255)
    elif kind == "form":
        brush.rectangle((0.08 * side, 0.08 * side, 0.92 * side, 0.92 * side), outline=255, width=6)
    return np.asarray(picture.reduce(SMOOTH), np.float32) / np.float32(255)


def _desk(photograph: Photograph, rng: np.random.Generator) -> Layer:
    """Draw what the sheet lies on, with a grain as of wood: (SIDE, SIDE, 3)."""
    desk = np.empty((SIDE, SIDE, 3), np.float32)
    desk[:] = photograph.desk_color if photograph.desk else photograph.paper
    if photograph.grain:
        stripes = np.convolve(rng.normal(0, 2 * photograph.grain, SIDE), np.ones(4) / 4, "same")
        desk += stripes[:, None, None].astype(np.float32)
        desk += rng.normal(0, photograph.grain / 2, (SIDE, SIDE, 1)).astype(np.float32)
    return desk


def _view(photograph: Photograph, rng: np.random.Generator) -> list[float]:
    """Return the eight numbers by which Pillow finds the sheet's point of a pixel."""
    border, angle = abs(photograph.desk), np.radians(photograph.turn_degrees)
    inner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    if photograph.desk > 0:
        corners = (inner - 0.5) * (1 - 2 * border)
    elif photograph.desk < 0:
        corners = (inner - 0.5) * (1 + border) - 1.5 * border
    else:  # the sheet's edges are out of sight
        corners = (inner - 0.5) * (np.cos(angle) + np.sin(angle))
    angle *= rng.choice([-1, 1])
    corners = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    tilt = np.radians(photograph.tilt_degrees) * rng.choice([-1, 1], 2)
    depth = 1 + corners @ np.sin(tilt)
    corners = (corners / depth[:, None] + 0.5) * SIDE
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, inner * SIDE, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    found: list[float] = np.linalg.solve(np.array(rows), np.array(values)).tolist()
    return found


def _lay(scene: Image.Image, thing: str, rng: np.random.Generator) -> None:
    """Lay a finger or a dark object on a corner of the picture."""
    brush = ImageDraw.Draw(scene)
    x, y = rng.integers(0, 2, 2) * SIDE
    reach = rng.uniform(0.14, 0.22) * SIDE
    if thing == "finger":
        brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(196, 146, 122))
    else:
        inward = np.where(np.array([x, y]) > 0, -1, 1) * reach
        brush.polygon([(x, y), (x + 1.6 * inward[0], y), (x, y + inward[1])], fill=(60, 50, 45))


def _light(photograph: Photograph, rng: np.random.Generator) -> Layer:
    """Return the light of each pixel, 0 to 1: (SIDE, SIDE)."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = (x * np.cos(angle) + y * np.sin(angle)) / 1.414
    light = 1 - photograph.fall * (along + 1) / 2 - photograph.vignette * (x * x + y * y) / 2
    edge = np.cos(angle + 1) * x + np.sin(angle + 1) * y - rng.uniform(-0.4, 0.4)
    light *= 1 - photograph.shadow * np.clip(edge * SIDE / 8, 0, 1)
    return np.asarray(light, np.float32)

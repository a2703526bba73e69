"""What people draw that is not a digit: a table of named kinds with shares, made to be edited.

A kind is a `Variant` with the label `NOT_A_DIGIT`, in the frame and the notation of
`ml.writing.variants`: the pen that writes digits draws it with the same hands. Where chance makes
the shape, as in a tangle, each coordinate is a knob.

Left out is what is a digit, or is taken for one alone on the paper: a circle or a circle with a
slash (0); a bar upright, steep or a little bent, or with a dot as in an exclamation mark (1); a
caret (the 1 with a long flag, of much of Europe); an angle open to the left (7); a zigzag of three
strokes (2); a spiral of one turn (6 or 9); a dollar sign (5); an hourglass or a sign of infinity
(8); a bolt of lightning (4). So a slash lies lower than a 1 leans, and a parenthesis is bent more.
A comma as people write it is a short bent line; where no line of text tells its size, it is a 1 or
a parenthesis. So commas have the full head of print.

The table is the team's own, from general knowledge.
"""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from ml.pipeline import NOT_A_DIGIT
from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant, arc
from ml.writing.variants.table import VARIANTS

PAIR_SHARE: Final = 10.0
"""Share of all pairs of digits together; the share of any other kind is in its row."""

ANY_TURN: Final = {"turn_degrees": (0.0, 360.0)}
"""Knob of the kinds that are drawn any way up."""


def turned(strokes: list[ControlStroke], angle_degrees: Any) -> list[ControlStroke]:
    """Turn strokes clockwise about the middle of the frame; corners stay marked."""
    angle = np.deg2rad(angle_degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return [
        [(0.5 + cos * (x - 0.5) - sin * (y - 0.5), 0.5 + sin * (x - 0.5) + cos * (y - 0.5), *mark)
         for x, y, *mark in stroke]
        for stroke in strokes
    ]


def sharp(stroke: ControlStroke) -> ControlStroke:
    """Mark each inner point of a stroke (x, y) as a corner."""
    return [stroke[0], *((x, y, CORNER) for x, y in stroke[1:-1]), stroke[-1]]


def _places(count: int, low: float = 0.0, high: float = 1.0) -> dict[str, tuple[float, float]]:
    """Knobs of random numbers: x0, y0, x1, y1, ..."""
    return {f"{axis}{index}": (low, high) for index in range(count) for axis in "xy"}


def _random(k: Knobs, count: int) -> ControlStroke:
    """Points anywhere in the frame."""
    return [(getattr(k, f"x{index}"), getattr(k, f"y{index}")) for index in range(count)]


def _walk(k: Knobs, count: int) -> ControlStroke:
    """Points each of which is one random step from the one before."""
    x, y, points = 0.5, 0.5, []
    for step_x, step_y in _random(k, count):
        x, y = x + 0.4 * (step_x - 0.5), y + 0.4 * (step_y - 0.5)
        points.append((x, y))
    return points


def _marks(k: Knobs, count: int, length: float) -> list[ControlStroke]:
    """Short separate strokes: the first knobs are where they begin, the others where they go."""
    strokes: list[ControlStroke] = []
    for index, (x, y) in enumerate(_random(k, count)):
        along = getattr(k, f"x{index + count}"), getattr(k, f"y{index + count}")
        end = [place + length * (2 * step - 1) for place, step in zip((x, y), along, strict=True)]
        strokes.append([(x, y), tuple(end)])
    return strokes


def _spiral(turns: float, inner: Any, per_turn: int = 10, direction: int = 1) -> ControlStroke:
    """Turns around the middle, from an inner radius outward to 0.5."""
    parts = np.linspace(0, 1, int(turns * per_turn))
    radii = [inner + (0.5 - inner) * part for part in parts]
    angles = direction * 2 * np.pi * turns * parts
    return [(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle))
            for radius, angle in zip(radii, angles, strict=True)]


def _zigzag(count: int, low: Any = 0.0, high: Any = 1.0) -> ControlStroke:
    """Up and down from left to right."""
    points = [(index / (count - 1), (low, high)[index % 2]) for index in range(count)]
    return sharp(points)


def _wave(periods: float, height: Any) -> ControlStroke:
    """A wave from left to right."""
    parts = np.linspace(0, 1, int(8 * periods) + 1)
    return [(part, 0.5 + height * np.sin(2 * np.pi * periods * part)) for part in parts]


def _coils(loops: int, height: Any, advance: float = 1.0) -> ControlStroke:
    """Loops from left to right, as of a row of the letter e."""
    parts = np.linspace(0, 1, 9 * loops)
    angles = 2 * np.pi * loops * parts
    return [(advance * part - 0.18 * np.sin(angle), 0.5 + height * np.cos(angle))
            for part, angle in zip(parts, angles, strict=True)]


def _circle(x: Any = 0.5, y: Any = 0.5, radius: Any = 0.5) -> ControlStroke:
    return arc(x, y, radius, radius, -90, -370)


def _polygon(corners: int, radius: Any = 0.5) -> ControlStroke:
    """Corners evenly around the middle, the first at the top; closed."""
    angles = 2 * np.pi * np.arange(corners + 1) / corners - np.pi / 2
    return sharp([(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)) for angle in angles])


def _sides(points: ControlStroke) -> list[ControlStroke]:
    """Each side of a closed figure as a stroke of its own, so that its corners stay corners."""
    return [[points[index], points[(index + 1) % len(points)]] for index in range(len(points))]


def _star() -> ControlStroke:
    """Five points in one stroke of five lines."""
    tips = [(0.5 + 0.5 * np.sin(4 * np.pi * step / 5), 0.5 - 0.5 * np.cos(4 * np.pi * step / 5))
            for step in range(6)]
    return sharp(tips)


def _outlined_star(inner: Any) -> ControlStroke:
    points = []
    for step in range(11):
        radius = inner if step % 2 else 0.5
        angle = np.pi * step / 5
        points.append((0.5 + radius * np.sin(angle), 0.5 - radius * np.cos(angle)))
    return sharp(points)


def _flower(petals: int) -> ControlStroke:
    """Petals in one stroke."""
    angles = np.linspace(0, 2 * np.pi, 8 * petals + 1)
    radii = 0.34 + 0.16 * np.cos(petals * angles)
    return [(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle))
            for radius, angle in zip(radii, angles, strict=True)]


def _rays(count: int, inner: float, outer: float) -> list[ControlStroke]:
    """Lines that point away from the middle."""
    return [[(0.5 + inner * np.cos(angle), 0.5 + inner * np.sin(angle)),
             (0.5 + outer * np.cos(angle), 0.5 + outer * np.sin(angle))]
            for angle in 2 * np.pi * np.arange(count) / count]


def _tick(x: float, y: float) -> ControlStroke:
    """A dot, made by a pen that hardly moves."""
    return [(x, y), (x + 0.015, y + 0.015)]


_kind = partial(Variant, NOT_A_DIGIT)

MARKS: Final = (
    _kind("dot", 4, "A tap of the pen, which fills the picture: a full disk.",
          {"inner": (0.0, 0.03)} | ANY_TURN,
          lambda k: turned([_spiral(6, k.inner)], k.turn_degrees)),
    _kind("two taps", 2, "Two dots side by side.", {"tilt": (-50.0, 50.0)},
          lambda k: turned([_tick(0, 0.5), _tick(1, 0.5)], k.tilt)),
    _kind("several taps", 3, "Three to five dots.", _places(5),
          lambda k: [_tick(x, y) for x, y in _random(k, 5)]),
    _kind("three marks", 4, "Short strokes here and there.", _places(6),
          lambda k: _marks(k, 3, 0.35)),
    _kind("six marks", 4, "More of them, shorter.", _places(12), lambda k: _marks(k, 6, 0.25)),
    _kind("parallel lines", 4, "A hatch of five lines.", {"start": (-0.15, 0.15)} | ANY_TURN,
          lambda k: turned([[(step, k.start), (step, 1 - k.start)]
                            for step in np.linspace(0, 1, 5)], k.turn_degrees)),
    _kind("tally", 2, "Four strokes and one across.", {"over": (0.0, 0.2)},
          lambda k: [*([(step, 0), (step, 0.9)] for step in (0.1, 0.35, 0.6, 0.85)),
                     [(-0.1, 0.65 + k.over), (1.05, 0.35 - k.over)]]),
)

LINES: Final = (
    _kind("zigzag", 6, "Five sharp strokes.", {"low": (0.0, 0.4)} | ANY_TURN,
          lambda k: turned([_zigzag(6, k.low, 1 - k.low)], k.turn_degrees)),
    _kind("long zigzag", 4, "Nine sharp strokes.", {"low": (0.1, 0.4), "tilt": (-45.0, 45.0)},
          lambda k: turned([_zigzag(10, k.low, 1 - k.low)], k.tilt)),
    _kind("scribbled over", 4, "So dense a zigzag that it fills a blot.",
          {"low": (0.0, 0.3)} | ANY_TURN,
          lambda k: turned([_zigzag(17, k.low, 1 - k.low)], k.turn_degrees)),
    _kind("wave", 5, "Three soft waves.", {"height": (0.08, 0.3), "tilt": (-40.0, 40.0)},
          lambda k: turned([_wave(3, k.height)], k.tilt)),
    _kind("tilde", 2, "One wave, level.", {"height": (0.1, 0.22)},
          lambda k: [_wave(1.1, k.height)]),
    _kind("coils", 5, "A row of loops, as to try out a pen.",
          {"height": (0.2, 0.4), "tilt": (-40.0, 40.0)},
          lambda k: turned([_coils(4, k.height)], k.tilt)),
    _kind("spiral", 4, "Three turns outward.", {"inner": (0.0, 0.08)} | ANY_TURN,
          lambda k: turned([_spiral(3, k.inner)], k.turn_degrees)),
    _kind("spiral the other way", 3, "The same counterclockwise, a turn less.",
          {"inner": (0.0, 0.08)} | ANY_TURN,
          lambda k: turned([_spiral(2.4, k.inner, direction=-1)], k.turn_degrees)),
    _kind("random walk", 7, "A line that wanders.", _places(14), lambda k: [_walk(k, 14)]),
    _kind("tangle", 7, "A soft line to and fro across the frame.", _places(11),
          lambda k: [_random(k, 11)]),
    _kind("dense tangle", 3, "The same for longer.", _places(22), lambda k: [_random(k, 22)]),
    _kind("angular tangle", 5, "To and fro with sharp turns.", _places(9),
          lambda k: [sharp(_random(k, 9))]),
    _kind("two tangles", 3, "Two soft lines, one over the other.", _places(10),
          lambda k: [_random(k, 10)[:5], _random(k, 10)[5:]]),
)

BARE_SIGNS: Final = (
    _kind("dash", 5, "One line, about level: no 1, however that leans.",
          {"bend": (-0.08, 0.08), "tilt": (-20.0, 30.0)},
          lambda k: turned([[(0, 0.5), (0.5, 0.5 + k.bend), (1, 0.5)]], k.tilt)),
    _kind("slash", 3, "A rising line, lower than any 1 leans.",
          {"tilt": (-40.0, -24.0), "bend": (-0.06, 0.06)},
          lambda k: turned([[(0, 0.5), (0.5, 0.5 + k.bend), (1, 0.5)]], k.tilt)),
    _kind("backslash", 3, "A falling line; a 1 does not lean this way.",
          {"tilt": (26.0, 48.0), "bend": (-0.06, 0.06)},
          lambda k: turned([[(0, 0.5), (0.5, 0.5 + k.bend), (1, 0.5)]], k.tilt)),
    _kind("opening parenthesis", 4, "A round bow to the left.", {"depth": (0.3, 0.5)},
          lambda k: [[(k.depth, 0), (0.17 * k.depth, 0.22), (0, 0.5), (0.17 * k.depth, 0.78),
                      (k.depth, 1)]]),
    _kind("closing parenthesis", 4, "A round bow to the right.", {"depth": (0.3, 0.5)},
          lambda k: [[(0, 0), (0.83 * k.depth, 0.22), (k.depth, 0.5), (0.83 * k.depth, 0.78),
                      (0, 1)]]),
    _kind("comma", 3, "A full head as of print, half as high as the sign, and a tail.",
          {"size": (0.2, 0.28), "tail": (-0.05, 0.25)},
          lambda k: [[*((0.5 + 2 * k.size * (x - 0.5), k.size + 2 * k.size * (y - 0.5))
                        for x, y in _spiral(4, 0.02)),
                      (0.5 + 0.9 * k.size, 1.5 * k.size), (0.5 + 0.5 * k.size, 0.75),
                      (0.5 - k.tail, 1)]]),
)
"""What an angle, a bow or a head alone tells from a digit, so that no wild hand draws it."""

SIGNS: Final = (
    _kind("plus", 5, "Level and upright.", {"x": (0.4, 0.6), "y": (0.4, 0.6)},
          lambda k: [[(0, k.y), (1, k.y)], [(k.x, 0), (k.x, 1)]]),
    _kind("cross", 5, "Two diagonals.", {"narrow": (0.0, 0.2)},
          lambda k: [[(k.narrow, 0), (1 - k.narrow, 1)], [(1 - k.narrow, 0), (k.narrow, 1)]]),
    _kind("asterisk", 3, "Three lines through the middle.", ANY_TURN,
          lambda k: turned([[(0, 0.5), (1, 0.5)], [(0.25, 0.07), (0.75, 0.93)],
                            [(0.75, 0.07), (0.25, 0.93)]], k.turn_degrees)),
    _kind("equals sign", 3, "Two level lines.", {"gap": (0.1, 0.25)},
          lambda k: [[(0, 0.5 - k.gap), (1, 0.5 - k.gap)], [(0, 0.5 + k.gap), (1, 0.5 + k.gap)]]),
    _kind("three levels", 2, "Three level lines, as of a menu.", {"gap": (0.2, 0.4)},
          lambda k: [[(0, 0.5 + step * k.gap), (1, 0.5 + step * k.gap)] for step in (-1, 0, 1)]),
    _kind("division sign", 2, "A level line and two dots.", {"gap": (0.25, 0.4)},
          lambda k: [[(0, 0.5), (1, 0.5)], _tick(0.5, 0.5 - k.gap), _tick(0.5, 0.5 + k.gap)]),
    _kind("percent sign", 2, "Two little circles and a slash.", {"size": (0.12, 0.2)},
          lambda k: [_circle(0.15, 0.2, k.size), [(0.9, 0), (0.1, 1)],
                     _circle(0.85, 0.8, k.size)]),
    _kind("number sign", 4, "Two lines across two.", {"lean": (0.0, 0.15)},
          lambda k: [[(0.3 + k.lean, 0), (0.3 - k.lean, 1)],
                     [(0.7 + k.lean, 0), (0.7 - k.lean, 1)],
                     [(0, 0.33), (1, 0.33)], [(0, 0.67), (1, 0.67)]]),
    _kind("at sign", 2, "A little a in an open circle.", {"size": (0.14, 0.2)},
          lambda k: [[*arc(0.5, 0.5, k.size, k.size, -20, -350), (0.68, 0.62), (0.85, 0.66),
                      *arc(0.5, 0.5, 0.5, 0.5, 0, -310)]]),
    _kind("question mark", 5, "A hook and a dot.", {"foot": (0.62, 0.72)},
          lambda k: [[(0.05, 0.2), (0.2, 0.03), (0.45, 0.02), (0.58, 0.2), (0.45, 0.38),
                      (0.3, 0.5), (0.3, k.foot)], _tick(0.3, 1)]),
    _kind("check mark", 7, "Short down, long up.",
          {"turn": (0.2, 0.4), "start": (0.45, 0.7), "end": (-0.1, 0.15)},
          lambda k: [[(0, k.start), (k.turn, 1, CORNER), (1, k.end)]]),
    _kind("arrow", 8, "In any direction.", {"head": (0.15, 0.35)} | ANY_TURN,
          lambda k: turned([[(0, 0.5), (1, 0.5)],
                            [(1 - k.head, 0.5 - k.head), (1, 0.5, CORNER),
                             (1 - k.head, 0.5 + k.head)]], k.turn_degrees)),
    _kind("arrow with two heads", 2, "Both ways.", {"head": (0.15, 0.3)} | ANY_TURN,
          lambda k: turned([[(0, 0.5), (1, 0.5)],
                            [(1 - k.head, 0.5 - k.head), (1, 0.5, CORNER),
                             (1 - k.head, 0.5 + k.head)],
                            [(k.head, 0.5 - k.head), (0, 0.5, CORNER),
                             (k.head, 0.5 + k.head)]], k.turn_degrees)),
    _kind("level arrow", 8, "To the right, or to the left where it is turned.",
          {"head": (0.12, 0.4), "wide": (0.1, 0.3), "bend": (-0.1, 0.1)},
          lambda k: [[(0, 0.5), (0.5, 0.5 + k.bend), (1, 0.5)],
                     [(1 - k.head, 0.5 - k.wide), (1, 0.5, CORNER), (1 - k.head, 0.5 + k.wide)]]),
    _kind("level arrow to the left", 4, "The same the other way.",
          {"head": (0.12, 0.4), "wide": (0.1, 0.3), "bend": (-0.1, 0.1)},
          lambda k: [[(1, 0.5), (0.5, 0.5 + k.bend), (0, 0.5)],
                     [(k.head, 0.5 - k.wide), (0, 0.5, CORNER), (k.head, 0.5 + k.wide)]]),
    _kind("arrow in one stroke", 5, "The pen goes back along the head; in any direction.",
          {"head": (0.2, 0.4), "wide": (0.15, 0.3)} | ANY_TURN,
          lambda k: turned([[(0, 0.5), (1, 0.5, CORNER), (1 - k.head, 0.5 - k.wide, CORNER),
                             (1, 0.5, CORNER), (1 - k.head, 0.5 + k.wide)]], k.turn_degrees)),
    _kind("arrow with a closed head", 4, "A triangle on a line; in any direction.",
          {"head": (0.25, 0.4), "wide": (0.15, 0.28)} | ANY_TURN,
          lambda k: turned([[(0, 0.5), (1 - k.head, 0.5)],
                            *_sides([(1 - k.head, 0.5 - k.wide), (1, 0.5),
                                     (1 - k.head, 0.5 + k.wide)])], k.turn_degrees)),
    _kind("bent arrow", 3, "Around a corner; in any direction.", {"head": (0.15, 0.25)} | ANY_TURN,
          lambda k: turned([[(0, 1), (0, 0.3, CORNER), (1, 0.3)],
                            [(1 - k.head, 0.3 - k.head), (1, 0.3, CORNER),
                             (1 - k.head, 0.3 + k.head)]], k.turn_degrees)),
    _kind("colon", 3, "A dot over another, or over a comma.", {"tail": (0.015, 0.25)},
          lambda k: [_tick(0.5, 0.1), [(0.5, 0.85), (0.5 - 0.3 * k.tail, 0.86 + 0.8 * k.tail)]]),
    _kind("brace", 3, "With a point in the middle.", {"depth": (0.15, 0.25)},
          lambda k: [[(2 * k.depth, 0), (k.depth, 0.06), (k.depth, 0.4), (0, 0.5, CORNER),
                      (k.depth, 0.6), (k.depth, 0.94), (2 * k.depth, 1)]]),
    _kind("bracket", 3, "Open to the right.", {"depth": (0.25, 0.45)},
          lambda k: [[(k.depth, 0), (0, 0, CORNER), (0, 1, CORNER), (k.depth, 1)]]),
    _kind("less than", 3, "An angle open to the right.", {"rise": (0.3, 0.5)},
          lambda k: [[(0.9, 0.5 - k.rise), (0, 0.5, CORNER), (0.9, 0.5 + k.rise)]]),
    _kind("ampersand", 5, "A loop above a bowl, and two ends that cross at the lower right.",
          {"loop": (0.14, 0.22), "bowl": (0.0, 0.12), "end": (0.6, 0.75)},
          lambda k: [[(0.8, 1), (0.45, 0.55), (0.4 - k.loop, 0.28), (0.34 - 0.5 * k.loop, 0.05),
                      (0.42, 0), (0.4 + k.loop, 0.14), (0.4 + 0.6 * k.loop, 0.34), (0.25, 0.52),
                      (k.bowl, 0.75), (0.18, 0.98), (0.42, 0.98), (k.end, 0.8),
                      (k.end + 0.06, 0.58)]]),
    _kind("ampersand like a plus", 3, "An E of two bows with strokes at top and bottom.",
          {"depth": (0.0, 0.12)},
          lambda k: [[(0.62, 0.18), (0.4, 0.1), (0.12 + k.depth, 0.2), (0.2, 0.42),
                      (0.42, 0.48, CORNER), (0.12, 0.56), (0, 0.76), (0.2, 0.92), (0.55, 0.88),
                      (0.7, 0.78)], [(0.38, -0.05), (0.37, 0.12)], [(0.36, 0.9), (0.35, 1.08)]]),
    _kind("euro sign", 3, "A C with two bars.", {"gap": (0.06, 0.1)},
          lambda k: [arc(0.55, 0.5, 0.4, 0.5, -50, -260), [(0, 0.5 - k.gap), (0.6, 0.5 - k.gap)],
                     [(0, 0.5 + k.gap), (0.55, 0.5 + k.gap)]]),
    _kind("pound sign", 2, "A hooked stem with a bar and a base.", {"bar": (0.45, 0.58)},
          lambda k: [[(0.68, 0.15), (0.5, 0), (0.32, 0.12), (0.32, 0.6), (0.2, 0.9), (0, 1),
                      (0.3, 0.94), (0.7, 1)], [(0.08, k.bar), (0.55, k.bar)]]),
)

HANDWRITTEN_LETTERS: Final = (
    _kind("f", 4, "A stem that hooks over at the top, and a crossbar.",
          {"hook": (0.3, 0.5), "bar": (0.35, 0.5), "reach": (0.2, 0.35)},
          lambda k: [[(0.2 + k.hook, 0.14), (0.1 + k.hook, 0), (0.22, 0.08), (0.2, 0.35),
                      (0.2, 1)], [(0.2 - k.reach, k.bar), (0.2 + k.reach, k.bar)]]),
    _kind("looped f", 2, "In one stroke with loops above and below, as in joined-up writing.",
          {"width": (0.1, 0.18)},
          lambda k: [[(0, 0.58), (0.2, 0.45), (0.3 + k.width, 0.12), (0.32, 0), (0.24, 0.15),
                      (0.22, 0.6), (0.22, 0.9), (0.28, 1), (0.26 + k.width, 0.85), (0.26, 0.6),
                      (0.62, 0.5)]]),
    _kind("j", 4, "A dot, and a stem that hooks to the left.",
          {"hook": (0.25, 0.45), "top": (0.28, 0.38)},
          lambda k: [[(0.5, k.top), (0.5, 0.8), (0.42, 0.97), (0.45 - 0.6 * k.hook, 1),
                      (0.5 - k.hook, 0.88)], _tick(0.52, 0)]),
    _kind("r", 4, "A stem and a shoulder.", {"reach": (0.35, 0.6), "fall": (0.1, 0.25)},
          lambda k: [[(0, 0), (0, 1, CORNER), (0.02, 0.4), (0.15, 0.1), (0.65 * k.reach, 0),
                      (k.reach, k.fall)]]),
    _kind("script r", 2, "A rise, a small shoulder and a fall, as in joined-up writing.",
          {"shoulder": (0.2, 0.35)},
          lambda k: [[(0, 1), (0.2, 0.5), (0.32, 0, CORNER), (0.4, 0.14), (0.4 + k.shoulder, 0.16),
                      (0.42 + k.shoulder, 0.4), (0.4 + k.shoulder, 0.85), (0.55 + k.shoulder, 1),
                      (0.75 + k.shoulder, 0.85)]]),
    _kind("Q", 4, "An oval whose tail crosses the line at the lower right.",
          {"reach": (0.08, 0.25), "start": (-120.0, -60.0)},
          lambda k: [arc(0.42, 0.45, 0.42, 0.45, k.start, -365),
                     [(0.5, 0.62), (0.7, 0.85), (0.8 + k.reach, 1.02)]]),
)

FIGURES: Final = (
    _kind("triangle", 6, "Any way up.", {"size": (0.42, 0.5)} | ANY_TURN,
          lambda k: turned([_polygon(3, k.size)], k.turn_degrees)),
    _kind("box", 3, "Four lines, wide enough to be no 0.", {"low": (0.0, 0.25)},
          lambda k: _sides([(0, k.low), (1.25, k.low), (1.25, 1), (0, 1)])),
    _kind("crossed box", 2, "A ballot.", {"low": (0.0, 0.2)},
          lambda k: [*_sides([(0, k.low), (1, k.low), (1, 1), (0, 1)]),
                     [(0.05, k.low), (0.95, 1)], [(0.95, k.low), (0.05, 1)]]),
    _kind("divided box", 2, "A window.", {"x": (0.4, 0.6), "y": (0.4, 0.6)},
          lambda k: [*_sides([(0, 0), (1, 0), (1, 1), (0, 1)]), [(0, k.y), (1, k.y)],
                     [(k.x, 0), (k.x, 1)]]),
    _kind("grid", 3, "Three lines across three.", {"start": (-0.05, 0.15)},
          lambda k: [stroke for step in (0.15, 0.5, 0.85)
                     for stroke in ([(k.start, step), (1, step)], [(step, k.start), (step, 1)])]),
    _kind("star", 5, "Five points in one stroke.", {"tilt": (-30.0, 30.0)},
          lambda k: turned([_star()], k.tilt)),
    _kind("outlined star", 2, "Five points, empty inside.",
          {"inner": (0.17, 0.28), "tilt": (-30.0, 30.0)},
          lambda k: turned([_outlined_star(k.inner)], k.tilt)),
    _kind("heart", 6, "Two bows and a point.", {"dip": (0.16, 0.32)},
          lambda k: [[(0.5, k.dip), (0.36, 0.05), (0.15, 0.04), (0, 0.28), (0.14, 0.62),
                      (0.5, 1, CORNER), (0.86, 0.62), (1, 0.28), (0.85, 0.04), (0.64, 0.05),
                      (0.5, k.dip)]]),
    _kind("face", 6, "A circle with eyes and a mouth.", {"smile": (-0.12, 0.2)},
          lambda k: [_circle(), _tick(0.33, 0.38), _tick(0.66, 0.38),
                     [(0.28, 0.66), (0.5, 0.66 + k.smile), (0.72, 0.66)]]),
    _kind("face without a rim", 2, "Eyes and a mouth.", {"smile": (0.1, 0.3)},
          lambda k: [[(0.3, 0.15), (0.3, 0.32)], [(0.7, 0.15), (0.7, 0.32)],
                     [(0, 0.65), (0.5, 0.65 + k.smile), (1, 0.65)]]),
    _kind("stick figure", 4, "Head, body, arms and legs.",
          {"arms": (-0.15, 0.15), "legs": (0.15, 0.3)},
          lambda k: [_circle(0.5, 0.14, 0.14), [(0.5, 0.28), (0.5, 0.65)],
                     [(0.2, 0.42 + k.arms), (0.5, 0.42), (0.8, 0.42 + k.arms)],
                     [(0.5 - k.legs, 1), (0.5, 0.65, CORNER), (0.5 + k.legs, 1)]]),
    _kind("house", 4, "A box with a roof.", {"eaves": (0.35, 0.5)},
          lambda k: [*_sides([(0.05, k.eaves), (0.95, k.eaves), (0.95, 1), (0.05, 1)]),
                     [(0, k.eaves), (0.5, 0, CORNER), (1, k.eaves)]]),
    _kind("sun", 3, "A circle with rays.", {"size": (0.2, 0.28)} | ANY_TURN,
          lambda k: turned([_circle(0.5, 0.5, k.size), *_rays(8, 0.36, 0.55)], k.turn_degrees)),
    _kind("flower", 3, "Five petals in one stroke.", ANY_TURN,
          lambda k: turned([_flower(5)], k.turn_degrees)),
    _kind("tree", 2, "A crown on a trunk.", {"trunk": (0.05, 0.12)},
          lambda k: [sharp([(0.5, 0), (0, 0.7), (1, 0.7), (0.5, 0)]),
                     [(0.5 - k.trunk, 0.7), (0.5 - k.trunk, 1)],
                     [(0.5 + k.trunk, 0.7), (0.5 + k.trunk, 1)]]),
    _kind("crossed circle", 3, "A wheel or a target.", ANY_TURN,
          lambda k: [_circle(), *turned([[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
                                        k.turn_degrees)]),
    _kind("two rings", 3, "A circle in a circle.", {"size": (0.15, 0.28)},
          lambda k: [_circle(), _circle(0.5, 0.5, k.size)]),
)


def _pair(left: Variant, right: Variant) -> Variant:
    """Two digits side by side, each with its own knobs."""

    def strokes(k: Knobs) -> list[ControlStroke]:
        own = [
            SimpleNamespace(**{name: getattr(k, f"{side}_{name}") for name in digit.knobs})
            for side, digit in (("left", left), ("right", right))
        ]
        shifted = [
            [(x + 0.75 + k.gap, y, *mark) for x, y, *mark in stroke]
            for stroke in right.strokes(own[1])
        ]
        return [*left.strokes(own[0]), *shifted]

    knobs = {"gap": (0.1, 0.4)}
    for side, digit in (("left", left), ("right", right)):
        knobs |= {f"{side}_{name}": limits for name, limits in digit.knobs.items()}
    name = f"{left.digit} and {right.digit}"
    note = "Two digits side by side, each in its most common variant."
    return _kind(name, PAIR_SHARE / 100, note, knobs, strokes)


_COMMON = [
    max((variant for variant in VARIANTS if variant.digit == digit), key=lambda own: own.share)
    for digit in range(10)
]

PAIRS: Final = tuple(_pair(left, right) for left, right in product(_COMMON, _COMMON))

OTHER_KINDS: Final = (*MARKS, *LINES, *SIGNS, *HANDWRITTEN_LETTERS, *FIGURES, *PAIRS)
KINDS: Final = (*BARE_SIGNS, *OTHER_KINDS)

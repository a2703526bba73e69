"""The ways in which people write digits: a table of named variants with shares, made to be edited.

A variant is a digit written with certain strokes in a certain order. Its strokes are lists of
points (x, y) or (x, y, CORNER) in a frame whose height is 1, x to the right, y downward. What
varies from hand to hand without changing the structure is a knob: a name and the range it is drawn
from, evenly. The strokes are computed for many hands at once, so knobs are arrays and the
expressions plain arithmetic. Variants of one family share their knobs, and need not use each.
A share is relative to the other variants of the same digit.

The table is the team's own, from general knowledge of school scripts and everyday hands.
"""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

CORNER: Final = "corner"
"""Marks a point at which the pen turns sharply (or, by habit, rounds, loops or cuts the turn)."""

Knobs = Any
"""Attribute access to the drawn knobs, each a (n,) float array."""
ControlStroke = list[tuple[Any, ...]]
"""Control points of one stroke: (x, y) or (x, y, CORNER), each coordinate a float or (n,) array."""


@dataclass(frozen=True)
class Variant:
    """A way to write a digit."""

    digit: int
    """The digit, 0 to 9, or `ml.pipeline.NOT_A_DIGIT`."""
    name: str
    """Short name, unique for the digit."""
    share: float
    """How common it is, relative to the other variants of the digit."""
    note: str
    """What it looks like and who writes it."""
    knobs: dict[str, tuple[float, float]]
    """Range of each knob."""
    strokes: Callable[[Knobs], list[ControlStroke]]
    """From the knobs to the control points of each stroke."""


def arc(
    x: Any, y: Any, rx: Any, ry: Any, start_degrees: Any, turn_degrees: Any, growth: Any = 0.0
) -> ControlStroke:
    """Ten control points on a part of an ellipse; arguments are floats or arrays (n,).

    It begins at `start_degrees` (0 is right, 90 is down) and turns clockwise by `turn_degrees`,
    while the radii grow by the share `growth`.
    """
    points: ControlStroke = []
    for part in np.linspace(0, 1, 10):
        angle = np.deg2rad(start_degrees + turn_degrees * part)
        size = 1 + growth * (part - 0.5)
        points.append((x + rx * size * np.cos(angle), y + ry * size * np.sin(angle)))
    return points


def _zero(k: Knobs) -> ControlStroke:
    return arc(0.35, 0.5, 0.35, 0.5, k.start, k.turn, k.growth)


_ZERO = {"start": (-150.0, 0.0), "turn": (-420.0, -320.0), "growth": (-0.24, 0.24)}

ZEROS: Final = (
    Variant(0, "oval", 46, "Counterclockwise from the top, more or less closed.", _ZERO,
            lambda k: [_zero(k)]),
    Variant(0, "clockwise oval", 14, "The other way round; common among left-handers.",
            {"start": (-180.0, 0.0), "turn": (320.0, 420.0), "growth": (-0.24, 0.24)},
            lambda k: [_zero(k)]),
    Variant(0, "from anywhere", 8, "Begun at the side or at the bottom.",
            {"start": (0.0, 360.0), "turn": (-400.0, -300.0), "growth": (-0.24, 0.24)},
            lambda k: [_zero(k)]),
    Variant(0, "gap", 4, "Left open at one side.",
            {"start": (-160.0, 60.0), "turn": (-325.0, -255.0), "growth": (-0.1, 0.1)},
            lambda k: [_zero(k)]),
    Variant(0, "tail", 10, "The closing stroke goes on to the upper right.",
            _ZERO | {"tail": (0.1, 0.3), "rise": (0.02, 0.2)},
            lambda k: [(o := _zero(k)) + [(o[-1][0] + k.tail, o[-1][1] - k.rise)]]),
    Variant(0, "inward curl", 7, "The closing stroke curls into the bowl.",
            _ZERO | {"x": (0.25, 0.55), "y": (0.12, 0.35)},
            lambda k: [[*_zero(k), (k.x, k.y)]]),
    Variant(0, "lead-in", 10, "A short stroke leads in from above.",
            _ZERO | {"x": (0.25, 0.8), "y": (-0.15, 0.08)},
            lambda k: [[(k.x, k.y), *_zero(k)]]),
    Variant(0, "overlap", 10, "Begun right of the top; the end crosses the beginning.",
            {"x": (0.35, 0.65), "y": (-0.08, 0.1), "end": (0.3, 0.52), "end_y": (-0.06, 0.14)},
            lambda k: [[(k.x, k.y), (0.3, 0.0), (0.08, 0.2), (0, 0.55), (0.12, 0.9), (0.36, 1),
                        (0.62, 0.85), (0.7, 0.5), (0.62, 0.18), (k.end, k.end_y)]]),
    Variant(0, "overlap with tail", 8, "The same, and the end runs on.",
            {"x": (0.35, 0.65), "y": (-0.08, 0.1), "end": (0.3, 0.52), "end_y": (-0.06, 0.14),
             "tail": (0.0, 0.3), "tail_y": (-0.02, 0.25)},
            lambda k: [[(k.x, k.y), (0.3, 0.0), (0.08, 0.2), (0, 0.55), (0.12, 0.9), (0.36, 1),
                        (0.62, 0.85), (0.7, 0.5), (0.62, 0.18), (k.end, k.end_y),
                        (k.tail, k.tail_y)]]),
    Variant(0, "slashed", 4, "With a stroke through it, as engineers and programmers write.",
            _ZERO | {"reach": (-0.1, 0.12)},
            lambda k: [_zero(k), [(0.62 + k.reach, 0.08 - k.reach),
                                  (0.08 - k.reach, 0.92 + k.reach)]]),
    Variant(0, "begun inside", 8, "A stroke from inside the bowl leads up to where it begins.",
            {"x": (0.2, 0.5), "y": (0.12, 0.4), "start": (-110.0, -20.0),
             "turn": (-400.0, -330.0), "growth": (-0.2, 0.2)},
            lambda k: [[(k.x, k.y), *_zero(k)]]),
    Variant(0, "loop at the top", 6, "The closing stroke makes a small loop inside the bowl.",
            {"x": (0.3, 0.6), "y": (-0.02, 0.1), "turn": (0.1, 0.35), "turn_y": (0.02, 0.2),
             "end": (0.3, 0.6), "end_y": (0.1, 0.3)},
            lambda k: [[(k.x, k.y), (0.25, 0.02), (0.05, 0.25), (0, 0.55), (0.12, 0.9), (0.36, 1),
                        (0.62, 0.85), (0.7, 0.5), (0.6, 0.15), (0.42, 0.02), (k.turn, k.turn_y),
                        (k.end, k.end_y)]]),
)

_FLAG = {"flag": (0.1, 0.35), "drop": (0.08, 0.38), "bend": (-0.05, 0.05), "lean": (-0.05, 0.05)}


def _flagged_one(k: Knobs) -> ControlStroke:
    return [(-k.flag, k.drop), (-k.flag * 0.4, k.drop * 0.5), (0, 0, CORNER), (k.bend, 0.5),
            (k.lean, 1)]


ONES: Final = (
    Variant(1, "bar", 42, "A single downstroke.", {"bend": (-0.05, 0.05), "lean": (-0.07, 0.07)},
            lambda k: [[(0, 0), (k.bend, 0.5), (k.lean, 1)]]),
    Variant(1, "bar with hook", 6, "The downstroke ends in a small hook to the right.",
            {"bend": (-0.05, 0.05), "hook": (0.05, 0.15)},
            lambda k: [[(0, 0), (k.bend, 0.5), (0, 0.93), (k.hook, 1)]]),
    Variant(1, "bar with tick", 6, "The downstroke begins with a tiny tick.",
            {"bend": (-0.05, 0.05), "tick": (0.04, 0.12), "drop": (0.03, 0.1)},
            lambda k: [[(-k.tick, k.drop), (0, 0), (k.bend, 0.5), (0, 1)]]),
    Variant(1, "flag", 20, "A short upstroke first.", _FLAG, lambda k: [_flagged_one(k)]),
    Variant(1, "flag and foot", 12, "With a base line, as printed.", _FLAG | {
            "left": (0.1, 0.36), "right": (0.1, 0.36), "base": (-0.04, 0.04)},
            lambda k: [_flagged_one(k), [(-k.left, 1 + k.base), (0, 1), (k.right, 1 - k.base)]]),
    Variant(1, "long flag", 12, "The upstroke begins far below; much of Europe.",
            {"flag": (0.25, 0.7), "drop": (0.25, 0.65), "bend": (-0.05, 0.05), "lean": (-0.1, 0.1)},
            lambda k: [_flagged_one(k)]),
    Variant(1, "long flag and foot", 4, "The same with a base line.",
            {"flag": (0.25, 0.7), "drop": (0.25, 0.65), "bend": (-0.05, 0.05), "lean": (-0.1, 0.1),
             "left": (0.12, 0.34), "right": (0.12, 0.34)},
            lambda k: [_flagged_one(k), [(-k.left, 1), (0, 1), (k.right, 1)]]),
)

_TWO = {"start": (-0.02, 0.12), "start_y": (0.15, 0.35), "end": (0.6, 0.95), "base": (-0.04, 0.04),
        "tip": (-0.08, 0.08)}


def _two_top(k: Knobs, narrow: float = 1.0) -> ControlStroke:
    points = [(k.start, k.start_y), (0.18, 0.06), (0.4, 0), (0.62, 0.13), (0.62, 0.32)]
    return [(x * narrow + 0.3 * (1 - narrow), y) for x, y in points]


def _two_curl(k: Knobs) -> ControlStroke:
    return [(0.18, 0.32), (0.06, 0.26), *_two_top(k)]


def _two_base(k: Knobs) -> ControlStroke:
    return [(0.42, 0.6), (0.2, 0.82), (0, 1, CORNER), (k.end * 0.5, 1 + k.base),
            (k.end, 1 + k.tip)]


def _two_big_loop(k: Knobs) -> ControlStroke:
    return [(0.56, 0.45), (0.4, 0.7), (0.2, k.foot - 0.03), (-k.width * 0.3, k.foot),
            (-k.width, k.foot - k.loop * 0.45), (0.02 - k.width * 0.2, k.foot - k.loop),
            (0.26, k.foot - k.loop * 0.85), (0.45 * k.end + 0.1, k.foot - k.loop * 0.35),
            (k.end * 0.85, k.foot + k.tip), (k.end + 0.08, k.foot + k.tip - k.flick)]


_BIG_LOOP = _TWO | {"foot": (0.88, 1.0), "loop": (0.18, 0.42), "width": (0.0, 0.2),
                    "end": (0.55, 0.95), "flick": (-0.06, 0.1), "tip": (-0.12, 0.14)}

_RING = {"ring": (0.12, 0.3), "ring_y": (0.1, 0.2)}


def _two_ring(k: Knobs) -> ControlStroke:
    return [(0.25, 0.08), (0.25 + k.ring * 0.6, 0.12 + k.ring_y), (0.25, 0.1 + 2 * k.ring_y),
            (0.25 - k.ring, 0.12 + k.ring_y), (0.2, 0.03), *_two_top(k)[2:]]


TWOS: Final = (
    Variant(2, "flat base", 18, "An arch, a diagonal, a base line.", _TWO,
            lambda k: [_two_top(k) + _two_base(k)]),
    Variant(2, "curled start", 6, "The arch begins with a curl.", _TWO,
            lambda k: [_two_curl(k) + _two_base(k)]),
    Variant(2, "short start", 5, "The arch begins at its left shoulder.", _TWO,
            lambda k: [_two_top(k)[1:] + _two_base(k)]),
    Variant(2, "flat top", 4, "The arch is nearly a line.", _TWO,
            lambda k: [[(0.02, 0.1), (0.3, 0), (0.6, 0.08), (0.62, 0.25), *_two_base(k)]]),
    Variant(2, "narrow", 4, "Narrow arch.", _TWO, lambda k: [_two_top(k, 0.75) + _two_base(k)]),
    Variant(2, "big loop", 22, "A loop at the foot, the tail runs down to the right.", _BIG_LOOP,
            lambda k: [_two_top(k) + _two_big_loop(k)]),
    Variant(2, "curled start and big loop", 6, "Both.", _BIG_LOOP,
            lambda k: [_two_curl(k) + _two_big_loop(k)]),
    Variant(2, "small loop", 14, "A small loop where the diagonal meets the base.",
            _TWO | {"loop": (0.05, 0.22), "width": (0.06, 0.2)},
            lambda k: [[*_two_top(k), (0.48, 0.58), (0.3, 0.82), (0.12, 0.98),
                        (-k.width * 0.2, 0.98), (-k.width * 0.7, 1 - k.loop * 0.7),
                        (0, 1 - k.loop), (k.width + 0.08, 1 - k.loop * 0.55), (0.32, 0.95),
                        (k.end * 0.75, 1.0), (k.end, 0.97 + k.tip)]]),
    Variant(2, "hook only", 3, "Hardly any base line.",
            _TWO | {"end": (0.35, 0.55), "end_y": (0.92, 1.02)},
            lambda k: [[*_two_top(k), (0.42, 0.6), (0.25, 0.9), (0.2, 1, CORNER),
                        (k.end, k.end_y)]]),
    Variant(2, "wavy base", 6, "The base line is a wave.", _TWO,
            lambda k: [[*_two_top(k), (0.42, 0.6), (0.2, 0.85), (0.02, 0.99, CORNER),
                        (0.2, 0.92), (0.42, 0.99), (k.end * 0.85, 1.02), (k.end + 0.05, 0.92)]]),
    Variant(2, "slim", 5, "Slim, with a long hook at the start.",
            {"x": (0.1, 0.25), "hook": (0.3, 0.5), "end": (0.55, 0.95)},
            lambda k: [[(k.x, k.hook + 0.05), (0.02, k.hook), (0.02, 0.12), (0.25, -0.02),
                        (0.45, 0.1), (0.42, 0.5), (0.28, 0.8), (0.12, 0.97), (0.03, 0.9),
                        (0.15, 0.82), (0.4, 0.96), (k.end, 1)]]),
    Variant(2, "z", 5, "Angular, like the letter Z.", _TWO,
            lambda k: [[(0, 0.05 + k.base), (0.3, 0), (0.62, 0.02, CORNER), (0.35, 0.5),
                        (0, 1, CORNER), (0.35, 1), (k.end, 1)]]),
    Variant(2, "stem with loop", 8, "A short hook, a straight stem, a loop at the left foot.",
            {"loop": (0.2, 0.45), "width": (0.0, 0.15), "x": (0.3, 0.55), "hook": (0.05, 0.3),
             "hook_y": (0.02, 0.15), "tail": (0.1, 0.35), "tail_y": (0.85, 1.05)},
            lambda k: [[(k.x - k.hook, k.hook_y), (k.x - 0.05, 0), (k.x + 0.03, 0.1), (k.x, 0.45),
                        (k.x * 0.7, 0.8), (k.x * 0.35, 0.97), (-k.width * 0.5, 0.95),
                        (-k.width, 1 - k.loop * 0.5), (k.width * 0.5, 1 - k.loop),
                        (k.x * 0.8, 1 - k.loop * 0.8), (k.x + k.tail, k.tail_y)]]),
    Variant(2, "round", 7, "Round, curled start, loop at the foot.",
            {"x": (0.1, 0.3), "y": (0.28, 0.42), "loop": (0.3, 0.45), "end": (0.6, 0.85),
             "end_y": (0.93, 1.08)},
            lambda k: [[(k.x, k.y), (0.02, 0.25), (0.08, 0.06), (0.35, -0.02), (0.6, 0.15),
                        (0.58, 0.45), (0.4, 0.8), (0.15, 0.99), (-0.04, 0.86), (0.05, 1 - k.loop),
                        (0.3, 1 - k.loop * 0.9), (0.52, 1 - k.loop * 0.3), (k.end, k.end_y)]]),
    Variant(2, "short base", 8, "The base line stops early.", _TWO | {"end": (0.2, 0.5)},
            lambda k: [_two_top(k) + _two_base(k)]),
    Variant(2, "narrow, short base", 6, "The same with a narrow arch.", _TWO | {"end": (0.2, 0.5)},
            lambda k: [[*_two_top(k, 0.6), (0.39, 0.6), (0.25, 0.82), (0.1, 1, CORNER),
                        (0.1 + k.end * 0.5, 1 + k.base), (0.1 + k.end, 1 + k.tip)]]),
    Variant(2, "long base", 5, "The base line runs far to the right.",
            _TWO | {"end": (0.9, 1.4), "tip": (-0.15, 0.15)},
            lambda k: [_two_top(k) + _two_base(k)]),
    Variant(2, "ring at the start", 6, "The arch begins with a closed ring.", _TWO | _RING,
            lambda k: [_two_ring(k) + _two_base(k)]),
    Variant(2, "ring at the start and big loop", 4, "Both.", _BIG_LOOP | _RING,
            lambda k: [_two_ring(k) + _two_big_loop(k)]),
)

_THREE = {"waist": (0.12, 0.48), "waist_y": (0.36, 0.58), "belly": (0.85, 1.15),
          "start": (-0.03, 0.11), "start_y": (0.05, 0.22), "top": (0.6, 1.05),
          "end": (-0.08, 0.12), "end_y": (0.82, 0.98)}


def _three_top(k: Knobs) -> ControlStroke:
    points = [(k.start, k.start_y), (0.14, 0.04), (0.34, 0), (0.58, 0.09), (0.58, 0.25)]
    return [(x * k.top + 0.3 * (1 - k.top), y) for x, y in points]


def _three_belly(k: Knobs) -> ControlStroke:
    return [(0.5 * k.belly, k.waist_y + 0.06), (0.66 * k.belly, k.waist_y + 0.25),
            (0.55 * k.belly, 0.93), (0.28, 1), (k.end, k.end_y)]


def _three_waist(k: Knobs) -> ControlStroke:
    return [(k.waist + 0.16, k.waist_y - 0.06), (k.waist, k.waist_y, CORNER)]


def _three_loop(k: Knobs) -> ControlStroke:
    return [(k.waist + 0.15, k.waist_y - 0.02), (k.waist, k.waist_y + k.loop * 0.4),
            (k.waist - k.loop, k.waist_y - k.loop * 0.2), (k.waist, k.waist_y - k.loop),
            (k.waist + 0.15, k.waist_y - 0.01)]


THREES: Final = (
    Variant(3, "two bows", 30, "Two bows that meet in a point.", _THREE,
            lambda k: [_three_top(k) + _three_waist(k) + _three_belly(k)]),
    Variant(3, "long end", 10, "The lower bow curls far to the left.", _THREE,
            lambda k: [_three_top(k) + _three_waist(k) + _three_belly(k)[:-1]
                       + [(0.05, 0.97), (-0.08, 0.9)]]),
    Variant(3, "short end", 7, "The lower bow stops at the base.", _THREE,
            lambda k: [_three_top(k) + _three_waist(k) + _three_belly(k)[:-1]]),
    Variant(3, "short start", 8, "The upper bow begins at its left shoulder.", _THREE,
            lambda k: [_three_top(k)[1:] + _three_waist(k) + _three_belly(k)]),
    Variant(3, "loop at the waist", 18, "A small loop between the bows.",
            _THREE | {"loop": (0.03, 0.09)},
            lambda k: [_three_top(k) + _three_loop(k) + _three_belly(k)]),
    Variant(3, "soft waist", 12, "The pen does not go back between the bows.", _THREE,
            lambda k: [[*_three_top(k), (0.46, k.waist_y - 0.02), *_three_belly(k)[1:]]]),
    Variant(3, "flat top", 20, "A bar and a diagonal above the bow; many school scripts.",
            _THREE | {"bar": (-0.06, 0.06)},
            lambda k: [[(0.02, 0.02 + k.bar), (0.3, 0), (0.6, -k.bar, CORNER),
                        ((0.6 + k.waist) / 2, k.waist_y * 0.55), (k.waist, k.waist_y, CORNER),
                        *_three_belly(k)]]),
    Variant(3, "shallow", 9, "The bows hardly go back between them.",
            _THREE | {"waist": (0.35, 0.52), "belly": (0.75, 1.0), "top": (0.85, 1.1)},
            lambda k: [_three_top(k) + _three_waist(k) + _three_belly(k)]),
    Variant(3, "flat top, shallow", 6, "A bar, a short diagonal, a bow that stops at the base.",
            _THREE | {"bar": (-0.1, 0.1), "waist": (0.2, 0.45)},
            lambda k: [[(0.02, 0.02 + k.bar), (0.3, 0), (0.6, -k.bar, CORNER),
                        ((0.6 + k.waist) / 2, k.waist_y * 0.55), (k.waist, k.waist_y, CORNER),
                        *_three_belly(k)[:-1]]]),
    Variant(3, "curled start", 6, "The upper bow begins with a curl.", _THREE,
            lambda k: [[(0.2, 0.22), (0.08, 0.2), *_three_top(k), *_three_waist(k),
                        *_three_belly(k)]]),
)

_FOUR = {"stem": (0.42, 0.62), "bar": (0.42, 0.68), "right": (0.0, 0.35), "tilt": (-0.07, 0.04),
         "start": (-0.08, 0.08), "lean": (-0.1, 0.1), "top": (-0.1, 0.3), "foot": (0.88, 1.12)}


def _four_stem(k: Knobs) -> ControlStroke:
    return [(k.stem + k.lean, k.top), (k.stem, (k.top + k.foot) / 2), (k.stem - k.lean, k.foot)]


FOURS: Final = (
    Variant(4, "open, sharp", 32, "An L and a stem.", _FOUR | {"x": (0.0, 0.16)},
            lambda k: [[(k.x, k.start), (0.04, k.bar * 0.5), (0, k.bar, CORNER),
                        ((k.stem + k.right) * 0.5, k.bar + k.tilt * 0.5),
                        (k.stem + k.right, k.bar + k.tilt)], _four_stem(k)]),
    Variant(4, "open, round", 21, "A U and a stem.",
            _FOUR | {"x": (0.0, 0.16), "lift": (-0.02, 0.08)},
            lambda k: [[(k.x, k.start), (0, k.bar * 0.45), (0.05, k.bar * 0.85), (0.22, k.bar),
                        ((k.stem + k.right) * 0.7, k.bar + k.tilt),
                        (k.stem + k.right, k.bar + k.tilt - k.lift)], _four_stem(k)]),
    Variant(4, "one stroke, round", 16, "A U that turns down into its own stem.",
            _FOUR | {"top": (-0.05, 0.15)},
            lambda k: [[(0.06, k.start), (0, k.bar * 0.5), (0.06, k.bar * 0.9), (0.25, k.bar),
                        (k.stem * 0.85, k.bar * 0.75), (k.stem, k.top, CORNER),
                        (k.stem - k.lean * 0.5, 0.5), (k.stem - k.lean, k.foot)]]),
    Variant(4, "closed", 17, "A triangle and a stem, as printed.", _FOUR | {"top": (-0.02, 0.25)},
            lambda k: [[(k.stem, k.start), (k.stem * 0.5, k.bar * 0.52), (0, k.bar, CORNER),
                        ((k.stem + k.right) * 0.5, k.bar + k.tilt),
                        (k.stem + k.right, k.bar + k.tilt)],
                       [(k.stem, k.top), (k.stem, 0.5), (k.stem - k.lean, k.foot)]]),
    Variant(4, "closed from the bar", 5, "One stroke: bar, up, down.", _FOUR,
            lambda k: [[(k.stem + k.right, k.bar + k.tilt), ((k.stem + k.right) * 0.5, k.bar),
                        (0, k.bar, CORNER), (k.stem * 0.5, k.bar * 0.5),
                        (k.stem, k.start, CORNER), (k.stem, 0.5), (k.stem - k.lean, k.foot)]]),
    Variant(4, "lightning", 6, "One stroke: down, bar, up, down.", _FOUR | {"top": (0.0, 0.1)},
            lambda k: [[(0.06, k.start), (0, k.bar, CORNER), (k.stem, k.bar + k.tilt, CORNER),
                        (k.stem + k.lean, k.top, CORNER), (k.stem - k.lean, k.foot)]]),
    Variant(4, "stem first to the bar", 3, "The stem is short and stands on the bar's right half.",
            _FOUR | {"top": (0.15, 0.4)},
            lambda k: [[(k.stem * 0.7, k.start), (0, k.bar, CORNER),
                        (k.stem + k.right + 0.1, k.bar + k.tilt)],
                       [(k.stem, k.top), (k.stem - k.lean, k.foot)]]),
)

_FIVE = {"cap": (0.5, 1.0), "cap_y": (-0.12, 0.08), "neck": (0.0, 0.13), "neck_y": (0.26, 0.48),
         "corner": (0.07, 0.21), "belly": (0.8, 1.15), "squeeze": (0.65, 1.1), "end": (-0.1, 0.1),
         "end_y": (0.84, 1.0)}


def _five_belly(k: Knobs) -> ControlStroke:
    points = [(0.32 * k.belly, k.neck_y - 0.05), (0.56 * k.belly, k.neck_y + 0.08),
              (0.62 * k.belly, k.neck_y + 0.26), (0.5 * k.belly, 0.93), (0.25, 1),
              (k.end, k.end_y)]
    return [(x * k.squeeze + k.neck * (1 - k.squeeze), y) for x, y in points]


def _five_curl(k: Knobs) -> ControlStroke:
    return [*_five_belly(k)[:-1], (0.05, 1.0), (-0.1, 0.92)]


def _five_hook(k: Knobs) -> ControlStroke:
    return [*_five_belly(k)[:-1], (0.02, 0.99), (-0.08, 0.88), (0.0, 0.79)]


def _five_cap(k: Knobs) -> ControlStroke:
    return [(k.cap, k.cap_y), ((k.cap + k.corner) / 2, k.cap_y * 0.5), (k.corner, 0.02, CORNER)]


def _five_neck(k: Knobs) -> ControlStroke:
    return [((k.corner + k.neck) / 2, k.neck_y * 0.5), (k.neck, k.neck_y, CORNER)]


def _five_late_cap(k: Knobs) -> ControlStroke:
    return [(k.corner + k.gap, 0.02 + k.gap_y),
            ((k.cap + k.corner) / 2 + k.gap, k.cap_y * 0.5 + k.gap_y), (k.cap, k.cap_y)]


_LATE_CAP = _FIVE | {"gap": (-0.06, 0.1), "gap_y": (-0.08, 0.06)}

FIVES: Final = (
    Variant(5, "one stroke", 22, "Cap from right to left, neck, belly.", _FIVE,
            lambda k: [_five_cap(k) + _five_neck(k) + _five_belly(k)]),
    Variant(5, "one stroke, curled", 10, "The same; the belly ends in a curl.", _FIVE,
            lambda k: [_five_cap(k) + _five_neck(k) + _five_curl(k)]),
    Variant(5, "one stroke, hooked", 6, "The same; the belly ends in a hook.", _FIVE,
            lambda k: [_five_cap(k) + _five_neck(k) + _five_hook(k)]),
    Variant(5, "one stroke, soft", 17, "No corner between neck and belly.", _FIVE,
            lambda k: [[*_five_cap(k), ((k.corner + k.neck) / 2, k.neck_y * 0.55),
                        (k.neck + 0.1, k.neck_y - 0.02), *_five_belly(k)[1:]]]),
    Variant(5, "cap last", 18, "Neck and belly first, the cap as a second stroke.", _LATE_CAP,
            lambda k: [[(k.corner, 0.02), *_five_neck(k), *_five_belly(k)], _five_late_cap(k)]),
    Variant(5, "cap last, soft", 8, "The same without a corner.", _LATE_CAP,
            lambda k: [[(k.corner, 0.02), ((k.corner + k.neck) / 2, k.neck_y * 0.5),
                        (k.neck + 0.08, k.neck_y), *_five_belly(k)], _five_late_cap(k)]),
    Variant(5, "cap last, curled", 5, "The same with a curl at the end.", _LATE_CAP,
            lambda k: [[(k.corner, 0.02), *_five_neck(k), *_five_curl(k)], _five_late_cap(k)]),
    Variant(5, "short end", 8, "The belly stops at the base.", _FIVE,
            lambda k: [_five_cap(k) + _five_neck(k) + _five_belly(k)[:-1]]),
    Variant(5, "short cap", 8, "Hardly any cap.",
            _FIVE | {"cap": (0.2, 0.45), "corner": (0.1, 0.34)},
            lambda k: [_five_cap(k) + _five_neck(k) + _five_belly(k)]),
    Variant(5, "s", 13, "Like the letter S.", _FIVE,
            lambda k: [[(k.cap, k.cap_y), (k.cap * 0.55, 0.01), (0.14, 0.14), (0.2, 0.36),
                        (0.42, 0.5), *_five_belly(k)[2:]]]),
    Variant(5, "closing belly", 8, "The belly curls up toward the neck.",
            _FIVE | {"up": (0.55, 0.85), "inside": (0.0, 0.25)},
            lambda k: [[*_five_cap(k), *_five_neck(k), *_five_belly(k)[:-1], (0.05, 0.95),
                        (-0.05, 0.85), (k.inside, k.up)]]),
    Variant(5, "long cap, small belly", 7, "The cap is longer than the belly is wide.",
            _FIVE | {"cap": (0.8, 1.4), "belly": (0.6, 0.9), "cap_y": (-0.25, 0.05)},
            lambda k: [_five_cap(k) + _five_neck(k) + _five_belly(k)]),
    Variant(5, "rising cap last", 5, "Neck and belly, then a cap that rises to the right.",
            _LATE_CAP | {"cap": (0.5, 1.2), "cap_y": (-0.3, -0.05)},
            lambda k: [[(k.corner, 0.02), *_five_neck(k), *_five_belly(k)], _five_late_cap(k)]),
)

_SIX = {"bowl": (0.4, 0.68), "width": (0.42, 0.7), "top": (0.2, 0.75), "bend": (-0.06, 0.1)}


def _six(k: Knobs) -> ControlStroke:
    return [(k.top, 0), (k.top * 0.5 - k.bend, k.bowl * 0.5), (0.02, k.bowl + 0.1), (0.03, 0.85),
            (0.2, 0.99), (k.width * 0.65, 0.98), (k.width, (k.bowl + 1) / 2 + 0.05),
            (k.width * 0.8, k.bowl + 0.06), (k.width * 0.5, k.bowl)]


def _low_six(k: Knobs) -> ControlStroke:
    return [(k.top, 0), (0.1 + k.lean, k.bowl * 0.55), (0.02, 0.85), (0.12, 0.98), (0.35, 0.99),
            (k.width, 0.5 + k.bowl * 0.42), (k.width * 0.92, k.bowl + 0.03),
            (k.width * 0.65, k.bowl), (k.width * 0.42, k.bowl + (1 - k.bowl) * 0.45)]


_LOW_SIX = {"bowl": (0.5, 0.78), "width": (0.4, 0.8), "top": (0.05, 0.4), "lean": (-0.1, 0.1)}

SIXES: Final = (
    Variant(6, "closed bowl", 19, "The bowl ends inside the stem.", _SIX,
            lambda k: [[*_six(k), (0.16, k.bowl + 0.1), (0.05, k.bowl + 0.22)]]),
    Variant(6, "crossed stem", 14, "The bowl ends left of the stem.",
            _SIX | {"end": (-0.12, 0.02)},
            lambda k: [[*_six(k), (0.15, k.bowl + 0.08), (k.end, k.bowl + 0.2)]]),
    Variant(6, "gap", 8, "The bowl ends before it meets the stem.", _SIX,
            lambda k: [[*_six(k), (0.2, k.bowl + 0.04)]]),
    Variant(6, "curl", 8, "The bowl curls inward.", _SIX,
            lambda k: [[*_six(k), (0.22, k.bowl + 0.12), (0.2, k.bowl + 0.28)]]),
    Variant(6, "open bowl", 6, "The bowl ends at its top.", _SIX, lambda k: [_six(k)]),
    Variant(6, "high bowl", 10, "A large bowl under a short stem.",
            _SIX | {"bowl": (0.2, 0.42)},
            lambda k: [[*_six(k), (0.16, k.bowl + 0.1), (0.05, k.bowl + 0.22)]]),
    Variant(6, "hooked stem", 6, "The stem begins with a hook to the right.", _SIX,
            lambda k: [[(k.top + 0.1, 0.07), *_six(k), (0.16, k.bowl + 0.1),
                        (0.05, k.bowl + 0.22)]]),
    Variant(6, "low bowl", 18, "A small bowl low on the right of a straight stem.",
            _LOW_SIX | {"end": (0.9, 1.02)},
            lambda k: [[*_low_six(k), (k.width * 0.32, k.end)]]),
    Variant(6, "low bowl, closed", 7, "The same; the bowl meets the stem.",
            _LOW_SIX | {"end": (0.0, 0.15)},
            lambda k: [[*_low_six(k), (k.end, k.bowl + 0.15)]]),
    Variant(6, "low bowl, open", 10, "The same; the bowl ends inside.", _LOW_SIX,
            lambda k: [_low_six(k)]),
    Variant(6, "straight stem and ring", 8, "A straight stem that runs into a ring.",
            {"bowl": (0.4, 0.75), "ring": (0.15, 0.35), "turn": (-420.0, -320.0),
             "top": (-0.1, 0.4)},
            lambda k: [[(k.top, 0), (k.top * 0.4 + 0.02, k.bowl * 0.5), (0.02, k.bowl),
                        *arc(0.02 + k.ring, (1 + k.bowl) / 2, k.ring, (1 - k.bowl) / 2, 180.0,
                             k.turn)]]),
)

_SEVEN = {"bar": (0.45, 0.75), "tilt": (-0.1, 0.1), "foot": (0.0, 0.5), "bend": (-0.1, 0.1),
          "start": (-0.05, 0.12)}


def _seven_leg(k: Knobs) -> ControlStroke:
    return [(k.bar, k.tilt, CORNER), ((k.bar + k.foot) / 2 + k.bend, 0.5), (k.foot, 1)]


def _plain_seven(k: Knobs) -> ControlStroke:
    return [(0, k.start), (k.bar * 0.5, 0.01), *_seven_leg(k)]


def _serif_seven(k: Knobs) -> ControlStroke:
    return [(k.serif, k.drop), (0.02, 0.02, CORNER), (k.bar * 0.5, 0.02), *_seven_leg(k)]


def _crossbar(k: Knobs) -> ControlStroke:
    x = k.bar + (k.foot - k.bar) * k.cross
    return [(x - k.left, k.cross + k.slope), (x, k.cross), (x + k.right, k.cross - k.slope)]


_SERIF = _SEVEN | {"serif": (-0.05, 0.05), "drop": (0.12, 0.42)}
_CROSS = {"cross": (0.36, 0.7), "left": (0.12, 0.32), "right": (0.1, 0.34), "slope": (-0.08, 0.12)}

SEVENS: Final = (
    Variant(7, "plain", 26, "A bar and a leg.", _SEVEN, lambda k: [_plain_seven(k)]),
    Variant(7, "serif", 11, "The bar begins with a short downstroke.", _SERIF,
            lambda k: [_serif_seven(k)]),
    Variant(7, "crossed", 15, "With a crossbar; continental Europe, Latin America.",
            _SEVEN | _CROSS, lambda k: [_plain_seven(k), _crossbar(k)]),
    Variant(7, "serif and crossbar", 7, "Both.", _SERIF | _CROSS,
            lambda k: [_serif_seven(k), _crossbar(k)]),
    Variant(7, "arched bar", 12, "The bar is a shallow arch.", _SEVEN,
            lambda k: [[(0, 0.14), (0.14, 0.02), (0.34, 0.08), *_seven_leg(k)]]),
    Variant(7, "arched bar and crossbar", 5, "Both.", _SEVEN | _CROSS,
            lambda k: [[(0, 0.14), (0.14, 0.02), (0.34, 0.08), *_seven_leg(k)], _crossbar(k)]),
    Variant(7, "round", 12, "No corner between bar and leg.", _SEVEN,
            lambda k: [[(0, k.start + 0.08), (k.bar * 0.4, 0), (k.bar * 0.9, 0.04), (k.bar, 0.18),
                        ((k.bar + k.foot) / 2 + k.bend, 0.5), (k.foot, 1)]]),
    Variant(7, "swung bar", 5, "The bar begins with a swing.", _SEVEN,
            lambda k: [[(0, 0.2), (0.1, 0.05), (k.bar * 0.6, 0.02), *_seven_leg(k)]]),
    Variant(7, "long serif", 7, "The first downstroke is long; Japan, Korea, Taiwan.",
            _SEVEN | {"serif": (-0.1, 0.1), "drop": (0.3, 0.6)},
            lambda k: [[(k.serif, k.drop), (0.06, 0.1), (0.1, 0.03, CORNER), (0.3, 0.06),
                        *_seven_leg(k)]]),
    Variant(7, "leaning leg", 8, "A rising bar; the leg runs far to the left.",
            _SEVEN | {"foot": (-0.45, 0.05), "tilt": (-0.25, 0.1)}, lambda k: [_plain_seven(k)]),
    Variant(7, "leaning leg and crossbar", 6, "Both.",
            _SEVEN | _CROSS | {"foot": (-0.45, 0.05), "tilt": (-0.25, 0.1), "slope": (-0.2, 0.2)},
            lambda k: [_plain_seven(k), _crossbar(k)]),
    Variant(7, "short bar", 7, "The bar is short.",
            _SEVEN | {"bar": (0.2, 0.5), "foot": (0.0, 0.4), "start": (-0.02, 0.2)},
            lambda k: [_plain_seven(k)]),
    Variant(7, "short bar and serif", 7, "Both.",
            _SERIF | {"bar": (0.25, 0.5), "foot": (0.0, 0.4)}, lambda k: [_serif_seven(k)]),
    Variant(7, "curved leg", 6, "The leg bends and ends in a small hook to the right.",
            _SEVEN | {"hook": (0.0, 0.2)},
            lambda k: [[(0, k.start), (k.bar * 0.5, 0.01), (k.bar, k.tilt, CORNER),
                        (k.bar * 0.75 + k.foot * 0.2, 0.3), (k.foot + 0.05, 0.65), (k.foot, 0.9),
                        (k.foot + k.hook, 1)]]),
    Variant(7, "with a foot", 2, "With a base line, to tell it from a long-flagged 1.",
            _SEVEN | {"left": (0.1, 0.25), "right": (0.1, 0.3)},
            lambda k: [_plain_seven(k), [(k.foot - k.left, 1), (k.foot + k.right, 1)]]),
)

_EIGHT = {"cross": (0.4, 0.54), "top": (0.18, 0.32), "bottom": (0.22, 0.36), "start": (0.4, 1.1),
          "start_y": (0.02, 0.22), "end": (0.2, 0.7), "end_y": (-0.02, 0.1)}


def _eight_core(k: Knobs) -> ControlStroke:
    x, low = 0.35, 1 - k.cross
    return [(x, 0), (x - k.top, 0.1), (x - k.top, k.cross * 0.62), (x, k.cross),
            (x + k.bottom, k.cross + low * 0.42), (x + k.bottom * 0.8, 0.93), (x, 1),
            (x - k.bottom, 0.9), (x - k.bottom * 0.85, k.cross + low * 0.4), (x, k.cross + 0.02),
            (x + k.top, k.cross * 0.6), (x + k.top, 0.12)]


def _eight(k: Knobs) -> ControlStroke:
    return [(0.35 + k.top * k.start, k.start_y), *_eight_core(k)]


def _mirrored(stroke: ControlStroke) -> ControlStroke:
    return [(0.7 - x, y) for x, y in stroke]


_SLIM_EIGHT = {"cross": (0.35, 0.55), "top": (0.15, 0.36), "bottom": (0.1, 0.32),
               "shift": (-0.05, 0.09), "start": (0.5, 1.3), "start_y": (0.02, 0.22),
               "end": (0.9, 1.7), "end_y": (-0.08, 0.1), "way": (0.6, 1.2)}


def _slim_eight(k: Knobs) -> ControlStroke:
    x, low = 0.35, 1 - k.cross
    y = x - k.shift
    return [(x + k.top * k.start, k.start_y), (x + k.top * 0.3, 0.01), (x - k.top * 0.8, 0.08),
            (x - k.top, k.cross * 0.65), (x - 0.02, k.cross),
            (y + k.bottom * 0.8, k.cross + low * 0.4), (y + k.bottom * 0.8, 0.9), (y, 1),
            (y - k.bottom, 0.88), (y - k.bottom * 0.7, k.cross + low * 0.42), (x, k.cross),
            (x + k.top * k.way, k.cross * 0.45), (x + k.top * k.end, k.end_y)]


_RINGS = {"cross": (0.4, 0.54), "top": (0.18, 0.32), "bottom": (0.22, 0.36), "x": (-0.05, 0.05),
          "start": (-170.0, -10.0), "start_below": (-170.0, -10.0), "turn": (-410.0, -325.0),
          "turn_below": (325.0, 410.0)}

EIGHTS: Final = (
    Variant(8, "s first, closed", 20, "An S, then back up to where it began.", _EIGHT,
            lambda k: [[*_eight(k), (0.35 + k.top * k.end, k.end_y)]]),
    Variant(8, "s first, far end", 8, "The same; the end runs past the beginning.",
            _EIGHT | {"end": (0.0, 0.2), "end_y": (-0.1, 0.05)},
            lambda k: [[*_eight(k)[:-1], (0.35 + k.top + k.end, k.end_y)]]),
    Variant(8, "s first, over the top", 7, "The same; the end goes over the top.",
            _EIGHT | {"end_y": (0.0, 0.1)},
            lambda k: [[*_eight(k), (0.35 + k.top * 0.2, k.end_y),
                        (0.35 - k.top * 0.5, k.end_y + 0.05)]]),
    Variant(8, "s first, gap", 7, "The same; left open at the upper right.", _EIGHT,
            lambda k: [_eight(k)]),
    Variant(8, "mirrored s first", 9, "Begun to the other side; common among left-handers.", _EIGHT,
            lambda k: [_mirrored([*_eight(k), (0.35 + k.top * k.end, k.end_y)])]),
    Variant(8, "from the crossing", 6, "Begun in the middle.", _EIGHT,
            lambda k: [[(0.35, k.cross), (0.35 + k.top, k.cross * 0.55),
                        (0.35 + k.top * 0.7, 0.05), (0.35, 0), (0.35 - k.top, 0.1),
                        (0.35 - k.top * 0.9, k.cross * 0.6), (0.35, k.cross),
                        (0.35 + k.bottom, k.cross + (1 - k.cross) * 0.45),
                        (0.35 + k.bottom * 0.7, 0.95), (0.35, 1), (0.35 - k.bottom, 0.88),
                        (0.35 - k.bottom * 0.8, k.cross + (1 - k.cross) * 0.4),
                        (0.35, k.cross + 0.03)]]),
    Variant(8, "slim, straight end", 28, "A small lower bowl and a straight last stroke up right.",
            _SLIM_EIGHT, lambda k: [_slim_eight(k)]),
    Variant(8, "ribbon", 6, "The lower part stays open or is closed by a short stroke.",
            _EIGHT | {"open": (0.0, 0.3)},
            lambda k: [[(0.35 - k.open, 1), (0.15, 0.75), (0.37, k.cross),
                        (0.35 + k.top, k.cross * 0.5), (0.35 + k.top * 0.6, 0.04), (0.33, 0),
                        (0.35 - k.top, 0.15), (0.35 - k.top * 0.8, k.cross * 0.65),
                        (0.35, k.cross), (0.59, 0.78), (0.4 + k.open, 1)],
                       [(0.35 - k.open, 0.99), (0.35, 1.02), (0.4 + k.open, 0.98)]]),
    Variant(8, "narrow foot", 4, "An oval on a collapsed lower loop.",
            _EIGHT | {"start": (10.0, 110.0), "turn": (-395.0, -305.0)},
            lambda k: [[*arc(0.35, k.cross * 0.5, k.top, k.cross * 0.5, k.start, k.turn),
                        (0.45, k.cross + 0.15), (0.47, 0.75), (0.35, 1), (0.23, 0.9), (0.27, 0.7),
                        (0.4, k.cross + 0.08), (0.35 + k.top * 0.8, k.cross * 0.6)]]),
    Variant(8, "two rings", 12, "One ring on the other, in opposite turns.", _RINGS,
            lambda k: [arc(0.35 + k.x, k.cross / 2, k.top, k.cross / 2 + 0.02, k.start, k.turn),
                       arc(0.35 - k.x, (1 + k.cross) / 2, k.bottom, (1 - k.cross) / 2 + 0.02,
                           k.start_below, k.turn_below)]),
    Variant(8, "two rings, one turn", 4, "One ring on the other, in the same turn.", _RINGS,
            lambda k: [arc(0.35 + k.x, k.cross / 2, k.top, k.cross / 2 + 0.02, k.start, k.turn),
                       arc(0.35 - k.x, (1 + k.cross) / 2, k.bottom, (1 - k.cross) / 2 + 0.02,
                           k.start_below, -k.turn_below)]),
    Variant(8, "small top ring", 7, "A small ring on a large one.",
            _RINGS | {"cross": (0.25, 0.42), "top": (0.1, 0.22), "bottom": (0.25, 0.4)},
            lambda k: [arc(0.35 + k.x, k.cross / 2, k.top, k.cross / 2 + 0.02, k.start, k.turn),
                       arc(0.35 - k.x, (1 + k.cross) / 2, k.bottom, (1 - k.cross) / 2 + 0.02,
                           k.start_below, k.turn_below)]),
    Variant(8, "small foot", 7, "An S, then back up; the lower loop is the smaller one.",
            _EIGHT | {"cross": (0.5, 0.68), "bottom": (0.1, 0.22), "top": (0.22, 0.36)},
            lambda k: [[*_eight(k), (0.35 + k.top * k.end, k.end_y)]]),
    Variant(8, "s and bar", 7, "An S, closed by a straight stroke.",
            _EIGHT | {"reach": (0.0, 0.08)},
            lambda k: [[(0.35 + k.top, 0.08 + k.start_y * 0.5), (0.35, 0), (0.35 - k.top, 0.15),
                        (0.35 - k.top * 0.8, k.cross * 0.7), (0.35, k.cross),
                        (0.35 + k.bottom, k.cross + (1 - k.cross) * 0.45),
                        (0.35 + k.bottom * 0.7, 0.95), (0.3, 1), (0.35 - k.bottom, 0.85),
                        (0.35 - k.bottom * 0.6, 0.7), (0.35 + k.top + k.reach, k.end_y)]]),
)

_NINE = {"bowl": (0.24, 0.58), "width": (0.35, 0.65), "start": (0.0, 0.12), "start_y": (0.02, 0.16),
         "stem": (-0.05, 0.05), "stem_y": (-0.02, 0.18), "foot": (-0.32, 0.12),
         "bend": (-0.04, 0.04)}


def _nine_bowl(k: Knobs) -> ControlStroke:
    return [(k.width + k.stem - k.start, k.start_y), (k.width * 0.6, 0), (k.width * 0.15, 0.06),
            (0, k.bowl * 0.6), (k.width * 0.2, k.bowl * 0.97), (k.width * 0.6, k.bowl * 0.9)]


def _nine_straight(k: Knobs) -> ControlStroke:
    return [(k.width + k.foot * 0.5 + k.bend, 0.6), (k.width + k.foot, 1)]


def _nine_hooked(k: Knobs) -> ControlStroke:
    return [(k.width + 0.01, 0.55), (k.width - 0.03, 0.85), (k.width - 0.15, 1),
            (k.width - 0.3 + k.foot * 0.4, 0.93)]


def _nine_curved(k: Knobs) -> ControlStroke:
    return [(k.width, 0.5), (k.width * 0.8, 0.8), (k.width * 0.4, 1)]


def _nine_turn(k: Knobs) -> ControlStroke:
    return [(k.width * 0.9, k.bowl * 0.5), (k.width + k.stem, k.stem_y, CORNER)]


def _nine_ring(k: Knobs) -> ControlStroke:
    return arc(k.width * 0.5, k.bowl * 0.5, k.width * 0.5, k.bowl * 0.5, k.angle, k.turn)


_RING_NINE = _NINE | {"angle": (-85.0, 0.0), "turn": (-400.0, -310.0)}

NINES: Final = (
    Variant(9, "straight stem", 18, "A bowl, up to the start, straight down.", _NINE,
            lambda k: [_nine_bowl(k) + _nine_turn(k) + _nine_straight(k)]),
    Variant(9, "hooked stem", 9, "The stem ends in a hook to the left.", _NINE,
            lambda k: [_nine_bowl(k) + _nine_turn(k) + _nine_hooked(k)]),
    Variant(9, "curved stem", 9, "The stem bends to the left.", _NINE,
            lambda k: [_nine_bowl(k) + _nine_turn(k) + _nine_curved(k)]),
    Variant(9, "bowl with overlap", 14, "The bowl closes below the top of the stem.",
            _NINE, lambda k: [[*_nine_bowl(k), (k.width * 0.9, k.bowl * 0.55),
                               (k.width + 0.02, k.bowl * 0.4),
                               (k.width + k.stem, k.stem_y + 0.02, CORNER), *_nine_straight(k)]]),
    Variant(9, "ring and stem in one", 12, "A ring that runs out into the stem.", _RING_NINE,
            lambda k: [_nine_ring(k) + _nine_straight(k)]),
    Variant(9, "ring and stem", 9, "A ring, then the stem as a second stroke.",
            _RING_NINE | {"stem_y": (-0.05, 0.2)},
            lambda k: [_nine_ring(k), [(k.width + k.stem, k.stem_y), *_nine_straight(k)]]),
    Variant(9, "open bowl", 10, "From the top of the stem to the left; the bowl is not closed.",
            _NINE | {"x": (0.8, 1.1)},
            lambda k: [[(k.width * k.x, k.start_y + 0.03), (k.width * 0.6, 0), (k.width * 0.1, 0.1),
                        (0, k.bowl * 0.75), (k.width * 0.35, k.bowl),
                        (k.width * 0.85, k.bowl * 0.75), (k.width + 0.02, k.bowl * 0.55),
                        *_nine_straight(k)]]),
    Variant(9, "gap at the top", 6, "The bowl begins left of the stem.",
            _NINE | {"x": (0.5, 0.8)},
            lambda k: [[(k.width * k.x, k.start_y * 0.5), (k.width * 0.15, 0.08), (0, k.bowl * 0.6),
                        (k.width * 0.25, k.bowl), (k.width * 0.7, k.bowl * 0.8),
                        (k.width + k.stem, k.stem_y, CORNER), *_nine_straight(k)]]),
    Variant(9, "small bowl", 8, "A tiny bowl on a long stem.", _NINE | {"bowl": (0.15, 0.3)},
            lambda k: [_nine_bowl(k) + _nine_turn(k) + _nine_straight(k)]),
    Variant(9, "curled tail", 16, "The stem ends in a wide curl to the left; much of Europe.",
            _NINE | {"bowl": (0.35, 0.58), "tail": (-0.15, 0.15), "tail_y": (0.78, 0.95)},
            lambda k: [[*_nine_bowl(k), (k.width * 0.92, k.bowl * 0.55),
                        (k.width + k.stem, k.stem_y * 0.8, CORNER), (k.width + 0.03, 0.5),
                        (k.width, 0.8), (k.width * 0.65, 1), (k.width * 0.25, 1),
                        (k.tail, k.tail_y)]]),
    Variant(9, "ring, leaning stem", 6, "A ring that runs out far to the left.",
            _RING_NINE | {"foot": (-0.5, 0.0)}, lambda k: [_nine_ring(k) + _nine_straight(k)]),
    Variant(9, "hooked start and stem", 5, "The bowl begins with a hook; so ends the stem.",
            _NINE | {"foot": (-0.3, 0.1)},
            lambda k: [[(k.width + k.stem + 0.05, k.start_y + 0.08), *_nine_bowl(k),
                        *_nine_turn(k), *_nine_hooked(k)]]),
)

VARIANTS: Final = (
    *ZEROS, *ONES, *TWOS, *THREES, *FOURS, *FIVES, *SIXES, *SEVENS, *EIGHTS, *NINES,
)
"""Every way to write every digit."""

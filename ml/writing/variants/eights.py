"""The ways to write a 8."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import ControlStroke, Knobs, Variant, arc

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
    Variant(8, "open top", 4,
            "Begun at the upper left, crossed, and ended at the upper right; Italy, Turkey.",
            {"a": (0.04, 0.24), "b": (0.42, 0.62), "cross": (0.28, 0.46), "w": (0.18, 0.32),
             "end_y": (-0.08, 0.1), "start_y": (-0.05, 0.12)},
            lambda k: [[(k.a, k.start_y), (0.14, k.cross * 0.6), (0.35, k.cross),
                        (0.35 + k.w, (1 + k.cross) / 2), (0.38 + k.w * 0.3, 0.98),
                        (0.35 - k.w * 0.5, 0.98), (0.35 - k.w, (1 + k.cross) / 2 + 0.05),
                        (0.35, k.cross + 0.03), (k.b - 0.06, k.cross * 0.5), (k.b, k.end_y)]]),
    Variant(8, "small loops, long end", 5,
            "Two slim loops that lean; the last stroke runs far to the upper right; India, Japan.",
            _SLIM_EIGHT | {"end": (1.5, 2.4), "end_y": (-0.14, 0.04), "top": (0.15, 0.26),
                           "bottom": (0.14, 0.26)},
            lambda k: [_slim_eight(k)]),
    Variant(8, "s first, wide gap", 8,
            "An S; the last stroke stops soon after the crossing, so the upper loop stays open.",
            _EIGHT | {"start": (0.7, 1.5), "start_y": (0.0, 0.25), "end": (0.0, 0.8),
                      "end_y": (0.3, 0.95)},
            lambda k: [[*_eight(k)[:-2], (0.35 + k.top * k.end, k.cross * k.end_y)]]),
)

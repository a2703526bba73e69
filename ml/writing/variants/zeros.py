"""The ways to write a 0."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import ControlStroke, Knobs, Variant, arc


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
    Variant(0, "tall lead-in", 5, "Begun far above the bowl; Italy, Turkey.",
            {"x": (0.35, 0.75), "y": (-0.32, -0.08), "start": (-125.0, -55.0),
             "turn": (-400.0, -330.0), "growth": (-0.2, 0.1)},
            lambda k: [[(k.x, k.y), *_zero(k)]]),
    Variant(0, "loop and level tail", 5,
            "A loop at the top and a tail to the right, as on a cursive o; France, Latin America.",
            {"x": (0.38, 0.6), "loop": (0.05, 0.14), "tail": (0.72, 1.05), "tail_y": (-0.08, 0.14)},
            lambda k: [[(k.x, 0.03), (0.25, 0.02), (0.05, 0.25), (0, 0.55), (0.12, 0.9), (0.36, 1),
                        (0.62, 0.85), (0.7, 0.5), (0.62, 0.2), (k.x + 0.03, 0.02),
                        (k.x - k.loop, 0.02 + k.loop), (k.x, 0.04 + 1.4 * k.loop),
                        (k.x + 0.18, 0.05 + 0.8 * k.loop), (k.tail, k.tail_y)]]),
    Variant(0, "pointed top", 4, "Both sides meet in a point at the top; India, China.",
            {"x": (0.28, 0.5), "off": (-0.05, 0.06), "off_y": (-0.04, 0.1), "wide": (0.26, 0.36)},
            lambda k: [[(k.x, 0), (0.38 - k.wide * 0.85, 0.3), (0.36 - k.wide, 0.62),
                        (0.36 - k.wide * 0.5, 0.93), (0.36, 1), (0.36 + k.wide * 0.55, 0.92),
                        (0.36 + k.wide, 0.62), (0.36 + k.wide * 0.8, 0.3),
                        (k.x + k.off, k.off_y)]]),
)

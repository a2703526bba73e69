"""The ways to write a 3."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant

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
    Variant(3, "small top", 6, "A small upper bow on a large lower one; France, Latin America.",
            _THREE | {"waist_y": (0.26, 0.4), "top": (0.5, 0.85), "belly": (0.95, 1.2)},
            lambda k: [[(x, y * (k.waist_y / 0.46)) for x, y in _three_top(k)]
                       + _three_waist(k) + _three_belly(k)]),
    Variant(3, "swept end", 5,
            "The lower bow runs out in a long sweep far to the left; Italy, Turkey.",
            _THREE | {"sweep": (-0.4, -0.08), "sweep_y": (0.94, 1.1)},
            lambda k: [_three_top(k) + _three_waist(k)
                       + [(0.5 * k.belly, k.waist_y + 0.06), (0.64 * k.belly, k.waist_y + 0.22),
                          (0.46 * k.belly, 0.9), (0.14, 1), (k.sweep, k.sweep_y)]]),
    Variant(3, "loop at the waist, swept end", 4,
            "A small loop between the bows, and a long end to the left; France, Turkey.",
            _THREE | {"loop": (0.03, 0.09), "sweep": (-0.3, -0.05), "sweep_y": (0.9, 1.06)},
            lambda k: [_three_top(k) + _three_loop(k)
                       + [(0.5 * k.belly, k.waist_y + 0.08), (0.62 * k.belly, k.waist_y + 0.24),
                          (0.46 * k.belly, 0.92), (0.16, 1), (k.sweep, k.sweep_y)]]),
    Variant(3, "wave", 5, "So flat and narrow that the bows are nearly a wave.",
            {"start": (-0.1, 0.2), "start_y": (0.0, 0.16), "waist": (0.18, 0.4),
             "waist_y": (0.34, 0.5), "end": (-0.1, 0.45), "wide": (0.55, 1.0)},
            lambda k: [[(k.start * k.wide, k.start_y), (0.24 * k.wide, 0.0),
                        (0.48 * k.wide, 0.08), (0.45 * k.wide, 0.24),
                        (k.waist * k.wide, k.waist_y), (0.48 * k.wide, k.waist_y + 0.12),
                        (0.52 * k.wide, 0.78), (k.end * k.wide, 1.0)]]),
)

"""The ways to write a 5."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant

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
    Variant(5, "belly closed at the neck", 1, "The belly runs back into the neck; India.",
            _FIVE | {"up": (0.5, 0.68), "inside": (0.0, 0.14)},
            lambda k: [[*_five_cap(k), *_five_neck(k), *_five_belly(k)[:-1], (0.04, 0.95),
                        (-0.03, 0.8), (k.inside, k.up)]]),
    Variant(5, "wavy cap", 5, "The cap is a wave, as on a flag; France, Italy.",
            _LATE_CAP | {"cap": (0.5, 0.95), "swing": (0.03, 0.1)},
            lambda k: [[(k.corner, 0.02), *_five_neck(k), *_five_belly(k)],
                       [(k.corner + k.gap * 0.5, 0.02), (k.corner + 0.15, -k.swing),
                        (k.corner + 0.3, k.swing * 0.6), (k.cap, k.cap_y - 0.03)]]),
    Variant(5, "flying cap", 5,
            "The cap comes last and does not touch the neck; Italy, Latin America, Japan.",
            _FIVE | {"gap": (0.08, 0.24), "gap_y": (-0.16, 0.02), "cap": (0.55, 1.0)},
            lambda k: [[(k.corner, 0.04), *_five_neck(k), *_five_belly(k)], _five_late_cap(k)]),
    Variant(5, "sloping neck", 4,
            "The cap bends into a long, sloping neck; hands trained in Arabic.",
            _FIVE | {"cap": (0.55, 0.9), "neck": (-0.06, 0.06), "corner": (0.22, 0.36),
                     "neck_y": (0.34, 0.48)},
            lambda k: [[(k.cap, k.cap_y), ((k.cap + k.corner) / 2, 0), (k.corner, 0.05),
                        ((k.corner + k.neck) / 2, k.neck_y * 0.55), (k.neck, k.neck_y, CORNER),
                        *_five_belly(k)]]),
)

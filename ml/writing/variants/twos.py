"""The ways to write a 2."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant

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
    Variant(2, "large round loop", 6,
            "The foot's loop is as large as the arch, the tail short; France, Italy.",
            {"start": (0.0, 0.2), "start_y": (0.1, 0.3), "loop": (0.38, 0.56),
             "width": (-0.05, 0.1), "end": (0.55, 0.85), "end_y": (0.82, 1.02)},
            lambda k: [[(k.start, k.start_y), (0.2, 0.03), (0.42, 0), (0.62, 0.16), (0.6, 0.44),
                        (0.45, 0.8), (0.22, 1), (-k.width * 0.5, 0.96),
                        (-k.width, 1 - k.loop * 0.5), (0.08, 1 - k.loop * 0.95),
                        (0.3, 1 - k.loop * 0.85), (k.end, k.end_y)]]),
    Variant(2, "soft foot", 4,
            "No corner at the foot, the base is a short curve; India, hands trained in Arabic.",
            _TWO | {"foot": (0.08, 0.28), "end": (0.4, 0.75), "end_y": (0.9, 1.04)},
            lambda k: [[*_two_top(k), (0.45, 0.55), (k.foot + 0.08, 0.76), (k.foot, 0.92),
                        (k.foot + 0.14, 1.0), (k.end, k.end_y)]]),
    Variant(2, "swan", 5, "A curl, a leaning neck, a wavy base; Germany, France.",
            {"x": (0.2, 0.38), "y": (0.18, 0.32), "w": (0.4, 0.56), "end": (0.55, 0.95),
             "end_y": (0.82, 1.03)},
            lambda k: [[(k.x, k.y), (0.1, 0.22), (0.1, 0.06), (0.3, -0.02), (k.w, 0.12),
                        (k.w - 0.05, 0.4), (0.18, 0.82), (0, 1, CORNER), (k.end * 0.35, 0.93),
                        (k.end * 0.7, 1.0), (k.end, k.end_y)]]),
    Variant(2, "long rising tail", 6, "A loop at the foot, the tail rises far to the right.",
            _TWO | {"loop": (0.1, 0.3), "width": (0.05, 0.2), "end": (0.9, 1.6),
                    "tip": (-0.4, -0.05)},
            lambda k: [[*_two_top(k), (0.48, 0.58), (0.3, 0.82), (0.12, 0.98),
                        (-k.width * 0.2, 0.98), (-k.width * 0.7, 1 - k.loop * 0.7),
                        (0, 1 - k.loop), (k.width + 0.08, 1 - k.loop * 0.55), (0.32, 0.93),
                        (k.end * 0.7, 0.96 + k.tip * 0.45), (k.end, 0.97 + k.tip)]]),
    Variant(2, "no tail", 5, "The loop at the foot ends where it crosses the diagonal.",
            _TWO | {"loop": (0.1, 0.28), "width": (0.02, 0.2), "x": (0.12, 0.45)},
            lambda k: [[*_two_top(k), (0.46, 0.58), (0.26, 0.82), (0.02, 0.99),
                        (-k.width, 0.98), (-k.width - 0.02, 1 - k.loop * 0.6),
                        (0.02, 1 - k.loop), (k.x, 1 - k.loop * 0.75)]]),
    Variant(2, "curl to the stem", 5, "The curl at the start comes from the stem.",
            _TWO | {"x": (0.32, 0.6), "y": (0.28, 0.44)},
            lambda k: [[(k.x, k.y), (0.2, k.y + 0.03), (0.03, 0.24), (0.12, 0.06), (0.38, -0.01),
                        (0.62, 0.12), (0.62, 0.32), *_two_base(k)]]),
)

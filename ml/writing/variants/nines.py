"""The ways to write a 9."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant, arc

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

_BASE = {"width": (0.32, 0.6), "bowl": (0.24, 0.48), "out": (-0.05, 0.18), "mid": (0.5, 0.72),
         "base": (0.94, 1.04), "tail": (-0.4, 0.08), "tail_y": (0.88, 1.04),
         "start": (-60.0, 10.0), "turn": (-420.0, -335.0)}


def _base_ring(k: Knobs) -> ControlStroke:
    return arc(k.width * 0.5, k.bowl * 0.5, k.width * 0.5, k.bowl * 0.5, k.start, k.turn)


def _long_base(k: Knobs) -> ControlStroke:
    return [(k.width + k.out, k.mid + 0.12), (k.width * 0.72 + k.out * 0.4, k.base - 0.03),
            (k.width * 0.28, k.base), (k.tail, k.tail_y)]

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
    Variant(9, "ring and long base", 8,
            "A small ring, a spine that bends out, a long base to the left; Italy, Turkey.", _BASE,
            lambda k: [[*_base_ring(k), (k.width + k.out * 0.6, k.mid - 0.15), *_long_base(k)]]),
    Variant(9, "bowl and long base", 6,
            "The same with a bowl and a corner at the top of the spine; Italy, Germany.",
            _BASE | {"begin": (0.0, 0.12), "begin_y": (0.02, 0.14), "stem": (-0.05, 0.05),
                     "stem_y": (-0.02, 0.14)},
            lambda k: [[(k.width + k.stem - k.begin, k.begin_y), (k.width * 0.6, 0),
                        (k.width * 0.15, 0.06), (0, k.bowl * 0.6), (k.width * 0.2, k.bowl * 0.97),
                        (k.width * 0.6, k.bowl * 0.9), (k.width * 0.9, k.bowl * 0.55),
                        (k.width + k.stem, k.stem_y * 0.8, CORNER),
                        (k.width + k.out * 0.7, k.mid - 0.15), *_long_base(k)]]),
    Variant(9, "ring on a belly", 4,
            "The spine leaves the ring from below and makes a belly, as below a 3; Turkey, France.",
            _BASE | {"bowl": (0.26, 0.46)},
            lambda k: [[*arc(k.width * 0.5, k.bowl * 0.5, k.width * 0.5, k.bowl * 0.5, -30.0,
                             k.turn - 40),
                        (k.width * 0.75, k.bowl + 0.04), (k.width + k.out + 0.05, k.mid + 0.02),
                        (k.width + k.out, k.mid + 0.2), (k.width * 0.6, k.base),
                        (k.tail, k.tail_y)]]),
    Variant(9, "angular bowl", 3, "The bowl has corners; China, Japan.", _NINE,
            lambda k: [[(k.width + k.stem, k.start_y), (k.width * 0.35, 0.0),
                        (0, k.bowl * 0.7, CORNER), (k.width * 0.5, k.bowl * 0.95),
                        (k.width + k.stem, k.stem_y + 0.02, CORNER), *_nine_straight(k)]]),
    Variant(9, "ring on a stem", 4,
            "The stem hangs from below the ring; India, hands trained in Arabic.",
            {"width": (0.36, 0.7), "bowl": (0.32, 0.52), "at": (0.72, 0.95), "foot": (-0.3, 0.08),
             "start": (-180.0, 180.0)},
            lambda k: [arc(k.width * 0.5, k.bowl * 0.5, k.width * 0.5, k.bowl * 0.5, k.start,
                           -360.0),
                       [(k.width * k.at, k.bowl * 0.85), (k.width * k.at + k.foot * 0.5, 0.7),
                        (k.width * k.at + k.foot, 1)]]),
)

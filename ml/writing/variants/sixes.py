"""The ways to write a 6."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant, arc

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
    Variant(6, "tiny loop", 3, "A long stem that ends in a tiny loop; Italy, Turkey.",
            {"top": (0.0, 0.5), "bowl": (0.66, 0.82), "w": (0.18, 0.36), "bend": (-0.03, 0.1),
             "turn": (-440.0, -330.0)},
            lambda k: [[(k.top, 0), (k.top * 0.5 - k.bend, 0.4), (0.03, k.bowl - 0.05),
                        *arc(k.w * 0.5, (1 + k.bowl) / 2, k.w * 0.5, (1 - k.bowl) / 2, 180.0,
                             k.turn)]]),
    Variant(6, "retraced stem", 4,
            "Straight down, a little way back up, then the bowl, as on a printed b; China, Japan.",
            {"top": (0.0, 0.28), "bowl": (0.45, 0.68), "w": (0.38, 0.6), "end": (0.0, 0.14)},
            lambda k: [[(k.top, 0), (k.top * 0.4, 0.45), (0.02, 0.97, CORNER),
                        (0.03, (1 + k.bowl) / 2), (k.w * 0.4, k.bowl), (k.w * 0.9, k.bowl + 0.08),
                        (k.w, (1 + k.bowl) / 2 + 0.04), (k.w * 0.65, 0.98), (k.end, 0.96)]]),
    Variant(6, "lying stem", 5, "The stem begins far to the right; Italy, Latin America.",
            {"top": (0.65, 1.05), "bowl": (0.45, 0.66), "width": (0.45, 0.65),
             "bend": (0.02, 0.14)},
            lambda k: [[*_six(k), (0.16, k.bowl + 0.1), (0.05, k.bowl + 0.22)]]),
)

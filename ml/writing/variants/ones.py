"""The ways to write a 1."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant

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
    Variant(1, "looped upstroke", 4,
            "A cursive upstroke, a narrow loop at the top, the downstroke; Italy, Turkey.",
            {"flag": (0.2, 0.65), "drop": (0.4, 0.9), "loop": (0.03, 0.08), "bend": (-0.05, 0.05),
             "lean": (-0.1, 0.12)},
            lambda k: [[(-k.flag, k.drop), (-k.flag * 0.5, k.drop * 0.72), (0.01, 0.2),
                        (k.loop, 0.04), (0.01, -0.02), (-k.loop * 0.7, 0.1), (k.bend, 0.5),
                        (k.lean, 1)]]),
    Variant(1, "upstroke with lead-in", 4,
            "The upstroke begins level, far below the top; France, Germany, Turkey.",
            {"flag": (0.25, 0.5), "drop": (0.45, 0.75), "lead": (0.06, 0.18), "bend": (-0.05, 0.05),
             "lean": (-0.1, 0.1)},
            lambda k: [[(-k.flag - k.lead, k.drop + 0.02), (-k.flag, k.drop - 0.02),
                        (-k.flag * 0.5, k.drop * 0.52), (0, 0, CORNER), (k.bend, 0.5),
                        (k.lean, 1)]]),
    Variant(1, "flag to the base", 4,
            "The upstroke is nearly as long as the downstroke; Germany, Italy, Turkey.",
            {"flag": (0.2, 0.55), "drop": (0.65, 0.98), "bend": (-0.05, 0.05), "lean": (-0.1, 0.1),
             "curve": (-0.06, 0.08)},
            lambda k: [[(-k.flag, k.drop), (-k.flag * 0.45 + k.curve, k.drop * 0.52),
                        (0, 0, CORNER), (k.bend, 0.5), (k.lean, 1)]]),
)

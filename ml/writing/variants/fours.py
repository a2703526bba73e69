"""The ways to write a 4."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant

_FOUR = {"stem": (0.42, 0.62), "bar": (0.42, 0.68), "right": (0.0, 0.35), "tilt": (-0.07, 0.04),
         "start": (-0.08, 0.08), "lean": (-0.1, 0.1), "top": (-0.1, 0.3), "foot": (0.88, 1.12)}


def _four_stem(k: Knobs) -> ControlStroke:
    return [(k.stem + k.lean, k.top), (k.stem, (k.top + k.foot) / 2), (k.stem - k.lean, k.foot)]


_ZIGZAG = _FOUR | {"x": (0.05, 0.65), "w": (0.38, 0.7), "bar": (0.42, 0.6), "fall": (-0.08, 0.04)}

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
    Variant(4, "zigzag", 6,
            "In one stroke down, along, down; the stem does not rise above the bar; Italy, Turkey.",
            _ZIGZAG,
            lambda k: [[(k.x * k.w, k.start), (k.x * k.w * 0.5, k.bar * 0.5), (0, k.bar, CORNER),
                        (k.w * 0.5, k.bar + k.fall * 0.5), (k.w, k.bar + k.fall, CORNER),
                        (k.w - k.lean * 0.5, 0.75), (k.w - k.lean, 1)]]),
    Variant(4, "soft zigzag", 4, "The same without corners; Italy, Turkey.",
            _ZIGZAG,
            lambda k: [[(k.x * k.w, k.start), (k.x * k.w * 0.3, k.bar * 0.6), (0.05, k.bar),
                        (k.w * 0.55, k.bar + k.fall * 0.5 + 0.02), (k.w, k.bar + k.fall),
                        (k.w, 0.75), (k.w - k.lean, 1)]]),
    Variant(4, "loop at the corner", 5,
            "A small loop where the diagonal turns into the bar; France, Latin America.",
            _FOUR | {"x": (0.2, 0.5), "loop": (0.04, 0.1), "top": (0.05, 0.3)},
            lambda k: [[(k.x, k.start), (k.x * 0.5, k.bar * 0.5), (0.02, k.bar - 0.02),
                        (-k.loop, k.bar + k.loop * 0.8), (k.loop * 0.3, k.bar + k.loop * 1.2),
                        (k.loop + 0.06, k.bar), ((k.stem + k.right) * 0.6, k.bar + k.tilt * 0.5),
                        (k.stem + k.right, k.bar + k.tilt)], _four_stem(k)]),
    Variant(4, "tall and short", 5,
            "A tall L; a short stem cuts the right part of its bar; Germany, France.",
            _FOUR | {"x": (0.1, 0.42), "top": (0.22, 0.48), "right": (0.1, 0.35),
                     "bar": (0.5, 0.7), "foot": (0.9, 1.15)},
            lambda k: [[(k.x, k.start - 0.05), (k.x * 0.45, k.bar * 0.5), (0, k.bar, CORNER),
                        ((k.stem + k.right) * 0.5, k.bar + k.tilt * 0.5),
                        (k.stem + k.right, k.bar + k.tilt)],
                       [(k.stem + k.lean * 0.5, k.top), (k.stem - k.lean * 0.5, k.foot)]]),
    Variant(4, "closed, looped", 2,
            "From the top around the corner, and in a loop back up to the stem; China, India.",
            _FOUR | {"loop": (0.1, 0.3)},
            lambda k: [[(k.stem, k.start), (k.stem * 0.5, k.bar * 0.52), (0, k.bar, CORNER),
                        (k.stem, k.bar + k.tilt), (k.stem + k.loop, k.bar * 0.8),
                        (k.stem + k.loop * 0.6, k.bar * 0.45), (k.stem + 0.02, k.bar * 0.55),
                        (k.stem, 0.8), (k.stem - k.lean, k.foot)]]),
)

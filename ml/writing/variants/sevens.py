"""The ways to write a 7."""
# fmt: off
# The formatter would spread each row over thirty lines; this way the table stays one.

from __future__ import annotations

from typing import Final

from ml.writing.variants.notation import CORNER, ControlStroke, Knobs, Variant

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

_DIP = _SEVEN | {"dip": (0.05, 0.15), "begin": (-0.08, 0.02), "bar": (0.5, 0.8),
                 "foot": (-0.1, 0.45)}


def _dipping_seven(k: Knobs) -> ControlStroke:
    return [(0, k.begin), (0.12, k.dip), (k.bar * 0.6, k.dip * 0.75), *_seven_leg(k)]


_UPRIGHT = _SEVEN | {"bar": (0.55, 0.85), "tilt": (-0.06, 0.06), "over": (-0.12, 0.08)}


def _upright_seven(k: Knobs) -> ControlStroke:
    return [(0, k.start), (k.bar * 0.5, 0.01), (k.bar, k.tilt, CORNER),
            (k.bar + k.over * 0.5, 0.5), (k.bar + k.over, 1)]

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
    Variant(7, "leg into crossbar", 1.5,
            "The leg hooks to the left and comes back as the crossbar; Italy, France.",
            _SEVEN | {"foot": (0.15, 0.45), "hook": (0.06, 0.13), "up": (0.78, 0.9),
                      "cross": (0.42, 0.52), "right": (0.12, 0.35), "arch": (-0.02, 0.1)},
            lambda k: [[(0, k.arch), (k.bar * 0.4, 0.01), (k.bar, k.tilt + 0.03, CORNER),
                        ((k.bar + k.foot) / 2 + 0.06, 0.45), (k.foot, 1, CORNER),
                        (k.foot - k.hook * 0.8, k.up), (k.foot - k.hook, (k.up + k.cross) / 2),
                        (k.foot, k.cross + 0.02), (k.bar + k.right, k.cross)]]),
    Variant(7, "dipping bar", 5,
            "The bar dips after its beginning and rises to the corner; India, Latin America.",
            _DIP, lambda k: [_dipping_seven(k)]),
    Variant(7, "dipping bar and crossbar", 5, "The same with a crossbar; Italy, Turkey, France.",
            _DIP | _CROSS, lambda k: [_dipping_seven(k), _crossbar(k)]),
    Variant(7, "upright leg", 2, "A clear bar, the leg straight below its end; India, China.",
            _UPRIGHT, lambda k: [_upright_seven(k)]),
    Variant(7, "upright leg and crossbar", 3, "The same with a crossbar; Germany, Italy.",
            _UPRIGHT | {"cross": (0.4, 0.6), "left": (0.16, 0.32), "right": (0.12, 0.3),
                        "slope": (-0.06, 0.08)},
            lambda k: [_upright_seven(k),
                       [(k.bar + k.over * 0.5 - k.left, k.cross + k.slope),
                        (k.bar + k.over * 0.5 + k.right, k.cross - k.slope)]]),
    Variant(7, "serif, leaning leg", 8,
            "A short downstroke, a rising bar, a leg that runs far to the left.",
            _SERIF | {"foot": (-0.5, 0.1), "tilt": (-0.3, 0.05), "drop": (0.08, 0.35),
                      "bar": (0.4, 0.8)},
            lambda k: [_serif_seven(k)]),
)

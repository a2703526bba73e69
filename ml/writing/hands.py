"""Hands of the synthetic pen that each keep to ways of their own, as people do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ml.drawing.strokes import PAD_SIZE, Strokes
from ml.pipeline import NOT_A_DIGIT
from ml.writing.non_digits import choose_kinds
from ml.writing.pen import PEN, PenSettings, write_strokes
from ml.writing.variants.notation import Variant
from ml.writing.variants.table import VARIANTS

HABIT: Final = 0.12
"""Share of each knob's range within which a hand stays."""


@dataclass(frozen=True)
class Hand:
    """A writer: one way for each digit, a slant, a size and a pen."""

    variants: tuple[Variant, ...]
    settings: PenSettings
    size: float
    """Usual longer side of a digit, as a share of the pad's."""
    pen_width: float

    def write(self, digit: int, rng: np.random.Generator) -> Strokes:
        """Write a digit, or scribble what is `NOT_A_DIGIT`, somewhere on the pad."""
        size = self.size * rng.uniform(0.9, 1.1)
        settings, variants = self.settings, self.variants
        if digit == NOT_A_DIGIT:
            settings, variants = choose_kinds(rng)
        strokes = write_strokes(digit, rng, settings, size=size, variants=variants)
        aside = rng.uniform(-0.35, 0.35, 2) * (1 - size) * PAD_SIZE
        return [np.round(np.add(stroke, aside), 1).tolist() for stroke in strokes]


def make_hand(rng: np.random.Generator) -> Hand:
    """Draw a hand; it varies much less from digit to digit than the pen does from hand to hand."""
    chosen = []
    for digit in range(10):
        mine = [variant for variant in VARIANTS if variant.digit == digit]
        shares = np.array([variant.share for variant in mine], float)
        variant = mine[rng.choice(len(mine), p=shares / shares.sum())]
        knobs = {}
        for name, (low, high) in variant.knobs.items():
            begin = rng.uniform(low, high - HABIT * (high - low))
            knobs[name] = (begin, begin + HABIT * (high - low))
        chosen.append(replace(variant, knobs=knobs))
    settings = replace(
        PEN,
        jitter=PEN.jitter * rng.uniform(0.2, 0.9),
        rotation_degrees=3.0,
        slant_mean=rng.normal(PEN.slant_mean, PEN.slant),
        slant=0.05,
        stretch=0.08,
        squashed=0.0,
        warp=PEN.warp * rng.uniform(0.2, 0.8),
        wave=PEN.wave * rng.uniform(0.2, 0.8),
    )
    return Hand(
        tuple(chosen), settings, rng.uniform(0.45, 0.75), float(rng.choice([12, 18, 18, 18, 26]))
    )

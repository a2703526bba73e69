"""Every way to write every digit, and the places that their notes name."""

from __future__ import annotations

from typing import Final

from ml.writing.variants.eights import EIGHTS
from ml.writing.variants.fives import FIVES
from ml.writing.variants.fours import FOURS
from ml.writing.variants.nines import NINES
from ml.writing.variants.notation import Variant
from ml.writing.variants.ones import ONES
from ml.writing.variants.sevens import SEVENS
from ml.writing.variants.sixes import SIXES
from ml.writing.variants.threes import THREES
from ml.writing.variants.twos import TWOS
from ml.writing.variants.zeros import ZEROS

VARIANTS: Final = (
    *ZEROS, *ONES, *TWOS, *THREES, *FOURS, *FIVES, *SIXES, *SEVENS, *EIGHTS, *NINES,
)  # fmt: skip
"""Every way to write every digit."""

PLACES: Final = (
    "Italy", "Turkey", "France", "Germany", "Latin America", "India", "China", "Japan",
    "hands trained in Arabic",
)  # fmt: skip
"""Places where hands have ways of their own, as notes name them."""


def variants_of(place: str) -> tuple[Variant, ...]:
    """The ways whose note says that hands of a place of `PLACES` write so."""
    return tuple(variant for variant in VARIANTS if place in variant.note)

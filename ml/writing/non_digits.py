"""Letters and scribbles, by which the model learns to refuse what is not a digit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import Digits
from ml.errors import DatasetError
from ml.labeled.digits import is_held_out
from ml.labeled.exported import family_of
from ml.labeled.rows import LETTERS, read_rows
from ml.writing.augmentation import augment
from ml.writing.pen import PEN, PenSettings, write_digits
from ml.writing.scribbles import BARE_SIGNS, OTHER_KINDS
from ml.writing.variants.notation import Variant

LETTER_SHARE: Final = 0.5
"""Share of letters; the others are scribbles."""

SCRIBBLE_PEN: Final[PenSettings] = replace(
    PEN, rotation_degrees=12.0, slant_mean=0.0, stretch=0.2, pen_widths=(1.4, 4.2)
)
"""How much the hands of scribbles differ.

They rotate more than for digits, lean to neither side, and stretch less: a narrow box is a 0. The
pen is thinner, so that fewer of the figures with much ink inside become blots.
"""
CALM_PEN: Final[PenSettings] = replace(
    SCRIBBLE_PEN,
    jitter=0.025,
    rotation_degrees=6.0,
    slant=0.1,
    stretch=0.14,
    warp=0.08,
    wave=0.025,
    coarse=0.06,
    cells=(10, 18),
)
"""How much the hands of bare signs differ.

An angle alone tells a slash from a 1, and a bow a parenthesis: as wilder hands draw them, they are
both. Figures stay wild, for a clumsy triangle is still not a 0.
"""
HANDS_OF_KINDS: Final = tuple(
    (sum(kind.share for kind in kinds), settings, kinds)
    for settings, kinds in ((CALM_PEN, BARE_SIGNS), (SCRIBBLE_PEN, OTHER_KINDS))
)
"""Share of some kinds together, how their hands differ, and the kinds."""


def non_digits(
    letters_path: Path, count: int, seed: int, jobs: int = 1, *, holdout: bool = False
) -> Digits:
    """Make as many letters, augmented as typefaces are, as scribbles, shuffled: (count, 28, 28).

    The outcome does not depend on `jobs`. With `holdout`, letters are of the families that
    `ml.labeled.digits.split_by_group` holds out, else of those that it trains on. Scribbles of
    another seed are other scribbles. Raises DatasetError if the letters cannot be read, or none is
    of such a family.
    """
    images, families = load_letters(letters_path)
    images = images[is_held_out(families) == holdout]
    if not len(images):
        raise DatasetError("There is no letter of a requested family.", letters_path)
    order, letter_seed, scribble_seed = np.random.SeedSequence(seed).generate_state(3).tolist()
    rng = np.random.default_rng(order)
    letter_count = round(LETTER_SHARE * count)
    rounds = -(-letter_count // len(images))  # each letter is taken once before any is taken again
    chosen = [rng.permutation(len(images)) for _ in range(rounds)]
    index = np.concatenate([np.empty(0, np.int64), *chosen])[:letter_count]
    letters = augment(images[index], 1, letter_seed, jobs=jobs)
    scribbles = write_scribbles(count - letter_count, scribble_seed, jobs)
    return np.concatenate([letters, scribbles])[rng.permutation(count)]


def load_letters(path: Path) -> tuple[Digits, NDArray[np.str_]]:
    """Load letters (n, 28, 28) of a csv, whole or not at all, and the families (n,) of their faces.

    A family is the group by which letters are held out. Raises DatasetError as
    `ml.labeled.rows.read_rows` does.
    """
    parts = list(read_rows(path, LETTERS))
    families = [family_of(name) for rows in parts for name in rows.names or ()]
    return np.concatenate([rows.images for rows in parts]), np.array(families)


def write_scribbles(count: int, seed: int, jobs: int = 1) -> Digits:
    """Draw the kinds of `ml.writing.scribbles` by their shares: (count, 28, 28).

    The outcome depends on `count` and `seed` only, whatever the number of processes.
    """
    shares = np.array([share for share, _, _ in HANDS_OF_KINDS])
    parts = np.diff(np.round(count * np.cumsum([0, *shares / shares.sum()])).astype(int))
    return np.concatenate(
        [
            write_digits(part, seed, settings, kinds, jobs=jobs)[0]
            for part, (_, settings, kinds) in zip(parts.tolist(), HANDS_OF_KINDS, strict=True)
        ]
    )


def choose_kinds(rng: np.random.Generator) -> tuple[PenSettings, tuple[Variant, ...]]:
    """Choose the hands and the kinds of one scribble, by the shares of the kinds."""
    shares = np.array([share for share, _, _ in HANDS_OF_KINDS])
    _, settings, kinds = HANDS_OF_KINDS[rng.choice(len(shares), p=shares / shares.sum())]
    return settings, kinds


def make_others(
    letters: Path | None, count: int, seed: int, *, jobs: int = 1, holdout: bool = False
) -> Digits:
    """Make letters and scribbles, or scribbles alone if there is no file of letters."""
    if letters is None:
        return write_scribbles(count, seed, jobs)
    return non_digits(letters, count, seed, jobs, holdout=holdout)

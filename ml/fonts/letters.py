"""Build the data set of letters, which the model learns to refuse, from fonts."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ml.drawing.canonical import Digits
from ml.errors import TypefaceError
from ml.fonts.catalog import FontFile, describe_font, find_fonts
from ml.fonts.rendering import render_characters
from ml.fonts.tmnist import write_rows
from ml.labeled.rows import TMNIST, read_rows

LOOKALIKES: Final = frozenset("BDGIOQSYZbgijloqsyz")
"""Letters that people take for a digit if they stand alone on the paper.

A canonical picture loses the size of a letter and its place on the line. In contact sheets of 230
faces, these letters differed from a digit by that, or not at all.

- O o D are 0, I l are 1, Z z are 2, Y y are an open 4, S s are 5, G b are 6, B is 8, g q are 9.
- Q is 0 with a tail or, in scripts, 2.
- i j have a dot so near to the bar that a thick pen joins both to a 1.

Kept, though a model that knows digits only is sure of its wrong answer: A and k (4), C c and U (0),
E and h (6), L (1), N and X (8). A person who looks twice is not misled by them.
"""
LETTERS: Final = "".join(letter for letter in string.ascii_letters if letter not in LOOKALIKES)
"""The letters of the data set, lower case first."""
FACES: Final = 180
"""Faces of the data set, each of another family: as many as fit in 1.5 MB."""
SAME_CASE: Final = 0.8
"""Correlation from which the d of a face is a D.

Among 230 families, small capitals have 0.87 to 1, faces with a lower case up to 0.76.
"""

NO_LETTERS = "lacks a letter"


@dataclass(frozen=True)
class LetterSummary:
    """What was built: the file, its faces and rows, and its size in bytes."""

    target: Path
    faces: int
    rows: int
    size_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.target}: {self.rows:,} letters of {self.faces:,} faces, "
            f"{self.size_bytes:,} bytes."
        )


def build_letters(
    fonts: Path,
    digits: Path,
    target: Path,
    *,
    faces: int = FACES,
    report: Callable[[str], None] = lambda message: None,
) -> LetterSummary:
    """Render letters of the faces whose digits are in the data set of typefaces.

    A face whose lower case lacks a letter or is small capitals is left out: its d is a D. The same
    fonts give the same bytes. Of the folder `fonts`, at any depth, at most `faces` faces are taken;
    `target` becomes a gzipped csv, ``names, labels, 1 ... 784``, the label being the letter.

    Raises
    ------
    TypefaceError
        There is no font, or none with letters is in the data set of digits; nothing is written.
    DatasetError
        The data set of digits cannot be read.
    """
    found = map(describe_font, find_fonts(fonts))
    known = {name for rows in read_rows(digits, TMNIST) for name in rows.names or ()}
    chosen = choose_faces(font for font in found if font.name in known)
    report(f"{len(chosen):,} families have their digits in {digits}; rendering letters")
    images: dict[str, Digits] = {}
    for font in chosen:
        if len(images) == faces:
            break
        if (letters := _render(font)) is not None:
            images[font.name] = letters
    if not images:
        raise TypefaceError(f"{fonts}: no font with letters has its digits in {digits}.")
    write_rows(target, _rows(images))
    size = target.stat().st_size
    return LetterSummary(target, len(images), len(LETTERS) * len(images), size)


def choose_faces(fonts: Iterable[FontFile]) -> list[FontFile]:
    """Choose one face of each family, handwriting first, then the others well mixed.

    The regular face is preferred, else the first by name. Families are mixed by the SHA-256 of
    their name, so that an added one does not move the others.
    """
    families: dict[str, list[FontFile]] = {}
    for font in fonts:
        families.setdefault(font.family, []).append(font)
    chosen = [
        min(faces, key=lambda face: (not face.name.endswith("-Regular"), face.name, str(face.path)))
        for faces in families.values()
    ]

    def rank(face: FontFile) -> tuple[bool, str]:
        digest = hashlib.sha256(face.family.encode()).hexdigest()
        return face.category != "handwriting", digest

    return sorted(chosen, key=rank)


def _render(font: FontFile) -> Digits | None:
    """Render the letters of a face; None if it has no lower case of its own."""
    try:
        upper, lower = render_characters(font.path, "Dd", NO_LETTERS)
        if np.corrcoef(upper.ravel(), lower.ravel())[0, 1] >= SAME_CASE:
            return None
        return render_characters(font.path, LETTERS, NO_LETTERS)
    except TypefaceError:
        return None


def _rows(images: dict[str, Digits]) -> Iterator[tuple[str, str, Digits]]:
    """Rows of the csv, by face and letter."""
    for name, letters in sorted(images.items()):
        for letter, image in zip(LETTERS, letters, strict=True):
            yield name, letter, image

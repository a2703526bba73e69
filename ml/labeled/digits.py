"""Labeled digits: loaded from files, put together, split so that the holdout is honest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.drawing.canonical import CANONICAL_SIZE, Digits, canonical_digit
from ml.drawing.ink import Ink, ink_from_gray
from ml.drawing.pictures import ink_from_image, ink_from_pixels
from ml.drawing.strokes import ink_from_strokes, thin_strokes
from ml.errors import DatasetError, InvalidDrawing
from ml.labeled.exported import LabeledDrawing, face_name, family_of
from ml.labeled.formats import iter_labeled
from ml.labeled.packed import open_packed
from ml.labeled.rows import TMNIST, TMNIST_HEADER, read_rows

FONT_LIST: Final = "FONTS.md"
"""Name of the list of fonts beside a data set of typefaces."""


@dataclass(frozen=True, eq=False)
class LabeledDigits:
    """Digits with their labels, and the group that each belongs to."""

    images: Digits
    """(n, 28, 28) uint8, ink 255 on 0."""
    labels: NDArray[np.uint8]
    """(n,) uint8, 0 to 9, or `ml.pipeline.NOT_A_DIGIT`."""
    groups: NDArray[np.str_]
    """(n,) str: the hand or the family of typefaces that a digit is from. Digits of one group are
    never divided between training and holdout."""

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.shape != (n, CANONICAL_SIZE, CANONICAL_SIZE):
            raise ValueError(f"images are (n, 28, 28), not {self.images.shape}")
        if self.labels.shape != (n,) or self.groups.shape != (n,):
            raise ValueError(f"{n} images need as many labels and groups")

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, chosen: ArrayLike) -> LabeledDigits:
        """Take some of the digits, by (n,) bool or by indices, in the order chosen."""
        index = np.asarray(chosen)
        return LabeledDigits(self.images[index], self.labels[index], self.groups[index])

    @staticmethod
    def concatenate(parts: Sequence[LabeledDigits]) -> LabeledDigits:
        """Put digits one after another; no parts are no digits."""
        empty = LabeledDigits(
            np.zeros((0, CANONICAL_SIZE, CANONICAL_SIZE), np.uint8),
            np.zeros(0, np.uint8),
            np.zeros(0, np.str_),
        )
        parts = [empty, *parts]
        return LabeledDigits(
            np.concatenate([part.images for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.groups for part in parts]),
        )


def load_tmnist(path: Path) -> LabeledDigits:
    """Load a csv in TMNIST's format, plain, gzipped or zipped, whole or not at all.

    The images are those of the file: canonical but for the centering, which TMNIST does half a
    pixel further and the model undoes, and for pens wider or finer than those of people, which
    augmentation evens out. `load_labeled` brings the same file to canonical digits, more slowly.

    The group of a digit is the family of its face, not the face: Roboto-Medium is so near to
    Roboto-Regular that a model trained on one has seen the other.

    Raises
    ------
    DatasetError
        The file is damaged, a column is missing, a label is not 0 to 10, a pixel is not a whole
        number from 0 to 255, or there are no rows. Names the line, the header being the first.
    """
    parts = list(read_rows(path, TMNIST))
    names = [name for rows in parts for name in rows.names or ()]
    families = {name: family_of(name) for name in set(names)}
    return LabeledDigits(
        np.concatenate([rows.images for rows in parts]),
        np.concatenate([rows.labels for rows in parts]),
        np.array([families[name] for name in names]),
    )


def handwriting_families(tmnist: Path) -> frozenset[str]:
    """Read which families of a data set look handwritten from the list of fonts beside it.

    They are named as the groups of `load_tmnist` are; without a list, there are none. Raises
    DatasetError if the list cannot be read.
    """
    fonts = tmnist.with_name(FONT_LIST)
    if not fonts.exists():
        return frozenset()
    try:
        text = fonts.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"The list of fonts cannot be read: {error}", fonts) from error
    table = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    head, *rows = [_cells(line) for line in table] or [[]]
    if not {"family", "kind"} <= set(head):
        message = (
            "The list of fonts has no table with the columns 'family' and 'kind'; write it again "
            "with manage.py build_tmnist, or move it away so that all families count alike."
        )
        raise DatasetError(message, fonts)
    family, kind = head.index("family"), head.index("kind")
    return frozenset(
        family_of(face_name(row[family]))
        for row in rows
        if len(row) == len(head) and row[kind] == "handwriting"
    )


def _cells(line: str) -> list[str]:
    """Cut a row of a table in Markdown into its cells."""
    return [cell.strip() for cell in line.strip("| ").split("|")]


def is_tmnist(path: Path) -> bool:
    """Return whether the first columns of a file are TMNIST's, so that `load_tmnist` reads it.

    The path may lead to anything, also to a folder or to nothing.
    """
    if not path.is_file():
        return False
    try:
        with open_packed(path, ".csv") as file:
            columns = next(file.lines(), "").lower().split(",")[:2]
    except DatasetError:  # all else is read, or refused, by `load_labeled`
        return False
    return [column.strip(' "\n') for column in columns] == list(TMNIST_HEADER[:2])


def load_labeled(path: Path) -> LabeledDigits:
    """Load what `iter_labeled` reads as canonical digits, whole or not at all.

    Raises DatasetError if the file, or one of its drawings, cannot be read.
    """
    try:
        return canonicalize(iter_labeled(path))
    except InvalidDrawing as error:
        raise DatasetError(str(error), path) from error


def canonicalize(
    drawings: Iterable[LabeledDrawing],
    on_unreadable: Callable[[LabeledDrawing, InvalidDrawing], None] | None = None,
) -> LabeledDigits:
    """Bring labeled drawings to canonical digits in the same order.

    Those of an export that have no answer or are rejected are left out. The group is the writer; a
    drawing whose writer is not known is a group of its own. One that cannot be read is left out and
    given to `on_unreadable`, with the reason; without that, it raises InvalidDrawing, whose text
    opens with its name.
    """
    pixels, labels, groups = bytearray(), bytearray(), []
    for drawing in drawings:
        if drawing.label is None or not drawing.is_lesson:
            continue
        try:
            pixels += canonical_digit(_ink_of(drawing)).tobytes()
        except InvalidDrawing as error:
            if on_unreadable is None:
                error.args = (f"{drawing.name}: {error}",)
                raise
            on_unreadable(drawing, error)
            continue
        labels.append(drawing.label)
        groups.append(drawing.writer or drawing.name)
    return LabeledDigits(
        np.frombuffer(pixels, np.uint8).reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE),
        np.frombuffer(labels, np.uint8),
        np.array(groups, np.str_),
    )


def split_by_group(
    digits: LabeledDigits, holdout_share: float = 0.1
) -> tuple[LabeledDigits, LabeledDigits]:
    """Split into digits to train on and a holdout, by group and never by image.

    On average, `holdout_share` of the groups is held out; both parts keep the order.
    """
    holdout = is_held_out(digits.groups, holdout_share)
    return digits.select(~holdout), digits.select(holdout)


def is_held_out(groups: NDArray[np.str_], holdout_share: float = 0.1) -> NDArray[np.bool_]:
    """Return which of n groups belong to the holdout, on average `holdout_share` of them.

    Only the SHA-256 of a group's name decides: a group stays on its side whatever is added or left
    out, so that no later training learns from today's holdout.
    """
    names, group_of = np.unique(groups, return_inverse=True)
    is_held = np.array([_position(name) < holdout_share for name in names.tolist()], bool)
    return np.asarray(is_held[group_of])


def without(digits: LabeledDigits, others: Digits) -> LabeledDigits:
    """Leave out the digits that are, pixel by pixel, among `others` (m, 28, 28)."""
    known = {image.tobytes() for image in others}
    return digits.select(np.array([image.tobytes() not in known for image in digits.images], bool))


def _ink_of(drawing: LabeledDrawing) -> Ink:
    """Find the ink of a picture, of pixels or of strokes."""
    if drawing.pixels is not None:
        return ink_from_pixels(drawing.pixels)
    if drawing.strokes is not None:
        return ink_from_strokes(thin_strokes(drawing.strokes))
    return ink_from_image(drawing.image or b"")


def _position(name: str) -> float:
    """Map a name to a number from 0 to 1, evenly and always to the same."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def as_presented(digits: LabeledDigits) -> LabeledDigits:
    """Bring typefaces to the form in which the model reads drawings."""
    # Typefaces are centered half a pixel further: also one that could be canonical is presented.
    images = [canonical_digit(ink_from_gray(image).ink) for image in digits.images]
    stacked = np.array(images, np.uint8).reshape(digits.images.shape)
    return LabeledDigits(stacked, digits.labels, digits.groups)

"""Build a data set in TMNIST's format from fonts: render, leave out what is no digit, write."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from PIL import Image, ImageFont
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from ml.drawing.canonical import CANONICAL_BOX, CANONICAL_SIZE, Digits
from ml.errors import TypefaceError
from ml.files import write_atomically
from ml.fonts.catalog import FontFile, describe_font, find_fonts

FONT_SIZE: Final = 28
"""Size at which TMNIST renders a face, in pixels of the em square."""
LARGEST_GLYPH: Final = 20 * FONT_SIZE
"""Longest side of a rendered digit, in pixels; a font that asks for more is broken or hostile."""
MASS_CENTER: Final = 14.0
"""Pixel index to which TMNIST moves the center of mass, in both directions."""

ALIKE: Final = 0.99
"""Correlation from which two digits of one face are one picture.

Ten equal boxes have 1; among 622 families, the likest digits that a person still tells apart (0
and 9 of a condensed black face) have 0.98.
"""
SKETCH_SIDE: Final = 8
"""Side of the small picture by which a digit is recognized among those of the other families."""
FOLDS: Final = 10
"""Parts into which the families are divided, each recognized by the others."""
LEAST_RECOGNIZED: Final = 5
"""Digits of ten that the other families must recognize in a face.

Among 622 families, barcodes, redactions and faces whose ink is not the digit but its background or
shadow have 0 to 2, every other face 6 or more. By chance, one in 600 has 5.
"""
TWIN: Final = 0.02
"""Relative squared difference below which two faces are one.

Families share their digits, such as Noto Sans of many scripts, or hardly tell 400 from 500.
"""

NO_FONT = "cannot be opened as a font"
NO_LICENSE = "states no open license"
NO_DIGITS = "lacks a digit"
NO_DIFFERENCE = "has digits that are all one picture"
NO_RECOGNITION = "has signs that other faces do not recognize as its digits"
NO_NOVELTY = "has the digits of a face already taken"

FaceDigits = NDArray[np.uint8]
"""The ten digits of one face, from 0 to 9: (10, 28, 28) uint8, ink 255 on 0."""


@dataclass(frozen=True)
class Typeface:
    """A face with its ten rendered digits.

    Parameters
    ----------
    font : FontFile
        Where it is from.
    digits : FaceDigits
        (10, 28, 28) uint8, ink 255 on 0.
    """

    font: FontFile
    digits: FaceDigits


@dataclass(frozen=True)
class LeftOut:
    """A font file that is not in the data set.

    Parameters
    ----------
    font : FontFile
        The file.
    reason : str
        Why; a phrase that goes on after the name of the face.
    """

    font: FontFile
    reason: str


@dataclass(frozen=True)
class BuildSummary:
    """What became of the fonts.

    Parameters
    ----------
    target : Path
        The data set written.
    found, kept, families, rows, size_bytes : int
        Font files found and kept, families and rows in the data set, its size in bytes.
    left_out : tuple of LeftOut
        The other font files, each with its reason.
    """

    target: Path
    found: int
    kept: int
    families: int
    rows: int
    size_bytes: int
    left_out: tuple[LeftOut, ...]

    @property
    def reasons(self) -> Mapping[str, int]:
        """Number of files left out by reason, the most frequent first."""
        return dict(Counter(item.reason for item in self.left_out).most_common())

    def __str__(self) -> str:
        """Say it in one line."""
        reasons = "; ".join(f"{count:,} {reason}" for reason, count in self.reasons.items())
        return (
            f"{self.target}: {self.rows:,} digits of {self.kept:,} faces of {self.families:,} "
            f"families, {self.size_bytes:,} bytes. Left out {len(self.left_out):,} of "
            f"{self.found:,} files" + (f": {reasons}." if reasons else ".")
        )


def build_tmnist(
    fonts: Path,
    target: Path,
    *,
    any_license: bool = False,
    report: Callable[[str], None] = lambda message: None,
) -> BuildSummary:
    """Render every usable font of a folder to a data set in TMNIST's format.

    A font is left out if it states no open license, lacks a digit, or is no digits: two of them
    are one picture, or the other families recognize fewer than five of the ten. Of faces that look
    the same, the first by name stays. A list of the fonts, ``FONTS.md``, is written beside it. The
    same fonts give the same bytes.

    Parameters
    ----------
    fonts : Path
        Folder with font files, at any depth.
    target : Path
        Where to write the gzipped csv: ``names, labels, 1 ... 784``, ten rows a face.
    any_license : bool, optional
        Take fonts whatever their license says, for use at home.
    report : callable, optional
        Is told, in a sentence, what is done.

    Returns
    -------
    BuildSummary
        Counts, and each font left out with its reason.

    Raises
    ------
    TypefaceError
        There is no font, or none is usable; nothing is written.
    """
    paths = find_fonts(fonts)
    report(f"{len(paths):,} font files found; rendering")
    rendered = Parallel(n_jobs=2)(delayed(_render)(path, any_license) for path in paths)
    faces = [item for item in rendered if isinstance(item, Typeface)]
    left_out = [item for item in rendered if isinstance(item, LeftOut)]

    report(f"{len(faces):,} faces with ten digits; looking for what is no digit, and for twins")
    faces.sort(key=lambda face: (face.font.name, str(face.font.path)))
    rules = (
        (NO_DIFFERENCE, have_ten_signs),
        (NO_RECOGNITION, are_recognized),
        (NO_NOVELTY, are_new),
    )
    for reason, rule in rules:
        if not faces:
            break
        usable = rule(faces)
        left_out += [LeftOut(faces[index].font, reason) for index in np.flatnonzero(~usable)]
        faces = [faces[index] for index in np.flatnonzero(usable)]
    if not faces:
        raise TypefaceError(f"{fonts}: none of {len(paths)} fonts is usable; {left_out[0].reason}.")
    faces = list(_with_unique_names(faces))

    report(f"{len(faces):,} faces stay; writing {target}")
    write_tmnist(target, faces)
    write_font_list(target.with_name("FONTS.md"), faces, left_out)
    return BuildSummary(
        target=target,
        found=len(paths),
        kept=len(faces),
        families=len({face.font.family for face in faces}),
        rows=10 * len(faces),
        size_bytes=target.stat().st_size,
        left_out=tuple(left_out),
    )


def render_digits(path: Path) -> FaceDigits:
    """Render the ten digits of a font as TMNIST does.

    Each is drawn by Pillow at 28 px, cut to its ink, resized bilinearly to 20 px on the longer
    side, and moved by whole pixels so that the center of mass is at pixel 14.

    Parameters
    ----------
    path : Path
        A font file that FreeType opens.

    Returns
    -------
    FaceDigits
        (10, 28, 28) uint8, ink 255 on 0.

    Raises
    ------
    TypefaceError
        The file is no font, or a digit is blank or has no sign of its own.
    """
    return render_characters(path, "0123456789", NO_DIGITS)


def render_characters(path: Path, characters: str, lacking: str) -> Digits:
    """Render characters of a font as TMNIST does its digits.

    Parameters
    ----------
    path : Path
        A font file that FreeType opens.
    characters : str
        The n characters.
    lacking : str
        What the error says if a character is blank or has no sign of its own.

    Returns
    -------
    Digits
        (n, 28, 28) uint8, ink 255 on 0.

    Raises
    ------
    TypefaceError
        The file is no font, or lacks a character.
    """
    try:
        # The basic layout maps a character to its glyph and nothing else, on every machine.
        font = ImageFont.truetype(path, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)
        missing = _draw(font, "\uffff")  # no character: FreeType draws the sign for a missing one
        images = []
        for character in characters:
            ink = _draw(font, character)
            if not ink.any() or np.array_equal(ink, missing):
                raise TypefaceError(lacking)
            images.append(_center(ink))
            if not images[-1].any():  # a hair so fine that it is lost
                raise TypefaceError(lacking)
    except (OSError, ValueError) as error:
        raise TypefaceError(NO_FONT) from error
    return np.stack(images)


def have_ten_signs(faces: Sequence[Typeface]) -> NDArray[np.bool_]:
    """Tell which faces have ten different pictures: no two digits correlate by 0.99 or more.

    Parameters
    ----------
    faces : sequence of Typeface
        The n faces.

    Returns
    -------
    ndarray
        (n,) bool.
    """
    usable = np.zeros(len(faces), bool)
    for index, face in enumerate(faces):
        correlations = np.corrcoef(face.digits.reshape(10, -1))
        usable[index] = np.triu(correlations, k=1).max() < ALIKE
    return usable


def are_recognized(faces: Sequence[Typeface]) -> NDArray[np.bool_]:
    """Tell in which faces the other families recognize at least five of the ten digits.

    A digit is recognized if, among all digits of the other families, the most similar one has the
    same label. Compared are pictures of 8x8 to which the ink's box is stretched: widths, slants
    and pens differ much between faces that everybody reads, the course of the lines does not.
    With faces of one family only there is nothing to compare, and all pass.

    Parameters
    ----------
    faces : sequence of Typeface
        The n faces.

    Returns
    -------
    ndarray
        (n,) bool.
    """
    families = [face.font.family for face in faces]
    if len(set(families)) < 2:
        return np.ones(len(faces), bool)
    guesses = cross_val_predict(
        KNeighborsClassifier(n_neighbors=1),
        np.stack([_sketch(digit) for face in faces for digit in face.digits]),  # (10 n, 64)
        np.tile(np.arange(10), len(faces)),
        groups=np.repeat(families, 10),
        cv=GroupKFold(min(FOLDS, len(set(families)))),
    )
    is_right = guesses.reshape(-1, 10) == np.arange(10)  # (n, 10)
    return np.asarray(is_right.sum(axis=1) >= LEAST_RECOGNIZED)


def are_new(faces: Sequence[Typeface]) -> NDArray[np.bool_]:
    """Tell which faces differ from every new face before them.

    The measure is the sum of squared pixel differences by the sum of squared pixels of both faces:
    0 for equal faces, 1 for faces that share no ink.

    Parameters
    ----------
    faces : sequence of Typeface
        The n faces, the preferred one of two twins first.

    Returns
    -------
    ndarray
        (n,) bool.
    """
    # float64 holds these whole numbers exactly, so that every machine decides alike.
    pixels = np.array([face.digits.ravel() for face in faces], np.float64)  # (n, 7840)
    products = pixels @ pixels.T
    squares = products.diagonal()
    is_twin = 1 - 2 * products / (squares[:, None] + squares) < TWIN  # (n, n)
    new = np.zeros(len(faces), bool)
    for index in range(len(faces)):
        new[index] = not np.any(is_twin[index] & new)
    return new


def write_tmnist(target: Path, faces: Iterable[Typeface]) -> None:
    """Write faces as a gzipped csv in TMNIST's format: ``names, labels, 1 ... 784``.

    Parameters
    ----------
    target : Path
        Where to write; an existing file is replaced when the new one is whole, and the folder is
        made if it is not there.
    faces : iterable of Typeface
        The faces, with unique names.
    """
    rows = (
        (face.font.name, str(label), digit)
        for face in faces
        for label, digit in enumerate(face.digits)
    )
    write_rows(target, rows)


def write_rows(target: Path, rows: Iterable[tuple[str, str, FaceDigits]]) -> None:
    """Write a gzipped csv with TMNIST's columns; the same rows give the same bytes.

    Parameters
    ----------
    target : Path
        Where to write; an existing file is replaced when the new one is whole, and the folder is
        made if it is not there.
    rows : iterable of tuple
        Name, label and (28, 28) uint8 image of each row.
    """
    # A gzip stream (31) without name and time, so that the same rows give the same bytes; the
    # filtered strategy makes it 3 % smaller than the gzip module does.
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31, 9, zlib.Z_FILTERED)
    packed = [compressor.compress(line.encode()) for line in _lines(rows)]
    write_atomically(target, b"".join([*packed, compressor.flush()]))


def write_font_list(path: Path, faces: Sequence[Typeface], left_out: Sequence[LeftOut]) -> None:
    """Write the list of families with version and license, and of what was left out, as Markdown.

    Parameters
    ----------
    path : Path
        Where to write.
    faces : sequence of Typeface
        The faces of the data set.
    left_out : sequence of LeftOut
        The other fonts.
    """
    families: dict[tuple[str, str, str, str], int] = Counter(
        (face.font.family, face.font.version, face.font.license or "not stated", face.font.category)
        for face in faces
    )
    lines = [
        "# Fonts of the data set",
        "",
        f"The digits of the data set are rendered from {len(faces):,} faces of {len(families):,} "
        "families by `manage.py build_tmnist`. Version and license are what each family's package "
        "or font states.",
        "",
        "| family | version | license | kind | faces |",
        "| --- | --- | --- | --- | ---: |",
        *(
            f"| {' | '.join(family)} | {count} |"
            for family, count in sorted(families.items(), key=lambda item: item[0])
        ),
        "",
        "## Left out",
        "",
        "| reason | files | families |",
        "| --- | ---: | --- |",
    ]
    for reason in dict.fromkeys(item.reason for item in left_out):
        names = [item.font.family for item in left_out if item.reason == reason]
        lines.append(f"| {reason} | {len(names):,} | {', '.join(sorted(set(names)))} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _render(path: Path, any_license: bool) -> Typeface | LeftOut:
    """Render one font, or say why not."""
    font = describe_font(path)
    if font.license is None and not any_license:
        return LeftOut(font, NO_LICENSE)
    try:
        return Typeface(font, render_digits(path))
    except TypefaceError as error:
        return LeftOut(font, str(error))


def _draw(font: ImageFont.FreeTypeFont, character: str) -> FaceDigits:
    """Draw one character: (height, width) uint8, ink 255 on 0; without a pixel if it is blank."""
    left, top, right, bottom = font.getbbox(character)
    if max(right - left, bottom - top) > LARGEST_GLYPH:
        raise ValueError("a glyph is far larger than its em square")
    mask = font.getmask(character, mode="L")
    width, height = mask.size
    return np.array(mask, np.uint8).reshape(height, width)


def _crop(ink: FaceDigits) -> Image.Image:
    """Cut to the box of the pixels with any ink."""
    image = Image.fromarray(ink)
    return image.crop(image.getbbox())


def _center(ink: FaceDigits) -> FaceDigits:
    """Scale the ink's box to 20 px and move its center of mass to pixel 14, as TMNIST does."""
    image = _crop(ink)
    scale = CANONICAL_BOX / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    digit = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    if not small.any():
        return digit
    top = _offset(small.sum(axis=1, dtype=np.int64))
    left = _offset(small.sum(axis=0, dtype=np.int64))
    digit[top : top + height, left : left + width] = small
    return digit


def _offset(mass: NDArray[np.int64]) -> int:
    """Whole-pixel position at which a profile of mass is centered, inside of the square."""
    center = float(mass @ np.arange(len(mass)) / mass.sum())
    return int(np.clip(round(MASS_CENTER - center), 0, CANONICAL_SIZE - len(mass)))


def _sketch(digit: FaceDigits) -> NDArray[np.float32]:
    """Stretch the ink's box to a small square, as a (64,) vector of mean 0 and length 1."""
    image = _crop(digit).resize((SKETCH_SIDE, SKETCH_SIDE), Image.Resampling.BILINEAR)
    sketch = np.asarray(image, np.float32).ravel()
    sketch = sketch - sketch.mean()
    return np.asarray(sketch / max(float(np.linalg.norm(sketch)), 1e-6))


def _with_unique_names(faces: Iterable[Typeface]) -> Iterator[Typeface]:
    """Number the second and later faces of the same name."""
    taken: set[str] = set()
    for face in faces:
        name, number = face.font.name, 1
        while name in taken:
            number += 1
            name = f"{face.font.name}{number}"
        taken.add(name)
        yield replace(face, font=replace(face.font, name=name))


def _lines(rows: Iterable[tuple[str, str, FaceDigits]]) -> Iterator[str]:
    """Lines of the csv, the header first."""
    yield ",".join(["names", "labels", *map(str, range(1, CANONICAL_SIZE**2 + 1))]) + "\n"
    for name, label, image in rows:
        yield f"{name},{label},{','.join(map(str, image.ravel().tolist()))}\n"

"""Build the data set of typefaces from a folder of fonts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from ml.errors import TypefaceError
from ml.fonts.catalog import describe_font, find_fonts
from ml.fonts.rendering import Typeface, render_digits
from ml.fonts.screening import are_new, are_recognized, have_ten_signs
from ml.fonts.tmnist import LeftOut, write_font_list, write_tmnist
from ml.labeled.digits import FONT_LIST

NO_LICENSE = "states no open license"
NO_DIFFERENCE = "has digits that are all one picture"
NO_RECOGNITION = "has signs that other faces do not recognize as its digits"
NO_NOVELTY = "has the digits of a face already taken"


@dataclass(frozen=True)
class BuildSummary:
    """What became of the fonts."""

    target: Path
    found: int
    kept: int
    families: int
    rows: int
    size_bytes: int
    """Font files found and kept, families and rows in the data set, and its size."""
    left_out: tuple[LeftOut, ...]
    """The other font files, each with its reason."""

    @property
    def reasons(self) -> Mapping[str, int]:
        """Number of files left out by reason, the most frequent first."""
        return dict(Counter(item.reason for item in self.left_out).most_common())

    def __str__(self) -> str:
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

    A font is left out if it states no open license, lacks a digit, or its signs are not digits: two
    of them are one picture, or the other families recognize fewer than five of the ten. Of faces
    that look the same, the first by name stays. A list of the fonts, ``FONTS.md``, is written
    beside it. The same fonts give the same bytes. The folder `fonts` is searched at any depth;
    `target` becomes a gzipped csv, ``names, labels, 1 ... 784``, ten rows a face.

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

    report(f"{len(faces):,} faces with ten digits; screening them")
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
    write_font_list(target.with_name(FONT_LIST), faces, left_out)
    return BuildSummary(
        target=target,
        found=len(paths),
        kept=len(faces),
        families=len({face.font.family for face in faces}),
        rows=10 * len(faces),
        size_bytes=target.stat().st_size,
        left_out=tuple(left_out),
    )


def _render(path: Path, any_license: bool) -> Typeface | LeftOut:
    """Render one font, or return the reason why it is left out."""
    font = describe_font(path)
    if font.license is None and not any_license:
        return LeftOut(font, NO_LICENSE)
    try:
        return Typeface(font, render_digits(path))
    except TypefaceError as error:
        return LeftOut(font, str(error))


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

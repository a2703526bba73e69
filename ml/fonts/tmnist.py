"""A data set in TMNIST's format as a file, and beside it the list of its fonts."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.drawing.canonical import CANONICAL_SIZE, Digit
from ml.files import write_atomically
from ml.fonts.catalog import FontFile
from ml.fonts.rendering import Typeface


@dataclass(frozen=True)
class LeftOut:
    """A font that is not in the data set, and a phrase that completes: this face ..."""

    font: FontFile
    reason: str


def write_tmnist(target: Path, faces: Iterable[Typeface]) -> None:
    """Write faces, of unique names, as a gzipped csv in TMNIST's format, ten rows each."""
    rows = (
        (face.font.name, str(label), digit)
        for face in faces
        for label, digit in enumerate(face.digits)
    )
    write_rows(target, rows)


def write_rows(target: Path, rows: Iterable[tuple[str, str, Digit]]) -> None:
    """Write a gzipped csv ``names, labels, 1 ... 784``, whole; the same rows give the same bytes.

    A row is a name, a label and an image (28, 28) uint8.
    """
    # A gzip stream (31) without name and time, so that the same rows give the same bytes; the
    # filtered strategy makes it 3 % smaller than the gzip module does.
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31, 9, zlib.Z_FILTERED)
    packed = [compressor.compress(line.encode()) for line in _lines(rows)]
    write_atomically(target, b"".join([*packed, compressor.flush()]))


def _lines(rows: Iterable[tuple[str, str, Digit]]) -> Iterator[str]:
    """Lines of the csv, the header first."""
    yield ",".join(["names", "labels", *map(str, range(1, CANONICAL_SIZE**2 + 1))]) + "\n"
    for name, label, image in rows:
        yield f"{name},{label},{','.join(map(str, image.ravel().tolist()))}\n"


def write_font_list(path: Path, faces: Sequence[Typeface], left_out: Sequence[LeftOut]) -> None:
    """Write families with version and license, and what was left out, as Markdown."""
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

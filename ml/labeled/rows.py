"""Read digits from a csv in the format of TMNIST or of MNIST, and tell what is wrong with one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from string import whitespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import Digits
from ml.errors import DatasetError
from ml.labeled.packed import PackedFile, open_packed

PIXELS: Final = 784
BATCH_LINES: Final = 4096
"""Lines that are read at a time: about 8 MB of text."""
MAX_NAME: Final = 128
"""Longest name of a face."""

FIELDS: Final[Mapping[str, tuple[Any, ...]]] = {
    "name": ("name", f"U{MAX_NAME + 1}"),
    "label": ("label", "u1"),
    "pixels": ("pixels", "u1", (28, 28)),
}
"""NumPy's description of each part of a line."""

Layout = tuple[str, ...]
"""Parts of a line in their order, such as ``("label", "pixels")``."""

TMNIST_HEADER: Final = ("names", "labels", *(str(n) for n in range(1, PIXELS + 1)))
TMNIST: Final[Mapping[Layout, Layout]] = {TMNIST_HEADER: ("name", "label", "pixels")}
"""TMNIST's header and the layout of its lines."""

PIXEL_HEADERS: Final = (
    tuple(f"pixel{n}" for n in range(PIXELS)),
    tuple(f"pixel{n}" for n in range(1, PIXELS + 1)),
    tuple(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)),
)
ANY_HEADER: Final[Mapping[Layout, Layout]] = {
    **TMNIST,
    **{("label", *pixels): ("label", "pixels") for pixels in PIXEL_HEADERS},
    **{(*pixels, "class"): ("pixels", "label") for pixels in PIXEL_HEADERS},
}
"""The headers that MNIST is known with, besides TMNIST's, and the layouts of their lines."""
NO_HEADER: Final[Layout] = ("label", "pixels")
"""Layout of an MNIST csv without a header."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a csv.

    Parameters
    ----------
    images : Digits
        (n, 28, 28) uint8.
    labels : ndarray
        (n,) uint8, 0 to 9.
    names : list of str or None
        Names of the n faces; None where the format has none.
    """

    images: Digits
    labels: NDArray[np.uint8]
    names: list[str] | None


def read_rows(path: Path, headers: Mapping[Layout, Layout] = ANY_HEADER) -> Iterator[Rows]:
    """Read a csv, plain, gzipped or zipped, some thousand lines at a time.

    Parameters
    ----------
    path : Path
        The csv.
    headers : mapping, optional
        The headers that are accepted, each with the layout of its lines.

    Yields
    ------
    Rows
        The next lines.

    Raises
    ------
    DatasetError
        The file is damaged, a column is missing, a label is not 0 to 9, a pixel is not a whole
        number from 0 to 255, or there are no rows. Names the line, the header being the first.
    """
    with open_packed(path, ".csv") as file:
        yield from parse_rows(file, headers)


def parse_rows(file: PackedFile, headers: Mapping[Layout, Layout] = ANY_HEADER) -> Iterator[Rows]:
    """Read an open csv as `read_rows` does.

    Parameters
    ----------
    file : PackedFile
        The csv.
    headers : mapping, optional
        The headers that are accepted, each with the layout of its lines.

    Yields
    ------
    Rows
        The next lines.

    Raises
    ------
    DatasetError
        As `read_rows` does. Names the row, too, where a row is at fault.
    """
    lines, path = file.lines(), file.path
    first = next(lines, "")
    if not first:
        raise DatasetError("The file is empty.", path)
    fields = [field.strip().lower() for field in _split(first)]
    number, count = 2, 0
    if headers is ANY_HEADER and all(field.isdecimal() for field in fields):
        layout, number, lines = NO_HEADER, 1, chain([first], lines)
    else:
        layout = _find_layout(fields, headers, path)
    while batch := list(islice(lines, BATCH_LINES)):
        if not all(map(str.isspace, batch)):
            rows = _parse(batch, layout, path, number, count)
            yield rows
            count += len(rows.labels)
        number += len(batch)
    if not count:
        raise DatasetError("There are no rows below the header.", path, file.line)


def _find_layout(fields: list[str], headers: Mapping[Layout, Layout], path: Path) -> Layout:
    """Look up a header, or say how it differs from the one that it is most like."""
    if layout := headers.get(tuple(fields)):
        return layout
    likest = max(headers, key=lambda header: len(set(header) & set(fields)))
    right = f"{', '.join(likest[:3])} … {', '.join(likest[-2:])}"
    missing = [column for column in likest if column not in fields]
    excess = [column for column in fields if column not in likest]
    if missing:
        raise DatasetError(f"The column {missing[0]!r} is missing; needed are {right}.", path, 1)
    if excess:
        raise DatasetError(f"The column {excess[0]!r} is too many; needed are {right}.", path, 1)
    raise DatasetError(f"The columns are not in this order, each once: {right}.", path, 1)


def _parse(lines: list[str], layout: Layout, path: Path, number: int, row: int) -> Rows:
    """Parse lines; the first has this number in the file, and the first row this one."""
    dtype = np.dtype([FIELDS[part] for part in layout])
    if not all(map(str.isascii, lines)):
        # NumPy asks C whether a character is a space, which reads beyond C's table, and may crash,
        # for those that C does not know. So they must not stand where a number is read.
        _explain(lines, layout, path, number, row)
    try:
        rows = [line for line in lines if not line.isspace()]
        table = np.loadtxt(rows, dtype, comments=None, delimiter=",", quotechar='"', ndmin=1)
    except ValueError as error:
        _explain(lines, layout, path, number, row)
        raise DatasetError(f"The rows cannot be read: {error}", path) from error
    names = table["name"].tolist() if "name" in layout else None
    if table["label"].max() > 9 or not all(map(_is_name, names or ())):
        _explain(lines, layout, path, number, row)
    return Rows(table["pixels"], table["label"], names)


def _explain(lines: list[str], layout: Layout, path: Path, first: int, row: int) -> None:
    """Find the first line that is wrong and say what is wrong with it."""
    width = sum(PIXELS if part == "pixels" else 1 for part in layout)
    for number, line in enumerate(lines, start=first):
        fields = [field.strip(whitespace) for field in _split(line)]
        if line.isspace():
            continue
        if len(fields) != width:
            message = f"There are {len(fields)} columns; a row has {width}."
            raise DatasetError(message, path, number, row)
        if "name" in layout and not _is_name(fields.pop(0)):
            message = f"The name is not a text of 1 to {MAX_NAME} characters."
            raise DatasetError(message, path, number, row)
        label = fields.pop(0 if layout[-1] == "pixels" else -1)
        if not _is_whole(label, 9):
            message = f"The label is {label[:20]!r}; a label is a digit from 0 to 9."
            raise DatasetError(message, path, number, row)
        for pixel, value in enumerate(fields, start=1):
            if not _is_whole(value, 255):
                message = (
                    f"Pixel {pixel} is {value[:20]!r}; a pixel is a whole number from 0 to 255."
                )
                raise DatasetError(message, path, number, row)
        row += 1


def _split(line: str) -> list[str]:
    """Split a line at its commas outside of quotes."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME and text.isprintable()


def _is_whole(text: str, largest: int) -> bool:
    return text.isascii() and text.isdecimal() and float(text) <= largest

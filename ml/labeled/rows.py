"""Read digits from a csv in the format of TMNIST or of MNIST, and explain what is wrong in one."""

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

from ml.drawing.canonical import CANONICAL_SIZE, Digits
from ml.errors import DatasetError
from ml.labeled.packed import PackedFile, open_packed

PIXELS: Final = CANONICAL_SIZE**2
BATCH_LINES: Final = 1024
"""Lines that are read at a time: about 2 MB of text."""
MAX_LABEL: Final = 10
"""Largest label of a file: 10 is the class of what is not a digit, as in `ml.pipeline`."""
MAX_NAME: Final = 128
"""Longest name of a face, in characters."""

Header = tuple[str, ...]
Layout = tuple[str, ...]
"""Parts of a line in their order, such as ``("name", "label", "pixels")``."""

TMNIST_HEADER: Final = ("names", "labels", *(str(n) for n in range(1, PIXELS + 1)))
TMNIST: Final[Mapping[Header, Layout]] = {TMNIST_HEADER: ("name", "label", "pixels")}
LETTERS: Final[Mapping[Header, Layout]] = {TMNIST_HEADER: ("name", "letter", "pixels")}

PIXEL_HEADERS: Final = (
    tuple(f"pixel{n}" for n in range(PIXELS)),
    tuple(f"pixel{n}" for n in range(1, PIXELS + 1)),
    tuple(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)),
)
ANY_DIGITS: Final[Mapping[Header, Layout]] = {
    **TMNIST,
    **{("label", *pixels): ("label", "pixels") for pixels in PIXEL_HEADERS},
    **{(*pixels, "class"): ("pixels", "label") for pixels in PIXEL_HEADERS},
}
"""TMNIST's header and those that MNIST is known with, and the layouts of their lines."""
NO_HEADER: Final[Layout] = ("label", "pixels")
"""Layout of an MNIST csv without a header."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a csv."""

    images: Digits
    """(n, 28, 28) uint8."""
    labels: NDArray[Any]
    """(n,) uint8, 0 to 10; or (n,) str, one letter each."""
    names: list[str] | None
    """Names of the n faces; None where the format has none."""


def read_rows(path: Path, headers: Mapping[Header, Layout] = ANY_DIGITS) -> Iterator[Rows]:
    """Read a csv, plain, gzipped or zipped, some thousand lines at a time.

    `headers` are those that are accepted, each with the layout of its lines. Raises DatasetError,
    which names the line (the header is the first), if the file is damaged, a column is missing, a
    label or a pixel is out of range, or there are no rows.
    """
    with open_packed(path, ".csv") as file:
        yield from parse_rows(file, headers)


def parse_rows(file: PackedFile, headers: Mapping[Header, Layout] = ANY_DIGITS) -> Iterator[Rows]:
    """Read an open csv as `read_rows` does; errors name the row, too, where a row is at fault."""
    lines, path = file.lines(), file.path
    first = next(lines, "")
    if not first:
        raise DatasetError("The file is empty.", path)
    fields = [field.strip().lower() for field in _split(first)]
    number, count = 2, 0
    if headers is ANY_DIGITS and all(field.isdecimal() for field in fields):
        layout, number, lines = NO_HEADER, 1, chain([first], lines)
    else:
        layout = _find_layout(fields, headers, path)
    while batch := list(islice(lines, BATCH_LINES)):
        if full := [line for line in batch if not line.isspace()]:
            rows = _parse(full, layout)
            if rows is None:
                raise _explain(batch, layout, path, number, count)
            yield rows
            count += len(full)
        number += len(batch)
    if not count:
        raise DatasetError("There are no rows below the header.", path, file.line)


def _find_layout(fields: list[str], headers: Mapping[Header, Layout], path: Path) -> Layout:
    """Look up a header, or explain how it differs from the one that it is most like."""
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


def _parse(lines: list[str], layout: Layout) -> Rows | None:
    """Parse lines, or return None if something is wrong with one of them."""
    texts = {}
    for part in layout:
        if part in ("name", "letter"):
            texts[part], lines = _cut_first(lines)
    numbers = _parse_numbers(lines, PIXELS + ("label" in layout))
    if numbers is None or not all(map(_is_name, texts.get("name", ()))):
        return None
    if "letter" in texts:
        labels, pixels = np.array(texts["letter"]), numbers
        is_right = all(map(_is_letter, texts["letter"]))
    else:
        first, last = (1, None) if layout[-1] == "pixels" else (0, -1)
        labels, pixels = numbers[:, first - 1], numbers[:, first:last]
        is_right = bool(labels.max() <= MAX_LABEL)
    images = pixels.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)
    return Rows(images, labels, texts.get("name")) if is_right else None


def _cut_first(lines: list[str]) -> tuple[list[str], list[str]]:
    """Cut the first field, which may be quoted, off each line."""
    firsts = [_split(line)[0] if line[0] == '"' else line.partition(",")[0] for line in lines]
    rests = [
        line.split(",", first.count(",") + 1)[-1] for line, first in zip(lines, firsts, strict=True)
    ]
    return firsts, rests


def _parse_numbers(lines: list[str], width: int) -> NDArray[np.uint8] | None:
    """Parse lines of so many numbers from 0 to 255, or return None if there is anything else."""
    # NumPy asks C whether a character is a space, which reads beyond C's table, and may crash, for
    # those that C does not know. Where nothing is left on any line, it warns.
    if not all(map(str.isascii, lines)) or any(map(str.isspace, lines)):
        return None
    try:
        numbers = np.loadtxt(lines, np.uint8, comments=None, delimiter=",", quotechar='"', ndmin=2)
    except ValueError:
        return None
    return numbers if numbers.shape == (len(lines), width) else None


def _explain(lines: list[str], layout: Layout, path: Path, number: int, row: int) -> DatasetError:
    """Find the first line that is wrong; the first of all has this number, the first row this."""
    rows = [(number + at, line) for at, line in enumerate(lines) if not line.isspace()]
    while len(rows) > 1:  # by halves: to look at each line takes many times as long
        half = rows[: len(rows) // 2]
        if _parse([line for _, line in half], layout) is None:
            rows = half
        else:
            rows, row = rows[len(half) :], row + len(half)
    ((number, line),) = rows
    fault = _find_fault(line, layout) or "The row cannot be read as a csv."
    return DatasetError(fault, path, number, row)


def _find_fault(line: str, layout: Layout) -> str | None:
    """Return what is wrong with a line, if anything is."""
    fields = [field.strip(whitespace) for field in _split(line)]
    width = len(layout) - 1 + PIXELS
    if len(fields) != width:
        return f"There are {len(fields)} columns; a row has {width}."
    if "name" in layout and not _is_name(fields.pop(0)):
        return f"The name is not a text of 1 to {MAX_NAME} characters."
    label = fields.pop(0 if layout[-1] == "pixels" else -1)
    if "letter" in layout and not _is_letter(label):
        return f"The label is {label[:20]!r}; a label is one letter."
    if "label" in layout and not _is_whole(label, MAX_LABEL):
        return f"The label is {label[:20]!r}; a label is a digit from 0 to 9, or 10 for none."
    for pixel, value in enumerate(fields, start=1):
        if not _is_whole(value, 255):
            return f"Pixel {pixel} is {value[:20]!r}; a pixel is a whole number from 0 to 255."
    return None


def _split(line: str) -> list[str]:
    """Split a line at its commas outside of quotes."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME and text.isprintable()


def _is_letter(text: str) -> bool:
    return len(text) == 1 and text.isalpha()


def _is_whole(text: str, largest: int) -> bool:
    return text.isascii() and text.isdecimal() and float(text) <= largest

"""Read digits from a csv that has a pixel in each column, and explain what is wrong in one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from string import whitespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import CANONICAL_SIZE, Digits
from ml.errors import DatasetError
from ml.labeled.packed import Notify, PackedFile, Unlabeled, open_packed
from ml.labeled.sniffing import FORMATS

PIXELS: Final = CANONICAL_SIZE**2
BATCH_LINES: Final = 1024
"""Lines that are read at a time: about 2 MB of text."""
MAX_LABEL: Final = 10
"""Largest label of a file: 10 is the class of what is not a digit, as in `ml.pipeline`."""
MAX_NAME: Final = 128
"""Longest name of a face, in characters."""
NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)

Header = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """What the columns of a row are; those before the pixels and their label are texts."""

    texts: int = 0
    """Columns of texts that a row begins with."""
    name: int | None = None
    """The one of them that names a face or a writer."""
    is_writer: bool = False
    label: str = "first"
    """Where the label stands: ``first`` of the numbers, ``last``, ``letter`` or ``missing``. A
    letter is the last of the texts."""
    delimiter: str = ","

    @property
    def numbers(self) -> int:
        return PIXELS + (self.label in ("first", "last"))


TMNIST_HEADER: Final = ("names", "labels", *(str(n) for n in range(1, PIXELS + 1)))
TMNIST: Final[Mapping[Header, Layout]] = {TMNIST_HEADER: Layout(1, 0)}
LETTERS: Final[Mapping[Header, Layout]] = {TMNIST_HEADER: Layout(2, 0, label="letter")}
MNIST_HEADER: Final = ("label", *(f"pixel{n}" for n in range(PIXELS)))
ANY_DIGITS: Final[Mapping[Header, Layout]] = {**TMNIST, MNIST_HEADER: Layout()}
"""TMNIST's header and that of MNIST at Kaggle; where they are accepted, similar ones are."""
GRIDS: Final = tuple(
    [f"{row}x{column}" for row in range(first, first + 28) for column in range(first, first + 28)]
    for first in (0, 1)
)
"""Names of pixels by row and column."""
LABELS: Final = ("label", "labels", "target", "class", "digit", "y")
DELIMITERS: Final = ",;\t"
MOST_TEXTS: Final = 8


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a csv."""

    images: Digits
    """(n, 28, 28) uint8."""
    labels: NDArray[Any]
    """(n,) uint8, 0 to 10; or (n,) str, one letter each; or (0,) where there are none."""
    names: list[str] | None
    """Names of the n faces or writers; None where the format has none."""
    are_writers: bool = False


def read_rows(path: Path, headers: Mapping[Header, Layout] = ANY_DIGITS) -> Iterator[Rows]:
    """Read a csv, plain or packed, some thousand lines at a time.

    `headers` are those that are accepted, each with the layout of its lines. Raises DatasetError,
    which names the line (the header is the first), if the file is damaged, a column is missing, a
    label or a pixel is out of range, or there are no rows.
    """
    with open_packed(path, ".csv") as file:
        yield from parse_rows(file, headers)


def parse_rows(
    file: PackedFile,
    headers: Mapping[Header, Layout] = ANY_DIGITS,
    notify: Notify = lambda sentence: None,
    *,
    needs_labels: bool = True,
) -> Iterator[Rows]:
    """Read an open csv as `read_rows` does; errors name the row, too, where a row is at fault.

    Of digits, any csv is read whose 784 columns of pixels stand in their order, with the label
    before or behind them: between commas, semicolons or tabs, of whole numbers or floats, with a
    header or, if the label comes first, without. What is assumed is notified.
    """
    lines, path = file.lines(), file.path
    first = next(lines, "")
    if not first:
        raise DatasetError("The file is empty.", path)
    delimiter = max(DELIMITERS, key=first.count) if headers is ANY_DIGITS else ","
    fields = [field.strip().lower() for field in _split(first, delimiter)]
    number, count = 2, 0
    is_bare = headers is ANY_DIGITS and len(fields) > 1 and all(map(_is_number, fields))
    if is_bare and not are_numbered(fields):
        layout, number, lines = Layout(), 1, chain([first], lines)
        if len(fields) == PIXELS:
            layout = Layout(label="missing")
        elif len(fields) != PIXELS + 1:
            message = f"There are {len(fields)} columns; a row has 785: the label and 28x28 pixels."
            raise Unlabeled(message, path, 1, 0)
    else:
        layout = _find_layout(fields, headers, path, notify)
    if layout.label == "missing" and needs_labels:
        raise Unlabeled(
            "It has pixels without labels; add a column label before the first pixel.", path
        )
    layout, scale = replace(layout, delimiter=delimiter), Scale(notify)
    while batch := list(islice(lines, BATCH_LINES)):
        if full := [line for line in batch if not line.isspace()]:
            rows = _parse(full, layout, scale)
            if rows is None:
                raise _explain(batch, layout, scale, path, number, count)
            yield rows
            count += len(full)
        number += len(batch)
    if not count:
        raise DatasetError("There are no rows below the header.", path, file.line)


class Scale:
    """Whether floats reach from 0 to 1 or to 255: the first rows decide for the whole file."""

    def __init__(self, notify: Notify) -> None:
        self.most: int | None = None
        self._notify = notify

    def to_levels(self, pixels: NDArray[Any]) -> NDArray[np.uint8] | None:
        """Bring (n, 784) pixels to whole numbers; None if one is out of range."""
        least, most = pixels.min(), pixels.max()
        if not (least >= 0 and most <= (self.most or 255)):  # false for NaN, too
            return None
        if pixels.dtype == np.uint8:
            if most > 1:
                self.most = 255
            if self.most != 1:
                return pixels
        if self.most is None:
            self.most = 1 if most <= 1 else 255
            if self.most == 1:
                self._notify("No pixel of the first rows is over 1: they are read as from 0 to 1.")
        return np.rint(pixels * np.float32(255 / self.most)).astype(np.uint8)


def _find_layout(
    fields: list[str], headers: Mapping[Header, Layout], path: Path, notify: Notify
) -> Layout:
    """Look up a header, or explain how it differs from the one that it is most like."""
    if layout := headers.get(tuple(fields)):
        return layout
    if headers is ANY_DIGITS and (layout := _infer_layout(fields, notify)):
        return layout
    if len(fields) == 1:
        raise Unlabeled(f"The format is unknown; known are {FORMATS}.", path)
    likest = max(headers, key=lambda header: len(set(header) & set(fields)))
    right = f"{', '.join(likest[:3])} … {', '.join(likest[-2:])}"
    missing = [column for column in likest if column not in fields]
    excess = [column for column in fields if column not in likest]
    if missing:
        raise Unlabeled(f"The column {missing[0]!r} is missing; needed are {right}.", path, 1)
    if excess:
        raise Unlabeled(f"The column {excess[0]!r} is too many; needed are {right}.", path, 1)
    raise Unlabeled(f"The columns are not in this order, each once: {right}.", path, 1)


def _infer_layout(fields: list[str], notify: Notify) -> Layout | None:
    """Find the columns of pixels, wherever the label stands, and texts before both."""
    if are_numbered(fields) and len(fields) == PIXELS + 1:
        notify(f"The columns are called 0 to {PIXELS}: the first is read as the label.")
        return Layout()
    for start in range(min(len(fields) - PIXELS, MOST_TEXTS) + 1):
        if not are_pixels(fields[start : start + PIXELS]):
            continue
        before, behind = fields[:start], fields[start + PIXELS :]
        label = "missing"
        if not behind and before and before[-1] in LABELS:
            label = "first"
            before.pop()
        elif len(behind) == 1 and behind[0] in LABELS:
            label = "last"
        elif behind:
            return None
        if set(before) & {*LABELS}:
            return None
        names = [column for column in before if column in ("names", "writer")]
        if aside := [column or "(no name)" for column in before if column not in names]:
            notify(f"Columns that are left aside: {', '.join(aside)}.")
        name = before.index(names[-1]) if names else None
        return Layout(len(before), name, "writer" in names, label)
    return None


def are_pixels(names: list[str]) -> bool:
    """Whether columns are numbered from 0 or 1, or named by row and column."""
    prefix = names[0].rstrip("01")
    numbers = (range(first, first + PIXELS) for first in (0, 1))
    return names in GRIDS or any(names == [f"{prefix}{n}" for n in each] for each in numbers)


def are_numbered(fields: list[str]) -> bool:
    """Whether the columns of a header are called 0, 1, 2 and so on."""
    return len(fields) > 2 and fields == [str(n) for n in range(len(fields))]


def _parse(lines: list[str], layout: Layout, scale: Scale) -> Rows | None:
    """Parse lines, or return None if something is wrong with one of them."""
    texts = []
    for _ in range(layout.texts):
        column, lines = _cut_first(lines, layout.delimiter)
        texts.append(column)
    names = None if layout.name is None else texts[layout.name]
    numbers = _parse_numbers(lines, layout)
    if numbers is None or not all(map(_is_name, names or ())):
        return None
    labels: NDArray[Any] = np.zeros(0, np.uint8)
    pixels = numbers
    if layout.label == "letter":
        labels = np.array(texts[-1])
        if not all(map(_is_letter, texts[-1])):
            return None
    elif layout.label != "missing":
        first, last = (1, None) if layout.label == "first" else (0, -1)
        pixels, given = numbers[:, first:last], numbers[:, first - 1]
        labels = given.astype(np.uint8) if given.dtype != np.uint8 and _are_labels(given) else given
        if labels.dtype != np.uint8 or labels.max() > MAX_LABEL:
            return None
    levels = scale.to_levels(pixels)
    if levels is None:
        return None
    images = levels.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)
    return Rows(images, labels, names, layout.is_writer)


def _are_labels(numbers: NDArray[Any]) -> bool:
    """Whether floats are all whole numbers that a label may be; false for NaN."""
    return bool(np.all((numbers >= 0) & (numbers <= MAX_LABEL) & (numbers == np.rint(numbers))))


def _cut_first(lines: list[str], delimiter: str) -> tuple[list[str], list[str]]:
    """Cut the first field, which may be quoted, off each line."""
    firsts = [
        _split(line, delimiter)[0] if line[0] == '"' else line.partition(delimiter)[0]
        for line in lines
    ]
    rests = [
        line.split(delimiter, first.count(delimiter) + 1)[-1]
        for line, first in zip(lines, firsts, strict=True)
    ]
    return firsts, rests


def _parse_numbers(lines: list[str], layout: Layout) -> NDArray[Any] | None:
    """Parse lines of so many numbers, if they can be, from 0 to 255; None for anything else."""
    # NumPy asks C whether a character is a space, which reads beyond C's table, and may crash, for
    # those that C does not know. Where nothing is left on any line, it warns.
    if not all(map(str.isascii, lines)) or any(map(str.isspace, lines)):
        return None
    for kind in (np.uint8, np.float32):
        with suppress(ValueError):
            numbers: NDArray[Any] = np.loadtxt(
                lines, kind, comments=None, delimiter=layout.delimiter, quotechar='"', ndmin=2
            )
            return numbers if numbers.shape == (len(lines), layout.numbers) else None
    return None


def _explain(
    lines: list[str], layout: Layout, scale: Scale, path: Path, number: int, row: int
) -> DatasetError:
    """Find the first line that is wrong; the first of all has this number, the first row this."""
    most, scale = scale.most or 255, Scale(lambda sentence: None)
    scale.most = most
    rows = [(number + at, line) for at, line in enumerate(lines) if not line.isspace()]
    while len(rows) > 1:  # by halves: to look at each line takes many times as long
        half = rows[: len(rows) // 2]
        if _parse([line for _, line in half], layout, scale) is None:
            rows = half
        else:
            rows, row = rows[len(half) :], row + len(half)
    ((number, line),) = rows
    fault = _find_fault(line, layout, most) or "The row cannot be read as a csv."
    return DatasetError(fault, path, number, row)


def _find_fault(line: str, layout: Layout, most: int) -> str | None:
    """Return what is wrong with a line, if anything is."""
    fields = [field.strip(whitespace) for field in _split(line, layout.delimiter)]
    width = layout.texts + layout.numbers
    if len(fields) != width:
        return f"There are {len(fields)} columns; a row has {width}."
    texts, fields = fields[: layout.texts], fields[layout.texts :]
    if layout.name is not None and not _is_name(texts[layout.name]):
        return f"The name is not a text of 1 to {MAX_NAME} characters."
    if layout.label == "letter" and not _is_letter(texts[-1]):
        return f"The label is {texts[-1][:20]!r}; a label is one letter."
    if layout.label in ("first", "last"):
        label = fields.pop(0 if layout.label == "first" else -1)
        if not (_is_number(label) and float(label).is_integer() and 0 <= float(label) <= MAX_LABEL):
            return f"The label is {label[:20]!r}; a label is a digit from 0 to 9, or 10 for none."
    for pixel, value in enumerate(fields, start=1):
        if not (_is_number(value) and 0 <= float(value) <= most):
            return f"Pixel {pixel} is {value[:20]!r}; a pixel is a number from 0 to {most}."
    return None


def _split(line: str, delimiter: str) -> list[str]:
    """Split a line at its delimiters outside of quotes."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME and text.isprintable()


def _is_letter(text: str) -> bool:
    return len(text) == 1 and text.isalpha()


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None

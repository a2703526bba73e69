"""The labels of pictures: from the folders or names of their files, or from a csv beside them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from ml.errors import DatasetError
from ml.labeled.packed import Notify, PackedFile
from ml.labeled.rows import DELIMITERS, LABELS
from ml.labeled.sniffing import PICTURE_SUFFIXES

NONE: Final = "none"
"""Name of the eleventh class in json and as a folder."""
WORDS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", NONE),
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
)
FIGURE: Final = re.compile(r"(?:digits?|class|labels?|number|num|d|n)?[ _-]*0*([0-9])", re.ASCII)
WRITER: Final = re.compile(r"(?:writer|user|person|author|subject|hand|w)[ _-]*\w+", re.IGNORECASE)
FLAGS: Final = ("correct", "right", "true")
"""Flags of Gradio that say that the prediction was right."""


@dataclass(frozen=True)
class Named:
    """What the name of a picture says."""

    label: int
    writer: str | None = None


def read_label(text: str) -> int | None:
    """Read a label as people write it: ``7``, ``07``, ``digit_7``, ``seven``, ``none``."""
    text = text.strip().lower()
    if text in WORDS:
        return WORDS.index(text) % len(WORDS[:11])
    found = FIGURE.fullmatch(text)
    return int(found[1]) if found else None


def _read_sample(text: str) -> int | None:
    found = re.fullmatch(r"sample0*([1-9]|10)", text.lower())
    return int(found[1]) - 1 if found else None


def _read_code(text: str) -> int | None:
    return int(text[1]) if re.fullmatch(r"3[0-9]", text, re.ASCII) else None


def _read_begin(text: str) -> int | None:
    found = re.match(r"([0-9])[_ -]", text, re.ASCII)
    return int(found[1]) if found else None


SCHEMES: Final[Sequence[tuple[Callable[[str], int | None], range, str]]] = (
    (read_label, range(-2, -6, -1), ""),
    (
        _read_sample,
        range(-2, -6, -1),
        "The folders Sample001 to Sample010 are read as the digits 0 to 9.",
    ),
    (
        _read_code,
        range(-2, -6, -1),
        "The folders 30 to 39 are read as the digits 0 to 9, whose codes they are, as in NIST.",
    ),
    (_read_begin, range(-1, -2, -1), "The figure that each name begins with is read as its label."),
)
"""How a part of a path says the label, which parts may, and what is assumed."""


def label_by_path(names: Sequence[str], notify: Notify) -> dict[str, Named]:
    """Find the labels of pictures in their paths, by what names most of them."""
    parts = {name: PurePosixPath(name).parts for name in names}
    best: tuple[dict[str, int], int, str] = ({}, 0, "")
    for read, levels, sentence in SCHEMES:
        for level in levels:
            found = {
                name: label
                for name, each in parts.items()
                if len(each) >= -level and (label := read(each[level])) is not None
            }
            is_sure = level != -1 or (len(found) == len(names) and len({*found.values()}) > 1)
            if is_sure and len(found) > len(best[0]):
                best = found, level, sentence
    labels, level, sentence = best
    if sentence:
        notify(sentence)
    writers = {
        name: next(filter(WRITER.fullmatch, parts[name][: level or None]), None) for name in labels
    }
    if level != -1 and (known := {*filter(None, writers.values())}):
        notify(f"Folders such as {min(known)} are read as writers.")
    return {name: Named(label, writers[name]) for name, label in labels.items()}


def label_by_list(
    file: PackedFile, names: Iterable[str], notify: Notify
) -> dict[str, Named] | None:
    """Find the labels of pictures in a csv that lists them; None if it is another csv."""
    lines = file.lines()
    try:
        first, second = next(lines, ""), next(lines, "")
        delimiter = max(DELIMITERS, key=first.count)
        header, row = (
            next(csv.reader([line], delimiter=delimiter), []) for line in (first, second)
        )
    except (DatasetError, csv.Error):
        return None
    columns = [column.strip().lower() for column in header]
    path_at = next(
        (at for at, text in enumerate(row) if text.strip().lower().endswith(PICTURE_SUFFIXES)), None
    )
    flag_at = columns.index("flag") if "flag" in columns else None
    known = LABELS if flag_at is None else (*LABELS, "prediction", "output")
    label_at = next((at for at, column in enumerate(columns) if column in known), None)
    if path_at is None or label_at is None or len(row) != len(columns):
        return None
    notify(f"Labels are those of {file.path.name}, in its column {header[label_at].strip()}.")
    found: dict[str, Named] = {}
    by_name: dict[str, list[str]] = {}
    for name in names:
        by_name.setdefault(PurePosixPath(name).name, []).append(name)
    unsure = missing = 0
    for fields in _split_rows(chain([second], lines), delimiter, file):
        if not fields:
            continue
        if len(fields) != len(columns):
            message = f"There are {len(fields)} columns; a row has {len(columns)}."
            raise DatasetError(message, file.path, file.line)
        if flag_at is not None and fields[flag_at].strip().lower() not in FLAGS:
            unsure += 1
            continue
        label = read_label(fields[label_at])
        if label is None:
            message = f"The label is {fields[label_at][:20]!r}; a label is a digit from 0 to 9."
            raise DatasetError(message, file.path, file.line)
        listed = PurePosixPath(fields[path_at].strip().replace("\\", "/"))
        candidates = by_name.get(listed.name, [])
        same = [name for name in candidates if f"/{name}".endswith(f"/{listed}")] or candidates
        if len(same) == 1:
            found[same[0]] = Named(label)
        else:
            missing += 1
    if flag_at is not None:
        notify(
            f"{header[label_at].strip()} is an answer that was flagged as correct; rows with "
            f"another flag are left out: {unsure:,}."
        )
    if missing:
        notify(f"Rows whose picture is not there, or there more than once: {missing:,}.")
    return found


def _split_rows(lines: Iterable[str], delimiter: str, file: PackedFile) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise DatasetError("The row cannot be read as a csv.", file.path, file.line) from error

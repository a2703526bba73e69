"""Iterate over the drawings of a labeled file, folder or archive of any format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.encoded import MAX_SIDE
from ml.drawing.pictures import MAX_IMAGE_BYTES
from ml.errors import DatasetError
from ml.labeled.arrays import (
    NPZ_DAMAGE,
    parse_idx,
    read_array,
    read_pairs,
    to_images,
    to_labels,
)
from ml.labeled.exported import EXPORTED, EXPORTED_ARRAYS, LabeledDrawing, family_of, with_origin
from ml.labeled.items import EXPECTED, LABEL_FIELDS, read_item
from ml.labeled.members import Members, base_name, choose_members, find_members
from ml.labeled.naming import Named, label_by_list, label_by_path
from ml.labeled.packed import (
    DAMAGE,
    MAX_LINE,
    MAX_UNPACKED,
    Notify,
    PackedFile,
    Unlabeled,
    open_zip,
    unpack_stream,
)
from ml.labeled.parquet.tables import MAX_FILE, iter_table
from ml.labeled.rows import MAX_LABEL, parse_rows
from ml.labeled.sniffing import ENOUGH, PICTURE_SUFFIXES, find_kind

MAX_JSON: Final = 2**26
"""Most bytes of unpacked JSON that is no ndjson; it is read at once, unlike the other formats."""
MOST_TOLD: Final = 5
Open = Callable[[], AbstractContextManager[PackedFile]]


@dataclass(frozen=True)
class _Source:
    """One file, or two of IDX."""

    name: str
    path: Path
    """What errors call it, and drawings in it."""
    open: Open
    labels: Open | None = None


def iter_labeled(path: Path, notify: Notify = lambda sentence: None) -> Iterator[LabeledDrawing]:
    """Iterate over the drawings, at least one, of a labeled file, folder or archive.

    What it holds decides how it is read, not its name: `ml.labeled.sniffing.KINDS` lists the
    formats. Of a folder or an archive, all files of one format that have labels are read. What is
    not a digit has the label 10; in json and as a folder ``none`` is the same.

    `notify` receives, once, a sentence about each thing that was assumed or left aside.

    Memory stays small whatever size a file states. The drawings are checked as they come: a caller
    that wants the whole file or nothing goes to the end before it keeps the first.

    Raises
    ------
    DatasetError
        The format is unknown or the file does not keep to it. Names the path and, in a text, the
        line.
    """
    if not path.exists():
        raise DatasetError("There is no such file.", path)
    told: set[str] = set()

    def tell(sentence: str) -> None:
        if sentence not in told:
            told.add(sentence)
            notify(sentence)

    members = find_members(path)
    names = members.names
    pictures = [name for name in names if name.lower().endswith(PICTURE_SUFFIXES)]
    if pictures and not members.is_alone:
        labels, listed = _label(members, pictures, tell)
        if labels:
            yield from _iter_pictures(members, {*pictures}, labels, listed, tell)
            return
        if len(pictures) == len(members.names):
            message = (
                "Its pictures have no labels: put them into folders 0 to 9 and none, or list them "
                "in a csv of file names and labels."
            )
            raise Unlabeled(message, path)
    yield from _iter_files(members, tell)


def _label(
    members: Members, pictures: list[str], notify: Notify
) -> tuple[dict[str, Named], str | None]:
    """Find the labels of pictures: in a csv that lists them, which is named, or in their paths."""
    for name in members.names:
        if base_name(name).endswith((".csv", ".tsv")):
            with members.open(name) as file:
                if found := label_by_list(file, pictures, notify):
                    return found, name
    return label_by_path(pictures, notify), None


def _iter_pictures(
    members: Members,
    pictures: set[str],
    labels: dict[str, Named],
    listed: str | None,
    notify: Notify,
) -> Iterator[LabeledDrawing]:
    at = ""
    try:
        for name, file in members.each(labels):
            at = name
            image = file.read(MAX_IMAGE_BYTES + 1)
            named = labels[name]
            yield LabeledDrawing(named.label, name, named.writer, image=image)
    except DAMAGE as error:
        message = f"A file of it cannot be read: {getattr(error, 'strerror', None) or error}."
        raise DatasetError(message, members.path / at) from error
    aside = [name for name in members.names if name not in labels and name != listed]
    unlabeled = [name for name in aside if name in pictures]
    others = [name for name in aside if name not in pictures]
    for names, reason in ((unlabeled, "whose label is not known"), (others, "of another format")):
        if names:
            word = "file" if len(names) == 1 else "files"
            notify(f"Left out: {len(names):,} {word} {reason}, such as {names[0]}.")


def _iter_files(members: Members, notify: Notify) -> Iterator[LabeledDrawing]:
    """Read the labeled files of the first format of which there are any."""
    found, aside = _find_sources(members)
    read: list[str] = []
    for kind, sources in found.items():
        if read:
            aside |= dict.fromkeys((source.name for source in sources), "It has another format.")
            continue
        for source in sources:
            try:
                yield from READERS[kind](source, notify)
            except Unlabeled as error:
                aside[source.name] = error.message
                if members.is_alone:
                    raise
            else:
                read.append(source.name)
    reasons = [f"{name} is left out: {reason}" for name, reason in aside.items()]
    if not read:
        if not reasons:
            raise DatasetError("There are no files in it.", members.path)
        none = "" if len(reasons) == 1 else f"None of the {len(reasons):,} files in it is read. "
        message = none + reasons[0]
        raise Unlabeled(message, members.path)
    if len(read) > 1:
        more = f" and {len(read) - MOST_TOLD:,} more" if len(read) > MOST_TOLD else ""
        notify(f"All of these are read: {', '.join(read[:MOST_TOLD])}{more}.")
    for reason in reasons[:MOST_TOLD]:
        notify(reason)
    if len(reasons) > MOST_TOLD:
        notify(f"{len(reasons) - MOST_TOLD:,} more files are left out.")


def _find_sources(members: Members) -> tuple[dict[str, list[_Source]], dict[str, str]]:
    """Sort files by format, and say why others are left out; raises for a file alone."""
    kinds: dict[str, tuple[str, bytes]] = {}
    aside: dict[str, str] = {}
    path = members.path
    try:
        for name, file in members.each({*members.names}):
            try:
                start = unpack_stream(file, MAX_UNPACKED).read(ENOUGH)
                kinds[name] = find_kind(start, path if members.is_alone else path / name), start
            except Unlabeled as error:
                if members.is_alone:
                    raise
                aside[name] = error.message
    except DAMAGE as error:
        raise DatasetError("The file is damaged or cut off; get it again.", path) from error
    seen: dict[tuple[Path, str], str] = {}
    for name in sorted(kinds):
        twin = seen.setdefault((Path(name).parent, base_name(name)), name)
        if twin != name:
            aside[name] = f"It seems to be {twin} once more, packed."
            del kinds[name]
    found: dict[str, list[_Source]] = {kind: [] for kind in READERS}
    is_one = len([kind for kind, _ in kinds.values() if kind != "idx"]) == 1
    for name in sorted(kinds):
        kind, _ = kinds[name]
        if kind == "idx":
            continue
        if kind == "npz" and members.is_archive:
            aside[name] = "It is an archive inside of an archive; unpack that."
            continue
        shown = path if members.is_alone or (is_one and kind != "npz") else path / name
        found[kind].append(_Source(name, shown, partial(members.open, name, shown=shown)))
    idx = {name: start[3] for name, (kind, start) in kinds.items() if kind == "idx"}
    found["idx"] = _pair_idx(members, idx, aside)
    return found, aside


def _pair_idx(members: Members, sizes: dict[str, int], aside: dict[str, str]) -> list[_Source]:
    """Put files of images and of labels together whose names are the same otherwise."""
    if members.is_alone and sizes:
        ((name, dimensions),) = sizes.items()
        if dimensions < 3:
            message = "Give the IDX file of images, named like train-images-idx3-ubyte."
            raise DatasetError(message, members.path)
        beside = members.path.parent
        near = [each.name for each in beside.iterdir() if _idx_key(each.name) == _idx_key(name)]
        folder = choose_members(beside, sorted(near))
        labels = [each for each in folder.names if each != name and _is_idx_of_labels(folder, each)]
        if not labels:
            wanted = base_name(name).replace("images", "labels").replace("idx3", "idx1")
            message = f"The file of labels, {wanted}, does not stand beside it."
            raise Unlabeled(message, members.path)
        return [
            _Source(
                name, members.path, partial(members.open, name), partial(folder.open, labels[0])
            )
        ]
    pairs, used = [], set[str]()
    for name in sorted(name for name, dimensions in sizes.items() if dimensions >= 3):
        labels = [
            other
            for other, dimensions in sizes.items()
            if dimensions < 3
            and Path(other).parent == Path(name).parent
            and _idx_key(other) == _idx_key(name)
        ]
        if labels:
            source = partial(members.open, name), partial(members.open, min(labels))
            pairs.append(_Source(name, members.path / name, *source))
            used |= {name, min(labels)}
    for name in sizes.keys() - used:
        other = "labels" if sizes[name] >= 3 else "images"
        aside[name] = f"No file of {other} stands beside it."
    return pairs


def _idx_key(name: str) -> str:
    """Return what names of images and of labels that belong together have in common."""
    return re.sub(r"images?|labels?|idx\d?|ubyte|int|[^a-z0-9]", "", base_name(name))


def _is_idx_of_labels(folder: Members, name: str) -> bool:
    with suppress(DatasetError), folder.open(name) as file:
        start = file.read(4)
        return find_kind(start, file.path) == "idx" and start[3] < 3
    return False


def _iter_csv(source: _Source, notify: Notify) -> Iterator[LabeledDrawing]:
    path, number = source.path, 0
    try:
        with source.open() as file:
            for rows in parse_rows(file, notify=notify):
                names = rows.names or [""] * len(rows.labels)
                labels = rows.labels.tolist()
                for image, label, face in zip(rows.images, labels, names, strict=True):
                    number += 1
                    name = f"{face}, digit {label}" if face else _numbered(path, number)
                    writer = (face if rows.are_writers else family_of(face)) if face else None
                    drawing = LabeledDrawing(label, name, writer, pixels=image)
                    found = EXPORTED.fullmatch(face)
                    yield with_origin(drawing, found.groupdict(), path) if found else drawing
    except Unlabeled as error:
        with source.open() as file:
            if label_by_list(file, [], lambda sentence: None) is not None:
                message = "It lists pictures: give the folder that holds them and this file."
                raise Unlabeled(message, path) from error
        raise


def _iter_npz(source: _Source, notify: Notify) -> Iterator[LabeledDrawing]:
    path = source.path
    try:
        with path.open("rb") as file, open_zip(file) as archive:
            names = {*archive.namelist()}
            known = EXPORTED_ARRAYS if "id.npy" in names else ()
            pairs = read_pairs(archive, path, MAX_UNPACKED, notify, known=known)
            origin = {
                name: read_array(archive, f"{name}.npy", path, MAX_UNPACKED)
                for name in known
                if f"{name}.npy" in names
            }
    except NPZ_DAMAGE as error:
        message = f"This is not a whole npz file of plain numbers: {error}"
        raise DatasetError(message, path) from error
    if any(pair.labels is None for pair in pairs):
        message = "It holds images without labels; add an array y with a label for each."
        raise Unlabeled(message, path)
    for name, array in origin.items():
        if array.shape != pairs[0].images.shape[:1] or len(pairs) > 1:
            raise DatasetError(f"The array {name} is {array.shape}: one for each label.", path)
    numbers = count()
    for pair in pairs:
        assert pair.labels is not None
        for drawing in _label_images(pair.images, pair.labels, path):
            number = next(numbers)
            row = {name: array[number].item() for name, array in origin.items()}
            drawing = replace(drawing, name=_numbered(path, number + 1))
            yield with_origin(drawing, row, path) if row else drawing


def _iter_idx(source: _Source, notify: Notify) -> Iterator[LabeledDrawing]:
    assert source.labels is not None
    with source.open() as file:
        images = to_images(parse_idx(file, MAX_UNPACKED), file.path.name, source.path, notify)
    with source.labels() as file:
        labels, name = parse_idx(file, MAX_UNPACKED), file.path.name
    if labels.ndim == 2 and labels.shape[1] not in (1, 10, 11):
        notify(f"The first of the {labels.shape[1]} columns of {name} is read as the label.")
        labels = labels[:, :1]
    labels = to_labels(labels, name, source.path)
    if len(images) != len(labels):
        message = f"It has {len(images):,} images, but {name} {len(labels):,} labels."
        raise DatasetError(message, source.path)
    yield from _label_images(images, labels, source.path)


def _label_images(
    images: NDArray[np.uint8], labels: NDArray[Any], path: Path
) -> Iterator[LabeledDrawing]:
    """Put images and labels together."""
    if not len(labels):
        raise DatasetError("There are no digits in it.", path)
    if max(images.shape[1:]) > MAX_SIDE or not min(images.shape[1:]):
        raise DatasetError(f"Its images of {images.shape[1:]} pixels are not digits.", path)
    for number, (image, label) in enumerate(zip(images, labels, strict=True), start=1):
        if not 0 <= label <= MAX_LABEL:
            message = (
                f"The label of digit {number:,} is {label}; a label is 0 to 9, or 10 for none."
            )
            raise DatasetError(message, path)
        yield LabeledDrawing(int(label), _numbered(path, number), pixels=image)


def _iter_json(source: _Source, notify: Notify) -> Iterator[LabeledDrawing]:
    path = source.path
    with source.open() as file:
        start = file.read(MAX_LINE)
        text = (
            b""
            if _begins_with_item(start)
            else start + file.read(max(0, MAX_JSON + 1 - len(start)))
        )
    if not text:
        yield from _iter_lines(source, notify)
        return
    if len(text) > MAX_JSON:
        raise DatasetError(f"The JSON is larger than {MAX_JSON:,} bytes; use ndjson.", path)
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise DatasetError(f"This is not JSON: {error.msg}.", path, error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError("This is not JSON that can be read.", path) from error
    if isinstance(items, dict):  # such as {"drawings": […]}
        lists = [value for value in items.values() if isinstance(value, list) and value]
        lists = [value for value in lists if isinstance(value[0], dict)]
        items = lists[0] if len(lists) == 1 else items
    if not isinstance(items, list) or not items:
        message = f"The JSON must be a list of {EXPECTED}, or of pixels or an image with a label."
        raise Unlabeled(message, path)
    for number, item in enumerate(items, start=1):
        yield read_item(item, _numbered(path, number), path, number, notify)


def _begins_with_item(start: bytes) -> bool:
    """Whether a text has a JSON object on each line, by its first line."""
    line, _, rest = start.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        return False
    is_item = isinstance(item, dict) and not {*LABEL_FIELDS, "annotations", "id"}.isdisjoint(item)
    return is_item or (isinstance(item, dict) and bool(rest.strip()))


def _iter_lines(source: _Source, notify: Notify) -> Iterator[LabeledDrawing]:
    path = source.path
    with source.open() as file:
        for line in file.lines():
            if line.isspace():
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DatasetError("The line is not JSON.", path, file.line) from error
            name = _numbered(path, file.line)
            yield read_item(item, name, path, file.line, notify, line=file.line)


def _iter_parquet(source: _Source, notify: Notify) -> Iterator[LabeledDrawing]:
    with source.open() as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        message = f"The Parquet file is larger than {MAX_FILE:,} bytes; divide it."
        raise DatasetError(message, source.path)
    yield from iter_table(data, source.path, notify)


def _numbered(path: Path, number: int) -> str:
    return f"{path.name}, digit {number}"


READERS: Final[Mapping[str, Callable[[_Source, Notify], Iterator[LabeledDrawing]]]] = {
    "csv": _iter_csv,
    "npz": _iter_npz,
    "idx": _iter_idx,
    "json": _iter_json,
    "parquet": _iter_parquet,
}

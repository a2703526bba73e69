"""Iterate over the drawings of a labeled file of any format."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ml.drawing.encoded import MAX_SIDE
from ml.drawing.pictures import MAX_IMAGE_BYTES
from ml.drawing.strokes import Strokes, parse_strokes
from ml.errors import DatasetError, InvalidDrawing
from ml.labeled.arrays import NPZ_DAMAGE, read_array, read_pairs
from ml.labeled.foreign import read_start, refuse_foreign
from ml.labeled.packed import MAX_UNPACKED, Notify, PackedFile, open_packed, open_zip
from ml.labeled.rows import MAX_LABEL, PIXELS, parse_rows

MAX_JSON: Final = 2**26
"""Most bytes of unpacked stroke JSON; it is read at once, unlike the other formats."""
NONE: Final = "none"
"""Name of the eleventh class in json and as a folder."""
LABELS: Final = (*map(str, range(10)), NONE)
"""Folders of pictures; the label is the position."""
PICTURE_SUFFIXES: Final = (".jpeg", ".jpg", ".png", ".webp")
FORMATS: Final = (
    "a csv of TMNIST or MNIST (also .gz or .zip), an .npz of images and labels, such as x and y or "
    "x_train and y_train, an IDX file of images with its labels beside it, strokes as .json or "
    ".ndjson, or a folder of pictures by digit"
)

# The IDX format opens with two zeros, the type (8 is unsigned byte) and the number of dimensions.
# http://yann.lecun.com/exdb/mnist/
IDX_IMAGES, IDX_LABELS = 0x0803, 0x0801


REVIEWS: Final = ("unreviewed", "approved", "rejected")
"""What a reviewer of the site made of a drawing; nothing learns from a rejected one."""
TIME: Final = "%Y%m%dt%H%M%S%fz"
"""How the name of a drawing in a csv ends: the time in UTC."""
EXPORTED: Final = re.compile(
    r"(?:(?P<writer>[0-9a-f]{16})-)?(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"(?:-(?P<review>[a-z]+)-(?P<source>[a-z]+)-(?P<created_at>\d{8}t\d{12}z))?"
)
"""Names of an exported csv: so read, a writer's drawings are of one family, as typefaces are."""
EXPORTED_ARRAYS: Final = ("id", "created_at", "source", "review", "writer")
"""What an exported npz has beside x and y: texts, of which an empty one is missing."""


@dataclass(frozen=True, eq=False)
class LabeledDrawing:
    """One drawing of a labeled file.

    At least one of `pixels`, `strokes` and `image` is given; the first of them is what is read. An
    export gives all that it has, and what stands from `id` on.
    """

    label: int | None
    """The digit that it shows, 0 to 9, or 10 where it is not a digit; None in an export of a
    drawing without an answer."""
    name: str
    """Name that is unique in the file, for people."""
    writer: str | None = None
    """The person or the family of typefaces that it is from; None if the file does not say."""
    image: bytes | None = None
    pixels: NDArray[np.uint8] | None = None
    """(height, width) uint8, light on dark or dark on light."""
    strokes: Strokes | None = None
    """Strokes of points, as `ml.drawing.strokes.parse_strokes` gives them."""
    pen_width: float | None = None
    id: UUID | None = None
    created_at: datetime | None = None
    source: str | None = None
    """How the site that exported it got it."""
    review: str | None = None
    """One of `REVIEWS`; None if the file does not say."""

    @property
    def is_lesson(self) -> bool:
        """Whether a model may learn from it, or be measured by it."""
        return self.label is not None and self.review != "rejected"


def iter_labeled(path: Path, notify: Notify = lambda sentence: None) -> Iterator[LabeledDrawing]:
    """Iterate over the drawings, at least one, of a labeled file or folder.

    - csv of TMNIST or MNIST (with and without a header), plain, gzipped or zipped;
    - npz with images and labels, as `ml.labeled.arrays` finds them;
    - IDX, gzipped or not: the file of images, beside which that of labels stands, or their folder;
    - json with a list of objects with ``label``, ``strokes`` and perhaps ``writer``; or ndjson with
      such an object on each line; gzipped, zipped or not. Exported ones, whose ``id`` is a UUID,
      have base64 ``canonical`` pixels, and perhaps ``image``, and may lack strokes and a label;
    - a folder with pictures in folders 0 to 9 and ``none``.

    What is not a digit has the label 10; in json ``"none"`` is the same.

    `notify` receives a sentence about each thing that was assumed or left aside.

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
    if path.is_dir():
        yield from _iter_folder(path, notify)
        return
    refuse_foreign(read_start(path), path)
    name = re.sub(r"\.(gz|bz2|xz|zip)$", "", path.name.lower())
    for ending, read in READERS.items():
        if name.endswith(ending):
            yield from read(path, notify)
            return
    raise DatasetError(f"The format is unknown; known are {FORMATS}.", path)


def family_of(name: str) -> str:
    """Return the family of a face named as in TMNIST: ``Roboto`` for ``Roboto-Bold``.

    It ends at the first hyphen, or at the bracket that lists the axes of a variable font. So
    ``IBM-Plex-Sans`` and ``IBM-Plex-Mono`` are one, which is harmless: a family is never divided.
    """
    return re.split(r"[-\[]", name, maxsplit=1)[0] or name


def _iter_csv(path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
    number = 0
    with open_packed(path, ".csv") as file:
        for rows in parse_rows(file, notify=notify):
            names = rows.names or [""] * len(rows.labels)
            for image, label, face in zip(rows.images, rows.labels.tolist(), names, strict=True):
                number += 1
                name = f"{face}, digit {label}" if face else _numbered(path, number)
                writer = (face if rows.are_writers else family_of(face)) if face else None
                drawing = LabeledDrawing(label, name, writer, pixels=image)
                found = EXPORTED.fullmatch(face)
                yield _with_origin(drawing, found.groupdict(), path) if found else drawing


def _with_origin(
    drawing: LabeledDrawing, origin: Mapping[str, Any], path: Path, line: int | None = None
) -> LabeledDrawing:
    """Add what an export says about a drawing, if its id is one of the site's."""
    given = {name: origin.get(name) or None for name in EXPORTED_ARRAYS}
    try:
        pk = UUID(given["id"])
    except (AttributeError, TypeError, ValueError):
        return drawing
    for name, value in given.items():
        if not isinstance(value, str | None):
            message = f"{drawing.name}: The field {name!r} is {value!r:.20}, not a text."
            raise DatasetError(message, path, line)
    if given["review"] not in (None, *REVIEWS):
        message = f"{drawing.name}: The review is {given['review']!r:.20}, not one of"
        raise DatasetError(f"{message} {', '.join(REVIEWS)}.", path, line)
    return replace(
        drawing,
        id=pk,
        writer=given["writer"],
        created_at=_read_time(given["created_at"], drawing.name, path, line),
        source=given["source"],
        review=given["review"],
    )


def _read_time(text: str | None, name: str, path: Path, line: int | None) -> datetime | None:
    if text is None:
        return None
    try:
        is_short = "-" not in text
        time = datetime.strptime(text, TIME) if is_short else datetime.fromisoformat(text)
        moment = time.replace(tzinfo=UTC) if is_short else time.astimezone(UTC)
        if (is_short or time.tzinfo) and 1970 <= moment.year <= 9000:
            return moment
    except (ValueError, OverflowError):
        pass
    message = f"{name}: The time is {text!r:.40}, not one such as 2026-11-29T06:25:00+00:00."
    raise DatasetError(message, path, line)


def _iter_npz(path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
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
        raise DatasetError(message, path)
    if not all(_is_size(*pair.images.shape[1:]) for pair in pairs):
        found = pairs[0].images.shape[1:]
        raise DatasetError(f"Its images of {found} pixels are too large for digits.", path)
    for name, array in origin.items():
        if array.shape != pairs[0].images.shape[:1] or len(pairs) > 1:
            raise DatasetError(f"The array {name} is {array.shape}: one for each label.", path)
    numbers = count()
    for pair in pairs:
        assert pair.labels is not None
        for drawing in _label(pair.images, pair.labels, path):
            number = next(numbers)
            row = {name: array[number].item() for name, array in origin.items()}
            drawing = replace(drawing, name=_numbered(path, number + 1))
            yield _with_origin(drawing, row, path) if row else drawing


def _iter_idx(path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
    """Read a pair of IDX files, of which `path` is that of images."""
    if "images" not in path.name or "idx3" not in path.name:
        raise DatasetError("Give the IDX file of images, named like train-images-idx3-ubyte.", path)
    name = path.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    beside = [path.with_name(name + ending) for ending in ("", ".gz")]
    labels_path = next((candidate for candidate in beside if candidate.exists()), None)
    if labels_path is None:
        raise DatasetError(f"The file of labels, {name}, does not stand beside it.", path)
    images, labels = _read_idx(path, IDX_IMAGES), _read_idx(labels_path, IDX_LABELS)
    if len(images) != len(labels):
        message = f"It has {len(images):,} images, but {labels_path.name} {len(labels):,} labels."
        raise DatasetError(message, path)
    if not _is_size(*images.shape[1:]):
        raise DatasetError(f"Its images of {images.shape[1:]} pixels are not digits.", path)
    yield from _label(images, labels, path)


def _read_idx(path: Path, magic: int) -> NDArray[np.uint8]:
    """Read an IDX file of bytes."""
    with open_packed(path, "ubyte") as file:
        return parse_idx(file, magic, MAX_UNPACKED)


def parse_idx(file: PackedFile, magic: int, largest: int) -> NDArray[np.uint8]:
    """Read an open IDX file of bytes, whose length is exactly what its header states."""
    sizes = 4 * (magic & 0xFF)
    header = file.read(4 + sizes)
    if len(header) < 4 + sizes or int.from_bytes(header[:4]) != magic:
        kind = "images" if magic == IDX_IMAGES else "labels"
        raise DatasetError(f"This is not an IDX file of {kind} (magic {magic:#06x}).", file.path)
    shape = [int.from_bytes(header[at : at + 4]) for at in range(4, len(header), 4)]
    stated = math.prod(shape)
    if stated > largest:
        raise DatasetError(f"The header states {stated:,} bytes, far too many.", file.path)
    data = file.read(stated + 1)
    if len(data) != stated:
        relation = "more than" if len(data) > stated else f"but {len(data):,} of"
        message = f"There are {relation} the {stated:,} bytes that the header states."
        raise DatasetError(message, file.path)
    return np.frombuffer(data, np.uint8).reshape(shape)


def _label(images: NDArray[np.uint8], labels: NDArray[Any], path: Path) -> Iterator[LabeledDrawing]:
    """Put images and labels together."""
    if not len(labels):
        raise DatasetError("There are no digits in it.", path)
    for number, (image, label) in enumerate(zip(images, labels, strict=True), start=1):
        if not 0 <= label <= MAX_LABEL:
            message = (
                f"The label of digit {number:,} is {label}; a label is 0 to 9, or 10 for none."
            )
            raise DatasetError(message, path)
        yield LabeledDrawing(int(label), _numbered(path, number), pixels=image)


def _iter_json(path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
    with open_packed(path, ".json") as file:
        text = file.read(MAX_JSON + 1)
    if len(text) > MAX_JSON:
        raise DatasetError(f"The JSON is larger than {MAX_JSON:,} bytes; use ndjson.", path)
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise DatasetError(f"This is not JSON: {error.msg}.", path, error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError("This is not JSON that can be read.", path) from error
    if not isinstance(items, list) or not items:
        raise DatasetError('The JSON must be a list of {"label": 7, "strokes": …}.', path)
    for number, item in enumerate(items, start=1):
        yield _read_item(item, path, number)


def _iter_ndjson(path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
    with open_packed(path, ".ndjson") as file:
        empty = True
        for line in file.lines():
            if line.isspace():
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DatasetError("The line is not JSON.", path, file.line) from error
            yield _read_item(item, path, file.line, line=file.line)
            empty = False
    if empty:
        raise DatasetError("There are no drawings in it.", path)


def _read_item(item: object, path: Path, number: int, line: int | None = None) -> LabeledDrawing:
    """Check one drawing of a JSON file."""
    where = "" if line else f"Drawing {number:,}: "
    if not isinstance(item, dict):
        raise DatasetError(
            f'{where}This is not an object {{"label": 7, "strokes": …}}.', path, line
        )
    drawing = _with_origin(LabeledDrawing(None, _numbered(path, number)), item, path, line)
    label, writer = item.get("label"), item.get("writer")
    if label == NONE:
        label = MAX_LABEL
    if (label is not None or drawing.id is None) and (
        type(label) is not int or not 0 <= label <= MAX_LABEL
    ):
        message = f'{where}The label is {label!r:.20}; a label is a number from 0 to 9, or "none".'
        raise DatasetError(message, path, line)
    if not isinstance(writer, str | int | None):
        raise DatasetError(f"{where}The writer is not a name.", path, line)
    drawing = replace(drawing, label=label, writer=None if writer is None else str(writer))
    strokes, has_pixels = item.get("strokes"), isinstance(item.get("canonical"), str)
    if has_pixels:
        pixels = _decode(item["canonical"])
        if pixels is None or len(pixels) != PIXELS:
            message = f"{where}The canonical pixels are not {PIXELS} bytes in base64."
            raise DatasetError(message, path, line)
        drawing = replace(drawing, pixels=np.frombuffer(pixels, np.uint8).reshape(28, 28))
        if isinstance(item.get("image"), str):
            image = _decode(item["image"])
            if image is None:
                raise DatasetError(f"{where}The image is not a PNG in base64.", path, line)
            drawing = replace(drawing, image=image)
        if strokes is None:
            return drawing
    if isinstance(width := item.get("pen_width"), int | float) and 0 < width < math.inf:
        drawing = replace(drawing, pen_width=float(width))
    try:
        return replace(drawing, strokes=parse_strokes(strokes, is_ours=True))
    except InvalidDrawing as error:
        raise DatasetError(f"{where}{error}", path, line) from error


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _iter_folder(path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
    """Read pictures by digit, or the one pair of IDX files in a folder."""
    idx = sorted(path.glob("*images*idx3*"))
    if len(idx) == 1:
        yield from _iter_idx(idx[0], notify)
        return
    pictures = [
        picture
        for label in LABELS
        for picture in sorted((path / label).glob("*"))
        if picture.suffix.lower() in PICTURE_SUFFIXES and not picture.name.startswith(".")
    ]
    if not pictures:
        endings = ", ".join(PICTURE_SUFFIXES)
        message = (
            f"The folder has neither folders 0 to 9 or none with {endings}, nor one pair of IDX "
            "files."
        )
        raise DatasetError(message, path)
    for picture in pictures:
        try:
            with picture.open("rb") as file:
                image = file.read(MAX_IMAGE_BYTES + 1)
        except OSError as error:
            raise DatasetError(f"The file cannot be read: {error.strerror}.", picture) from error
        label = picture.parent.name
        yield LabeledDrawing(LABELS.index(label), f"{label}/{picture.name}", image=image)


def _numbered(path: Path, number: int) -> str:
    return f"{path.name}, digit {number}"


def _is_size(*sides: int) -> bool:
    return all(1 <= side <= MAX_SIDE for side in sides)


READERS: Final[Mapping[str, Callable[[Path, Notify], Iterator[LabeledDrawing]]]] = {
    ".csv": _iter_csv,
    ".tsv": _iter_csv,
    ".npz": _iter_npz,
    "ubyte": _iter_idx,
    ".ndjson": _iter_ndjson,
    ".jsonl": _iter_ndjson,
    ".json": _iter_json,
}
"""Readers by the ending of a file's name, without .gz and .zip."""

"""Read the rows of a Parquet file as labeled drawings, by pandas and pyarrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import CANONICAL_SIZE
from ml.drawing.pictures import MAX_IMAGE_BYTES
from ml.errors import DatasetError
from ml.labeled.exported import LabeledDrawing, family_of
from ml.labeled.naming import read_label
from ml.labeled.packed import MAX_UNPACKED, Notify, Unlabeled
from ml.labeled.parquet.weights import DAMAGED, MAX_PAGES, Unsound, check_entries, weigh
from ml.labeled.rows import LABELS, MAX_LABEL, MAX_NAME, PIXELS, Scale, are_numbered, are_pixels
from ml.labeled.sniffing import SAVE

MAX_FILE: Final = 2**27
"""Most bytes of a file, which is kept in memory; MNIST's 60,000 pictures have 16 million."""
MAX_FOOTER: Final = 2**23
"""Most bytes of the list at the end of a file, which takes many times as much once it is read."""
MAX_ROWS: Final = MAX_UNPACKED // PIXELS
"""Most rows of a file: so many digits are as large as the largest array of an npz."""
MAX_LISTED: Final = 2**26
"""Most numbers in the lists of one group of rows, as a row may be one list of them all."""
BATCH_ROWS: Final = 1024
MAX_BATCH: Final = 2**26
"""Most bytes of the pictures of one batch, whatever they were packed to."""
IMAGES: Final = ("image", "images", "img", "picture", "pixels", "pixel_values", "x", "data")
WRITERS: Final = ("writer", "names")
NEEDED: Final = "needed are image and label, or 784 columns of pixels and label"
NO_ENGINE: Final = f"This is a Parquet file, which pyarrow reads: pip install pyarrow. {SAVE}"


@dataclass(frozen=True)
class _Columns:
    """Which columns of a table are read."""

    label: str
    pixels: list[str]
    """784, or none if there is a column of images."""
    image: str = ""
    is_encoded: bool = False
    """Whether each image is a file such as a PNG, or a list of numbers."""
    is_struct: bool = False
    writer: str | None = None
    is_whole: bool = False
    """Whether pixels are whole numbers by their type."""

    @property
    def read(self) -> list[str]:
        """The names to ask for, of a struct that of the part."""
        image = [f"{self.image}.bytes" if self.is_struct else self.image] if self.image else []
        return [*image, *self.pixels, self.label, *([self.writer] if self.writer else [])]


def iter_table(data: bytes, path: Path, notify: Notify) -> Iterator[LabeledDrawing]:
    """Read each row of a Parquet file as a drawing with its label.

    What the columns unpack to is measured before, then a batch of rows at a time is unpacked by
    pyarrow and brought into pandas. Raises DatasetError, which names row and column, and Unlabeled
    where pyarrow is not installed.
    """
    if not (len(data) >= 12 and data[:4] == data[-4:] == b"PAR1"):
        raise DatasetError(DAMAGED, path)
    footer = int.from_bytes(data[-8:-4], "little")
    if footer > MAX_FOOTER:
        message = f"Its list of columns has more than {MAX_FOOTER:,} bytes; use larger row groups."
        raise DatasetError(message, path)
    try:
        import_module("pandas")
        pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise Unlabeled(NO_ENGINE, path) from error
    faults = (pa.ArrowException, ArithmeticError, LookupError, MemoryError, OSError, ValueError)
    try:
        check_entries(data, max(0, len(data) - 8 - footer))
        file = parquet.ParquetFile(
            pa.BufferReader(data), pre_buffer=False, thrift_container_size_limit=MAX_PAGES
        )
        schema = file.schema_arrow
    except Unsound as error:
        raise DatasetError(str(error), path) from error
    except faults as error:
        raise DatasetError(DAMAGED, path) from error
    columns = _find_columns(schema, pa.types, path, notify)
    try:
        size = _check_size(file, data, columns)
        groups = [at for at in range(file.num_row_groups) if file.metadata.row_group(at).num_rows]
        batches = file.iter_batches(size, groups, columns.read, use_threads=False)
    except Unsound as error:
        raise DatasetError(str(error), path) from error
    except faults as error:
        raise DatasetError(DAMAGED, path) from error
    scale, number = Scale(notify), 0
    while True:
        try:
            batch = next(batches, None)
            frame = None if batch is None else batch.to_pandas(ignore_metadata=True)
        except faults as error:
            raise DatasetError(DAMAGED, path, row=number) from error
        if frame is None:
            break
        yield from _read_frame(frame, columns, scale, path, number)
        number += len(frame)
    if not number:
        raise DatasetError("There are no rows in it.", path)


def _find_columns(schema: Any, types: Any, path: Path, notify: Notify) -> _Columns:
    """Find pixels, label and writer by the names of columns and their types."""
    names = [field.name for field in schema]
    known = {name.strip().lower(): name for name in names}
    if len(known) != len(names):
        twice, _ = Counter(name.strip().lower() for name in names).most_common(1)[0]
        raise DatasetError(f"The column {twice!r:.40} is there more than once.", path)
    pixels = _find_pixels(list(known))
    if are_numbered(list(known)) and len(known) == PIXELS + 1:
        notify(f"The columns are called 0 to {PIXELS}: the first is read as the label.")
        labels, pixels = ["0"], list(known)[1:]
    else:
        labels = [name for name in LABELS if name in known]
    images = [] if pixels else [name for name in IMAGES if name in known]
    if not pixels and not images:
        found = ", ".join(map(repr, names[:8])) or "none"
        raise Unlabeled(f"Its columns are {found:.200}; {NEEDED}.", path)
    if not labels:
        raise Unlabeled("It has pixels without labels; add a column label.", path)
    if len(labels) > 1:
        message = f"The columns {' and '.join(labels)} could each be the label; leave one."
        raise DatasetError(message, path)
    writer = next((known[name] for name in WRITERS if name in known), None)
    used = {*(known[name] for name in [*pixels, *images[:1], *labels]), writer}
    if aside := [name or "(no name)" for name in names if name not in used]:
        more = f" and {len(aside) - 5:,} more" if len(aside) > 5 else ""
        notify(f"Columns that are left aside: {', '.join(aside[:5])}{more}.")
    label = known[labels[0]]
    _check_type(schema, label, types, path, "a label is a number or a text", is_text=True)
    if writer is not None:
        _check_type(schema, writer, types, path, "a writer is a number or a text", is_text=True)
    if pixels:
        whole = True
        for name in pixels:
            kind = _check_type(schema, known[name], types, path, "a pixel is a number")
            whole = whole and not types.is_floating(kind)
        return _Columns(label, [known[name] for name in pixels], writer=writer, is_whole=whole)
    return _find_image(schema, known[images[0]], types, path, label, writer)


def _find_image(
    schema: Any, name: str, types: Any, path: Path, label: str, writer: str | None
) -> _Columns:
    """Tell by its type what a column of images holds."""
    kind = schema.field(name).type
    is_struct = types.is_struct(kind) and kind.get_field_index("bytes") >= 0
    held = kind.field("bytes").type if is_struct else kind
    if types.is_binary(held) or types.is_large_binary(held):
        return _Columns(label, [], name, is_encoded=True, is_struct=is_struct, writer=writer)
    inner, depth = _unlist(kind, types)
    if depth in (1, 2) and _is_number(inner, types):
        whole = not types.is_floating(inner)
        return _Columns(label, [], name, writer=writer, is_whole=whole)
    raise DatasetError(
        f"The column {name!r} is of the type {kind!s:.60}; an image is the bytes of a picture, "
        "or a list of 784 numbers or of 28 lists of 28.",
        path,
    )


def _unlist(kind: Any, types: Any) -> tuple[Any, int]:
    """Return what stands in lists of lists, and how deep."""
    depth = 0
    kind = getattr(kind, "storage_type", kind)  # that of an extension, such as a tensor
    while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        if types.is_fixed_size_list(kind) and kind.list_size not in (CANONICAL_SIZE, PIXELS):
            break
        kind, depth = kind.value_type, depth + 1
    return kind, depth


def _check_type(
    schema: Any, name: str, types: Any, path: Path, wanted: str, *, is_text: bool = False
) -> Any:
    kind = schema.field(name).type
    plain = kind.value_type if types.is_dictionary(kind) and is_text else kind
    fits = is_text and (types.is_string(plain) or types.is_large_string(plain))
    if not (fits or _is_number(plain, types)):
        message = f"The column {name!r} is of the type {kind!s:.60}; {wanted}."
        raise DatasetError(message, path)
    return kind


def _is_number(kind: Any, types: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))


def _find_pixels(names: list[str]) -> list[str]:
    """Find 784 columns side by side that are named as pixels; none is an empty list."""
    for start in range(len(names) - PIXELS + 1):
        if are_pixels(names[start : start + PIXELS]):
            return names[start : start + PIXELS]
    return []


def _check_size(file: Any, data: bytes, columns: _Columns) -> int:
    """Refuse what unpacks to too much, and return how many rows may be unpacked at a time."""
    listed = file.metadata
    if listed.num_rows > MAX_ROWS:
        raise Unsound(f"It has {listed.num_rows:,} rows; at most {MAX_ROWS:,} are read.")
    read = {*columns.read}
    leaves = [
        (at, leaf.max_repetition_level > 0)
        for at, leaf in ((at, listed.schema.column(at)) for at in range(listed.num_columns))
        if not read.isdisjoint(accumulate(leaf.path.split("."), "{}.{}".format))
    ]
    pages = unpacked = rows = 0
    largest = 1
    for group_at in range(listed.num_row_groups):
        group = listed.row_group(group_at)
        rows += group.num_rows
        for at, is_list in leaves if group.num_rows else []:
            chunk = group.column(at)
            start, dictionary = chunk.data_page_offset, chunk.dictionary_page_offset or 0
            if 0 < dictionary < start:
                start = dictionary
            weight = weigh(data, start, chunk.total_compressed_size)
            most = min(MAX_LISTED, group.num_rows * PIXELS) if is_list else group.num_rows
            if weight.values != chunk.num_values or (not is_list and weight.values != most):
                raise Unsound(DAMAGED)
            if weight.values > most:
                raise Unsound(
                    f"The lists of a group of {group.num_rows:,} rows hold {weight.values:,} "
                    f"numbers: an image has {PIXELS}, and a group at most {MAX_LISTED:,}."
                )
            pages, unpacked = pages + weight.pages, unpacked + weight.unpacked
            if pages > MAX_PAGES or unpacked > MAX_UNPACKED:
                raise Unsound(f"It unpacks to more than {MAX_UNPACKED:,} bytes or too many pages.")
            if chunk.physical_type == "BYTE_ARRAY":
                largest = max(largest, weight.largest)
    if rows != listed.num_rows:
        raise Unsound(DAMAGED)
    return max(1, min(BATCH_ROWS, MAX_BATCH // largest))


def _read_frame(
    frame: Any, columns: _Columns, scale: Scale, path: Path, number: int
) -> Iterator[LabeledDrawing]:
    """Read the rows of a frame, of which the first has this number, counted from 0."""
    writers = frame[columns.writer].tolist() if columns.writer else [None] * len(frame)
    images: list[bytes] | NDArray[np.uint8]
    if columns.is_encoded:
        images = _read_encoded(frame[columns.image].tolist(), columns, path, number)
    elif columns.image:
        lists = _read_lists(frame[columns.image].tolist(), columns.image, path, number)
        images = _to_levels(lists, columns, scale, path, number)
    else:
        pixels = frame[columns.pixels]
        kinds = {*pixels.dtypes}
        numbers = pixels.to_numpy(np.uint8 if kinds == {np.dtype(np.uint8)} else np.float64)
        images = _to_levels(numbers, columns, scale, path, number)
    labels = frame[columns.label].tolist()
    for row, (image, given, writer) in enumerate(
        zip(images, labels, writers, strict=True), start=number
    ):
        label = _to_label(given)
        if label is None:
            found = "missing" if given is None or given != given else f"{given!r:.20}"
            message = f"The label is {found}; a label is a digit from 0 to 9, or 10 for none."
            raise _wrong(message, columns.label, path, row)
        yield LabeledDrawing(
            label,
            f"{path.name}, digit {row + 1}",
            _to_writer(writer, columns.writer, path, row),
            image=image if isinstance(image, bytes) else None,
            pixels=None if isinstance(image, bytes) else image,
        )


def _read_encoded(values: list[Any], columns: _Columns, path: Path, number: int) -> list[bytes]:
    """Take the pictures out of a column of bytes or of objects with bytes."""
    pictures = []
    for row, value in enumerate(values, start=number):
        image = value.get("bytes") if isinstance(value, dict) else value
        if not isinstance(image, bytes) or not image:
            message = "There is no picture in it; the name of a file is not enough."
            raise _wrong(message, columns.image, path, row)
        if len(image) > MAX_IMAGE_BYTES:
            message = f"The picture has more than {MAX_IMAGE_BYTES:,} bytes."
            raise _wrong(message, columns.image, path, row)
        pictures.append(image)
    return pictures


def _read_lists(values: list[Any], name: str, path: Path, number: int) -> NDArray[Any]:
    """Put lists of 784 numbers, or of 28 lists of 28, into one array: (n, 784)."""
    images = np.empty((len(values), PIXELS))
    for row, value in enumerate(values):
        parts = list(value) if isinstance(value, np.ndarray) and value.dtype == object else [value]
        sizes = {len(part) if isinstance(part, np.ndarray) else 0 for part in parts}
        if (len(parts), sizes) not in ((1, {PIXELS}), (CANONICAL_SIZE, {CANONICAL_SIZE})):
            found = "missing" if value is None else f"{len(value):,} long"
            message = f"The list is {found}; an image is 784 numbers, or 28 lists of 28."
            raise _wrong(message, name, path, number + row)
        images[row] = np.concatenate(parts)
    return images


def _to_levels(
    pixels: NDArray[Any], columns: _Columns, scale: Scale, path: Path, number: int
) -> NDArray[np.uint8]:
    """Bring (n, 784) pixels to (n, 28, 28) gray levels, or name the first that is none."""
    if columns.is_whole and np.all((pixels >= 0) & (pixels <= 255)):
        pixels = pixels.astype(np.uint8)
    levels = scale.to_levels(pixels)
    if levels is not None:
        return levels.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)
    most = scale.most or 255
    row, pixel = np.argwhere(~((pixels >= 0) & (pixels <= most)))[0].tolist()
    value = pixels[row, pixel]
    found = "missing" if np.isnan(value) else f"{value:g}"
    name = columns.image or columns.pixels[pixel]
    message = f"Pixel {pixel + 1} is {found}; a pixel is a number from 0 to {most}."
    raise _wrong(message, name, path, number + row)


def _to_label(given: object) -> int | None:
    """Read a label as a number or as people write it; None if it is none."""
    if isinstance(given, str):
        return read_label(given)
    if isinstance(given, int | float) and type(given) is not bool and 0 <= given <= MAX_LABEL:
        return int(given) if given == int(given) else None
    return None


def _to_writer(given: object, column: str | None, path: Path, row: int) -> str | None:
    """Return who wrote a digit: of a typeface, its family."""
    if given is None or given != given or column is None:  # NaN stands for what is missing
        return None
    name = str(given)
    if not (1 <= len(name) <= MAX_NAME and name.isprintable()):
        message = f"The name is not a text of 1 to {MAX_NAME} characters."
        raise _wrong(message, column, path, row)
    return family_of(name) if column.strip().lower() == "names" else name


def _wrong(message: str, column: str, path: Path, row: int) -> DatasetError:
    return DatasetError(f"Row {row + 1:,}, column {column!r:.40}: {message}", path, row=row)

"""Read the pictures of a file that a client sent; labels in it are left aside."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import CANONICAL_SIZE
from ml.errors import DatasetError
from ml.labeled.arrays import NPZ_DAMAGE, parse_idx, read_pairs, to_images
from ml.labeled.packed import Notify, PackedFile, open_zip, unpack
from ml.labeled.rows import parse_rows
from ml.labeled.sniffing import ENOUGH, SAVE, find_kind

MAX_UNPACKED: Final = 2**24
"""Most bytes that are read after unpacking; a thousand digits are 3.6 million as a csv."""


def read_pictures(
    file: IO[bytes], name: str, most: int, notify: Notify = lambda sentence: None
) -> NDArray[np.uint8]:
    """Read the images of an npz, of an IDX file or of a csv, with labels or without: (n, 28, 28).

    Its first bytes decide which. IDX and csv may be packed. What is assumed is notified. Raises
    DatasetError if it has another format, is damaged or too large, or holds no pictures or more
    than `most`. The error calls the file `name`, and names the row of a csv that is at fault.
    """
    path, largest = Path(name), MAX_UNPACKED
    file.seek(0)
    if file.read(2) == b"PK" and _is_npz(file):
        pictures = _read_npz(file, path, notify)
    else:
        with unpack(file, path, ".csv", largest) as start:
            kind = find_kind(start.read(ENOUGH), path)
        with unpack(file, path, ".csv", largest) as packed:
            if kind == "idx":
                pictures = to_images(parse_idx(packed, largest), name, path, notify)
            elif kind == "json":
                raise DatasetError("This is JSON; send it with that content type.", path)
            elif kind == "parquet":
                message = f"This is a Parquet file; here csv, npz and IDX are read. {SAVE}"
                raise DatasetError(message, path)
            else:
                pictures = _read_csv(packed, most, notify)
    if pictures.dtype != np.uint8 or pictures.shape[1:] != (CANONICAL_SIZE, CANONICAL_SIZE):
        found = f"{pictures.shape} {pictures.dtype}"
        raise DatasetError(f"The pictures are {found}, not (n, 28, 28) uint8.", path)
    if not len(pictures):
        raise DatasetError("There are no digits in it.", path)
    if len(pictures) > most:
        raise _too_many(path, most)
    return pictures


def _is_npz(file: IO[bytes]) -> bool:
    try:
        with open_zip(file) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except NPZ_DAMAGE:
        return True


def _read_npz(file: IO[bytes], path: Path, notify: Notify) -> NDArray[np.uint8]:
    try:
        with open_zip(file) as archive:
            pairs = read_pairs(archive, path, MAX_UNPACKED, notify, with_labels=False)
    except NPZ_DAMAGE as error:
        message = f"This is not a whole npz file of plain numbers: {error}"
        raise DatasetError(message, path) from error
    if len({pair.images.shape[1:] for pair in pairs}) > 1:
        raise DatasetError("Its parts are of different sizes; send them apart.", path)
    return np.concatenate([pair.images for pair in pairs])


def _read_csv(packed: PackedFile, most: int, notify: Notify) -> NDArray[np.uint8]:
    packed.most_lines = 2 * most + 2  # a header, and as many blank lines as full ones
    pictures = np.empty((0, CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    for rows in parse_rows(packed, notify=notify, needs_labels=False):
        pictures = np.concatenate([pictures, rows.images])
        if len(pictures) > most:
            raise _too_many(packed.path, most)
    return pictures


def _too_many(path: Path, most: int) -> DatasetError:
    return DatasetError(f"It holds more than {most:,} digits; send them in several files.", path)

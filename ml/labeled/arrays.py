"""Find images and labels in the arrays of an npz or an IDX, however they are kept."""

from __future__ import annotations

import math
import tokenize
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.pictures import RANGES, to_levels
from ml.errors import DatasetError, InvalidPixels
from ml.labeled.packed import DAMAGE, Notify, PackedFile, open_member

IMAGE_NAMES: Final = ("x", "image", "images", "data", "arr_0")
LABEL_NAMES: Final = ("y", "label", "labels", "target", "targets", "arr_1")
PARTS: Final = ("train", "test", "val", "valid", "validation")
"""What stands before or after such a name where a data set is divided: ``x_train``."""
IDX_TYPES: Final = {8: "u1", 9: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
DIMS: Final = range(1, 5)
BLOCK: Final = 4096
"""Images that are brought to gray levels at a time."""
NPZ_DAMAGE: Final = (
    *DAMAGE,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    tokenize.TokenError,
)
"""What unzipping raises, and NumPy on a header, which it evaluates as Python."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Images of one part of a data set, with their labels if it has them."""

    images: NDArray[np.uint8]
    """(n, height, width) uint8."""
    labels: NDArray[np.int64] | None
    """(n,) int64, not checked against the digits."""


def read_pairs(
    archive: zipfile.ZipFile,
    path: Path,
    largest: int,
    notify: Notify,
    *,
    with_labels: bool = True,
    known: Collection[str] = (),
) -> list[Pair]:
    """Read all images of an npz, with their labels; one pair for each part such as ``train``.

    Raises DatasetError about what is missing or cannot be digits. What is left aside, but for
    arrays that are `known`, and what is assumed, is notified.
    """
    names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    images, labels = _by_part(names, IMAGE_NAMES), _by_part(names, LABEL_NAMES)
    if not images:
        found = ", ".join(names[:8]) or "none"
        raise DatasetError(
            f"The npz must hold the arrays x and y, or x_train and y_train; it has {found}.",
            path,
        )
    pairs = []
    for part, name in images.items():
        pixels = to_images(_read(archive, name, path, largest), name, path, notify)
        digits = None
        if with_labels and part in labels:
            digits = to_labels(_read(archive, labels[part], path, largest), labels[part], path)
            if digits.shape != pixels.shape[:1]:
                message = f"The array {labels[part]} has {len(digits):,} labels for {len(pixels):,}"
                raise DatasetError(f"{message} images of {name}.", path)
        pairs.append(Pair(pixels, digits))
    if "arr_0" in images.values():
        notify("The arrays have no names: the first is read as images, the second as labels.")
    if len(images) > 1:
        notify(f"All parts are read: {', '.join(images.values())}.")
    if aside := sorted({*names} - {*images.values(), *labels.values(), *known}):
        notify(f"Arrays that are left aside: {', '.join(aside)}.")
    return pairs


def read_array(archive: zipfile.ZipFile, name: str, path: Path, largest: int) -> NDArray[Any]:
    """Read one array of an npz, unless its header states more than `largest` bytes."""
    with open_member(archive, name) as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    if dtype.hasobject:
        raise DatasetError(
            f"The array {name} holds Python objects, which are not opened, as they could run a "
            "program. Save it as numbers, by astype(int).",
            path,
        )
    if math.prod(shape) * dtype.itemsize > largest:
        raise DatasetError(f"The array {name} is larger than {largest:,} bytes.", path)
    with open_member(archive, name) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _read(archive: zipfile.ZipFile, name: str, path: Path, largest: int) -> NDArray[Any]:
    return read_array(archive, f"{name}.npy", path, largest)


def parse_idx(file: PackedFile, largest: int) -> NDArray[Any]:
    """Read an open IDX file, whose length is exactly what its header states.

    It opens with two zeros, the type of its numbers and how many dimensions it has.

    References
    ----------
    http://yann.lecun.com/exdb/mnist/
    """
    begin = file.read(4)
    if not is_idx(begin):
        raise DatasetError("This is not an IDX file.", file.path)
    dtype, sizes = np.dtype(IDX_TYPES[begin[2]]), file.read(4 * begin[3])
    shape = [int.from_bytes(sizes[at : at + 4]) for at in range(0, len(sizes), 4)]
    stated = math.prod(shape) * dtype.itemsize
    if stated > largest:
        raise DatasetError(f"The header states {stated:,} bytes, far too many.", file.path)
    data = file.read(stated + 1)
    if len(data) != stated or len(sizes) != 4 * begin[3]:
        relation = "more than" if len(data) > stated else f"but {len(data):,} of"
        message = f"There are {relation} the {stated:,} bytes that the header states."
        raise DatasetError(message, file.path)
    return np.frombuffer(data, dtype).reshape(shape)


def is_idx(begin: bytes) -> bool:
    """Whether a file of these first four bytes is an IDX."""
    return len(begin) == 4 and begin[:2] == b"\0\0" and begin[2] in IDX_TYPES and begin[3] in DIMS


def _by_part(names: list[str], roles: tuple[str, ...]) -> dict[str, str]:
    """Find the arrays of a role, by the part of the data set; the first of two names counts."""
    found: dict[str, str] = {}
    for role in roles:
        for name in names:
            for part in ("", *PARTS):
                if name.lower() in (f"{role}_{part}".rstrip("_"), f"{part}_{role}".lstrip("_")):
                    found.setdefault(part, name)
    return dict(sorted(found.items(), key=lambda item: names.index(item[1])))


def to_images(array: NDArray[Any], name: str, path: Path, notify: Notify) -> NDArray[np.uint8]:
    """Bring images of any shape and range to (n, height, width) uint8."""
    found = f"The array {name} is {array.shape} {array.dtype}"
    if array.ndim == 2 and math.isqrt(array.shape[1]) ** 2 == array.shape[1] > 0:
        array = array.reshape(len(array), math.isqrt(array.shape[1]), -1)
    elif array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] > 4:
        array = np.moveaxis(array, 1, -1)
    if array.ndim not in (3, 4) or array.dtype.kind not in "buif" or not all(array.shape[1:3]):
        raise DatasetError(f"{found}, not images such as (n, 28, 28) uint8.", path)
    if array.ndim == 4:
        if array.shape[3] not in (1, 3):
            raise DatasetError(f"{found}: a picture has one channel, or three of color.", path)
        if array.shape[3] == 3:
            notify(f"{name} is in color; the mean of red, green and blue is read.")
    if not len(array):
        raise DatasetError("There are no digits in it.", path)
    if array.dtype == np.uint8 and array.ndim == 3:  # its scale is found picture by picture
        return array
    low, high = float(array.min()), float(array.max())
    try:
        to_levels(np.array([low, high]))
    except InvalidPixels as error:
        raise DatasetError(f"The array {name}: {error}", path) from error
    full = next((most for most in RANGES if high <= most), 255)
    if full != 255 and array.dtype.kind != "b":
        notify(f"{name} reaches from {low:g} to {high:g}; it is read as from 0 to {full}.")
    levels = np.empty(array.shape[:3], np.uint8)
    for at in range(0, len(array), BLOCK):
        block = array[at : at + BLOCK].astype(np.float32) * (255 / full)
        levels[at : at + BLOCK] = np.rint(block.mean(axis=3) if block.ndim == 4 else block)
    return levels


def to_labels(array: NDArray[Any], name: str, path: Path) -> NDArray[np.int64]:
    """Bring labels, one-hot or in a column, of numbers or texts, to (n,) whole numbers."""
    refusal = DatasetError(
        f"The array {name} is {array.shape} {array.dtype}, not one whole number for each image.",
        path,
    )
    if array.ndim == 2 and array.shape[1] in (10, 11):
        if array.dtype.kind not in "buif" or not np.all((array == 0) | (array == 1)):
            raise refusal
        if not np.all(array.sum(axis=1) == 1):
            raise refusal
        array = array.argmax(axis=1)
    elif array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "uifUS":
        raise refusal
    try:
        with np.errstate(invalid="raise"):
            whole = array.astype(np.int64)
    except (ValueError, OverflowError, FloatingPointError) as error:
        raise refusal from error
    if array.dtype.kind == "f" and not np.all(whole == array):
        raise refusal
    return whole

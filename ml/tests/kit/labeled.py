"""Labeled files of a few digits, made for the tests."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TMNIST_HEADER = ",".join(["names", "labels", *map(str, range(1, 785))])
MNIST_HEADER = ",".join(["label", *(f"pixel{n}" for n in range(784))])


def digit_pixels(label: int) -> NDArray[np.uint8]:
    """A bar of its own length for each label: enough to be told apart."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 12:16] = 255
    pixels[4 : 6 + 2 * label, 16:20] = 200
    return pixels


def tmnist_row(name: str, label: int) -> str:
    return ",".join([name, str(label), *map(str, digit_pixels(label).ravel())])


def mnist_row(label: int) -> str:
    return tmnist_row("", label)[1:]


def tmnist_text(*names: str) -> str:
    """Two rows, 3 and 7, of each face."""
    rows = [tmnist_row(name, label) for name in names for label in (3, 7)]
    return "\n".join([TMNIST_HEADER, *rows]) + "\n"


def write_text(path: Path, text: str) -> Path:
    """Write text plain, or packed as the ending says."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        path.write_bytes(zipped({path.stem: text}))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def idx(*shape: int, data: bytes, magic: int | None = None) -> bytes:
    """An IDX file of bytes."""
    number = 0x0800 + len(shape) if magic is None else magic
    return struct.pack(f">{1 + len(shape)}I", number, *shape) + data

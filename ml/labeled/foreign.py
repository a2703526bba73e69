"""Recognize by its first bytes what is no labeled file, and say what to do with it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from ml.errors import DatasetError
from ml.labeled.packed import DAMAGE, MAX_UNPACKED, unpack_stream

ENOUGH: Final = 512
"""Bytes of a file that are looked at."""
SAVE: Final = 'Save it as an npz: numpy.savez("digits.npz", x=images, y=labels).'
PICTURE: Final = (
    "This is one picture. The commands read a folder of pictures by digit; the API reads it as an "
    "image."
)
FOREIGN: Final = (
    (b"version https://git-lfs", "This is a pointer of Git LFS. Fetch the file: git lfs pull."),
    (b"<!doctype html", "This is a web page, perhaps one to sign in. Download the file again."),
    (b"<html", "This is a web page, perhaps one to sign in. Download the file again."),
    (b"@relation", "This is an ARFF. Save it as a csv: label, pixel0 to pixel783."),
    (b"par1", f"This is a Parquet file. {SAVE}"),
    (b"matlab 5.0", f"This is a MATLAB file. {SAVE}"),
    (b"\x89hdf", f"This is an HDF5 file. {SAVE}"),
    (b"\x93numpy", f"This is one array. {SAVE}"),
    *(
        (bytes([0x80, version]), f"This is a pickle: it could run a program. {SAVE}")
        for version in range(2, 6)
    ),
    (b"\x28\xb5\x2f\xfd", "It is packed by Zstandard. Unpack it first."),
    (b"7z\xbc\xaf", "It is packed by 7-Zip. Unpack it first."),
    (b"rar!", "It is packed by RAR. Unpack it first."),
    (b"\x89png", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"gif8", PICTURE),
)
"""Begin of a file in lower case, and what the error says."""


def refuse_foreign(start: bytes, path: Path) -> None:
    """Raise DatasetError if a file begins like one that is known, but not read."""
    begin = start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    for known, sentence in FOREIGN:
        if begin.startswith(known):
            raise DatasetError(sentence, path)


def read_start(path: Path) -> bytes:
    """Read the first bytes of a file, unpacked if it is packed; none of what cannot be read."""
    with suppress(*DAMAGE), path.open("rb") as file:
        return unpack_stream(file, MAX_UNPACKED).read(ENOUGH)
    return b""

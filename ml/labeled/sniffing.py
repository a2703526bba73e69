"""The formats of labeled files, told by first bytes; and what to do with one that is not read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ml.labeled.arrays import is_idx
from ml.labeled.packed import UTF_16, Unlabeled

PICTURE_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
KINDS: Final[Mapping[str, str]] = {
    "csv": (
        "784 columns of pixels in their order, the label before or behind them: TMNIST, MNIST, "
        "Kaggle, pandas with its index; between commas, semicolons or tabs; whole numbers or "
        "floats from 0 to 255 or to 1; with a header or, if the label comes first, without; UTF-8 "
        "or UTF-16. Columns before both are left aside, but `writer` groups the digits"
    ),
    "npz": (
        "arrays of images and labels: `x` and `y`, `x_train` and `y_train`, `images` and `labels`, "
        "`data` and `target`; flat or with a channel, in color, of integers, floats or bool; "
        "labels one-hot, in a column, as floats or texts. No pickled objects"
    ),
    "idx": (
        "the file of images of MNIST, EMNIST or QMNIST, its labels beside it, or the folder of "
        "both; bytes or other numbers"
    ),
    "json": (
        'a list of objects or one a line (.ndjson, .jsonl): `label` (7, "7", "seven", "none") and '
        "`strokes`, `pixels` or a base64 `image`; exports of this site and of Label Studio; Quick, "
        "Draw!"
    ),
    "parquet": (
        "a column of pictures, as in Hugging Face's `mnist` (`image` and `label`), of lists of 784 "
        "numbers or of 28 lists of 28; or 784 columns of pixels in their order; with the label in "
        "one column, and `writer` if it is known. Where pyarrow is installed"
    ),
    "pictures": (
        "a folder of "
        + ", ".join(suffix[1:] for suffix in PICTURE_SUFFIXES)
        + " by digit, at any depth: 7, 07, digit_7, seven, none, Sample008, 37 as in NIST; by "
        "name, 7_001.png; or listed in a csv of names and labels, also that of Gradio's flags"
    ),
}
"""The formats that are read, and what of each."""
PACKED: Final = "Each may be packed by gzip, bzip2 or xz, or be in a zip or a tar with others."
FORMATS: Final = (
    "a csv with a pixel in each column, an npz of images and labels, IDX, JSON of strokes, pixels "
    "or pictures, Parquet, or pictures in folders by digit, also in a zip or a tar"
)
"""The same in short, for the help of commands."""

ENOUGH: Final = 512
"""Bytes of a file that are looked at."""
SAVE: Final = 'Save it as an npz: numpy.savez("digits.npz", x=images, y=labels).'
PICTURE: Final = (
    "This is one picture. The commands read a folder of pictures by digit; the API reads it as an "
    "image."
)
TIFF: Final = "This is a TIFF, which is not read. Save it as a PNG."
CONTROLS: Final = frozenset(range(32)) - frozenset(b"\t\n\r\f")
"""Bytes that no text has."""
FOREIGN: Final = (
    (b"version https://git-lfs", "This is a pointer of Git LFS. Fetch the file: git lfs pull."),
    (b"<!doctype html", "This is a web page, perhaps one to sign in. Download the file again."),
    (b"<html", "This is a web page, perhaps one to sign in. Download the file again."),
    (b"@relation", "This is an ARFF. Save it as a csv: label, pixel0 to pixel783."),
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
    (b"ii*\0", TIFF),
    (b"mm\0*", TIFF),
)
"""Begin of a file in lower case, and what the error says."""


def describe() -> str:
    """Return the table of formats for the documentation."""
    names = {"idx": "IDX", "json": "JSON", "parquet": "Parquet"}
    rows = [f"| {names.get(kind, kind)} | {what}. |" for kind, what in KINDS.items()]
    return "\n".join(["| format | what is read |", "| --- | --- |", *rows])


def find_kind(start: bytes, path: Path) -> str:
    """Return the format of an unpacked file by its first bytes, one of `KINDS` but pictures.

    Raises Unlabeled for what is known, but not read, and for all else.
    """
    if start.startswith(b"PK"):
        return "npz"
    if is_idx(start[:4]):
        return "idx"
    if start.startswith(b"PAR1"):
        return "parquet"
    begin = start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    for known, sentence in FOREIGN:
        if begin.startswith(known):
            raise Unlabeled(sentence, path)
    if begin.startswith((b"{", b"[")):
        return "json"
    if start.startswith(UTF_16) or (begin and CONTROLS.isdisjoint(begin)):
        return "csv"
    if not begin:
        raise Unlabeled("The file is empty.", path)
    raise Unlabeled(f"The format is unknown, or it is damaged; known are {FORMATS}.", path)

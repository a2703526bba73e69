"""Ten labeled digits in the files in which such data circulates, made for the tests."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Iterable, Sequence

import numpy as np

from ml.tests.kit.labeled import digit_pixels, zipped

Content = bytes | dict[str, bytes]
"""A file, or the files of a folder."""

IMAGES = np.stack([digit_pixels(label) for label in range(10)])
FLAT = [image.ravel().tolist() for image in IMAGES]
ROWS = [[label, *pixels] for label, pixels in enumerate(FLAT)]
FROM_0 = [f"pixel{n}" for n in range(784)]
FROM_1 = [f"pixel{n}" for n in range(1, 785)]
GRID = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
NUMBERS = [str(n) for n in range(785)]


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",", end: str = "\n"
) -> str:
    lines = [header, *rows] if header else rows
    return "".join(delimiter.join(map(str, line)) + end for line in lines)


def write_csvs() -> dict[str, Content]:
    head = ["label", *FROM_0]
    kaggle = table(head, ROWS)
    behind = [[*row[1:], row[0]] for row in ROWS]
    named = [[f"Face{row[0] // 5}-Bold", *row] for row in ROWS]
    floats = [[row[0], *(f"{pixel / 255:.4f}" for pixel in row[1:])] for row in ROWS]
    texts = {
        "kaggle_train.csv": kaggle,
        "1x1.csv": table(["label", *GRID], ROWS),
        "no_header.csv": table([], ROWS),
        "bom.csv": "\ufeff" + kaggle,
        "bom_no_header.csv": "\ufeff" + table([], ROWS),
        "crlf.csv": table(head, ROWS, end="\r\n"),
        "cr_only.csv": table(head, ROWS, end="\r"),
        "semicolon.csv": table(head, ROWS, ";"),
        "tab.tsv": table(head, ROWS, "\t"),
        "no_header_spaces.csv": table([], ROWS, ", "),
        "float01.csv": table(head, floats),
        "float255.csv": table(head, [[row[0], *map(float, row[1:])] for row in ROWS]),
        "float_label.csv": table(head, [[float(row[0]), *row[1:]] for row in ROWS]),
        "pandas_index.csv": table(["", *head], [[row[0], *row] for row in ROWS]),
        "label_0_783.csv": table(["label", *NUMBERS[:-1]], ROWS),
        "pandas_default_columns.csv": table(NUMBERS, ROWS),
        "label_px.csv": table(["label", *(f"px_{n}" for n in range(784))], ROWS),
        "target_first.csv": table(["target", *FROM_0], ROWS),
        "label_last.csv": table([*FROM_0, "label"], behind),
        "openml.csv": table([*FROM_1, "class"], behind),
        "quoted.csv": table(
            [f'"{name}"' for name in head], [[f'"{n}"' for n in row] for row in ROWS]
        ),
        "id_label.csv": table(["id", *head], [[f"train_{row[0]}", *row] for row in ROWS]),
        "tmnist.csv": table(["names", "labels", *NUMBERS[1:]], named),
        "release.csv": table(
            ["id", "split", "writer", "reviewed", *head],
            [[row[0], "train", f"w-{row[0] // 5}", "True", *row] for row in ROWS],
        ),
        "kaggle_test.csv": table(FROM_0, FLAT),
        "no_header_unlabeled.csv": table([], FLAT),
        "labels_over_9.csv": table([], [[row[0] + 26, *row[1:]] for row in ROWS]),
        "letter.csv": table(["names", "labels", *NUMBERS[1:]], [["A", "A", *FLAT[0]]]),
        "submission.csv": table(["ImageId", "Label"], [[row[0] + 1, row[0]] for row in ROWS]),
        "label_missing.csv": table(head, [["", *FLAT[0]]]),
        "optdigits.csv": table([], [[*row[1:65], row[0]] for row in ROWS]),
        "usps.train": table([], [[row[0], *row[1:257]] for row in ROWS], " "),
        "usps.libsvm": "".join(f"{label + 1} 1:-1.0 2:0.5 256:-1\n" for label in range(10)),
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        "utf16_excel.csv": table(head, ROWS, "\t").encode("utf-16"),
        "kaggle_train.csv.gz": gzip.compress(kaggle.encode()),
        "kaggle_train.csv.bz2": bz2.compress(kaggle.encode()),
        "kaggle_train.csv.xz": lzma.compress(kaggle.encode()),
        "train.csv.zip": zipped({"train.csv": kaggle}),
    }


CASES = {**write_csvs()}

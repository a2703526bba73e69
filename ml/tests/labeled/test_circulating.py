"""Each file as it circulates is read, or refused with what was found and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.errors import DatasetError
from ml.labeled.formats import LabeledDrawing, iter_labeled
from ml.tests.kit.circulating import CASES, IMAGES, Content

READ: dict[str, list[str]] = {
    "kaggle_train.csv": [],
    "1x1.csv": [],
    "no_header.csv": [],
    "bom.csv": [],
    "bom_no_header.csv": [],
    "crlf.csv": [],
    "cr_only.csv": [],
    "semicolon.csv": [],
    "tab.tsv": [],
    "no_header_spaces.csv": [],
    "float01.csv": ["No pixel of the first rows is over 1: they are read as from 0 to 1."],
    "float255.csv": [],
    "float_label.csv": [],
    "pandas_index.csv": ["Columns that are left aside: (no name)."],
    "label_0_783.csv": [],
    "pandas_default_columns.csv": [
        "The columns are called 0 to 784: the first is read as the label."
    ],
    "label_px.csv": [],
    "target_first.csv": [],
    "label_last.csv": [],
    "openml.csv": [],
    "quoted.csv": [],
    "id_label.csv": ["Columns that are left aside: id."],
    "tmnist.csv": [],
    "release.csv": ["Columns that are left aside: id, split, reviewed."],
    "utf16_excel.csv": [],
    "kaggle_train.csv.gz": [],
    "kaggle_train.csv.bz2": [],
    "kaggle_train.csv.xz": [],
    "train.csv.zip": [],
}
"""Files of the digits 0 to 9, and what is told about them."""
WRITERS = {"tmnist.csv": {"Face0", "Face1"}, "release.csv": {"w-0", "w-1"}}
REFUSED = {
    "kaggle_test.csv": "pixels without labels; add a column label",
    "no_header_unlabeled.csv": "pixels without labels; add a column label",
    "labels_over_9.csv": "line 1: The label is '26'; a label is a digit from 0 to 9",
    "letter.csv": "line 2: The label is 'A'; a label is a digit from 0 to 9",
    "submission.csv": "The column 'pixel0' is missing; needed are label, pixel0, pixel1",
    "label_missing.csv": "line 2: The label is ''; a label is a digit from 0 to 9",
    "optdigits.csv": "There are 65 columns; a row has 785: the label and 28x28 pixels",
    "usps.train": "format is unknown",
    "usps.libsvm": "format is unknown",
}


def write(path: Path, content: Content) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
        return path
    for name, part in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(part)
    return path


def assert_shows_its_label(drawing: LabeledDrawing) -> None:
    assert drawing.label is not None
    if drawing.pixels is not None:
        assert np.array_equal(drawing.pixels, IMAGES[drawing.label]), drawing.name


def test_every_case_has_an_answer() -> None:
    assert READ.keys() | REFUSED.keys() == CASES.keys()


@pytest.mark.parametrize("name", READ)
def test_a_file_as_it_circulates_is_read_and_what_was_assumed_is_told(
    tmp_path: Path, name: str
) -> None:
    told: list[str] = []
    drawings = list(iter_labeled(write(tmp_path / name, CASES[name]), told.append))
    assert sorted(drawing.label or 0 for drawing in drawings) == list(range(10))
    for drawing in drawings:
        assert_shows_its_label(drawing)
    assert {drawing.writer for drawing in drawings} == WRITERS.get(name, {None})
    assert told == READ[name]


@pytest.mark.parametrize("name", REFUSED)
def test_another_file_is_refused_with_what_was_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match=REFUSED[name]):
        list(iter_labeled(write(tmp_path / name, CASES[name])))

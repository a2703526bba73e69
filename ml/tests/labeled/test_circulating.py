"""Each file as it circulates is read, or refused with what was found and what to do."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.errors import DatasetError
from ml.labeled.exported import LabeledDrawing
from ml.labeled.formats import iter_labeled
from ml.labeled.sniffing import PACKED, describe
from ml.tests.kit.circulating import CASES, IMAGES, Content
from ml.tests.kit.drawings import DIGITS

SILENT = """
    kaggle_train.csv 1x1.csv no_header.csv bom.csv bom_no_header.csv crlf.csv cr_only.csv
    semicolon.csv tab.tsv no_header_spaces.csv float255.csv float_label.csv label_0_783.csv
    label_px.csv target_first.csv label_last.csv openml.csv quoted.csv tmnist.csv utf16_excel.csv
    kaggle_train.csv.gz kaggle_train.csv.bz2 kaggle_train.csv.xz train.csv.zip csv.tar.gz
    xy.npz channel_last.npz channel_first.npz flat784.npz float255.npz int64.npz onehot.npz
    float_y.npz text_y.npz column_y.npz images_labels.npz medmnist.npz capitals.npz data_target.npz
    plain gz dot no_name windows
    folders upper nested images_below words german digit_prefix zero_padded bmp gif webp
    folder.zip folder.tar folder.tar.bz2 folder.tar.xz
    strokes.json text_labels.json wrapped.json image_label.json image_digit.json pixels_label.json
    label_studio.json indented.json strokes.jsonl bom.ndjson bom.json lines.txt.gz quickdraw.ndjson
"""
"""Files of the digits 0 to 9 of which nothing is assumed or left out."""
TOLD = {
    "float01.csv": ["No pixel of the first rows is over 1: they are read as from 0 to 1."],
    "pandas_index.csv": ["Columns that are left aside: (no name)."],
    "pandas_default_columns.csv": [
        "The columns are called 0 to 784: the first is read as the label."
    ],
    "id_label.csv": ["Columns that are left aside: id."],
    "release.csv": ["Columns that are left aside: id, split, reviewed."],
    "kaggle_both.zip": [
        "sample_submission.csv is left out: The column 'pixel0' is missing; needed are label, "
        "pixel0, pixel1 … pixel782, pixel783.",
        "test.csv is left out: It has pixels without labels; add a column label before the first "
        "pixel.",
    ],
    "mnist_in_csv.zip": ["All of these are read: mnist_test.csv, mnist_train.csv."],
    "keras.npz": ["All parts are read: x_train, x_test."],
    "float01.npz": ["x reaches from 0 to 1; it is read as from 0 to 1."],
    "no_names.npz": [
        "The arrays have no names: the first is read as images, the second as labels."
    ],
    "rgb.npz": ["x is in color; the mean of red, green and blue is read."],
    "both": ["All of these are read: t10k-images-idx3-ubyte, train-images-idx3-ubyte."],
    "torchvision": [
        f"MNIST/raw/train-{part}.gz is left out: It seems to be MNIST/raw/train-{part} once more, "
        "packed."
        for part in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ],
    "float": ["train-images-idx3-ubyte reaches from 0 to 1; it is read as from 0 to 1."],
    "qmnist": [
        "The first of the 8 columns of qmnist-test-labels-idx2-int.gz is read as the label."
    ],
    "junk": ["Left out: 1 file of another format, such as README.txt."],
    "writers": ["Folders such as writer00 are read as writers."],
    "sample001": ["The folders Sample001 to Sample010 are read as the digits 0 to 9."],
    "nist_hex": [
        "The folders 30 to 39 are read as the digits 0 to 9, whose codes they are, as in NIST."
    ],
    "named": ["The figure that each name begins with is read as its label."],
    "class_10": ["Left out: 1 file whose label is not known, such as 10/a.png."],
    "letters_too": ["Left out: 2 files whose label is not known, such as A/a.png."],
    "mixed": ["Left out: 2 files of another format, such as 3/3.tif."],
    "csv_beside": ["Labels are those of labels.csv, in its column label."],
    "csv_with_gaps": [
        "Labels are those of labels.csv, in its column label.",
        "Rows whose picture is not there, or there more than once: 1.",
        "Left out: 1 file whose label is not known, such as images/more.png.",
    ],
    "gradio": [
        "Labels are those of dataset1.csv, in its column Prediction.",
        "Prediction is an answer that was flagged as correct; rows with another flag are left out: "
        "1.",
    ],
    "labels_more": ["t10k-labels-idx1-ubyte is left out: No file of images stands beside it."],
    "many_jsons": ["All of these are read: 0.json, 1.json, 2.json, 3.json, 4.json and 5 more."],
    "macos.zip": ["Left out: 1 file of another format, such as digits/README.txt."],
    "folder.tar.gz": ["Left out: 1 file of another format, such as digits/README.txt."],
    "xy_objects.json": ["Of points, t is left aside."],
    "quickdraw_raw.ndjson": ["The times of points are left aside."],
}
"""Files of the digits 0 to 9, and what is told about them."""
READ: dict[str, list[str]] = {**{name: [] for name in SILENT.split()}, **TOLD}
WRITERS = {
    "tmnist.csv": {"Face0", "Face1"},
    "release.csv": {"w-0", "w-1"},
    "writers": {"writer00", "writer01"},
}
SAVE = "Save it as an npz"
REFUSED = {
    "kaggle_test.csv": "pixels without labels; add a column label",
    "no_header_unlabeled.csv": "pixels without labels; add a column label",
    "labels_over_9.csv": "line 1: The label is '26'; a label is a digit from 0 to 9",
    "letter.csv": "line 2: The label is 'A'; a label is a digit from 0 to 9",
    "submission.csv": "The column 'pixel0' is missing; needed are label, pixel0, pixel1",
    "label_missing.csv": "line 2: The label is ''; a label is a digit from 0 to 9",
    "optdigits.csv": "There are 65 columns; a row has 785: the label and 28x28 pixels",
    "usps.train": "The format is unknown; known are a csv",
    "usps.libsvm": "The format is unknown; known are a csv",
    "x_only.npz": "images without labels; add an array y",
    "object_y.npz": "holds Python objects, which are not opened",
    "x.npy": f"one array. {SAVE}",
    "labels_alone": "train-labels-idx1-ubyte is left out: No file of images stands beside it",
    "unlabeled.zip": "unlabeled.zip: test.csv is left out: It has pixels without labels",
    "pictures_of_the_text": "Its pictures have no labels",
    "images_alone": "train-images-idx3-ubyte is left out: No file of labels stands beside it",
    "t-labels-idx1-ubyte": "Give the IDX file of images",
    "tif": "None of the 10 files in it is read. 0/1.tif is left out: This is a TIFF",
    "no_labels": "Its pictures have no labels: put them into folders 0 to 9 and none",
    "npz.zip": "a.npz is left out: It is an archive inside of an archive; unpack that",
    "empty": "There are no files in it",
    "list.csv": "It lists pictures: give the folder that holds them and this file",
    "one.png": "one picture. The commands read a folder of pictures by digit",
    "two_annotations.json": "Drawing 1: Its annotations say 3 and 5; a drawing has one label",
    "data_only.json": 'The JSON must be a list of {"label": 7, "strokes"',
    "columns.json": "Drawing 1: Stroke 1: the third number of a point is its pressure",
    "lfs_pointer.csv": "a pointer of Git LFS. Fetch the file: git lfs pull",
    "login_page.csv": "a web page, perhaps one to sign in. Download the file again",
    "mnist.parquet": "The file is damaged or cut off; get it again",
    "mnist.mat": f"a MATLAB file. {SAVE}",
    "mnist.arff": "an ARFF. Save it as a csv",
    "mnist.pkl.gz": f"a pickle: it could run a program. {SAVE}",
    "mnist.h5": f"an HDF5 file. {SAVE}",
}


def write(path: Path, content: Content) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
        return path
    path.mkdir()
    for name, part in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(part)
    return path


def assert_shows_its_label(drawing: LabeledDrawing) -> None:
    assert drawing.label is not None
    if drawing.pixels is not None:
        assert np.array_equal(drawing.pixels, IMAGES[drawing.label]), drawing.name
    if drawing.image is not None:
        picture = Image.open(io.BytesIO(drawing.image))
        difference = np.abs(np.asarray(picture.convert("L")) - IMAGES[drawing.label].astype(float))
        assert difference.mean() < 3, drawing.name
    if drawing.strokes is not None:
        points = [[[*map(float, point[:2])] for point in stroke] for stroke in drawing.strokes]
        drawn = [[[*map(float, point[:2])] for point in each] for each in DIGITS[drawing.label]]
        assert points == drawn, drawing.name


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


def test_the_documentation_lists_the_formats_as_the_code_does() -> None:
    text = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    assert f"{PACKED}\n\n{describe()}\n" in text

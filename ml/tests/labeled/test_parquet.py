"""Parquet as it circulates is read; the rest is refused by row and column, before memory goes."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ml.errors import DatasetError
from ml.labeled import formats
from ml.labeled.digits import load_labeled
from ml.labeled.exported import LabeledDrawing
from ml.labeled.formats import iter_labeled
from ml.labeled.parquet import tables
from ml.labeled.parquet.weights import MAX_PAGE, MAX_PAGES, Unsound, weigh
from ml.labeled.uploads import read_pictures
from ml.tests.kit.fuzzing import peak_bytes, start_of_peak
from ml.tests.kit.hostile import zip_of
from ml.tests.kit.parquet import (
    IMAGES,
    LABELS,
    PICTURES,
    frame_of,
    framed,
    hugging_face,
    labeled_frame,
    parquet,
)

PROJECT = Path(__file__).parents[3]
FLAT = IMAGES.reshape(10, 784)
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
FLOATS = "No pixel of the first rows is over 1: they are read as from 0 to 1."


def listed(kind: Any = None, images: Any = FLAT) -> Any:
    return pa.array([image.tolist() for image in images], kind)


def labeled(**columns: Any) -> bytes:
    return parquet({**columns, "label": LABELS})


READ: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "Hugging Face": (hugging_face, []),
    "bytes alone": (lambda: parquet({"img": PICTURES, "digit": LABELS}), []),
    "large bytes": (lambda: labeled(picture=pa.array(PICTURES, pa.large_binary())), []),
    "words": (lambda: parquet({"image": PICTURES, "target": WORDS}), []),
    "categories": (
        lambda: framed(frame_of().assign(label=[*map(str, LABELS)]).astype({"label": "category"})),
        [],
    ),
    "columns, label behind": (labeled_frame, []),
    "columns of floats": (
        lambda: framed(frame_of(FLAT / 255).assign(label=np.array(LABELS, np.float32))),
        [FLOATS],
    ),
    "columns of int64 by row and column": (
        lambda: framed(
            frame_of(
                FLAT.astype(np.int64), [f"{r}x{c}" for r in range(28) for c in range(28)]
            ).assign(Class=LABELS)
        ),
        [],
    ),
    "columns without names": (
        lambda: framed(
            frame_of(names=[str(n) for n in range(1, 785)]).assign(**{"0": LABELS})[
                [str(n) for n in range(785)]
            ]
        ),
        ["The columns are called 0 to 784: the first is read as the label."],
    ),
    "an index and a number": (
        lambda: framed(
            frame_of().assign(label=LABELS, id=LABELS).set_index(np.arange(10, 20)), index=True
        ),
        ["Columns that are left aside: id, __index_level_0__."],
    ),
    "groups of rows": (lambda: framed(frame_of().assign(label=LABELS), row_group_size=3), []),
    "lists": (lambda: labeled(image=listed()), []),
    "lists of 28 lists": (lambda: labeled(pixels=listed(images=IMAGES)), []),
    "lists of floats": (lambda: labeled(x=listed(images=FLAT / 255)), [FLOATS]),
    "fixed lists": (lambda: labeled(image=listed(pa.list_(pa.uint8(), 784))), []),
    "tensors": (
        lambda: labeled(image=pa.FixedShapeTensorArray.from_numpy_ndarray(np.array(IMAGES))),
        [],
    ),
}


def write(tmp_path: Path, data: bytes, name: str = "digits.csv") -> Path:
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def pixels_of(drawing: LabeledDrawing) -> Any:
    if drawing.image is not None:
        return np.asarray(Image.open(io.BytesIO(drawing.image)).convert("L"))
    return drawing.pixels


def refuse(tmp_path: Path, data: bytes, message: str) -> DatasetError:
    with pytest.raises(DatasetError, match=message) as caught:
        list(iter_labeled(write(tmp_path, data)))
    return caught.value


@pytest.mark.parametrize("form", READ)
def test_parquet_as_it_circulates_is_read_whatever_it_is_called(tmp_path: Path, form: str) -> None:
    make, expected = READ[form]
    told: list[str] = []
    drawings = list(iter_labeled(write(tmp_path, make()), told.append))
    assert [drawing.label for drawing in drawings] == LABELS
    assert all(np.array_equal(pixels_of(each), IMAGES[each.label or 0]) for each in drawings)
    assert told == expected


def test_each_digit_has_a_name_and_its_writer(tmp_path: Path) -> None:
    names = ["Ada"] * 9 + [None]
    drawings = list(iter_labeled(write(tmp_path, hugging_face(writer=names))))
    assert [drawing.writer for drawing in drawings] == names
    assert drawings[9].name == "digits.csv, digit 10"


def test_typefaces_are_grouped_by_their_family(tmp_path: Path) -> None:
    names = [f"Roboto-{n}" for n in range(10)]
    assert set(load_labeled(write(tmp_path, hugging_face(names=names))).groups) == {"Roboto"}


def test_what_is_left_aside_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    data = hugging_face(split=["train"] * 10, x=LABELS)
    list(iter_labeled(write(tmp_path, data), told.append))
    assert told == ["Columns that are left aside: split, x."]


@pytest.mark.parametrize("name", ["a.parquet.gz", "a.zip"])
def test_a_packed_file_is_read(tmp_path: Path, name: str) -> None:
    data = hugging_face()
    packed = gzip.compress(data) if name.endswith("gz") else zip_of({"data/a.parquet": data})
    assert len(list(iter_labeled(write(tmp_path, packed, name)))) == 10


def test_all_files_of_a_folder_are_read(tmp_path: Path) -> None:
    for part in ("train-00000-of-00001.parquet", "test-00000-of-00001.parquet"):
        write(tmp_path, hugging_face(), part)
    told: list[str] = []
    assert len(list(iter_labeled(tmp_path, told.append))) == 20
    assert "All of these are read: test-00000" in told[0]


def replaced(row: int, value: object, values: Any) -> list[Any]:
    return [value if at == row else each for at, each in enumerate(values)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parquet({"image": PICTURES, "label": replaced(2, 11, LABELS)}), "label.*is 11; a"),
        (lambda: parquet({"image": PICTURES, "y": replaced(2, None, LABELS)}), "y.*is missing; a"),
        (lambda: parquet({"image": PICTURES, "label": replaced(2, "A", WORDS)}), "label.*is 'A'"),
        (lambda: parquet({"image": PICTURES, "label": replaced(2, 0.5, LABELS)}), "label.*is 0.5"),
        (lambda: labeled(image=replaced(2, None, PICTURES)), "'image'.*no picture in it"),
        (
            lambda: labeled(image=[{"bytes": replaced(2, None, PICTURES)[n]} for n in LABELS]),
            "'image'.*no picture in it; the name of a file is not enough",
        ),
        (lambda: labeled(image=replaced(2, [0] * 783, FLAT.tolist())), "'image'.*is 783 long"),
        (lambda: labeled(image=replaced(2, None, FLAT.tolist())), "'image'.*list is missing"),
        (
            lambda: labeled(image=replaced(2, [[0] * 27] * 28, IMAGES.tolist())),
            "'image'.*28 lists of 28",
        ),
        (
            lambda: labeled(image=replaced(2, [None] + [0] * 783, FLAT.tolist())),
            "'image': Pixel 1 is missing; a pixel is a number from 0 to 255",
        ),
        (
            lambda: framed(
                frame_of(replaced(2, [0] * 783 + [300], FLAT.tolist())).assign(y=LABELS)
            ),
            "'pixel783': Pixel 784 is 300; a pixel is a number from 0 to 255",
        ),
        (lambda: hugging_face(writer=replaced(2, "", WORDS)), "'writer': The name is not a text"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(
    tmp_path: Path, make: Callable[[], bytes], message: str
) -> None:
    assert refuse(tmp_path, make(), f"Row 3, column .*{message}").row == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parquet({"image": PICTURES}), "pixels without labels; add a column label"),
        (lambda: framed(frame_of()), "pixels without labels; add a column label"),
        (lambda: parquet({"label": LABELS}), "Its columns are 'label'; needed are image and label"),
        (lambda: labeled(image=PICTURES, y=LABELS), "label and y could each be the label"),
        (lambda: labeled(image=PICTURES, Image=PICTURES), "'image' is there more than once"),
        (lambda: labeled(image=WORDS), "'image' is of the type string; an image is the bytes"),
        (lambda: labeled(image=[["a"]] * 10), "'image' is of the type list<element: string>"),
        (
            lambda: framed(frame_of().assign(label=LABELS).astype({"pixel5": str})),
            "'pixel5' is of the type large_string; a pixel is a number",
        ),
        (
            lambda: parquet({"image": PICTURES, "label": [[n] for n in LABELS]}),
            "'label' is of the type list<element: int64>; a label is a number or a text",
        ),
        (
            lambda: parquet(
                {"image": pa.array([], pa.binary()), "label": LABELS[:0]},
            ),
            "'label' is of the type null",
        ),
        (
            lambda: parquet({"image": pa.array([], pa.binary()), "label": pa.array([], pa.int8())}),
            "There are no rows in it",
        ),
    ],
)
def test_another_table_is_refused_with_what_is_needed(
    tmp_path: Path, make: Callable[[], bytes], message: str
) -> None:
    refuse(tmp_path, make(), message)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: b"PAR1PAR1",
        lambda data: data[:-8] + (len(data) * 2).to_bytes(4, "little") + b"PAR1",
        lambda data: data[:-8] + bytes(4) + b"PAR1",
        lambda data: data[:4] + bytes(200) + data[204:],
        lambda data: data[:-300] + bytes(200) + data[-100:],
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    refuse(tmp_path, damage(hugging_face()), "The file is damaged or cut off; get it again")


def test_a_long_footer_is_not_read(tmp_path: Path) -> None:
    data = b"PAR1" + (2**24).to_bytes(4, "little") + b"PAR1"
    refuse(tmp_path, data, "list of columns has more than 8,388,608 bytes; use larger row groups")


def test_a_footer_that_lists_too_much_is_not_read_further(tmp_path: Path) -> None:
    chunks = b"\xfc\xa0\x8d\x06" + b"\x26\x00\x00" * 100_000  # each an offset of 0
    groups = b"\x19\x6c" + (b"\x19" + chunks + b"\x16\x00\x16\x00\x00") * 6
    footer = b"\x15\x02\x19\x1c\x48\x01a\x15\x00\x00\x16\x00" + groups + b"\x00"
    data = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    before = start_of_peak()
    refuse(tmp_path, data, "It lists more than 524,288 parts of columns; use larger row groups")
    assert peak_bytes() - before < 2**25


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MAX_FILE", 100)
    refuse(tmp_path, hugging_face(), "larger than 100 bytes; divide it")


BOMB_ROWS = 2_000_000
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "rows without end": (
        lambda: parquet(
            {
                "image": pa.DictionaryArray.from_arrays(
                    pa.array(np.zeros(BOMB_ROWS, np.int32)), PICTURES[:1]
                ),
                "label": np.zeros(BOMB_ROWS, np.int8),
            },
            store_schema=False,
        ),
        "It has 2,000,000 rows; at most 1,369,568 are read",
    ),
    "a row that is one long list": (
        lambda: parquet({"image": [np.zeros(10**7, np.uint8)], "label": [3]}),
        "lists of a group of 1 rows hold 10,000,000 numbers: an image has 784",
    ),
    "a picture of zeros": (
        lambda: parquet(
            {"image": [bytes(MAX_PAGE + 1)], "label": [3]}, compression="zstd", use_dictionary=False
        ),
        "A page of it unpacks to more than 67,108,864 bytes",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, bomb: str
) -> None:
    make, message = BOMBS[bomb]
    path = write(tmp_path, make())
    assert path.stat().st_size < 100_000
    before = start_of_peak()
    with pytest.raises(DatasetError, match=message):
        list(iter_labeled(path))
    assert peak_bytes() - before < 2**25


def test_a_dictionary_that_stands_for_much_is_unpacked_by_few_rows(tmp_path: Path) -> None:
    rows = 3_000  # of 8 MB each: 24 GB
    images = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), [bytes(2**23)])
    table = {"image": images, "label": np.zeros(rows, np.int8)}
    options = {"compression": "zstd", "dictionary_pagesize_limit": 2**24, "store_schema": False}
    path = write(tmp_path, parquet(table, **options))
    assert path.stat().st_size < 100_000
    drawings = iter_labeled(path)
    before = start_of_peak()
    for _ in range(32):
        assert len(next(drawings).image or b"") == 2**23
    assert peak_bytes() - before < 2**28


def test_what_unpacks_to_too_much_in_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_UNPACKED", 100)
    refuse(tmp_path, hugging_face(), "It unpacks to more than 100 bytes or too many pages")


def header(**fields: Any) -> bytes:
    """Write the header of a page: its numbers by field, and the count of its values."""

    def number(value: int) -> bytes:
        value *= 2
        parts = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
        return bytes([part | 128 for part in parts[:-1]] + parts[-1:])

    kind, size, packed = (fields.get(name, 0) for name in ("kind", "size", "packed"))
    field = {0: 5, 2: 7, 3: 8}[kind]
    begin = b"\x15" + number(kind) + b"\x15" + number(size) + b"\x15" + number(packed)
    counts = b"\x15" + number(fields.get("values", 0)) + b"\x00"
    return begin + bytes([(field - 3) << 4 | 12]) + counts + b"\x00" + bytes(packed)


def test_pages_are_added_up() -> None:
    pages = header(kind=2, size=90, packed=9, values=5) + header(size=300, packed=4, values=7)
    data = b"PAR1" + pages + header(kind=3, size=20, packed=4, values=8)
    weight = weigh(data, 4, len(data) - 4)
    assert (weight.pages, weight.values, weight.unpacked, weight.largest) == (3, 15, 410, 300)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (header(size=MAX_PAGE + 1, packed=1, values=1), "A page of it unpacks to more than"),
        (header(size=2**31, packed=1, values=1), "damaged"),
        (header(size=10, packed=9, values=1)[:-1], "damaged"),
        (header(kind=2, size=10, values=6), "damaged"),
        (header(values=1) * (MAX_PAGES + 1), "more than 200,000 pages"),
        (b"\x1c" * 5 + bytes(5), "damaged"),
        (b"\x15" + b"\xff" * 11, "damaged"),
        (b"\x19\x00\x00", "damaged"),
    ],
)
def test_pages_that_cannot_be_are_refused(page: bytes, message: str) -> None:
    with pytest.raises(Unsound, match=message):
        weigh(b"PAR1" + page, 4, len(page))


def test_a_column_outside_of_the_file_is_refused() -> None:
    for start, length in ((-1, 4), (0, 4), (4, -1), (4, 2**40)):
        with pytest.raises(Unsound, match="damaged"):
            weigh(bytes(20), start, length)


def test_pages_that_hold_more_than_the_list_says_are_refused(tmp_path: Path) -> None:
    data = parquet({"image": PICTURES, "label": LABELS}, use_dictionary=False, compression="none")
    chunk = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(1)
    at = data.index(b"\x15\x14", chunk.data_page_offset)  # the count of values, 10
    refuse(tmp_path, data[:at] + b"\x15\x16" + data[at + 2 :], "The file is damaged or cut off")


def test_without_pyarrow_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = refuse(tmp_path, hugging_face(), "a Parquet file, which pyarrow reads: pip install")
    assert 'Save it as an npz: numpy.savez("digits.npz"' in str(error)


def test_an_upload_is_refused_with_what_to_send() -> None:
    with pytest.raises(DatasetError, match=r"here csv, npz and IDX are read\. Save it as an npz"):
        read_pictures(io.BytesIO(hugging_face()), "digits.parquet", 100)


def test_neither_pandas_nor_pyarrow_is_loaded_before_there_is_parquet() -> None:
    script = "import sys, ml.labeled.formats; print({'pandas', 'pyarrow'} & {*sys.modules})"
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "set()\n"

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest

from ml.errors import DatasetError
from ml.labeled.rows import BATCH_LINES, TMNIST, read_rows
from ml.tests.kit.labeled import (
    MNIST_HEADER,
    TMNIST_HEADER,
    digit_pixels,
    mnist_row,
    tmnist_row,
    tmnist_text,
    write_text,
    zipped,
)


def refuse(path: Path, message: str, line: int | None = None) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        list(read_rows(path))
    assert caught.value.path == path
    assert caught.value.line == line


def with_field(row: str, place: int, value: str) -> str:
    fields = row.split(",")
    fields[place] = value
    return ",".join(fields)


def write_rows(path: Path, *rows: str) -> Path:
    return write_text(path / "a.csv", "\n".join([TMNIST_HEADER, *rows]) + "\n")


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.zip"])
def test_tmnist_is_read_plain_gzipped_and_zipped(tmp_path: Path, ending: str) -> None:
    (rows,) = read_rows(write_text(tmp_path / f"a.{ending}", tmnist_text("A-Bold", "B-Thin")))
    assert rows.names == ["A-Bold", "A-Bold", "B-Thin", "B-Thin"]
    assert rows.labels.tolist() == [3, 7, 3, 7]
    assert np.array_equal(rows.images[1], digit_pixels(7))


def test_a_gzipped_csv_without_gz_in_its_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(tmnist_text("A-Bold").encode()))
    (rows,) = read_rows(path)
    assert len(rows.labels) == 2


@pytest.mark.parametrize(
    "header",
    [
        MNIST_HEADER,
        ",".join(["label", *(f"pixel{n}" for n in range(1, 785))]),
        ",".join(
            ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]
        ),
        None,
    ],
)
def test_mnist_is_read_with_each_of_its_headers_and_without(
    tmp_path: Path, header: str | None
) -> None:
    lines = [header] if header else []
    path = write_text(tmp_path / "a.csv", "\n".join([*lines, mnist_row(7), mnist_row(3)]))
    (rows,) = read_rows(path)
    assert rows.names is None
    assert rows.labels.tolist() == [7, 3]
    assert np.array_equal(rows.images[0], digit_pixels(7))


def test_the_label_may_stand_last(tmp_path: Path) -> None:
    header = ",".join([*(f"pixel{n}" for n in range(1, 785)), "class"])
    row = ",".join([*map(str, digit_pixels(7).ravel()), "7"])
    (rows,) = read_rows(write_text(tmp_path / "a.csv", f"{header}\n{row}\n"))
    assert rows.labels.tolist() == [7]
    assert np.array_equal(rows.images[0], digit_pixels(7))


def test_a_csv_with_byte_order_mark_quotes_empty_lines_and_windows_line_ends_is_read(
    tmp_path: Path,
) -> None:
    row = tmnist_row('"A, B-Bold"', 3)
    text = f"\ufeff{TMNIST_HEADER}\r\n\r\n{row}\r\n \r\n"
    (rows,) = read_rows(write_text(tmp_path / "a.csv", text))
    assert rows.names == ["A, B-Bold"]


def test_many_rows_come_in_parts(tmp_path: Path) -> None:
    rows = [mnist_row(3)] * (BATCH_LINES + 1)
    parts = read_rows(write_text(tmp_path / "a.csv", "\n".join(rows)))
    assert [len(part.labels) for part in parts] == [BATCH_LINES, 1]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    header = TMNIST_HEADER.replace(",17,", ",")
    path = write_text(tmp_path / "a.csv", f"{header}\n{tmnist_row('A', 3)}\n")
    refuse(path, "The column '17' is missing; needed are names, labels, 1 … 783, 784", 1)


def test_a_column_too_many_is_named(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", f"{TMNIST_HEADER},extra\n{tmnist_row('A', 3)},1\n")
    refuse(path, "The column 'extra' is too many", 1)


def test_columns_in_another_order_are_refused(tmp_path: Path) -> None:
    header = TMNIST_HEADER.replace("names,labels", "labels,names")
    refuse(write_text(tmp_path / "a.csv", f"{header}\n"), "not in this order", 1)


def test_a_csv_of_something_else_is_refused(tmp_path: Path) -> None:
    refuse(write_text(tmp_path / "a.csv", "city,country\nBern,CH\n"), "is missing; needed are", 1)


def test_mnist_is_refused_where_tmnist_is_asked_for(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", f"{MNIST_HEADER}\n{mnist_row(3)}\n")
    with pytest.raises(DatasetError, match="line 1: The column 'names' is missing"):
        list(read_rows(path, TMNIST))


def test_a_csv_without_a_header_is_refused_where_tmnist_is_asked_for(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", f"{mnist_row(3)}\n")
    with pytest.raises(DatasetError, match="line 1: The column 'names' is missing"):
        list(read_rows(path, TMNIST))


@pytest.mark.parametrize("label", ["11", "256", "-1", "x", "3.5", "True", "", "NaN", "٣"])
def test_a_label_other_than_0_to_10_is_named_with_its_line(tmp_path: Path, label: str) -> None:
    wrong = with_field(tmnist_row("A", 3), 1, label)
    path = write_rows(tmp_path, tmnist_row("A", 3), wrong, wrong)
    refuse(path, f"The label is '{label}'; a label is a digit from 0 to 9", 3)


@pytest.mark.parametrize(
    "pixel",
    ["300", "256", "-1", "x", "255.5", "NaN", "", "1e3", "True", "9" * 30, "9" * 5000, "1_0", "𖹹"],
)
def test_a_pixel_other_than_0_to_255_is_named_with_its_line(tmp_path: Path, pixel: str) -> None:
    wrong = with_field(tmnist_row("A", 3), 6, pixel)
    path = write_rows(tmp_path, tmnist_row("A", 3), tmnist_row("A", 7), wrong)
    refuse(path, f"Pixel 5 is '{pixel[:20]}'; a pixel is a number from 0 to 255", 4)


@pytest.mark.parametrize(("row", "count"), [("A,3,0", 3), (tmnist_row("A", 3) + ",0", 787)])
def test_a_row_of_another_length_is_named_with_its_line(
    tmp_path: Path, row: str, count: int
) -> None:
    path = write_rows(tmp_path, tmnist_row("A", 3), row)
    refuse(path, f"There are {count} columns; a row has 786", 3)


@pytest.mark.parametrize("name", ["", "A" * 129, "A\0B"])
def test_an_empty_long_or_unprintable_name_of_a_face_is_named_with_its_line(
    tmp_path: Path, name: str
) -> None:
    refuse(write_rows(tmp_path, tmnist_row(name, 3)), "The name is not a text of 1 to 128", 2)


@pytest.mark.parametrize("letter", ["\U0010ffff", "\U000e0000", "\U000cf06a"])
def test_a_character_at_which_numpy_would_crash_is_refused_as_a_pixel(
    tmp_path: Path, letter: str
) -> None:
    row = with_field(tmnist_row("A", 3), 6, letter)
    refuse(write_rows(tmp_path, row), "Pixel 5 is .*; a pixel is a number", 2)


def test_a_unicode_space_beside_a_number_is_refused(tmp_path: Path) -> None:
    row = with_field(tmnist_row("A", 3), 6, "\u30007")
    refuse(write_rows(tmp_path, row), "Pixel 5 is .*; a pixel is a number", 2)


def test_a_quote_that_spans_lines_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path, 'A,"3', tmnist_row('𖹹"', 3))
    refuse(path, "There are 2 columns", 2)


def test_a_face_may_have_a_name_of_any_letters(tmp_path: Path) -> None:
    (rows,) = read_rows(write_rows(tmp_path, tmnist_row("Größe-𖹹", 3)))
    assert rows.names == ["Größe-𖹹"]


def test_the_line_of_a_fault_counts_empty_lines_and_earlier_parts(tmp_path: Path) -> None:
    rows = [tmnist_row("A", 3)] * (BATCH_LINES + 5)
    path = write_rows(tmp_path, "", *rows, tmnist_row("A", 3).replace("A,3", "A,11"))
    refuse(path, "The label is '11'", BATCH_LINES + 8)


def test_an_open_quote_is_a_fault_of_its_line(tmp_path: Path) -> None:
    path = write_rows(tmp_path, tmnist_row("A", 3), tmnist_row('"A', 3), tmnist_row("A", 3))
    refuse(path, "There are 1 columns", 3)


def test_a_line_with_a_name_alone_is_refused_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    refuse(write_rows(tmp_path, "A,"), "There are 2 columns", 2)
    assert not recwarn.list


@pytest.mark.parametrize("text", [TMNIST_HEADER, f"{TMNIST_HEADER}\n\n \n"])
def test_a_header_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    refuse(write_text(tmp_path / "a.csv", text), "no rows below the header", text.count("\n") or 1)


@pytest.mark.parametrize("value", ["True", ""])
def test_a_value_that_is_no_number_is_refused_even_in_every_pixel(
    tmp_path: Path, value: str
) -> None:
    row = ",".join(["A", value, *[value] * 784])
    refuse(write_rows(tmp_path, row), "The label is", 2)
    refuse(write_rows(tmp_path, ",".join(["A", "3", *[value] * 784])), "Pixel 1 is", 2)


def test_a_quoted_comma_does_not_make_up_for_a_missing_column(tmp_path: Path) -> None:
    row = tmnist_row("A", 3).removesuffix(",0,0") + ',"0,0"'
    refuse(write_rows(tmp_path, row), "There are 785 columns", 2)


def test_quoted_numbers_are_read(tmp_path: Path) -> None:
    row = ",".join(f'"{field}"' for field in tmnist_row("A", 3).split(","))
    (rows,) = read_rows(write_rows(tmp_path, row))
    assert rows.labels.tolist() == [3]
    assert np.array_equal(rows.images[0], digit_pixels(3))


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{TMNIST_HEADER}\n{tmnist_row('Ä', 3)}\n".encode("latin-1"))
    refuse(path, "not UTF-8", 2)


def test_binary_nonsense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(bytes(range(255, -1, -1)) * 10)
    refuse(path, "not UTF-8", 1)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    refuse(write_text(tmp_path / "a.csv", "0," * 100_000), "The line is longer", 1)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    refuse(write_text(tmp_path / "a.csv", ""), "The file is empty")


def test_a_gzip_of_nothing_is_refused(tmp_path: Path) -> None:
    refuse(write_text(tmp_path / "a.csv.gz", ""), "The file is empty")


def test_a_truncated_gzip_is_named_with_the_line_where_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    rows = "\n".join([MNIST_HEADER, *[mnist_row(3)] * 200])
    stored = zlib.compressobj(0, wbits=31)  # level 0: the bytes as they are
    data = stored.compress(rows.encode()) + stored.flush()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DatasetError, match=r"line \d+: The file is damaged or cut off") as caught:
        list(read_rows(path))
    assert caught.value.line is not None
    assert 50 < caught.value.line < 110


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zip"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_off_file_is_never_half_loaded(tmp_path: Path, ending: str, share: float) -> None:
    path = write_text(tmp_path / f"a.{ending}", tmnist_text("A", "B", "C"))
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DatasetError, match="damaged or cut off"):
        list(read_rows(path))


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zip"])
def test_a_file_with_a_changed_byte_is_refused(tmp_path: Path, ending: str) -> None:
    path = write_text(tmp_path / f"a.{ending}", tmnist_text("A", "B", "C"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DatasetError):
        list(read_rows(path))


def test_a_zip_with_a_csv_in_a_folder_and_companions_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(
        zipped({"data/a.csv": tmnist_text("A"), "__MACOSX/data/._a.csv": "", "readme.txt": "Hi"})
    )
    (rows,) = read_rows(path)
    assert rows.names == ["A", "A"]


def test_floats_up_to_1_are_told_and_keep_to_it_in_the_whole_file(tmp_path: Path) -> None:
    row = mnist_row(3).replace("255", "1.0").replace("200", "0.5")
    wrong = with_field(row, 6, "2")
    path = write_text(tmp_path / "a.csv", "\n".join([*[row] * BATCH_LINES, row, wrong]))
    refuse(path, "Pixel 6 is '2'; a pixel is a number from 0 to 1", BATCH_LINES + 2)

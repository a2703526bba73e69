from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import encode_png, ink_from_pixels
from ml.errors import BlankDrawing, DatasetError, InvalidImage, SeveralDigits
from ml.labeled.digits import (
    LabeledDigits,
    canonicalize,
    handwriting_families,
    is_tmnist,
    load_labeled,
    load_tmnist,
    split_by_group,
    without,
)
from ml.labeled.exported import LabeledDrawing
from ml.tests.kit.labeled import digit_pixels, mnist_row, tmnist_text, write_text


def digits_of(*groups: str) -> LabeledDigits:
    """One digit of each group, its label counting up."""
    labels = np.arange(len(groups), dtype=np.uint8) % 10
    images = np.stack([digit_pixels(label) for label in labels.tolist()])
    return LabeledDigits(images, labels, np.array(groups))


def test_tmnist_is_loaded_with_the_family_of_each_face_as_group(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", tmnist_text("Roboto-Bold", "Roboto-Thin", "Abel-Regular"))
    digits = load_tmnist(path)
    assert digits.images.shape == (6, 28, 28)
    assert digits.labels.tolist() == [3, 7] * 3
    assert digits.groups.tolist() == ["Roboto"] * 4 + ["Abel"] * 2


def test_tmnist_with_one_wrong_row_is_not_loaded_at_all(tmp_path: Path) -> None:
    text = tmnist_text("A-Bold", "B-Bold").replace("B-Bold,7", "B-Bold,11")
    with pytest.raises(DatasetError, match="line 5: The label is '11'"):
        load_tmnist(write_text(tmp_path / "a.csv", text))


def test_a_data_set_without_a_list_of_fonts_has_no_handwriting(tmp_path: Path) -> None:
    assert handwriting_families(tmp_path / "tmnist.csv") == frozenset()


def test_handwriting_is_read_from_the_list_of_fonts_in_any_order_of_its_columns(
    tmp_path: Path,
) -> None:
    rows = ["# Fonts", "", "| kind | family |", "| --- | --- |", "| serif | Abel |"]
    left_out = ["", "## Left out", "", "| kind | family |", "| handwriting | Gone |"]
    text = "\n".join([*rows, "| handwriting | Indie Flower |", *left_out])
    write_text(tmp_path / "FONTS.md", text)
    assert handwriting_families(tmp_path / "tmnist.csv") == {"IndieFlower"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no table with the columns 'family' and 'kind'"),
        (b"| family | version |", "no table with the columns 'family' and 'kind'"),
        (b"\xff\xfe|", "cannot be read"),
    ],
)
def test_a_damaged_list_of_fonts_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "FONTS.md").write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        handwriting_families(tmp_path / "tmnist.csv")


def test_a_digit_is_the_same_in_each_file_format(tmp_path: Path) -> None:
    for digit in (3, 7):
        (tmp_path / "pictures" / str(digit)).mkdir(parents=True)
        (tmp_path / "pictures" / str(digit) / "a.png").write_bytes(encode_png(digit_pixels(digit)))
    images = np.stack([digit_pixels(3), digit_pixels(7)])
    np.savez(tmp_path / "a.npz", x=255 - images, y=[3, 7])  # dark on light
    write_text(tmp_path / "tmnist.csv", tmnist_text("A-Bold"))
    write_text(tmp_path / "mnist.csv", f"{mnist_row(3)}\n{mnist_row(7)}\n")
    right = np.stack([canonical_digit(ink_from_pixels(image)) for image in images])
    for name in ("pictures", "a.npz", "tmnist.csv", "mnist.csv"):
        digits = load_labeled(tmp_path / name)
        assert digits.labels.tolist() == [3, 7], name
        assert np.array_equal(digits.images, right), name


def test_strokes_of_one_writer_are_one_group(tmp_path: Path) -> None:
    strokes = [[[0, 0], [10, 100]]]
    items = [{"label": 1, "strokes": strokes, "writer": writer} for writer in ("a", "a", None)]
    digits = load_labeled(write_text(tmp_path / "a.json", json.dumps(items)))
    assert digits.groups.tolist() == ["a", "a", "a.json, digit 3"]


def test_a_labeled_file_with_a_blank_digit_is_refused_and_names_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.stack([digit_pixels(3), np.zeros((28, 28), "u1")]), y=[3, 7])
    with pytest.raises(DatasetError, match=r"a\.npz: a\.npz, digit 2: Nothing is drawn"):
        load_labeled(tmp_path / "a.npz")


def test_a_drawing_that_cannot_be_read_keeps_its_kind_of_error() -> None:
    with pytest.raises(InvalidImage, match=r"^7/a\.png: "):
        canonicalize([LabeledDrawing(7, "7/a.png", image=b"no picture")])
    with pytest.raises(BlankDrawing, match=r"^blank: "):
        canonicalize([LabeledDrawing(7, "blank", pixels=np.zeros((28, 28), np.uint8))])
    two = [[[0.0, 0.0], [0.0, 100.0]], [[100.0, 0.0], [100.0, 100.0]]]
    with pytest.raises(SeveralDigits, match=r"^11: There are 2 digits here; send"):
        canonicalize([LabeledDrawing(1, "11", strokes=two)])


def test_an_empty_list_of_drawings_gives_an_empty_set_of_digits() -> None:
    assert len(canonicalize([])) == 0


def test_digits_are_selected_by_mask_or_by_index() -> None:
    digits = digits_of("a", "b", "c")
    assert digits.select([True, False, True]).groups.tolist() == ["a", "c"]
    assert digits.select(np.array([2, 2, 0])).labels.tolist() == [2, 2, 0]
    assert len(digits.select(np.zeros(3, bool))) == 0


def test_parts_are_put_together_in_their_order() -> None:
    whole = LabeledDigits.concatenate([digits_of("a"), digits_of("bcd", "e")])
    assert whole.groups.tolist() == ["a", "bcd", "e"]
    assert whole.labels.tolist() == [0, 0, 1]
    assert len(LabeledDigits.concatenate([])) == 0


def test_images_with_too_few_labels_are_a_value_error() -> None:
    with pytest.raises(ValueError, match="as many labels"):
        LabeledDigits(np.zeros((2, 28, 28), np.uint8), np.zeros(1, np.uint8), np.array(["a"]))
    with pytest.raises(ValueError, match="images are"):
        LabeledDigits(np.zeros((2, 784), np.uint8), np.zeros(2, np.uint8), np.array(["a", "b"]))


def test_a_split_never_divides_a_group() -> None:
    digits = digits_of(*(f"face {number % 200}" for number in range(2000)))
    train, holdout = split_by_group(digits)
    assert len(train) + len(holdout) == 2000
    assert len(train) > len(holdout) > 0
    assert not set(train.groups) & set(holdout.groups)


def test_a_split_keeps_all_weights_of_a_family_together(tmp_path: Path) -> None:
    names = [f"Face{number}-{weight}" for number in range(60) for weight in ("Thin", "Bold")]
    train, holdout = split_by_group(
        load_tmnist(write_text(tmp_path / "a.csv", tmnist_text(*names)))
    )
    assert len(train) > len(holdout) > 0
    assert not set(train.groups) & set(holdout.groups)


def test_a_split_takes_about_the_share_asked_for() -> None:
    digits = digits_of(*map(str, range(5000)))
    assert 0.08 < len(split_by_group(digits)[1]) / 5000 < 0.12
    assert 0.47 < len(split_by_group(digits, 0.5)[1]) / 5000 < 0.53
    assert len(split_by_group(digits, 0)[1]) == 0
    assert len(split_by_group(digits, 1)[0]) == 0


def test_a_group_stays_on_its_side_of_the_split_when_others_are_added() -> None:
    few = digits_of(*map(str, range(100)))
    many = digits_of(*map(str, range(1000)))
    assert set(split_by_group(few)[1].groups) <= set(split_by_group(many)[1].groups)


def test_the_same_families_are_held_out_in_every_version() -> None:
    faces = ("Abel", "Baloo", "Cabin", "Dosis", "Ewert", "Figtree", "Gugi", "Hind", "Inter", "Jost")
    held = split_by_group(digits_of(*faces), 0.3)[1]
    assert held.groups.tolist() == ["Dosis", "Inter"]


def test_an_empty_set_of_digits_is_split_into_two_empty_sets() -> None:
    train, holdout = split_by_group(LabeledDigits.concatenate([]))
    assert (len(train), len(holdout)) == (0, 0)


def test_digits_that_are_among_others_are_left_out() -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    digits = LabeledDigits(images, np.arange(3, dtype=np.uint8), np.array(["a", "b", "c"]))
    assert without(digits, images[1:2]).groups.tolist() == ["a", "c"]
    assert without(digits, images[:0]).groups.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "first_line", "is_one"),
    [
        ("faces.csv", "names,labels,1,2\n", True),
        ("faces.csv", '"Names","Labels","1"\r\n', True),
        ("mnist.csv", "label,pixel0\n", False),
        ("faces.txt", "names,labels,1,2\n", True),
    ],
)
def test_a_file_in_the_format_of_tmnist_is_known_by_its_first_columns(
    tmp_path: Path, name: str, first_line: str, is_one: bool
) -> None:
    (tmp_path / name).write_text(first_line)
    assert is_tmnist(tmp_path / name) is is_one


def test_a_file_that_is_not_there_is_not_in_the_format_of_tmnist(tmp_path: Path) -> None:
    assert not is_tmnist(tmp_path / "missing.csv")

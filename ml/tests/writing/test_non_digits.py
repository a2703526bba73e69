from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from ml.drawing.canonical import Digits
from ml.errors import DatasetError
from ml.fonts.letters import LETTERS
from ml.fonts.tmnist import write_rows
from ml.labeled.digits import is_held_out
from ml.writing.non_digits import (
    CALM_PEN,
    SCRIBBLE_PEN,
    choose_kinds,
    load_letters,
    non_digits,
    write_scribbles,
)
from ml.writing.pen import HANDS
from ml.writing.scribbles import BARE_SIGNS, KINDS

BUNDLED = Path(__file__).parents[3] / "fixtures/letters.csv.gz"
TRAINED, HELD = "Family0", "Family8"


def bar(column: int) -> Digits:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, column : column + 3] = 255
    return image


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "letters.csv.gz"
    rows = [(f"{TRAINED}-Regular", "L", bar(12)), (f"{HELD}-Bold", "T", bar(13).T)]
    write_rows(path, rows)
    return path


def spoil(path: Path, old: str, new: str) -> Path:
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))
    return path


def lies(images: Digits) -> float:
    """Share of pictures that are wider than high."""
    wide = [np.ptp(np.argwhere(image > 99), axis=0) for image in images]
    return float(np.mean([width > height for height, width in wide]))


def test_letters_are_loaded_as_they_are_with_their_families(letters: Path) -> None:
    images, families = load_letters(letters)
    assert families.tolist() == [TRAINED, HELD]
    np.testing.assert_array_equal(images, [bar(12), bar(13).T])


def test_the_bundled_letters_are_loaded() -> None:
    images, families = load_letters(BUNDLED)
    assert images.shape == (len(LETTERS) * 180, 28, 28)
    assert images.dtype == np.uint8
    assert len(np.unique(families)) == 180


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("names,labels", "name,label", "line 1: The column 'names' is missing"),
        ("Regular,L", "Regular,LL", "line 2: The label is 'LL'; a label is one letter"),
        ("Regular,L", "Regular,7", "line 2: The label is '7'; a label is one letter"),
        ("Regular,L,0", "Regular,L,256", "line 2: Pixel 1 is '256'"),
        ("Regular,L,0", "Regular,L", "line 2: There are 785 columns; a row has 786"),
    ],
)
def test_an_invalid_csv_of_letters_is_refused(
    letters: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        load_letters(spoil(letters, old, new))


def test_a_csv_of_letters_without_rows_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "letters.csv.gz", [])
    with pytest.raises(DatasetError, match="no rows"):
        load_letters(tmp_path / "letters.csv.gz")


def test_a_damaged_csv_of_letters_is_refused(letters: Path) -> None:
    letters.write_bytes(letters.read_bytes()[:-20])
    with pytest.raises(DatasetError):
        load_letters(letters)


def test_the_requested_number_of_scribbles_is_made_and_each_has_ink() -> None:
    images = write_scribbles(400, seed=1)
    assert images.shape == (400, 28, 28)
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 200).all()


def test_making_0_scribbles_gives_an_empty_array() -> None:
    assert write_scribbles(0, seed=0).shape == (0, 28, 28)


def test_the_same_seed_makes_the_same_whatever_the_number_of_processes(letters: Path) -> None:
    once = non_digits(letters, HANDS, seed=3)
    np.testing.assert_array_equal(once, non_digits(letters, HANDS, seed=3, jobs=2))
    assert not np.array_equal(once, non_digits(letters, HANDS, seed=4))


def test_kinds_are_chosen_by_their_shares_each_with_its_hands() -> None:
    rng = np.random.default_rng(0)
    drawn = [choose_kinds(rng) for _ in range(600)]
    calm = sum(kind.share for kind in BARE_SIGNS) / sum(kind.share for kind in KINDS)
    chosen = [kinds is BARE_SIGNS for _, kinds in drawn]
    assert np.mean(chosen) == pytest.approx(calm, abs=0.08)
    assert all(
        settings is (CALM_PEN if is_calm else SCRIBBLE_PEN)
        for (settings, _), is_calm in zip(drawn, chosen, strict=True)
    )


@pytest.mark.parametrize("count", [0, 1, 7])
def test_any_number_of_non_digits_can_be_made(letters: Path, count: int) -> None:
    assert non_digits(letters, count, seed=0).shape == (count, 28, 28)


def test_letters_are_of_families_to_train_on_unless_the_holdout_is_asked_for(
    letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.writing.non_digits.LETTER_SHARE", 1.0)
    assert is_held_out(np.array([TRAINED, HELD])).tolist() == [False, True]
    assert lies(non_digits(letters, 50, seed=0)) < 0.2
    assert lies(non_digits(letters, 50, seed=0, holdout=True)) > 0.8


def test_a_file_without_letters_to_train_on_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "letters.csv.gz", [(f"{HELD}-Bold", "T", bar(13))])
    with pytest.raises(DatasetError, match="no letter"):
        non_digits(tmp_path / "letters.csv.gz", 10, seed=0)


def test_each_letter_is_taken_once_before_any_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def keep(images: Digits, *_: object, **__: object) -> Digits:
        taken.extend(images.argmax(axis=2).max(axis=1).tolist())
        return images

    monkeypatch.setattr("ml.writing.non_digits.augment", keep)
    rows = [(f"{TRAINED}-{column}", "L", bar(column)) for column in range(2, 22)]
    write_rows(tmp_path / "letters.csv.gz", rows)
    non_digits(tmp_path / "letters.csv.gz", 60, seed=0)
    assert sorted(taken[:20]) == list(range(2, 22))
    assert len(set(taken[20:])) == 10

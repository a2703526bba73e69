from __future__ import annotations

import gzip
import string
from pathlib import Path

import numpy as np
import pytest

from ml.errors import DatasetError, TypefaceError
from ml.fonts.catalog import FontFile
from ml.fonts.letters import FACES, LETTERS, LOOKALIKES, LetterSummary, build_letters, choose_faces
from ml.fonts.rendering import render_characters
from ml.fonts.typefaces import build_tmnist
from ml.labeled.digits import load_tmnist
from ml.labeled.exported import family_of
from ml.tests.kit.fonts import Signs, segment_signs, write_font

BUNDLED = Path(__file__).parents[3] / "fixtures"


def letter_signs(pen: int) -> Signs:
    """A different row of bars for each letter."""
    return {
        letter: [
            (80 * place, 0, 80 * place + pen, 700)
            for place, bar in enumerate(f"1{ord(letter) * 37 % 512:09b}1")
            if bar == "1"
        ]
        for letter in string.ascii_letters
    }


def face_signs(pen: int = 60) -> Signs:
    return {**segment_signs(pen=pen), **letter_signs(pen)}


def build(tmp_path: Path, fonts: dict[str, Signs], *, faces: int = FACES) -> LetterSummary:
    for name, signs in fonts.items():
        write_font(tmp_path / "fonts" / name, signs)
    digits = tmp_path / "tmnist.csv.gz"
    build_tmnist(tmp_path / "fonts", digits)
    return build_letters(tmp_path / "fonts", digits, tmp_path / "letters.csv.gz", faces=faces)


def rows_of(path: Path) -> list[tuple[str, str]]:
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
    return [(name, label) for name, label, _ in (line.split(",", 2) for line in lines)]


def describe(name: str, family: str, category: str) -> FontFile:
    return FontFile(Path(f"{name}.ttf"), name, family, "1", "OFL-1.1", category)


def test_letters_that_look_like_digits_are_left_out() -> None:
    assert {*"OoDIlZzYySsGbBgqQij"} == LOOKALIKES
    assert LETTERS == "acdefhkmnprtuvwxACEFHJKLMNPRTUVWX"


def test_a_face_gives_each_letter_once_as_the_digits_are_rendered(tmp_path: Path) -> None:
    summary = build(tmp_path, {"Slim-Regular.ttf": face_signs()})
    assert rows_of(summary.target) == [("Slim-Regular", letter) for letter in LETTERS]
    pixels = gzip.decompress(summary.target.read_bytes()).decode().splitlines()[1].split(",")[2:]
    image = render_characters(tmp_path / "fonts/Slim-Regular.ttf", "a", "")[0]
    assert [int(pixel) for pixel in pixels] == image.ravel().tolist()


def test_the_same_fonts_give_the_same_bytes(tmp_path: Path) -> None:
    fonts = {"Slim-Regular.ttf": face_signs(50), "Stout-Regular.ttf": face_signs(75)}
    first = build(tmp_path, fonts).target.read_bytes()
    assert build(tmp_path, fonts).target.read_bytes() == first


def test_a_face_whose_digits_were_left_out_gives_no_letters(tmp_path: Path) -> None:
    fonts = {"Slim-Regular.ttf": face_signs(50), "Twin-Regular.ttf": face_signs(50)}
    assert {name for name, _ in rows_of(build(tmp_path, fonts).target)} == {"Slim-Regular"}


def test_a_face_without_letters_is_left_out(tmp_path: Path) -> None:
    fonts = {"Slim-Regular.ttf": face_signs(50), "Digits-Regular.ttf": segment_signs(pen=90)}
    assert {name for name, _ in rows_of(build(tmp_path, fonts).target)} == {"Slim-Regular"}


def test_a_face_of_small_capitals_is_left_out_since_its_d_looks_like_0(tmp_path: Path) -> None:
    signs = face_signs(80)
    capitals = {letter.lower(): signs[letter] for letter in string.ascii_uppercase}
    fonts = {"Slim-Regular.ttf": face_signs(50), "Caps-Regular.ttf": {**signs, **capitals}}
    assert {name for name, _ in rows_of(build(tmp_path, fonts).target)} == {"Slim-Regular"}


def test_no_more_faces_are_taken_than_asked_for(tmp_path: Path) -> None:
    fonts = {f"{name}-Regular.ttf": face_signs(pen) for name, pen in (("A", 40), ("B", 80))}
    summary = build(tmp_path, fonts, faces=1)
    assert (summary.faces, summary.rows) == (1, len(LETTERS))
    assert f"{len(LETTERS)} letters of 1 faces, {summary.size_bytes:,} bytes" in str(summary)


def test_without_a_usable_face_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypefaceError, match="no font with letters"):
        build(tmp_path, {"Digits-Regular.ttf": segment_signs()})
    assert not (tmp_path / "letters.csv.gz").exists()


def test_without_the_data_set_of_digits_nothing_is_built(tmp_path: Path) -> None:
    write_font(tmp_path / "fonts/Slim-Regular.ttf", face_signs())
    with pytest.raises(DatasetError):
        build_letters(tmp_path / "fonts", tmp_path / "none.csv.gz", tmp_path / "letters.csv.gz")


def test_handwriting_comes_first_and_then_the_others_in_an_order_that_is_fixed() -> None:
    fonts = [describe(f"{name}-Regular", name, "serif") for name in "ABCDEFGH"]
    hand = describe("Hand-Regular", "Hand", "handwriting")
    chosen = choose_faces([*fonts, hand])
    assert chosen[0] == hand
    assert chosen == choose_faces([hand, *reversed(fonts)])
    assert chosen[1:] != fonts


def test_a_family_gives_its_regular_face_or_else_the_first() -> None:
    names = ("A-Bold", "A-Regular", "B-Light", "B-Bold")
    chosen = choose_faces(describe(name, name[0], "serif") for name in names)
    assert {face.name for face in chosen} == {"A-Regular", "B-Bold"}


def test_the_bundled_letters_are_of_faces_of_the_bundled_digits_which_are_listed() -> None:
    letters = {family_of(name) for name, _ in rows_of(BUNDLED / "letters.csv.gz")}
    assert letters <= set(np.unique(load_tmnist(BUNDLED / "tmnist.csv.gz").groups).tolist())


def test_the_bundled_letters_are_of_180_families_in_at_most_a_megabyte_and_a_half() -> None:
    path = BUNDLED / "letters.csv.gz"
    rows = rows_of(path)
    assert len({family_of(name) for name, _ in rows}) == FACES == 180
    assert [label for _, label in rows] == list(LETTERS) * FACES
    assert path.stat().st_size <= 1_500_000

from __future__ import annotations

from pathlib import Path

import pytest

from ml.errors import TypefaceError
from ml.fonts.catalog import describe_font, find_fonts, open_license
from ml.tests.kit.fonts import segment_signs, write_font, write_package


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_fonts_are_found_at_any_depth_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "b/B.ttf", "a/deep/A.otf", "C.WOFF2", "readme.txt", "a.woff")
    found = [str(path.relative_to(tmp_path)) for path in find_fonts(tmp_path)]
    assert found == ["C.WOFF2", "a/deep/A.otf", "b/B.ttf"]


def test_only_the_basic_latin_files_of_a_package_are_taken(tmp_path: Path) -> None:
    touch(tmp_path, *(f"x-{script}-400-normal.woff2" for script in ("greek", "latin", "latin-ext")))
    assert [path.name for path in find_fonts(tmp_path)] == ["x-latin-400-normal.woff2"]


def test_a_folder_without_fonts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TypefaceError, match=r"holds no \.otf, \.ttf, \.woff2 file"):
        find_fonts(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TypefaceError, match="is not a folder"):
        find_fonts(tmp_path / "absent")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("two-words-latin-400-normal.woff2", "TwoWords-Regular"),
        ("two-words-latin-400-italic.woff2", "TwoWords-Italic"),
        ("two-words-latin-100-normal.woff2", "TwoWords-Thin"),
        ("two-words-latin-800-italic.woff2", "TwoWords-ExtraBoldItalic"),
        ("two-words-mini-700-normal.woff2", "TwoWords-MiniBold"),
        ("two-words-latin-variable-full.woff2", "TwoWords-VariableFull"),
    ],
)
def test_a_face_of_a_package_is_named_as_in_tmnist(tmp_path: Path, file: str, name: str) -> None:
    write_package(tmp_path, "two-words", "Two Words", {file: segment_signs()})
    assert describe_font(tmp_path / "two-words/files" / file).name == name


def test_family_version_license_and_kind_are_read_from_a_package(tmp_path: Path) -> None:
    write_package(tmp_path, "two-words", "Two Words", {"a.woff2": segment_signs()})
    font = describe_font(tmp_path / "two-words/files/a.woff2")
    assert (font.family, font.version, font.license, font.category) == (
        "Two Words",
        "5.0.1",
        "OFL-1.1",
        "display",
    )


def test_version_and_license_are_read_from_the_name_table_of_a_plain_font(tmp_path: Path) -> None:
    font = describe_font(
        write_font(tmp_path / "TwoWords-Bold.ttf", segment_signs(), version="2.25")
    )
    assert (font.name, font.family, font.version, font.license, font.category) == (
        "TwoWords-Bold",
        "TwoWords",
        "2.25",
        "OFL-1.1",
        "",
    )


def test_the_name_of_a_variable_font_needs_no_quotes_in_a_csv(tmp_path: Path) -> None:
    font = describe_font(write_font(tmp_path / "Two[wdth,wght].ttf", segment_signs()))
    assert (font.name, font.family) == ("Two-wdth-wght", "Two")


@pytest.mark.parametrize("content", [b"", b"\0\1\0\0", b"\0\1\0\0\xff\xff", b"OTTO" + bytes(99)])
def test_an_invalid_font_file_has_no_license(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.ttf"
    path.write_bytes(content)
    assert describe_font(path).license is None


@pytest.mark.parametrize(
    ("statement", "license_name"),
    [
        ("OFL-1.1", "OFL-1.1"),
        ("  ofl-1.1", "OFL-1.1"),
        ("https://openfontlicense.org", "OFL-1.1"),
        ("Apache-2.0", "Apache-2.0"),
        ("Licensed under the Apache License, Version 2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("UFL-1.0", "UFL-1.0"),
        ("Ubuntu-font-1.0", "UFL-1.0"),
        ("CC0-1.0", "CC0-1.0"),
    ],
)
def test_open_licenses_are_recognized(statement: str, license_name: str) -> None:
    assert open_license(statement) == license_name


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "Unlicense",
        "CC-BY-4.0",
        "GPL-3.0",
        "All rights reserved",
        "Lizenz mit Gebühr",
        "SEE EULA",
    ],
)
def test_other_licenses_are_not_recognized_as_open(statement: str) -> None:
    assert open_license(statement) is None

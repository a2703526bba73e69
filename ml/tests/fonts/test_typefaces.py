from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from ml.errors import TypefaceError
from ml.fonts.rendering import render_digits
from ml.fonts.typefaces import BuildSummary, build_tmnist
from ml.labeled.digits import (
    LabeledDigits,
    handwriting_families,
    load_tmnist,
    split_by_group,
)
from ml.tests.kit.fonts import Signs, bar_signs, box_signs, segment_signs, write_font, write_package

BUNDLED = Path(__file__).parents[3] / "fixtures"
READABLE = {
    "Slim-Regular.ttf": segment_signs(width=320, pen=50),
    "Sound-Regular.ttf": segment_signs(width=420, pen=90),
    "Stout-Regular.ttf": segment_signs(width=520, pen=140),
}


def build(tmp_path: Path, fonts: dict[str, Signs], *, any_license: bool = False) -> BuildSummary:
    for name, signs in fonts.items():
        write_font(tmp_path / "fonts" / name, signs)
    target = tmp_path / "tmnist.csv.gz"
    return build_tmnist(tmp_path / "fonts", target, any_license=any_license)


def left_out(summary: BuildSummary) -> dict[str, str]:
    return {item.font.name: item.reason for item in summary.left_out}


def names_in(path: Path) -> list[str]:
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
    return list(dict.fromkeys(line.split(",")[0] for line in lines))


@pytest.fixture(scope="module")
def bundled() -> LabeledDigits:
    return load_tmnist(BUNDLED / "tmnist.csv.gz")


def test_a_digit_is_20_px_on_its_longer_side_with_its_mass_at_pixel_14(tmp_path: Path) -> None:
    digits = render_digits(write_font(tmp_path / "a.ttf", segment_signs()))
    assert digits.shape == (10, 28, 28)
    assert digits.dtype == np.uint8
    for digit in digits:
        rows, columns = np.nonzero(digit)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        assert np.allclose(ndimage.center_of_mass(digit), 14, atol=0.5)
        assert digit.max() >= 250


def test_a_woff2_file_renders_as_the_same_ttf_does(tmp_path: Path) -> None:
    ttf, woff2 = (write_font(tmp_path / f"a.{end}", segment_signs()) for end in ("ttf", "woff2"))
    assert np.array_equal(render_digits(ttf), render_digits(woff2))


def test_a_font_without_a_sign_for_a_digit_is_refused(tmp_path: Path) -> None:
    signs = segment_signs()
    del signs["7"]
    with pytest.raises(TypefaceError, match="lacks a digit"):
        render_digits(write_font(tmp_path / "a.ttf", signs))


def test_a_font_with_a_blank_digit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypefaceError, match="lacks a digit"):
        render_digits(write_font(tmp_path / "a.ttf", {**segment_signs(), "3": []}))


def test_an_invalid_font_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ttf"
    path.write_bytes(b"no font")
    with pytest.raises(TypefaceError, match="cannot be opened as a font"):
        render_digits(path)


def test_a_font_with_a_gigantic_digit_is_refused(tmp_path: Path) -> None:
    signs = {**segment_signs(), "3": [(0, 0, 30000, 30000)]}
    with pytest.raises(TypefaceError, match="cannot be opened as a font"):
        render_digits(write_font(tmp_path / "a.ttf", signs))


def test_ten_rows_of_each_readable_face_are_written_in_the_format_of_tmnist(tmp_path: Path) -> None:
    summary = build(tmp_path, READABLE)
    lines = gzip.decompress(summary.target.read_bytes()).decode().splitlines()
    assert lines[0] == ",".join(["names", "labels", *map(str, range(1, 785))])
    assert [line.split(",")[0] for line in lines[1::10]] == [
        "Slim-Regular",
        "Sound-Regular",
        "Stout-Regular",
    ]
    assert [line.split(",")[1] for line in lines[1:11]] == list("0123456789")
    assert {line.count(",") for line in lines} == {785}


def test_the_written_csv_holds_what_was_rendered(tmp_path: Path) -> None:
    summary = build(tmp_path, READABLE)
    first = render_digits(tmp_path / "fonts/Slim-Regular.ttf")
    assert np.array_equal(load_tmnist(summary.target).images[:10], first)


def test_the_folder_of_the_target_is_made(tmp_path: Path) -> None:
    write_font(tmp_path / "fonts" / "One-Regular.ttf", segment_signs())
    target = tmp_path / "new" / "folder" / "tmnist.csv.gz"
    build_tmnist(tmp_path / "fonts", target, any_license=True)
    assert sorted(path.name for path in target.parent.iterdir()) == ["FONTS.md", "tmnist.csv.gz"]


def test_the_same_fonts_give_the_same_bytes(tmp_path: Path) -> None:
    first = build(tmp_path / "a", READABLE).target.read_bytes()
    second = build(tmp_path / "b", dict(reversed(READABLE.items()))).target.read_bytes()
    assert first == second
    assert first[3:8] == bytes(5)  # neither a file name nor a time in the gzip header


def test_a_face_of_equal_boxes_is_left_out(tmp_path: Path) -> None:
    summary = build(tmp_path, {**READABLE, "Box-Regular.ttf": box_signs()})
    assert left_out(summary) == {"Box-Regular": "has digits that are all one picture"}


def test_a_barcode_is_left_out_since_no_other_face_recognizes_it(tmp_path: Path) -> None:
    summary = build(tmp_path, {**READABLE, "Bars-Regular.ttf": bar_signs()})
    assert left_out(summary) == {
        "Bars-Regular": "has signs that other faces do not recognize as its digits"
    }


def test_digits_under_the_wrong_label_are_left_out(tmp_path: Path) -> None:
    shuffled = {str(digit): segment_signs()[str((digit + 3) % 10)] for digit in range(10)}
    summary = build(tmp_path, {**READABLE, "Wrong-Regular.ttf": shuffled})
    assert list(left_out(summary)) == ["Wrong-Regular"]


def test_faces_of_a_single_family_all_pass_as_recognized(tmp_path: Path) -> None:
    fonts = {name.replace("-", "").replace("S", "One-S"): font for name, font in READABLE.items()}
    assert build(tmp_path, fonts).kept == 3


def test_of_two_equal_faces_the_first_by_name_stays(tmp_path: Path) -> None:
    summary = build(tmp_path, {**READABLE, "Another-Bold.ttf": READABLE["Sound-Regular.ttf"]})
    assert left_out(summary) == {"Sound-Regular": "has the digits of a face already taken"}


def test_a_face_that_differs_by_a_hair_is_a_twin(tmp_path: Path) -> None:
    summary = build(tmp_path, {**READABLE, "Sound-Zero.ttf": segment_signs(width=421, pen=91)})
    assert list(left_out(summary)) == ["Sound-Zero"]


def test_another_weight_of_a_family_is_not_a_twin(tmp_path: Path) -> None:
    summary = build(tmp_path, {**READABLE, "Sound-Bold.ttf": segment_signs(width=420, pen=130)})
    assert summary.left_out == ()


def test_an_invalid_font_file_is_left_out_and_the_others_are_built(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts/Broken-Regular.ttf").write_bytes(b"no font")
    summary = build(tmp_path, READABLE, any_license=True)
    assert left_out(summary) == {"Broken-Regular": "cannot be opened as a font"}


def test_a_font_without_an_open_license_is_left_out(tmp_path: Path) -> None:
    write_font(tmp_path / "fonts/Closed-Regular.ttf", segment_signs(), license_text="Mine.")
    summary = build(tmp_path, READABLE)
    assert left_out(summary) == {"Closed-Regular": "states no open license"}


def test_any_license_is_taken_when_asked_for(tmp_path: Path) -> None:
    write_font(
        tmp_path / "fonts/Closed-Regular.ttf", segment_signs(height=620), license_text="Mine."
    )
    summary = build(tmp_path, READABLE, any_license=True)
    assert summary.left_out == ()
    assert "| Closed | 1.5 | not stated |" in (tmp_path / "FONTS.md").read_text()


def test_faces_of_the_same_name_are_numbered(tmp_path: Path) -> None:
    fonts = {f"{place}/Same-Regular.ttf": font for place, font in enumerate(READABLE.values())}
    summary = build(tmp_path, {**fonts, "Other-Regular.ttf": segment_signs(height=600)})
    assert names_in(summary.target) == [
        "Other-Regular",
        "Same-Regular",
        "Same-Regular2",
        "Same-Regular3",
    ]


def test_the_list_of_fonts_names_family_version_license_and_what_was_left_out(
    tmp_path: Path,
) -> None:
    write_package(
        tmp_path / "fonts",
        "two-words",
        "Two Words",
        {f"two-words-latin-{weight}-normal.woff2": segment_signs(pen=weight // 5)
         for weight in (300, 700)},
        license_name="Apache-2.0",
    )  # fmt: skip
    build(tmp_path, {**READABLE, "Box-Regular.ttf": box_signs()})
    text = (tmp_path / "FONTS.md").read_text()
    assert "5 faces of 4 families" in text
    assert "| Two Words | 5.0.1 | Apache-2.0 | display | 2 |" in text
    assert "| Slim | 1.5 | OFL-1.1 |  | 1 |" in text
    assert "| has digits that are all one picture | 1 | Box |" in text


def test_the_summary_counts_what_became_of_the_fonts(tmp_path: Path) -> None:
    summary = build(tmp_path, {**READABLE, "Box-Regular.ttf": box_signs()})
    assert (summary.found, summary.kept, summary.families, summary.rows) == (4, 3, 3, 30)
    assert summary.size_bytes == summary.target.stat().st_size
    assert "30 digits of 3 faces of 3 families" in str(summary)
    assert "Left out 1 of 4 files: 1 has digits that are all one picture." in str(summary)


def test_progress_is_reported_in_sentences(tmp_path: Path) -> None:
    for name, signs in READABLE.items():
        write_font(tmp_path / "fonts" / name, signs)
    told: list[str] = []
    build_tmnist(tmp_path / "fonts", tmp_path / "a.csv.gz", report=told.append)
    assert told[0] == "3 font files found; rendering"
    assert told[-1].startswith("3 faces stay; writing")


def test_without_a_usable_font_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypefaceError, match="none of 1 fonts is usable; has digits that are all"):
        build(tmp_path, {"Box-Regular.ttf": box_signs()})
    assert [path.name for path in tmp_path.iterdir()] == ["fonts"]


def test_the_bundled_data_set_has_ten_digits_of_at_least_2500_faces(bundled: LabeledDigits) -> None:
    names = names_in(BUNDLED / "tmnist.csv.gz")
    assert len(names) >= 2500
    assert np.bincount(bundled.labels).tolist() == [len(names)] * 10


def test_no_two_faces_of_the_bundled_data_set_are_equal(bundled: LabeledDigits) -> None:
    faces = bundled.images.reshape(-1, 7840)
    assert len(np.unique(faces, axis=0)) == len(faces)


def test_every_family_of_the_bundled_data_set_is_listed_with_an_open_license(
    bundled: LabeledDigits,
) -> None:
    table = (BUNDLED / "FONTS.md").read_text(encoding="utf-8").partition("## Left out")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    licenses = {"".join(filter(str.isalnum, row[0])).lower(): row[2] for row in rows[2:]}
    assert {group.lower() for group in bundled.groups.tolist()} == set(licenses)
    assert set(licenses.values()) == {"OFL-1.1", "Apache-2.0", "MIT", "UFL-1.0", "CC0-1.0"}


def test_families_that_look_handwritten_are_found_by_the_list_of_fonts(
    bundled: LabeledDigits,
) -> None:
    families = handwriting_families(BUNDLED / "tmnist.csv.gz")
    assert len(families) >= 50
    assert families <= set(bundled.groups.tolist())
    assert {"AlexBrush", "IndieFlower"} <= families
    assert not families & {"Arimo", "Abel"}


def test_a_tenth_of_the_bundled_faces_is_held_out(bundled: LabeledDigits) -> None:
    _, holdout = split_by_group(bundled)
    assert 0.07 < len(holdout) / len(bundled) < 0.13

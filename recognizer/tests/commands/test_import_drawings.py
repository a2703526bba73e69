"""manage.py import_drawings: labeled files become approved corrections, once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recognizer.models import NO_DIGIT, Drawing, TrainedModel
from recognizer.tests.kit.drawings import SEVEN, blank_png, digits_of_one_face, png_of


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Write ten labeled digits."""
    path = tmp_path / "digits.npz"
    np.savez(path, x=digits_of_one_face(), y=np.arange(10, dtype=np.uint8))
    return path


def run(capsys: pytest.CaptureFixture[str], path: Path) -> str:
    """Run the command and return its last line."""
    call_command("import_drawings", str(path))
    return capsys.readouterr().out.splitlines()[-1]


def test_a_drawing_comes_in_as_an_approved_correction(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, archive) == "10 drawings imported, 0 already there, 0 refused."
    assert Drawing.objects.count() == Drawing.objects.trainable().count() == 10
    seven = Drawing.objects.get(label=7)
    assert seven.source == "import"
    assert seven.review == "approved"
    assert seven.reviewer is None
    assert seven.prediction == 7
    assert seven.model_id == 1
    stored = np.frombuffer(bytes(seven.canonical), np.uint8).reshape(28, 28)
    # All but the faintest rim, a tenth of full ink, which counts as paper.
    assert np.allclose(stored, digits_of_one_face()[7], atol=26)


@pytest.mark.parametrize("ending", [".csv", ".npz", ".ndjson", ".json"])
def test_none_survives_an_export_and_an_import(
    model: TrainedModel,
    archive: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ending: str,
) -> None:
    run(capsys, archive)
    Drawing.objects.filter(label=7).update(label=NO_DIGIT)
    path = tmp_path / f"export{ending}"
    call_command("export_drawings", str(path))
    Drawing.objects.all().delete()
    run(capsys, path)
    labels = set(Drawing.objects.values_list("label", flat=True))
    assert labels == {*range(7), 8, 9, NO_DIGIT}


def test_the_same_file_again_adds_nothing(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, archive)
    assert run(capsys, archive) == "0 drawings imported, 10 already there, 0 refused."


def test_an_interrupted_import_goes_on_where_it_stopped(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, archive)
    Drawing.objects.filter(label__gte=6).delete()
    assert run(capsys, archive) == "4 drawings imported, 6 already there, 0 refused."


def test_the_same_drawing_with_another_label_is_another_one(
    model: TrainedModel, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, archive)
    other = tmp_path / "other.npz"
    np.savez(other, x=digits_of_one_face()[:1], y=np.array([6], np.uint8))
    assert run(capsys, other) == "1 drawing imported, 0 already there, 0 refused."


def test_a_drawing_that_stands_twice_in_a_file_comes_in_once(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "twice.npz"
    np.savez(path, x=digits_of_one_face()[[7, 7]], y=np.array([7, 7], np.uint8))
    assert run(capsys, path) == "1 drawing imported, 1 already there, 0 refused."


def test_no_two_drawings_have_the_same_time(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, archive)
    assert len(set(Drawing.objects.values_list("created_at", flat=True))) == 10


def test_strokes_and_their_writer_are_kept(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "strokes.json"
    timed = [[[x / 2, y / 2, 0.5, 9 * y] for x, y in stroke] for stroke in SEVEN]
    drawings = [
        {"label": 7, "strokes": SEVEN, "writer": "one"},
        {"label": 7, "strokes": timed, "writer": "one"},
        {"label": 1, "strokes": SEVEN, "writer": "two"},
    ]
    path.write_text(json.dumps(drawings))
    run(capsys, path)
    first, second, third = Drawing.objects.order_by("created_at")
    assert (first.strokes, second.strokes) == (SEVEN, timed)
    assert first.visitor == second.visitor != third.visitor


def test_pictures_in_folders_are_read_and_a_blank_one_is_named(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for digit in (3, 7):
        (tmp_path / str(digit)).mkdir()
        (tmp_path / str(digit) / "a.png").write_bytes(png_of(digit))
    (tmp_path / "7" / "blank.png").write_bytes(blank_png())
    call_command("import_drawings", str(tmp_path))
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "2 drawings imported, 0 already there, 1 refused."
    assert "blank.png: Nothing is drawn" in printed.err


def test_a_file_with_a_bad_line_adds_nothing(model: TrainedModel, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    good = "7," + ",".join(map(str, digits_of_one_face()[7].ravel()))
    path.write_text(
        "\n".join(["label," + ",".join(f"pixel{n}" for n in range(784)), good, "12" + ",0" * 784])
    )
    with pytest.raises(CommandError, match="line 3"):
        call_command("import_drawings", str(path))
    assert not Drawing.objects.exists()


def test_a_missing_file_is_named(model: TrainedModel) -> None:
    with pytest.raises(CommandError, match=r"/nowhere\.npz"):
        call_command("import_drawings", "/nowhere.npz")

"""manage.py evaluate: how good a version is on a labeled file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recognizer.models import TrainedModel
from recognizer.tests.kit.drawings import SEVEN, copy_model, digits_of_one_face, png_of

pytestmark = pytest.mark.any_database


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Write ten digits, of which the last is said to be a 4."""
    path = tmp_path / "digits.npz"
    np.savez(path, x=digits_of_one_face(), y=np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 4], np.uint8))
    return path


def test_the_last_line_is_json(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("evaluate", str(archive))
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["accuracy"] == 0.9
    assert summary["n"] == 10
    assert summary["model"] == 1
    assert summary["recall"]["0"] == 1.0
    assert summary["recall"]["4"] == 0.5
    assert summary["recall"]["9"] is None


def test_the_table_is_for_people(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("evaluate", str(archive))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Model 1 on 10 digits"
    assert lines[2].split() == ["0", "1", "1", "100.00%"]
    assert lines[6].split() == ["4", "2", "1", "50.00%", "9", "(1)"]
    assert lines[12].split() == ["all", "10", "9", "90.00%"]


def test_another_version_can_be_asked(
    model: TrainedModel, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_model(model)
    call_command("evaluate", str(archive), "--model", "2")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["model"] == 2
    assert TrainedModel.objects.active().get().version == 1


def test_stroke_json_is_read(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "strokes.json"
    path.write_text(json.dumps([{"label": 7, "strokes": SEVEN}]))
    call_command("evaluate", str(path))
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["accuracy"] == 1.0


def test_a_blank_picture_counts_as_wrong_and_is_named(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "digits.npz"
    pictures = np.concatenate([digits_of_one_face(), np.zeros((1, 28, 28), np.uint8)])
    np.savez(path, x=pictures, y=np.array([*range(10), 3], np.uint8))
    call_command("evaluate", str(path))
    output = capsys.readouterr()
    summary = json.loads(output.out.splitlines()[-1])
    assert (summary["n"], summary["unreadable"]) == (11, 1)
    assert summary["accuracy"] == pytest.approx(10 / 11)
    assert summary["recall"]["3"] == 0.5
    assert "Nothing is drawn" in output.err


def test_a_folder_of_pictures_is_read_and_what_is_left_out_is_told(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("digit_7/1.png", "10/1.png"):
        (tmp_path / "digits" / name).parent.mkdir(parents=True)
        (tmp_path / "digits" / name).write_bytes(png_of(7))
    call_command("evaluate", str(tmp_path / "digits"))
    output = capsys.readouterr()
    assert json.loads(output.out.splitlines()[-1])["n"] == 1
    assert output.err == "Left out: 1 file whose label is not known, such as 10/1.png.\n"


def test_nothing_but_blank_pictures_is_refused(model: TrainedModel, tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    np.savez(path, x=np.zeros((2, 28, 28), np.uint8), y=np.array([1, 2], np.uint8))
    with pytest.raises(CommandError, match="No drawing of it can be read"):
        call_command("evaluate", str(path))


def test_a_missing_file_is_named(model: TrainedModel) -> None:
    with pytest.raises(CommandError, match=r"/nowhere\.npz"):
        call_command("evaluate", "/nowhere.npz")


def test_a_bad_line_is_named(model: TrainedModel, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("label," + ",".join(f"pixel{n}" for n in range(784)) + "\n11" + ",0" * 784)
    with pytest.raises(CommandError, match=r"bad\.csv, line 2"):
        call_command("evaluate", str(path))


def test_a_version_that_is_not_there_is_refused(model: TrainedModel, archive: Path) -> None:
    with pytest.raises(CommandError, match="There is no model 5"):
        call_command("evaluate", str(archive), "--model", "5")


def test_a_site_without_a_model_says_what_to_do(db: None, archive: Path) -> None:
    with pytest.raises(CommandError, match="register_bundled_model"):
        call_command("evaluate", str(archive))

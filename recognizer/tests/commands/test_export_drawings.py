"""manage.py export_drawings: labeled drawings as files that others read."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ml.labeled.digits import load_tmnist
from recognizer.models import UNSUSPICIOUS, Drawing, TrainedModel
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, digits_of_one_face


@pytest.fixture
def labeled(stranger: Caller) -> list[str]:
    """Store a 3 and a 7 of which the 7 is said to be a 1, and one without an answer."""
    three, seven = stranger.draw(3)["id"], stranger.draw(7, strokes=SEVEN)["id"]
    stranger.put(f"{DRAWINGS}{three}/feedback/", {"correct": True})
    stranger.put(f"{DRAWINGS}{seven}/feedback/", {"label": 1})
    stranger.draw(5)
    return [three, seven]


def export(path: Path) -> None:
    """Run the command."""
    call_command("export_drawings", str(path))


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz"])
def test_a_csv_is_in_the_format_of_tmnist(labeled: list[str], tmp_path: Path, name: str) -> None:
    export(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith("gz") else content).decode()
    header, *rows = text.splitlines()
    assert header == ",".join(["names", "labels", *map(str, range(1, 785))])
    for row, pk, label in zip(rows, labeled, "31", strict=True):
        # No writer: it was drawn without a cookie.
        assert re.match(rf"{pk}-unreviewed-api-\d{{8}}t\d{{12}}z,{label},", row)
    digits = load_tmnist(tmp_path / name)
    assert np.array_equal(digits.images, digits_of_one_face()[[3, 7]])


def test_an_npz_holds_images_and_labels(labeled: list[str], tmp_path: Path) -> None:
    export(tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert np.array_equal(arrays["x"], digits_of_one_face()[[3, 7]])
        assert arrays["x"].dtype == np.uint8
        assert arrays["y"].tolist() == [3, 1]


def test_ndjson_holds_the_strokes(labeled: list[str], tmp_path: Path) -> None:
    export(tmp_path / "out.ndjson")
    first, second = map(json.loads, (tmp_path / "out.ndjson").read_text().splitlines())
    assert (first["id"], first["label"], first["strokes"]) == (labeled[0], 3, None)
    assert (second["label"], second["prediction"], second["strokes"]) == (1, 7, SEVEN)
    assert base64.b64decode(second["canonical"]) == digits_of_one_face()[7].tobytes()


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.npz", "out.ndjson"])
def test_what_is_exported_can_be_imported(
    labeled: list[str], tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    export(tmp_path / name)
    Drawing.objects.all().delete()
    call_command("import_drawings", str(tmp_path / name))
    assert "2 drawings imported" in capsys.readouterr().out
    imported = Drawing.objects.order_by("label")
    assert [drawing.label for drawing in imported] == [1, 3]
    assert [drawing.prediction for drawing in imported] == [7, 3]


def test_a_rejected_drawing_is_not_exported(
    labeled: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Drawing.objects.filter(pk=labeled[0]).update(
        review="rejected", reviewed_at=timezone.now(), **UNSUSPICIOUS
    )
    export(tmp_path / "out.csv")
    assert capsys.readouterr().out.startswith("1 drawing written to ")


def test_an_empty_archive_is_an_empty_file_of_the_format(
    model: TrainedModel, tmp_path: Path
) -> None:
    export(tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert arrays["x"].shape == (0, 28, 28)


def test_another_ending_is_refused(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"must end in one of \.csv"):
        export(tmp_path / "out.xlsx")


def test_a_folder_that_is_not_there_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="There is no folder /nowhere"):
        export(Path("/nowhere/out.csv"))


def test_a_failed_export_leaves_the_file_that_was_there(
    labeled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.npz"
    path.write_bytes(b"before")

    def fail(*arguments: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "open", fail)
    with pytest.raises(CommandError, match="No space left on device"):
        export(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.glob(".out*")) == []

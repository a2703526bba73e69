"""No cell of an export is a formula to a spreadsheet, whatever was imported."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from ml.tests.kit.labeled import tmnist_text, write_text
from recognizer.models import Drawing, TrainedModel
from recognizer.services.drawings import archive, exports
from recognizer.tests.conftest import DRAWINGS, Caller

FORMULAS = ['=HYPERLINK("http://evil.example")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)"]


def assert_no_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) > 1
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_name_that_was_imported_is_in_no_export(
    model: TrainedModel, tmp_path: Path, formula: str
) -> None:
    quoted = '"' + formula.replace('"', '""') + '"'
    path = write_text(tmp_path / "a.csv", tmnist_text(quoted))
    assert archive.import_drawings(path).imported == 2
    exported = tmp_path / "exported.csv"
    assert exports.export_drawings(exported) == 2
    assert_no_formula(exported.read_text())
    assert "evil" not in exported.read_text()


def test_what_a_visitor_takes_along_has_no_formula(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    visitor.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": 3})
    answer = visitor.get(f"{DRAWINGS}export/csv/")
    assert_no_formula(b"".join(answer.streaming_content).decode())
    assert answer.headers["Content-Disposition"] == 'attachment; filename="drawings.csv"'
    assert Drawing.objects.get().label == 3

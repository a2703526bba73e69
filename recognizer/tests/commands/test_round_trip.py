"""What export_drawings writes, import_drawings takes back: nothing twice, and nothing made up."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recognizer.models import UNSUSPICIOUS, Drawing, Import, TrainedModel
from recognizer.services.chunks import CHUNK
from recognizer.services.drawings import archive
from recognizer.services.drawings.statistics import count_drawings
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, digits_of_one_face, png_of
from recognizer.tests.kit.live import PROJECT, connect, registered_files, wait_until

KEPT = ("id", "created_at", "label", "review", "canonical", "image", "strokes", "pen_width")


def rows() -> list[tuple[Any, ...]]:
    """Return what is the same on both sides; PostgreSQL gives bytes as views."""
    found = Drawing.objects.order_by("created_at", "id").values_list(*KEPT)
    return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in found]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Import, and return the last line."""
    capsys.readouterr()
    call_command("import_drawings", *map(str, arguments))
    return capsys.readouterr().out.splitlines()[-1]


@pytest.fixture
def drawn(visitor: Caller, stranger: Caller) -> None:
    """Store an unreviewed, an approved, a rejected and an open drawing, of two hands."""
    for digit, caller, answer in (
        (3, visitor, {"correct": True}),
        (7, visitor, {"label": 1}),
        (4, stranger, {"label": "none"}),
    ):
        strokes = {"strokes": SEVEN, "pen_width": 12.5} if digit == 7 else {}
        drawing = caller.draw(digit, **strokes)
        caller.put(f"{DRAWINGS}{drawing['id']}/feedback/", answer)
    visitor.draw(5)
    reviewed = {"reviewed_at": timezone.now(), **UNSUSPICIOUS}
    Drawing.objects.filter(label=1).update(review="approved", **reviewed)
    Drawing.objects.filter(label=10).update(review="rejected", **reviewed)


@pytest.fixture
def whole(drawn: None, tmp_path: Path) -> Path:
    """Export all of it."""
    path = tmp_path / "all.ndjson"
    call_command("export_drawings", str(path), "--all")
    return path


@pytest.mark.parametrize("ending", ["csv", "npz", "ndjson", "json"])
def test_importing_ones_own_export_adds_nothing(
    drawn: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    before, path = rows(), tmp_path / f"own.{ending}"
    call_command("export_drawings", str(path))
    assert run(capsys, path) == "0 drawings imported, 2 already there, 0 refused."
    assert rows() == before


@pytest.mark.parametrize("ending", ["csv", "npz", "ndjson"])
def test_a_rejected_drawing_of_the_api_s_export_stays_rejected(
    drawn: None, staff: Caller, tmp_path: Path, ending: str
) -> None:
    path, before = tmp_path / f"api.{ending}", rows()
    answer = staff.get("/api/v1/exports/", {"format": ending})
    path.write_bytes(b"".join(answer.streaming_content))
    Drawing.objects.all().delete()
    call_command("import_drawings", str(path))
    names = [KEPT.index(name) for name in ("id", "created_at", "label", "review", "canonical")]
    expected = [[row[at] for at in names] for row in before if row[2] is not None]
    assert [[row[at] for at in names] for row in rows()] == expected


def test_everything_comes_back_as_it_was(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows()
    Drawing.objects.all().delete()
    assert run(capsys, whole) == "4 drawings imported, 0 already there, 0 refused."
    assert rows() == before


def test_an_import_is_nobody_s_answer_but_its_source_goes_on(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Drawing.objects.all().delete()
    run(capsys, whole)
    assert {(d.source, d.imported_source) for d in Drawing.objects.all()} == {("import", "api")}
    assert count_drawings()["drawings"] == 0
    call_command("export_drawings", str(tmp_path / "again.ndjson"), "--all")
    lines = (tmp_path / "again.ndjson").read_text().splitlines()
    assert {json.loads(line)["source"] for line in lines} == {"api"}


def test_a_writer_is_one_in_an_export_and_another_in_the_next(whole: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ndjson"
    call_command("export_drawings", str(other), "--all")
    first, second = (
        [json.loads(line)["writer"] for line in path.read_text().splitlines()]
        for path in (whole, other)
    )
    assert Counter(Counter(first).values()) == Counter([1, 3])  # three of the visitor
    assert not {*first} & {*second} - {None}


def test_all_drawings_do_not_fit_into_a_file_with_a_label_each(drawn: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"fit into \.ndjson or \.json"):
        call_command("export_drawings", str(tmp_path / "all.csv"), "--all")


def test_an_id_of_another_drawing_is_told_and_that_stays(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows()
    items = [json.loads(line) for line in whole.read_text().splitlines()]
    items[0]["canonical"] = items[1]["canonical"]
    whole.write_text("\n".join(map(json.dumps, items)))
    call_command("import_drawings", str(whole))
    printed = capsys.readouterr()
    assert "0 drawings imported, 3 already there, 1 refused." in printed.out
    assert f"Its id, {items[0]['id']}, is that of another drawing here, which stays" in printed.err
    assert rows() == before


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("source", "moon", "The source is 'moon', not one of canvas"),
        ("image", base64.b64encode(b"GIF89a").decode(), "1 refused"),
    ],
)
def test_a_field_that_no_site_exports_is_told(
    whole: Path, capsys: pytest.CaptureFixture[str], field: str, value: str, message: str
) -> None:
    item = {**json.loads(whole.read_text().splitlines()[0]), field: value}
    whole.write_text(json.dumps({**item, "id": str(uuid.uuid4())}))
    try:
        printed = run(capsys, whole)
    except CommandError as error:
        printed = str(error)
    assert message in printed


def test_an_sqlite_archive_moves_into_this_database_row_by_row(
    model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(registered_files(), tmp_path, dirs_exist_ok=True)
    database, first, moved = (tmp_path / name for name in ("db.sqlite3", "a.json", "b.ndjson"))
    reviews = ("approved", "rejected", "unreviewed")
    items = [
        {
            "id": str(uuid.UUID(int=number)),
            "created_at": f"2026-11-0{number % 9 + 1}T10:00:00.00000{number % 10}+00:00",
            "source": ("canvas", "upload", "api")[number % 3],
            "review": reviews[number % 3],
            "label": number % 10 if number % 4 or number % 3 == 0 else None,
            "writer": f"writer {number % 5}",
            "canonical": base64.b64encode(digit.tobytes()).decode(),
            "strokes": SEVEN if number % 2 else None,
            "pen_width": 7.5 if number % 2 else None,
        }
        for number, digit in enumerate([*digits_of_one_face(), *digits_of_one_face()])
    ]
    first.write_text(json.dumps(items))
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{database}", "SECRET_KEY": "none"}
    environment["ARTIFACTS_DIR"] = str(tmp_path / "artifacts")
    for arguments in (
        ["import_drawings", str(first), "--force"],
        ["export_drawings", str(moved), "--all"],
    ):
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
    run(capsys, moved, "--force")
    exported = [json.loads(line) for line in moved.read_text().splitlines()]
    back = tmp_path / "back.ndjson"
    call_command("export_drawings", str(back), "--all")
    again = [json.loads(line) for line in back.read_text().splitlines()]
    assert len(exported) == len(again) == 20
    pseudonyms: dict[str, str] = {}
    for one, other in zip(exported, again, strict=True):
        for name in (*KEPT, "source"):
            assert one[name] == other[name], name
        assert pseudonyms.setdefault(one["writer"], other["writer"]) == other["writer"]
    assert len(set(pseudonyms.values())) == 5
    assert "Not in it: accounts, models and keys" in capsys.readouterr().out


def test_an_import_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    shutil.copytree(registered_files(), tmp_path, dirs_exist_ok=True)
    path = tmp_path / "many.npz"
    pixels = np.tile(digits_of_one_face(), (150, 1, 1))
    pixels[:, 0, 0], pixels[:, 0, 1] = np.divmod(np.arange(1_500), 64)  # too faint to read
    np.savez(path, x=pixels, y=np.tile(np.arange(10, dtype=np.uint8), 150))
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "none"}
    environment["ARTIFACTS_DIR"] = str(tmp_path / "artifacts")
    command = [sys.executable, "manage.py", "import_drawings", str(path)]

    def count(condition: str = "1") -> int:
        with connect(url) as archive:
            query = f"SELECT count(*) FROM recognizer_drawing WHERE {condition}"
            found: int = archive.execute(query).fetchone()[0]
            return found

    killed = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
    wait_until(count)
    killed.kill()
    killed.wait()
    stored = count()
    assert 0 < stored < 1_500
    assert stored % CHUNK == 0
    for imported, known in ((1_500 - stored, stored), (0, 1_500)):
        said = subprocess.run(
            command, cwd=PROJECT, env=environment, check=True, capture_output=True
        )
        line = f"{imported:,} drawings imported, {known:,} already there, 0 refused."
        assert said.stdout.decode().splitlines()[-1] == line
    assert count() == count("imported_with_id = 1") == 1_500
    with connect(url) as archive:
        assert archive.execute("SELECT unfinished FROM recognizer_import").fetchall() == [(0,)]


@pytest.fixture
def thirty(model: TrainedModel, tmp_path: Path) -> Path:
    """Write three of each digit, which differ by less than ink."""
    pixels = np.repeat(digits_of_one_face(), 3, axis=0)
    pixels[:, 0, 0] = np.tile([0, 1, 2], 10)
    path = tmp_path / "thirty.npz"
    np.savez(path, x=pixels, y=np.repeat(np.arange(10, dtype=np.uint8), 3))
    return path


def relabel(path: Path, shift: int, *, turned: bool = False) -> None:
    with np.load(path) as arrays:
        x, y = arrays["x"], arrays["y"]
    np.savez(path, x=x.transpose(0, 2, 1) if turned else x, y=(y + shift) % 10)


def test_unreviewed_labels_wait_for_a_review(
    thirty: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Drawing.objects.all().delete()
    run(capsys, thirty, "--unreviewed")
    assert Drawing.objects.unreviewed().count() == 30
    run(capsys, whole, "--unreviewed")
    others = Drawing.objects.exclude(imported_source="").values_list("review", flat=True)
    assert Counter(others) == {"unreviewed": 3, "rejected": 1}


def test_labels_that_the_model_contradicts_stop_an_import_before_it_begins(
    thirty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relabel(thirty, 1)
    with pytest.raises(CommandError, match=r"reads 30 of 30 drawings otherwise .* with --force"):
        run(capsys, thirty)
    assert not Drawing.objects.exists()
    assert run(capsys, thirty, "--force") == "30 drawings imported, 0 already there, 0 refused."


def test_few_labels_say_nothing_about_a_file(
    thirty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relabel(thirty, 1)
    with np.load(thirty) as arrays:
        x, y = arrays["x"][:19], arrays["y"][:19]
    np.savez(thirty, x=x, y=y)
    assert run(capsys, thirty) == "19 drawings imported, 0 already there, 0 refused."


def test_pixels_in_columns_are_recognized_and_can_be_transposed(
    thirty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relabel(thirty, 0, turned=True)
    with pytest.raises(CommandError, match=r"it would be 0: import it with --transpose"):
        run(capsys, thirty)
    run(capsys, thirty, "--transpose")
    assert not Drawing.objects.wrong().exists()


def test_pictures_are_not_transposed(model: TrainedModel, tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "a.png").write_bytes(png_of(7))
    with pytest.raises(CommandError, match="Only a file of pixels can be transposed"):
        call_command("import_drawings", str(tmp_path), "--transpose")


def test_an_import_is_undone_whole_by_the_id_that_it_printed(
    thirty: Path, drawn: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_drawings", str(thirty))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "This is import" in line]
    pk = line.split("--undo ")[1].split()[0]
    Drawing.objects.filter(source="import", label=7).update(label=1)
    assert run(capsys, "--undo", pk) == f"30 drawings of import {pk} deleted."
    assert Drawing.objects.count() == 4
    with pytest.raises(CommandError, match=f"There is no import {pk}"):
        run(capsys, "--undo", pk)


def test_an_import_that_was_killed_goes_on_under_its_id(
    thirty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recognizer.services.chunks.CHUNK", 10)

    def die(summary: archive.ImportSummary) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.import_drawings(thirty, die)
    (begun,) = Import.objects.all()
    assert begun.drawings.count() == 10
    assert str(begun).endswith(", unfinished")
    assert archive.import_drawings(thirty).imported == 20
    (ended,) = Import.objects.all()
    assert (ended.pk, ended.unfinished, ended.drawings.count()) == (begun.pk, False, 30)


def test_the_command_needs_a_file_or_an_import(db: None) -> None:
    for arguments in ([], ["a.npz", "--undo", "1"]):
        with pytest.raises(CommandError, match="Name either a file to import or an import"):
            call_command("import_drawings", *arguments)


def test_two_files_of_one_name_are_two_imports(
    model: TrainedModel, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for label in (3, 5):
        (tmp_path / str(label)).mkdir()
        path = tmp_path / str(label) / "drawings.json"
        path.write_text(json.dumps([{"label": label, "strokes": SEVEN}]))
        run(capsys, path, "--force")
        Import.objects.update(unfinished=True)
    assert {each.drawings.get().label for each in Import.objects.all()} == {3, 5}


def test_a_label_that_differs_here_is_told_and_stays(
    visitor: Caller, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    drawing = visitor.draw(7)
    visitor.put(f"/api/v1/drawings/{drawing['id']}/feedback/", {"label": 7})
    path = tmp_path / "drawings.ndjson"
    call_command("export_drawings", str(path))
    path.write_text(path.read_text().replace('"label": 7', '"label": 1'))
    call_command("import_drawings", str(path))
    told = capsys.readouterr()
    assert "1 of those already there have another label or review here" in told.err
    assert Drawing.objects.get().label == 7

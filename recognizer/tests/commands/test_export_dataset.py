"""manage.py export_dataset: what authors let be published, in files that one line opens."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from digitsite.environment import License
from ml.labeled.formats import iter_labeled
from recognizer.models import Drawing, TrainedModel
from recognizer.services.site import releases
from recognizer.tests.kit.drawings import SEVEN

BY = License("CC-BY-4.0", "CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0.html")
TIMED = [[[*point, 0.5, 16 * place] for place, point in enumerate(stroke)] for stroke in SEVEN]
# A writer of either side; a test of its own holds that sides stay.
TRAINS, TESTS = (
    next(
        visitor
        for visitor in (uuid.UUID(int=number, version=4) for number in range(100))
        if releases.side_of(visitor.bytes) == side
    )
    for side in releases.SIDES
)


def keep(model: TrainedModel, visitor: uuid.UUID | None = TRAINS, **fields: Any) -> Drawing:
    """Store a labeled drawing whose author lets it be published."""
    number = Drawing.objects.count()
    values: dict[str, Any] = {
        "source": Drawing.Source.CANVAS,
        "license": BY.text,
        "label": 7,
        "strokes": TIMED,
        "canonical": bytes([number % 256]) * 784,
        **fields,
    }
    if values["label"] is not None:
        values["feedback_at"] = timezone.now()
    if values.get("review"):
        values["reviewed_at"] = timezone.now()
    return Drawing.objects.create(
        visitor=visitor,
        model=model,
        prediction=7,
        confidence=0.9,
        probabilities=[0.1] * 10,
        image=b"",
        **values,
    )


@pytest.fixture(autouse=True)
def licensed_site(settings: Settings) -> None:
    settings.DATASET_LICENSE = BY


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Return an empty folder, into which releases are put."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def archive(model: TrainedModel) -> list[Drawing]:
    """Return what is released: two of one writer, one of another, each of a kind."""
    released = [
        keep(model),
        keep(model, label=10, review=Drawing.Review.APPROVED, strokes=None),
        keep(model, TESTS, label=3),
    ]
    keep(model, license="")
    keep(model, license="CC0-1.0")
    keep(model, label=None)
    keep(model, review=Drawing.Review.REJECTED)
    keep(model, None, source=Drawing.Source.IMPORT, license="", review=Drawing.Review.APPROVED)
    return released


@pytest.fixture
def release(archive: list[Drawing], shelf: Path) -> Path:
    folder = shelf / "release"
    call_command("export_dataset", str(folder))
    return folder


def test_one_line_of_numpy_opens_all_without_pickle(release: Path) -> None:
    with np.load(release / "digits.npz", allow_pickle=False) as digits:
        assert digits["x_train"].shape == (2, 28, 28)
        assert digits["x_train"].dtype == digits["y_train"].dtype == np.uint8
        assert sorted(zip(digits["y_train"], digits["reviewed_train"], strict=True)) == [
            (7, False),
            (10, True),
        ]
        assert {int(digit.mean()) for digit in digits["x_train"]} == {0, 1}
        assert digits["y_test"].tolist() == [3]
        assert len(set(digits["writer_train"])) == 1
        assert not {*digits["writer_train"]} & {*digits["writer_test"]}


def test_one_line_of_pandas_opens_all(release: Path) -> None:
    table = pd.read_csv(release / "digits.csv.gz")
    assert table.shape == (3, 5 + 784)
    assert dict(table.dtypes.astype(str))["reviewed"] == "bool"
    assert table[table.split == "test"].label.tolist() == [3]
    assert table.groupby("writer").split.nunique().tolist() == [1, 1]
    strokes = pd.read_json(release / "strokes.ndjson.gz", lines=True)
    assert strokes.strokes.tolist() == [TIMED, TIMED]
    both = strokes.merge(table, on=["id", "split", "writer", "reviewed", "label"])
    assert len(both) == len(strokes)


def test_the_reader_of_this_site_reads_idx_and_strokes(release: Path) -> None:
    with gzip.open(release / "train-images-idx3-ubyte.gz") as file:
        assert file.read(8) == bytes([0, 0, 8, 3, 0, 0, 0, 2])
    for side, labels in (("train", {7, 10}), ("test", {3})):
        drawings = iter_labeled(release / f"{side}-images-idx3-ubyte.gz")
        assert {drawing.label for drawing in drawings} == labels
    drawn = list(iter_labeled(release / "strokes.ndjson.gz"))
    assert {drawing.label for drawing in drawn} == {3, 7}
    assert len({drawing.writer for drawing in drawn}) == 2


def test_ids_writers_and_times_of_the_archive_are_in_no_file(
    archive: list[Drawing], release: Path
) -> None:
    texts = [path.read_bytes() for path in release.iterdir()]
    texts += [gzip.decompress(path.read_bytes()) for path in release.glob("*.gz")]
    with zipfile.ZipFile(release / "digits.npz") as arrays:
        texts += [arrays.read(name) for name in arrays.namelist()]
    for drawing in archive:
        assert drawing.visitor is not None
        moment = drawing.created_at
        names = [moment.isoformat(), moment.strftime("%Y%m%d"), str(int(moment.timestamp()))]
        names += [moment.strftime("%H:%M:%S"), moment.strftime("%H%M%S")]
        for one in (drawing.pk, drawing.visitor):
            names += [str(one), one.hex]
            assert not any(one.bytes in text for text in texts)
        for name in names:
            for secret in (name.encode(), name.encode("utf-32-le")):
                assert not any(secret in text for text in texts), name


def test_each_release_has_other_pseudonyms_and_the_same_sides(
    archive: list[Drawing], release: Path, shelf: Path
) -> None:
    call_command("export_dataset", str(shelf / "next"))
    one, other = (pd.read_csv(folder / "digits.csv.gz") for folder in (release, shelf / "next"))
    assert not {*one.writer} & {*other.writer}
    assert one.drop(columns="writer").equals(other.drop(columns="writer"))


def test_what_was_taken_back_is_left_out_of_the_next_release(
    archive: list[Drawing], release: Path, shelf: Path
) -> None:
    Drawing.objects.filter(visitor=TRAINS).update(license="")
    call_command("export_dataset", str(shelf / "next"))
    assert pd.read_csv(shelf / "next" / "digits.csv.gz").label.tolist() == [3]


def test_the_card_tells_counts_license_and_what_is_unreviewed(release: Path) -> None:
    card = (release / "README.md").read_text()
    assert "3 drawings of digits by 2 writers" in card
    assert f"[{BY.name}]({BY.url})" in card
    assert "A reviewer approved 1 of the labels" in card
    assert "2 drawings came as strokes, 2 of them with times." in card
    assert {f"`{path.name}`" for path in release.iterdir() if path.suffix in (".gz", ".npz")} <= {
        *card.split()
    }


def test_the_croissant_has_what_its_specification_requires(release: Path) -> None:
    croissant = json.loads((release / "croissant.json").read_text())
    assert croissant["@type"] == "sc:Dataset"
    assert croissant["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert croissant["license"] == BY.url
    required = {"@context", "name", "description", "url", "creator", "datePublished"}
    assert required | {"distribution", "recordSet"} <= croissant.keys()
    files = {file["@id"]: file for file in croissant["distribution"]}
    assert files.keys() == {path.name for path in release.iterdir()} - {
        "README.md",
        "croissant.json",
    }
    for name, file in files.items():
        content = (release / name).read_bytes()
        assert file["@type"] == "cr:FileObject"
        assert file["contentUrl"] == file["name"] == name
        assert file["contentSize"] == f"{len(content)} B"
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert "/" in file["encodingFormat"]


def read_records(release: Path, name: str) -> Iterator[str]:
    """Yield the columns of a file."""
    if name.endswith(".csv.gz"):
        yield from pd.read_csv(release / name)
    else:
        yield from pd.read_json(release / name, lines=True)


def test_each_field_of_the_croissant_is_a_column_of_its_file(release: Path) -> None:
    croissant = json.loads((release / "croissant.json").read_text())
    types = {"sc:Integer", "sc:Text", "sc:Boolean", "sc:Float"}
    ids = set()
    for records in croissant["recordSet"]:
        assert records["@type"] == "cr:RecordSet"
        columns = []
        for field in records["field"]:
            assert field["@type"] == "cr:Field"
            assert field["dataType"] in types
            ids.add(field["@id"])
            columns.append(field["source"]["extract"]["column"])
        (file,) = {field["source"]["fileObject"]["@id"] for field in records["field"]}
        assert columns == list(read_records(release, file))
        assert records["key"]["@id"] in ids
    assert len(ids) == (5 + 784) + 7


def test_a_folder_with_something_in_it_is_refused_and_kept(
    archive: list[Drawing], shelf: Path
) -> None:
    (shelf / "mine").write_text("mine")
    with pytest.raises(CommandError, match="not an empty folder; name a new one"):
        call_command("export_dataset", str(shelf))
    assert [path.name for path in shelf.iterdir()] == ["mine"]


def test_an_empty_folder_is_filled(archive: list[Drawing], shelf: Path) -> None:
    folder = shelf / "release"
    folder.mkdir()
    call_command("export_dataset", str(folder))
    assert (folder / "README.md").is_file()


def test_a_mount_point_is_filled_with_the_card_last(
    archive: list[Drawing], shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = shelf / "mounted"
    (mounted / "lost+found").mkdir(parents=True)
    moved: list[str] = []
    replace = Path.replace

    def note(path: Path, target: Path) -> Path:
        assert target != mounted, "device or resource busy"
        moved.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "is_mount", lambda path: path == mounted)
    monkeypatch.setattr(Path, "replace", note)
    call_command("export_dataset", mounted)
    assert moved[-1] == "README.md"
    assert {path.name for path in mounted.iterdir()} == {*moved, "lost+found"}
    assert list(shelf.iterdir()) == [mounted]


def test_without_a_license_the_command_says_that_there_is_nothing(
    archive: list[Drawing], settings: Settings, shelf: Path
) -> None:
    settings.DATASET_LICENSE = None
    with pytest.raises(CommandError, match="DATASET_LICENSE names no license"):
        call_command("export_dataset", str(shelf / "release"))
    assert not any(shelf.iterdir())


def test_without_a_consent_there_is_nothing_either(model: TrainedModel, shelf: Path) -> None:
    keep(model, license="")
    with pytest.raises(CommandError, match="no one has agreed yet"):
        call_command("export_dataset", str(shelf / "release"))
    assert not any(shelf.iterdir())


def test_a_release_that_fails_half_way_leaves_nothing(
    archive: list[Drawing], shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device", "croissant.json")

    monkeypatch.setattr(releases, "_make_croissant", fail)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("export_dataset", str(shelf / "release"))
    assert not any(shelf.iterdir())


def test_drawings_under_another_license_are_counted(
    archive: list[Drawing], shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_dataset", str(shelf / "release"))
    out = capsys.readouterr().out
    assert "3 drawings by 2 writers written to" in out
    assert "2 to train and 1 to test" in out
    assert "1 drawing left out: agreed to under another license." in out


def test_a_writer_keeps_the_side_and_a_fifth_tests() -> None:
    assert releases.side_of(uuid.UUID(int=1).bytes) == "train"
    sides = [releases.side_of(uuid.UUID(int=number).bytes) for number in range(1000)]
    assert 160 < sides.count("test") < 240


def test_the_rows_are_read_in_the_order_of_an_index(db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite explains its plan in words.")
    drawings = Drawing.objects.releasable(BY.text).order_by("visitor", "id")
    assert "USING INDEX drawing_licensed" in (plan := drawings.explain())
    assert "TEMP B-TREE" not in plan

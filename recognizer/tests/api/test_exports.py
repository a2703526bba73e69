"""GET /api/v1/exports/: the labeled drawings of everybody, streamed to the staff."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from ml.labeled import formats
from ml.labeled.digits import load_tmnist
from recognizer.models import Drawing
from recognizer.services.drawings import exports
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem, digits_of_one_face

EXPORTS = "/api/v1/exports/"
MEGABYTE = 2**20


def content_of(answer: Any) -> bytes:
    """Return what was streamed."""
    assert answer.status_code == 200
    assert answer.streaming
    return b"".join(answer.streaming_content)


@pytest.fixture
def labeled(visitor: Caller, stranger: Caller) -> None:
    """Store a visitor's confirmed 3, a stranger's 7 said to be a 1, and an open 5."""
    three, seven = visitor.draw(3)["id"], stranger.draw(7, strokes=SEVEN)["id"]
    visitor.put(f"{DRAWINGS}{three}/feedback/", {"correct": True})
    stranger.put(f"{DRAWINGS}{seven}/feedback/", {"label": 1})
    visitor.draw(5)


@pytest.mark.parametrize("ending", ["csv", "ndjson", "npz"])
def test_an_export_is_read_by_the_commands(
    staff: Caller, labeled: None, ending: str, tmp_path: Path
) -> None:
    answer = staff.get(EXPORTS, {"format": ending})
    path = tmp_path / f"drawings.{ending}"
    path.write_bytes(content_of(answer))
    assert [drawing.label for drawing in formats.iter_labeled(path)] == [3, 1]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="drawings.{ending}"'


def test_without_a_format_it_is_a_csv_of_tmnist(
    staff: Caller, labeled: None, tmp_path: Path
) -> None:
    answer = staff.get(EXPORTS)
    assert answer.headers["Content-Type"] == "text/csv"
    (tmp_path / "drawings.csv").write_bytes(content_of(answer))
    digits = load_tmnist(tmp_path / "drawings.csv")
    assert np.array_equal(digits.images, digits_of_one_face()[[3, 7]])


def test_an_npz_holds_images_and_labels(staff: Caller, labeled: None) -> None:
    with np.load(io.BytesIO(content_of(staff.get(EXPORTS, {"format": "npz"})))) as arrays:
        assert np.array_equal(arrays["x"], digits_of_one_face()[[3, 7]])
        assert arrays["y"].tolist() == [3, 1]


def test_an_empty_archive_is_an_empty_npz(staff: Caller) -> None:
    with np.load(io.BytesIO(content_of(staff.get(EXPORTS, {"format": "npz"})))) as arrays:
        assert arrays["x"].shape == (0, 28, 28)


def test_ndjson_holds_the_strokes(staff: Caller, labeled: None) -> None:
    lines = content_of(staff.get(EXPORTS, {"format": "ndjson"})).splitlines()
    assert [json.loads(line)["strokes"] for line in lines] == [None, SEVEN]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({"correct": "true"}, [3]),
        ({"correct": "false"}, [1]),
        ({"label": "1"}, [1]),
        ({"prediction": "3"}, [3]),
        ({"model": "2"}, []),
        ({"review": "approved"}, []),
        ({"source": "api"}, [3, 1]),
        ({"mine": "true"}, []),
        ({"correct": "open"}, []),
    ],
)
def test_the_filters_of_the_list_narrow_it_down(
    staff: Caller, labeled: None, query: dict[str, str], labels: list[int]
) -> None:
    lines = content_of(staff.get(EXPORTS, {"format": "ndjson", **query})).splitlines()
    assert [json.loads(line)["label"] for line in lines] == labels


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", "xlsx"), ("format", "json"), ("label", "10"), ("ordering", "label"), ("page", "2")],
)
def test_an_unknown_parameter_or_value_is_named(staff: Caller, name: str, value: str) -> None:
    assert_problem(staff.get(EXPORTS, {name: value}), 400, "invalid-request", name)


@pytest.mark.parametrize("name", ["stranger", "visitor"])
def test_only_the_staff_export_all_drawings(
    request: pytest.FixtureRequest, name: str, labeled: None
) -> None:
    caller: Caller = request.getfixturevalue(name)
    assert_problem(caller.get(EXPORTS), 403, "forbidden")


def test_no_cell_of_a_csv_can_be_a_formula(staff: Caller, labeled: None) -> None:
    text = content_of(staff.get(EXPORTS)).decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert all(re.fullmatch(r"[0-9a-z][0-9a-z-]*", cell) for cell in cells)


@pytest.fixture
def five_batches(drawing: Drawing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store labeled drawings of noise, which nothing can pack: 980 kB of pixels, read in fifths."""
    count, rng = 1_250, np.random.default_rng(0)
    monkeypatch.setattr(exports, "BATCH", count // 5)
    fields = {field.attname: getattr(drawing, field.attname) for field in drawing._meta.fields}
    moment = timezone.now()
    Drawing.objects.bulk_create(
        (
            Drawing(
                **{
                    **fields,
                    "id": uuid.UUID(bytes=rng.bytes(16), version=4),
                    "created_at": moment + timedelta(microseconds=index),
                    "canonical": rng.bytes(784),
                    "label": index % 10,
                    "feedback_at": moment,
                }
            )
            for index in range(count)
        ),
        batch_size=1000,
    )


@pytest.fixture
def traced() -> Iterator[None]:
    """Count the memory that Python and NumPy take."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_the_memory_that_it_takes_does_not_grow_with_the_archive(
    five_batches: None, traced: None
) -> None:
    for ending in ("csv", "ndjson", "npz"):
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        size = sum(len(piece) for piece in exports.stream_labeled(Drawing.objects.all(), ending))
        _, peak = tracemalloc.get_traced_memory()
        assert size > 0.92 * MEGABYTE, ending
        assert peak - before < 0.85 * MEGABYTE, ending


def test_it_holds_few_drawings_with_many_bytes_at_once(labeled: None, traced: None) -> None:
    seven = Drawing.objects.filter(label__isnull=False).first()
    assert seven is not None
    seven.strokes = "9" * MEGABYTE  # twice what they once could have
    for _ in range(60):
        seven.pk = uuid.uuid4()
        seven.save(force_insert=True)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    size = sum(len(piece) for piece in exports.stream_labeled(Drawing.objects.all(), "ndjson"))
    _, peak = tracemalloc.get_traced_memory()
    assert size > 60 * MEGABYTE
    assert peak - before < 30 * MEGABYTE

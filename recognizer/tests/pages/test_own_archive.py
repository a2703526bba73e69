"""What visitors take with them, and how they have all of it deleted."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ml.labeled import formats
from ml.labeled.digits import load_tmnist
from recognizer.models import UNSUSPICIOUS, Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem, digits_of_one_face


def export(caller: Caller, ending: str) -> Any:
    """Ask for all of it."""
    return caller.get(f"{DRAWINGS}export/{ending}/")


def content_of(answer: Any) -> bytes:
    """Return what was streamed."""
    assert answer.status_code == 200
    assert answer.streaming
    return b"".join(answer.streaming_content)


@pytest.fixture
def labeled(visitor: Caller, other_visitor: Caller) -> Caller:
    """Return a visitor with a confirmed 3, a 7 said to be a 1, and an open 5, beside another's."""
    for digit, label, fields in ((3, 3, {}), (7, 1, {"strokes": SEVEN})):
        drawing = visitor.draw(digit, **fields)
        visitor.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": label})
    visitor.draw(5)
    foreign = other_visitor.draw(9)
    other_visitor.put(f"{DRAWINGS}{foreign['id']}/feedback/", {"correct": True})
    return visitor


@pytest.mark.parametrize("ending", ["csv", "json", "ndjson"])
def test_an_export_is_read_by_the_commands(labeled: Caller, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"drawings.{ending}"
    path.write_bytes(content_of(export(labeled, ending)))
    assert [drawing.label for drawing in formats.iter_labeled(path)] == [3, 1]


def test_a_csv_is_in_the_format_of_tmnist(labeled: Caller, tmp_path: Path) -> None:
    answer = export(labeled, "csv")
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="drawings.csv"'
    path = tmp_path / "drawings.csv"
    path.write_bytes(content_of(answer))
    digits = load_tmnist(path)
    assert digits.images.tobytes() == digits_of_one_face()[[3, 7]].tobytes()


def test_no_cell_of_a_csv_can_be_a_formula(labeled: Caller) -> None:
    text = content_of(export(labeled, "csv")).decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert all(re.fullmatch(r"[0-9a-z][0-9a-z-]*", cell) for cell in cells)


def test_stroke_json_is_a_list_with_the_strokes(labeled: Caller) -> None:
    three, seven = json.loads(content_of(export(labeled, "json")))
    assert (three["label"], three["strokes"]) == (3, None)
    assert (seven["label"], seven["strokes"]) == (1, SEVEN)
    assert "visitor" not in seven


def test_a_rejected_drawing_is_its_authors_all_the_same(labeled: Caller) -> None:
    Drawing.objects.filter(label=1).update(
        review="rejected", reviewed_at=timezone.now(), **UNSUSPICIOUS
    )
    assert len(json.loads(content_of(export(labeled, "json")))) == 2


def test_whoever_drew_nothing_gets_an_empty_list(stranger: Caller) -> None:
    assert json.loads(content_of(export(stranger, "json"))) == []


def test_the_staff_take_only_their_own(staff: Caller, labeled: Caller) -> None:
    assert json.loads(content_of(export(staff, "json"))) == []


@pytest.mark.parametrize("ending", ["xlsx", "npz"])
def test_there_is_no_other_format(visitor: Caller, ending: str) -> None:
    assert_problem(export(visitor, ending), 404, "not-found")


def test_a_drawing_is_a_file_of_strokes(visitor: Caller, tmp_path: Path) -> None:
    drawing = visitor.draw(7, strokes=SEVEN)
    url = f"{DRAWINGS}{drawing['id']}/"
    visitor.put(f"{url}feedback/", {"correct": True})
    answer = visitor.get(f"{url}strokes/")
    assert f'filename="drawing-{drawing["id"]}.json"' in answer.headers["Content-Disposition"]
    (tmp_path / "drawing.json").write_bytes(answer.content)
    (read,) = formats.iter_labeled(tmp_path / "drawing.json")
    assert (read.label, read.strokes) == (7, SEVEN)


def test_the_strokes_of_somebody_else_are_not_there(visitor: Caller, other_visitor: Caller) -> None:
    drawing = visitor.draw(7, strokes=SEVEN)
    assert_problem(other_visitor.get(f"{DRAWINGS}{drawing['id']}/strokes/"), 404, "not-found")


def test_a_picture_that_was_drawn_on_is_not_taken_from_the_cache(visitor: Caller) -> None:
    chosen = str(uuid.uuid4())
    visitor.draw(7, id=chosen)
    url = f"{DRAWINGS}{chosen}/image/"
    first = visitor.get(url)
    known = {"If-None-Match": first.headers["ETag"]}
    assert visitor.client.get(url, headers=known).status_code == 304
    visitor.post(DRAWINGS, {"id": chosen, "strokes": SEVEN})
    assert visitor.client.get(url, headers=known).status_code == 200


def test_deleting_all_leaves_what_others_drew(visitor: Caller, other_visitor: Caller) -> None:
    for digit in (1, 2, 3):
        visitor.draw(digit)
    foreign = other_visitor.draw(9)
    answer = visitor.delete(DRAWINGS)
    assert (answer.status_code, answer.json()) == (200, {"deleted": 3})
    assert [str(kept.pk) for kept in Drawing.objects.all()] == [foreign["id"]]
    assert visitor.delete(DRAWINGS).json() == {"deleted": 0}


def test_the_staff_delete_all_of_their_own_only(staff: Caller, visitor: Caller) -> None:
    staff.draw(1)
    visitor.draw(2)
    assert staff.delete(DRAWINGS).json() == {"deleted": 1}
    assert Drawing.objects.get().prediction == 2


def test_a_caller_without_a_cookie_deletes_nothing(stranger: Caller, visitor: Caller) -> None:
    stranger.draw(1)
    visitor.draw(2)
    assert stranger.delete(DRAWINGS).json() == {"deleted": 0}
    assert Drawing.objects.count() == 2


def test_an_imported_drawing_is_deleted_by_nobody(visitor: Caller) -> None:
    visitor.draw(1)
    Drawing.objects.update(source="import")
    assert visitor.delete(DRAWINGS).json() == {"deleted": 0}


def test_a_filter_narrows_what_is_deleted(labeled: Caller) -> None:
    answer = labeled.client.delete(
        f"{DRAWINGS}?correct=open", headers={"X-CSRFToken": labeled.token}
    )
    assert answer.json() == {"deleted": 1}
    answer = labeled.client.delete(
        f"{DRAWINGS}?correct=perhaps", headers={"X-CSRFToken": labeled.token}
    )
    assert_problem(answer, 400, "invalid-request", "correct")
    assert Drawing.objects.count() == 3


def test_a_foreign_page_cannot_delete_all(visitor: Caller) -> None:
    visitor.draw(1)
    visitor.token = ""
    assert_problem(visitor.delete(DRAWINGS), 403, "forbidden")
    assert Drawing.objects.count() == 1

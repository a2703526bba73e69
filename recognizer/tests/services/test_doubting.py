"""The label check of an answer, and before many are approved."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recognizer.models import Drawing, TrainedModel
from recognizer.services.drawings import doubting, recognition
from recognizer.services.versions import registry
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.drawings import digits_of_one_face
from recognizer.tests.kit.small_training import answered

pytestmark = pytest.mark.usefixtures("model")


def approved(label: int, shape: int, count: int = 1) -> list[Drawing]:
    pixels = digits_of_one_face()[shape].tobytes()
    decided = {"review": "approved", "reviewed_at": timezone.now()}
    return answered(label, count, canonical=pixels, **decided)


def mark_of(drawing: dict[str, Any]) -> tuple[bool, int | None]:
    stored = Drawing.objects.get(pk=drawing["id"])
    return stored.suspicious_at is not None, stored.suspected_digit


def test_an_answer_that_the_model_contradicts_is_marked_at_once_and_kept(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    visitor.put(f"/api/v1/drawings/{drawing['id']}/feedback/", {"label": 4})
    assert mark_of(drawing) == (True, 7)
    assert Drawing.objects.get().label == 4


def test_another_answer_is_checked_anew(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    for label, mark in ((4, (True, 7)), (7, (False, None)), (4, (True, 7)), (None, (False, None))):
        recognition.give_feedback(Drawing.objects.get(), label=label)
        assert mark_of(drawing) == mark


def test_a_label_like_an_approved_one_nearby_is_not_marked(visitor: Caller) -> None:
    approved(4, shape=7)
    drawing = visitor.draw(7)
    recognition.give_feedback(Drawing.objects.get(pk=drawing["id"]), label=4)
    assert mark_of(drawing) == (False, None)
    recognition.give_feedback(Drawing.objects.get(pk=drawing["id"]), label=3)
    assert mark_of(drawing)[0]


def test_a_rejected_drawing_gets_no_mark(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    Drawing.objects.update(review="rejected", reviewed_at=timezone.now())
    recognition.give_feedback(Drawing.objects.get(), label=4)
    assert mark_of(drawing) == (False, None)


def test_an_answer_waits_for_a_few_hidden_layers_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doubting, "LEARNED_AT_ONCE", 2)
    for shape in range(5):
        approved(shape, shape)
    (asked,) = answered(9)
    known = []
    for _ in range(4):
        doubting.doubt_answer(asked, 9)
        known.append(len(doubting._memory.known.ids))  # type: ignore[union-attr]
    assert known == [2, 4, 5, 5]


def test_only_the_latest_approved_of_each_label_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubting, "EACH", 2)
    approved(3, 3)
    latest = [*approved(3, 3, 2), *approved(8, 8)]
    doubting.doubt_answer(answered(1)[0], 1)
    assert doubting._memory.known is not None
    assert set(doubting._memory.known.ids) == {drawing.pk for drawing in latest}


def test_the_first_that_are_known_have_some_of_each_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubting, "LEARNED_FOR_DESK", 3)
    digits = [digit.tobytes() for digit in digits_of_one_face()]
    for label in (0, 1, 2):
        for other in (0, 3, 6):
            approved(label, label + other)
    (nearest,) = doubting.find_nearest([digits[9]], 3)
    assert {label for _, label in nearest} == {0, 1, 2}


def test_what_is_known_is_read_again_by_an_index_and_not_with_each_answer() -> None:
    approved(4, 7)
    (asked,) = answered(9)
    with CaptureQueriesContext(connection) as first:
        doubting.doubt_answer(asked, 9)
    with CaptureQueriesContext(connection) as second:
        doubting.doubt_answer(asked, 9)
    assert len(first) == 12
    assert len(second) == 1  # whether another version is active
    if connection.vendor == "sqlite":
        newest = next(query["sql"] for query in first if '"canonical"' in query["sql"])
        with connection.cursor() as cursor:
            plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {newest}").fetchall())
        assert "drawing_known" in plan
        assert "TEMP B-TREE" not in plan


def test_before_an_approval_wrong_labels_are_marked_and_the_others_are_not() -> None:
    right, wrong = answered(1, 3), answered(6, 2)
    assert doubting.mark_doubtful(Drawing.objects.all()) == 2
    assert set(Drawing.objects.suspicious()) == set(wrong)
    assert {drawing.suspected_digit for drawing in Drawing.objects.suspicious()} == {1}
    assert doubting.mark_doubtful(Drawing.objects.filter(pk__in=[one.pk for one in right])) == 0


def test_without_a_model_nothing_is_marked_and_the_answer_is_kept() -> None:
    (asked,) = answered(1)
    TrainedModel.objects.update(active=False)
    registry.forget_model()
    assert recognition.give_feedback(asked, label=6).label == 6
    assert doubting.mark_doubtful(Drawing.objects.all()) == 0

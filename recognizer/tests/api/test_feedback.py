"""PUT /api/v1/drawings/{id}/feedback/: the person says which digit it was."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from recognizer.models import UNSUSPICIOUS, Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem


def tell(caller: Caller, drawing: dict[str, Any], body: Any) -> Any:
    """Give feedback."""
    return caller.put(f"{DRAWINGS}{drawing['id']}/feedback/", body)


def without_memory(answer: Any) -> dict[str, Any]:
    """Return a drawing as it is stored, without what the visitor's memory makes of it."""
    return {**answer.json(), "personal": None}


def test_a_right_answer_is_confirmed(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    answer = tell(visitor, drawing, {"correct": True})
    assert answer.status_code == 200
    assert without_memory(answer) == {**drawing, "label": 7, "correct": True}
    assert Drawing.objects.get().feedback_at is not None


def test_a_wrong_answer_is_corrected(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    answer = tell(visitor, drawing, {"label": 1})
    assert without_memory(answer) == {**drawing, "label": 1, "correct": False}


def test_the_label_may_be_the_prediction(visitor: Caller) -> None:
    assert tell(visitor, visitor.draw(7), {"label": 7}).json()["correct"] is True


def test_both_forms_together_may_agree(visitor: Caller) -> None:
    body = {"correct": False, "label": 1}
    assert tell(visitor, visitor.draw(7), body).json()["label"] == 1


def test_a_drawing_that_is_no_digit_is_labeled_none(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    answer = tell(visitor, drawing, {"label": "none"})
    assert without_memory(answer) == {**drawing, "label": "none", "correct": False}
    assert Drawing.objects.get().label == 10


def test_agreeing_that_it_is_no_digit_stores_none_and_not_the_likeliest_digit(
    visitor: Caller,
) -> None:
    drawing = visitor.draw(7)
    Drawing.objects.update(is_digit=False)
    answer = without_memory(tell(visitor, drawing, {"correct": True}))
    assert (answer["label"], answer["correct"]) == ("none", True)
    assert visitor.get(f"{DRAWINGS}?correct=true").json()["results"] == [answer]
    assert tell(visitor, drawing, {"label": 7}).json()["correct"] is False


def test_correct_may_not_contradict_none(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    Drawing.objects.update(is_digit=False)
    answer = tell(visitor, drawing, {"correct": True, "label": 7})
    assert_problem(answer, 400, "invalid-request", "correct")
    assert "the answer was none" in answer.json()["detail"]


def test_an_answer_can_be_changed(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    tell(visitor, drawing, {"label": 1})
    assert tell(visitor, drawing, {"label": 4}).json()["label"] == 4


def test_an_answer_can_be_withdrawn(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    tell(visitor, drawing, {"label": 1})
    assert without_memory(tell(visitor, drawing, {"label": None})) == drawing
    assert Drawing.objects.get().feedback_at is None


def test_the_same_answer_again_changes_nothing(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    first = tell(visitor, drawing, {"label": 1})
    told_at = Drawing.objects.get().feedback_at
    assert tell(visitor, drawing, {"label": 1}).json() == first.json()
    assert Drawing.objects.get().feedback_at == told_at


def test_a_changed_answer_loses_its_approval(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    tell(visitor, drawing, {"label": 1})
    Drawing.objects.update(review="approved", reviewed_at=timezone.now())
    assert tell(visitor, drawing, {"label": 2}).json()["review"] == "unreviewed"


def test_a_rejected_drawing_stays_rejected(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    tell(visitor, drawing, {"label": 1})
    Drawing.objects.update(review="rejected", reviewed_at=timezone.now(), **UNSUSPICIOUS)
    assert tell(visitor, drawing, {"label": 2}).json()["review"] == "rejected"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "label"),
        ({"correct": False}, "label"),
        ({"correct": None}, "label"),
        ({"label": 10}, "label"),
        ({"label": -1}, "label"),
        ({"label": 3.5}, "label"),
        ({"label": "seven"}, "label"),
        ({"label": "None"}, "label"),
        ({"label": True}, "label"),
        ({"label": [3]}, "label"),
        ({"label": 10**400}, "label"),
        ({"label": "\ud800"}, "label"),
        ({"correct": "perhaps"}, "correct"),
        ({"correct": [True]}, "correct"),
        ({"correct": True, "label": 1}, "correct"),
        ({"correct": True, "label": None}, "correct"),
        ({"correct": False, "label": 7}, "correct"),
    ],
    ids=repr,
)
def test_feedback_without_meaning_is_refused(visitor: Caller, body: Any, field: str) -> None:
    assert_problem(tell(visitor, visitor.draw(7), body), 400, "invalid-request", field)
    assert Drawing.objects.get().label is None


def test_wrong_without_the_right_digit_asks_for_it(visitor: Caller) -> None:
    answer = tell(visitor, visitor.draw(7), {"correct": False})
    assert "which digit it was" in answer.json()["detail"]


def test_feedback_for_an_unknown_drawing_is_404(visitor: Caller) -> None:
    missing = {"id": uuid.uuid4()}
    assert_problem(tell(visitor, missing, {"correct": True}), 404, "not-found")


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_feedback_is_only_put(visitor: Caller, method: str) -> None:
    url = f"{DRAWINGS}{visitor.draw(7)['id']}/feedback/"
    answer = visitor.client.generic(
        method.upper(), url, b"{}", "application/json", headers={"X-CSRFToken": visitor.token}
    )
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "PUT, OPTIONS"

"""What a version learned from a visitor, and how it reads their misread drawings."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from ml.labeled.digits import LabeledDigits
from recognizer.models import Drawing, Lesson, TrainedModel
from recognizer.services.drawings import lessons
from recognizer.services.drawings.lessons import Gain, measure_gain
from recognizer.services.stored_digits import StoredDigits
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import digits_of_one_face
from recognizer.tests.kit.small_training import answered

GAIN = f"{DRAWINGS}gain/"


def seven(visitor: uuid.UUID, label: int, **values: Any) -> Drawing:
    """Store a 7 that was read as 1."""
    digit = digits_of_one_face()[7].tobytes()
    return answered(label, visitor=visitor, canonical=digit, **values)[0]


def test_misread_drawings_are_read_again(model: TrainedModel) -> None:
    visitor = uuid.uuid4()
    seven(visitor, 7)
    seven(visitor, 2)
    seven(visitor, 1)  # it was right
    seven(visitor, 7, review="rejected", reviewed_at=timezone.now())
    seven(uuid.uuid4(), 7)

    assert measure_gain(visitor) == Gain(model=1, learned=0, own=None, misread=2, mended=1)


def test_none_is_an_answer_as_well(model: TrainedModel) -> None:
    visitor = uuid.uuid4()
    seven(visitor, 10)

    assert measure_gain(visitor) == Gain(model=1, learned=0, own=None, misread=1, mended=0)


def test_the_newest_misread_drawings_are_read_and_no_more(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "MOST_READ", 2)
    visitor = uuid.uuid4()
    for label in (2, 7, 7):
        seven(visitor, label)

    assert measure_gain(visitor) == Gain(model=1, learned=0, own=None, misread=2, mended=2)


@pytest.mark.usefixtures("small_training")
def test_a_retraining_notes_which_drawings_it_learned_from() -> None:
    visitor = uuid.uuid4()
    answered(7, count=3, visitor=visitor)
    answered(7, count=4, visitor=uuid.uuid4())
    answered(7, count=2, source="import")
    (rejected,) = answered(7, visitor=visitor, review="rejected", reviewed_at=timezone.now())
    call_command("retrain", "--force", "--quiet")
    answered(7, count=2, visitor=visitor)  # too late for this version
    gain = measure_gain(visitor)

    assert (gain.model, gain.learned, gain.own, gain.misread) == (2, 7, 3, 5)
    assert measure_gain(None).learned == 7
    assert TrainedModel.objects.get(version=2).data["corrections"] == 9
    assert rejected.pk.bytes[:8] not in bytes(Lesson.objects.get().drawings)


def test_what_is_kept_aside_was_not_learned(db: None) -> None:
    ids = np.array([uuid.UUID(int=number << 64) for number in (2, 1, 3)], object)
    digits = LabeledDigits(
        np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8), np.array(list("aba"))
    )
    stored = StoredDigits(digits, ids)

    assert stored.taught_to(digits.select([1])) == bytes.fromhex(
        "0000000000000002 0000000000000003"
    )


def test_a_browser_learns_its_own_gain(visitor: Caller, other_visitor: Caller) -> None:
    drawing = visitor.draw(7)
    visitor.put(f"{DRAWINGS}{drawing['id']}/feedback/", {"label": 3})

    expected = {"model": 1, "learned": 0, "own": None, "misread": 1, "mended": 0}
    assert visitor.get(GAIN).json() == expected
    assert other_visitor.get(GAIN).json() == {**expected, "misread": 0}

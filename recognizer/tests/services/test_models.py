"""The invariants that the database itself holds, for every writer."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from recognizer.models import NO_DIGIT, Drawing, TrainedModel, TrainingRun

NOW = timezone.now()


@pytest.mark.parametrize(
    "values",
    [
        {"label": 11, "feedback_at": NOW},
        {"strangeness": 1.5},
        {"label": 3},
        {"feedback_at": NOW},
        {"prediction": 10},
        {"confidence": 1.5},
        {"confidence": -0.1},
        {"canonical": b"too short"},
        {"review": "approved"},
        {"review": "approved", "reviewed_at": NOW},
        {"review": "rejected"},
        {"reviewed_at": NOW},
        {"review": "perhaps"},
        {"source": "foreign"},
    ],
)
def test_a_drawing_that_contradicts_itself_is_refused(
    drawing: Drawing, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Drawing.objects.filter(pk=drawing.pk).update(**values)


def test_two_versions_cannot_be_active(model: TrainedModel) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainedModel.objects.create(version=2, origin="retrained", active=True, size_bytes=1)


def test_a_model_that_answered_for_a_drawing_cannot_be_deleted(
    model: TrainedModel, drawing: Drawing
) -> None:
    with pytest.raises(ProtectedError):
        model.delete()


def test_a_successful_run_has_a_model(db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRun.objects.create(state="succeeded", finished_at=NOW)


def label_drawings(drawing: Drawing, *labels: int | None) -> None:
    for label in labels:
        drawing.pk = uuid.uuid4()
        drawing.label = label
        drawing.feedback_at = None if label is None else NOW
        drawing.save(force_insert=True)


def test_drawings_are_right_wrong_or_open(drawing: Drawing) -> None:
    Drawing.objects.all().delete()
    wrong = (drawing.prediction + 1) % 10
    label_drawings(drawing, drawing.prediction, wrong, wrong, None)
    assert Drawing.objects.right().count() == 1
    assert Drawing.objects.wrong().count() == 2
    assert Drawing.objects.open().count() == 1
    assert Drawing.objects.labeled().count() == 3
    assert Drawing.objects.unreviewed().count() == 3


def test_where_the_answer_was_no_digit_only_that_is_right(drawing: Drawing) -> None:
    Drawing.objects.all().delete()
    drawing.is_digit = False
    label_drawings(drawing, NO_DIGIT, drawing.prediction)
    assert Drawing.objects.right().get().label == NO_DIGIT
    assert Drawing.objects.wrong().get().correct is False


def test_a_rejected_drawing_is_not_trained_on(drawing: Drawing) -> None:
    Drawing.objects.all().delete()
    label_drawings(drawing, 1, 2, None)
    Drawing.objects.filter(label=2).update(review="rejected", reviewed_at=NOW)
    assert [kept.label for kept in Drawing.objects.trainable()] == [1]


def test_a_list_leaves_the_long_columns_alone(drawing: Drawing) -> None:
    (listed,) = Drawing.objects.without_blobs()
    assert listed.get_deferred_fields() == {"image", "strokes"}

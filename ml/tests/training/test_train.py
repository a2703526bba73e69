from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest

from ml.drawing.canonical import canonical_digit
from ml.drawing.strokes import ink_from_strokes
from ml.labeled.digits import LabeledDigits
from ml.pipeline import predict
from ml.tests.kit.training_data import (
    SHORT,
    TINY,
    measure_on_little,
    none,
    take_small_steps,
    written,
)
from ml.training.progress import Progress
from ml.training.train import TrainedArtifact, fingerprint, train


@pytest.fixture(autouse=True)
def small_holdouts(monkeypatch: pytest.MonkeyPatch) -> None:
    measure_on_little(monkeypatch, 500, 300)


def odd_digits(count: int) -> LabeledDigits:
    """A sign that no digit looks like, a cross with a bar, which its author calls 8."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(count):
        a, b, c, d = rng.normal(0, 6, 4)
        cross = [
            [[40 + a, 40], [240, 240 + b]],
            [[240, 40 + c], [40 + d, 240]],
            [[20, 140], [260, 140]],
        ]
        images.append(canonical_digit(ink_from_strokes(cross)))
    names = np.array([f"odd {index}" for index in range(count)])
    return LabeledDigits(np.stack(images), np.full(count, 8, np.uint8), names)


def test_a_training_learns_to_read(trained: TrainedArtifact) -> None:
    assert trained.metrics["pens"]["accuracy"] > 0.8
    assert trained.metrics["corrections"] is None
    assert trained.metrics["others"]["auroc"] > 0.8
    assert trained.seconds > 0


def test_a_training_records_what_it_trained_on(trained: TrainedArtifact) -> None:
    assert trained.data["typefaces"] + trained.data["typefaces_held_out"] == 400
    assert trained.data["pens"] == SHORT.pen_samples
    assert trained.data["others"] == SHORT.other_samples
    assert trained.data["samples"] == (
        2 * trained.data["typefaces"] + SHORT.pen_samples + SHORT.other_samples
    )
    assert trained.metrics["typefaces"]["n"] == trained.data["typefaces_held_out"]
    assert len(trained.data["sha256"]) == 64
    assert trained.parameters["from_scratch"] is True
    assert trained.parameters["seed"] == 0


def test_the_same_seed_trains_the_same_model_in_one_process_and_in_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_small_steps(monkeypatch)
    alone, together = (
        train(written(100, seed=7), none(), dataclasses.replace(TINY, jobs=jobs)) for jobs in (1, 2)
    )
    for one, other in zip(alone.model[-1].coefs_, together.model[-1].coefs_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_are_kept_in_single_precision(trained: TrainedArtifact) -> None:
    assert {layer.dtype for layer in trained.model[-1].coefs_} == {np.dtype(np.float32)}


def test_going_on_from_a_start_learns_corrections_and_leaves_the_start_alone(
    trained: TrainedArtifact,
) -> None:
    before = copy.deepcopy(trained.model[-1].coefs_)
    odd = odd_digits(12)
    corrected = train(written(400, seed=7), odd.select(np.arange(10)), SHORT, start=trained.model)
    for one, other in zip(before, trained.model[-1].coefs_, strict=True):
        np.testing.assert_array_equal(one, other)
    unseen = odd.images[10:]
    assert [answer.digit for answer in predict(corrected.model, unseen)] == [8, 8]
    assert corrected.metrics["pens"]["accuracy"] > trained.metrics["pens"]["accuracy"] - 0.06
    assert corrected.parameters["from_scratch"] is False


def test_few_corrections_are_all_trained_on(
    trained: TrainedArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    few = train(written(100, seed=7), odd_digits(5), TINY, start=trained.model)
    assert few.data["corrections"] == 5
    assert few.metrics["corrections"] is None


def test_some_of_many_corrections_are_kept_for_measuring(
    trained: TrainedArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    many = train(written(100, seed=7), odd_digits(120), SHORT, start=trained.model)
    assert 0 < many.data["corrections_held_out"] < 40
    assert many.data["corrections"] + many.data["corrections_held_out"] == 120
    assert many.metrics["corrections"]["accuracy"] > 0.9


def test_a_model_can_be_trained_without_the_synthetic_pen(monkeypatch: pytest.MonkeyPatch) -> None:
    take_small_steps(monkeypatch)
    options = dataclasses.replace(SHORT, pen_samples=0, other_samples=100, typeface_copies=2)
    alone = train(written(400, seed=7), none(), options)
    assert alone.data["pens"] == 0
    assert alone.data["samples"] == (1 + 2) * alone.data["typefaces"] + 100


def test_progress_goes_up_through_named_phases(
    trained: TrainedArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    seen: list[Progress] = []
    train(written(100, seed=7), odd_digits(5), TINY, start=trained.model, report=seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert list(dict.fromkeys(progress.phase for progress in seen)) == [
        "Augmenting typefaces",
        "Writing pens",
        "Scribbling",
        "Augmenting corrections",
        "Computing features",
        "Training",
        "Measuring",
    ]


def test_the_fingerprint_changes_with_the_data() -> None:
    digits = written(20, seed=1)
    images, labels, groups = digits.images, digits.labels, digits.groups
    prints = {
        fingerprint(digits),
        fingerprint(LabeledDigits(255 - images, labels, groups)),
        fingerprint(LabeledDigits(images, (labels + 1) % 10, groups)),
        fingerprint(LabeledDigits(images, labels, groups[::-1])),
    }
    assert len(prints) == 4
    assert fingerprint(digits) == fingerprint(digits)

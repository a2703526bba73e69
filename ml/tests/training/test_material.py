"""The digits that a training which goes on from a start uses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.drawing.canonical import Digits
from ml.labeled.digits import LabeledDigits
from ml.tests.kit.training_data import SHORT, none, written
from ml.training.material import (
    WEIGHT_GROWS,
    copies_of_each,
    count_digits,
    make_training_set,
    weigh,
    weight_of_each,
)
from ml.training.progress import Steps

FEW = replace(
    SHORT,
    pen_samples=60,
    replay_pen_samples=60,
    other_samples=10,
    replay_other_samples=10,
    replay_samples=30,
)


def made(corrections: LabeledDigits, *, goes_on: bool) -> tuple[Digits, list[int]]:
    """Make a small training set."""
    phases = count_digits(30, len(corrections), FEW, goes_on=goes_on)
    steps = Steps(lambda progress: None, phases)
    parts, labels = make_training_set(
        written(30, seed=1), corrections, None, FEW, steps, goes_on=goes_on
    )
    return np.concatenate(parts), labels.tolist()


def test_a_replay_with_the_seed_of_its_start_makes_other_copies() -> None:
    first, _ = made(none(), goes_on=False)
    again, _ = made(none(), goes_on=True)
    known = {image.tobytes() for image in first}
    assert sum(image.tobytes() in known for image in again) <= len(again) // 100


def test_every_typeface_also_trains_as_it_is_printed() -> None:
    images, labels = made(none(), goes_on=False)
    base = written(30, seed=1)
    assert (images[:30] == base.images).all()
    assert labels[:30] == base.labels.tolist()


def test_the_same_seed_makes_the_same_replay() -> None:
    (first, labels), (second, _) = made(none(), goes_on=True), made(none(), goes_on=True)
    assert (first == second).all()
    assert len(labels) == FEW.replay_samples + FEW.replay_pen_samples + FEW.replay_other_samples


def test_every_correction_trains_as_it_is_and_in_changed_copies() -> None:
    corrections = written(12, seed=2)
    images, labels = made(corrections, goes_on=True)
    copies = copies_of_each(len(corrections), FEW)
    whole = [image.tobytes() for image in images]
    assert all(image.tobytes() in whole for image in corrections.images)
    tail = 12 * copies
    assert labels[-tail:] == np.repeat(corrections.labels, copies).tolist()
    assert len({image.tobytes() for image in images[-tail:]}) > 0.9 * tail


def test_many_corrections_get_fewer_copies_each_but_at_least_the_minimum() -> None:
    few, most = FEW.correction_copies
    assert copies_of_each(1, FEW) == most
    assert copies_of_each(1_000_000, FEW) == few >= 1


def test_typefaces_that_look_handwritten_are_repeated_by_their_weight() -> None:
    base = written(40, seed=3, groups=4)
    weighed = weigh(base, {"group 2", "of no digit"}, replace(FEW, handwriting_weight=5))
    names, counts = np.unique(weighed.groups, return_counts=True)
    assert names.tolist() == ["group 0", "group 1", "group 2", "group 3"]
    assert counts.tolist() == [10, 10, 50, 10]
    assert {image.tobytes() for image in weighed.images} == {
        image.tobytes() for image in base.images
    }


def test_a_correction_weighs_more_the_more_there_are() -> None:
    few, many = WEIGHT_GROWS
    weights = [weight_of_each(count, FEW) for count in (0, 1, few, 2 * few, many, 100 * many)]
    assert weights[:3] == [1, 1, 1]
    assert 1 < weights[3] < FEW.correction_weight
    assert weights[4:] == [FEW.correction_weight] * 2

"""Holdouts measure every model, are the same for all, and never train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml.labeled.digits import LabeledDigits, is_held_out
from ml.measuring.holdouts import (
    Answers,
    Holdouts,
    compare_answers,
    compare_digits,
    fallen_digits,
    is_new_to,
    learned_hands,
    measure,
    split_corrections,
    worse_on,
)
from ml.measuring.significance import Comparison
from ml.pipeline import NOT_A_DIGIT, Reading


def digits(count: int, label: int = 3) -> LabeledDigits:
    """Make digits of a group each."""
    images = np.full((count, 28, 28), 9, np.uint8)
    names = np.array([f"drawing {number}" for number in range(count)], np.str_)
    return LabeledDigits(images, np.full(count, label, np.uint8), names)


def reading(answers: list[int], strange: float = 0.0) -> Reading:
    """Make answers of confidence 1."""
    return Reading(np.eye(10)[answers].reshape(-1, 10), np.full(len(answers), strange))


HOLDOUTS = Holdouts(digits(2), digits(3), digits(2), digits(4).images)
RIGHT = Answers(reading([3, 3]), reading([3, 3, 3]), reading([3, 3]), reading([1, 1, 1, 1], 0.9))


def test_few_corrections_are_all_trained_on() -> None:
    train, held = split_corrections(digits(99), 100)
    assert (len(train), len(held)) == (99, 0)


def test_the_hash_holds_out_some_of_enough_corrections() -> None:
    train, held = split_corrections(digits(200), 100)
    assert len(train) + len(held) == 200
    assert 5 < len(held) < 40
    assert is_held_out(held.groups).all()
    assert not is_held_out(train.groups).any()


def test_a_held_out_correction_stays_held_out_when_more_come() -> None:
    _, before = split_corrections(digits(200), 100)
    _, after = split_corrections(digits(400), 100)
    assert set(before.groups) < set(after.groups)


def by_hands(*counts: int) -> LabeledDigits:
    """Make digits of hands that the hash may hold out, so many by each, and 90 of others."""
    names = [f"hand {number}" for number in range(500)]
    held = is_held_out(np.array(names))
    may, never = np.array(names)[held], np.array(names)[~held][:90]
    groups = np.concatenate([np.repeat(may[: len(counts)], counts), never])
    one = digits(len(groups))
    return LabeledDigits(one.images, one.labels, groups)


def test_a_hand_measures_or_trains_with_all_that_it_gave() -> None:
    train, held = split_corrections(by_hands(12, 4), 100)
    assert (len(train), len(held)) == (90, 16)
    assert not set(train.groups) & set(held.groups)


@pytest.mark.parametrize(
    ("counts", "measure"), [((60,), 0), ((900,), 0), ((20, 60), 20), ((20, 14, 12), 20)]
)
def test_a_hand_that_gave_much_is_learned_from_and_remembered(
    counts: tuple[int, ...], measure: int
) -> None:
    train, held = split_corrections(by_hands(*counts), 100)
    assert len(held) == measure
    record = {"corrections": len(train), "learned_hands": learned_hands(train)}
    assert len(record["learned_hands"]) == len(counts) - (measure > 0)  # type: ignore[arg-type]
    assert not is_new_to(record, train.select(is_held_out(train.groups))).any()
    assert is_new_to(record, held).all()


def test_a_version_that_remembers_drawings_and_not_hands_is_not_measured_on_any() -> None:
    assert not is_new_to({"corrections": 5, "learned_holdout": []}, digits(5)).any()


def test_a_model_is_not_measured_on_corrections_it_learned_while_they_were_few() -> None:
    few, _ = split_corrections(digits(99), 100)
    record = {"corrections": 99, "learned_hands": learned_hands(few)}
    _, held = split_corrections(digits(400), 100)
    new = held.select(is_new_to(record, held))
    learned = set(few.groups) & set(held.groups)
    assert learned
    assert set(new.groups) == set(held.groups) - learned


def test_a_model_that_held_corrections_out_is_measured_on_all_of_them() -> None:
    train, held = split_corrections(digits(200), 100)
    record = {"corrections": len(train), "learned_hands": learned_hands(train)}
    assert record["learned_hands"] == []
    assert is_new_to(record, held).all()


@pytest.mark.parametrize(("record", "is_new"), [({"corrections": 0}, True), ({}, True)])
def test_a_model_without_corrections_needs_no_record(record: dict[str, Any], is_new: bool) -> None:
    assert (is_new_to(record, digits(5)) == is_new).all()


def test_a_model_with_corrections_and_no_record_is_not_measured_on_them() -> None:
    assert not is_new_to({"corrections": 5}, digits(5)).any()


def test_the_record_of_learned_corrections_does_not_reveal_their_ids() -> None:
    train = digits(99)
    assert not set(learned_hands(train)) & set(train.groups)


def test_others_are_right_if_a_picture_is_rightly_taken_for_a_digit_or_not() -> None:
    wrong_digit = Answers(
        reading([5, 3]), reading([3, 3, 3]), reading([3, 3]), reading([1, 1, 1, 1], 0.9)
    )
    compared = compare_answers(HOLDOUTS, RIGHT, wrong_digit)
    assert compared["typefaces"].only_first == 1
    assert (compared["others"].n, compared["others"].only_first) == (2 + 3 + 2 + 4, 0)
    all_accepted = Answers(RIGHT.typefaces, RIGHT.pens, RIGHT.corrections, reading([1, 1, 1, 1]))
    assert compare_answers(HOLDOUTS, RIGHT, all_accepted)["others"].only_first == 4


def test_a_model_that_refuses_digits_is_worse_on_the_others() -> None:
    refusing = Answers(reading([3, 3], 0.9), reading([3, 3, 3], 0.9), reading([3, 3]), RIGHT.others)
    compared = compare_answers(HOLDOUTS, RIGHT, refusing)
    assert compared["typefaces"].only_first == 0
    assert compared["others"].only_first == 5
    assert (refusing.given("others", HOLDOUTS.labels("others"))[:5] == NOT_A_DIGIT).all()


def test_a_correction_that_is_not_a_digit_is_right_if_it_was_refused() -> None:
    none = Holdouts(digits(2), digits(3), digits(2, NOT_A_DIGIT), digits(4).images)
    refused = Answers(RIGHT.typefaces, RIGHT.pens, reading([3, 3], 0.9), RIGHT.others)
    compared = compare_answers(none, refused, RIGHT)
    assert compared["corrections"].only_first == 2
    assert compared["others"].only_first == 2
    assert measure(none, RIGHT)["corrections"]["accuracy"] == 0


def test_a_holdout_without_pictures_is_left_out() -> None:
    none = np.zeros(2, bool)
    holdouts = HOLDOUTS.with_corrections(none)
    answers = RIGHT.with_corrections(none)
    assert set(compare_answers(holdouts, answers, answers)) == {"typefaces", "pens", "others"}
    assert measure(holdouts, answers)["corrections"] is None


def test_a_model_is_worse_only_where_the_loss_is_more_than_chance() -> None:
    compared = {
        "typefaces": Comparison(100, 90, 80, 10, 0),
        "pens": Comparison(100, 90, 88, 4, 2),
        "others": Comparison(100, 80, 95, 0, 15),
    }
    assert worse_on(compared) == ("typefaces",)


@pytest.mark.parametrize(("lost", "named"), [(95, ()), (120, ("others",))])
def test_a_small_loss_on_generated_pictures_is_tolerated(lost: int, named: tuple[str, ...]) -> None:
    others = Comparison(11_000, 10_800, 10_800 - lost, lost, 0)
    assert others.p_second_worse < 1e-9
    assert worse_on({"others": others}) == named


@pytest.mark.parametrize("name", ["typefaces", "corrections"])
def test_a_small_loss_on_real_pictures_is_not_tolerated(name: str) -> None:
    assert worse_on({name: Comparison(11_000, 10_800, 10_740, 60, 0)}) == (name,)


def sevens(lost: int, n: int = 500) -> dict[str, dict[int, Comparison]]:
    """Compare on pens: the second model reads every digit as well, but for some sevens."""
    same = Comparison(n, n, n, 0, 0)
    return {"pens": {**dict.fromkeys(range(10), same), 7: Comparison(n, n, n - lost, lost, 0)}}


def test_a_digit_that_falls_is_named_though_the_sum_is_tolerated() -> None:
    assert worse_on({"pens": Comparison(5_000, 5_000, 4_980, 20, 0)}) == ()
    assert fallen_digits(sevens(20)) == (("pens", 7),)


@pytest.mark.parametrize("compared", [sevens(5), sevens(45, n=5_000)])
def test_a_digits_loss_by_chance_or_of_less_than_a_point_is_tolerated(
    compared: dict[str, dict[int, Comparison]],
) -> None:
    assert fallen_digits(compared) == ()


def test_many_digits_are_tested_at_one_level_together() -> None:
    lost = Comparison(300, 300, 293, 7, 0)
    assert lost.p_second_worse < 0.05 / 4
    assert fallen_digits({"typefaces": {7: lost}}) == (("typefaces", 7),)
    others = dict.fromkeys(range(7), Comparison(300, 300, 300, 0, 0))
    assert fallen_digits({"typefaces": {**others, 7: lost}}) == ()


def test_each_digit_is_compared_on_each_holdout_and_refusals_count_too() -> None:
    refusing = Answers(reading([5, 3], 0.9), RIGHT.pens, RIGHT.corrections, RIGHT.others)
    compared = compare_digits(HOLDOUTS, RIGHT, refusing)
    assert {name: list(by_digit) for name, by_digit in compared.items()} == {
        "typefaces": [3],
        "pens": [3],
        "corrections": [3],
        "others": [3],
    }
    assert (compared["typefaces"][3].n, compared["typefaces"][3].only_first) == (2, 1)
    assert (compared["others"][3].n, compared["others"][3].only_first) == (7, 2)

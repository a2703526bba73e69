"""Whether one model is better than another: counted and tested."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from ml.measuring.significance import compare, mcnemar, significant


def test_only_pictures_on_which_two_models_differ_count() -> None:
    first = np.array([True, True, True, False, False, True])
    second = np.array([True, False, False, False, True, True])
    counted = compare(first, second)
    assert (counted.n, counted.first_right, counted.second_right) == (6, 4, 3)
    assert (counted.only_first, counted.only_second) == (2, 1)


def test_answers_to_different_numbers_of_pictures_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="2 and 3 answers"):
        compare(np.ones(2, bool), np.ones(3, bool))


def test_mcnemars_test_is_that_of_a_fair_coin() -> None:
    at_least_nine_of_ten = (comb(10, 9) + comb(10, 10)) / 2**10
    assert mcnemar(9, 1, alternative="greater") == pytest.approx(at_least_nine_of_ten)
    assert mcnemar(9, 1) == pytest.approx(2 * at_least_nine_of_ten)
    assert mcnemar(1, 9) == pytest.approx(2 * at_least_nine_of_ten)


def test_models_that_never_differ_have_p_value_1() -> None:
    same = compare(np.array([True, False]), np.array([True, False]))
    assert same.p_second_worse == same.p_different == 1.0


def test_a_comparison_without_pictures_has_no_loss_and_p_value_1() -> None:
    nothing = compare(np.ones(0, bool), np.ones(0, bool))
    assert (nothing.n, nothing.p_second_worse) == (0, 1.0)


def test_a_better_second_model_is_not_significantly_worse() -> None:
    better = compare(np.zeros(50, bool), np.ones(50, bool))
    assert better.p_second_worse == 1.0
    assert better.p_different < 1e-9


def test_several_tests_share_the_level_of_one() -> None:
    # Alone 0.02 would be significant; as one of four it is not.
    assert significant({"a": 0.02, "b": 0.5, "c": 0.6, "d": 0.7}, 0.05) == ()


def test_each_test_after_the_clearest_is_corrected_for_fewer() -> None:
    # 0.02 is above 0.05 / 4, but among the two that are left after the first two it is enough.
    assert significant({"a": 0.02, "b": 0.001, "c": 0.9, "d": 0.002}, 0.05) == ("b", "d", "a")


def test_without_tests_nothing_is_significant() -> None:
    assert significant({}, 0.05) == ()


def test_chance_alone_is_significant_no_more_often_than_the_level() -> None:
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(400):
        pairs = rng.binomial(200, 0.5, 4)
        p_values = {str(i): mcnemar(k, 200 - k, "greater") for i, k in enumerate(pairs)}
        found += bool(significant(p_values, 0.05))
    assert found / 400 < 0.08

"""Progress of phases as progress of the whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml.training.progress import COSTS, Progress, Steps


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def run(steps: Steps, clock: Clock, digits: dict[str, int]) -> Iterator[None]:
    """Go through all phases, each as long as its cost says."""
    for name, count in digits.items():
        report = steps.phase(name)
        for part in range(1, 5):
            clock.now += count * COSTS[name] / 1000 / 4
            report(part / 4)
            yield


def told(digits: dict[str, int]) -> list[Progress]:
    """Return what a training would report that takes as long as expected."""
    heard: list[Progress] = []
    clock = Clock()
    for _ in run(Steps(heard.append, digits, clock), clock, digits):
        pass
    return heard


DIGITS = {"Writing pens": 400, "Augmenting corrections": 0, "Training": 6_000}


def test_the_fraction_never_falls_and_ends_at_one() -> None:
    fractions = [progress.fraction for progress in told(DIGITS)]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)


def test_the_time_left_is_right_where_phases_take_as_long_as_expected() -> None:
    whole = sum(count * COSTS[name] for name, count in DIGITS.items()) / 1000
    for progress in told(DIGITS):
        if progress.seconds_left is not None:
            assert progress.seconds_left == pytest.approx(whole * (1 - progress.fraction))


def test_the_rate_is_that_of_the_phase() -> None:
    last = told(DIGITS)[-1]
    assert last.phase == "Training"
    assert last.rate == pytest.approx(1000 / COSTS["Training"])


def test_a_phase_tells_no_rate_before_it_has_done_anything() -> None:
    assert told(DIGITS)[0] == Progress("Writing pens", 0.0)


def test_a_training_of_nothing_ends() -> None:
    assert told({"Training": 0})[-1].fraction == 0

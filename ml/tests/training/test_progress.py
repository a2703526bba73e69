"""Progress of phases as progress of the whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml.training.progress import COSTS, Progress, Steps


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(steps: Steps, clock: Clock, digits: dict[str, int]) -> Iterator[None]:
    """Go through all phases, each as long as expected."""
    for name, count in digits.items():
        report = steps.phase(name)
        for part in range(1, 5):
            clock.now += count * COSTS[name] / 1000 / 4
            report(part / 4)
            yield


def reported(digits: dict[str, int]) -> list[Progress]:
    """Return the progress that a training of the expected duration reports."""
    reports: list[Progress] = []
    clock = Clock()
    for _ in run(Steps(reports.append, digits, clock), clock, digits):
        pass
    return reports


DIGITS = {"Writing pens": 400, "Augmenting corrections": 0, "Training": 6_000}


def test_the_fraction_never_falls_and_ends_at_one() -> None:
    fractions = [progress.fraction for progress in reported(DIGITS)]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)


def test_the_time_left_is_right_if_phases_take_as_long_as_expected() -> None:
    whole = sum(count * COSTS[name] for name, count in DIGITS.items()) / 1000
    for progress in reported(DIGITS):
        if progress.seconds_left is not None:
            assert progress.seconds_left == pytest.approx(whole * (1 - progress.fraction))


def test_the_rate_counts_digits_of_the_current_phase() -> None:
    last = reported(DIGITS)[-1]
    assert last.phase == "Training"
    assert last.rate == pytest.approx(1000 / COSTS["Training"])


def test_a_phase_has_no_rate_before_its_first_digit() -> None:
    assert reported(DIGITS)[0] == Progress("Writing pens", 0.0)


def test_the_progress_of_an_empty_training_ends() -> None:
    assert reported({"Training": 0})[-1].fraction == 0

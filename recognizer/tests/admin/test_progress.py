"""Progress on a terminal and in a log."""

from __future__ import annotations

import io
import sys

import pytest

from recognizer.management.base import ServiceCommand
from recognizer.management.progress_line import ProgressLine, draw_bar
from recognizer.services.retraining import training
from recognizer.wording import describe_seconds

HALFWAY = training.Progress("Training", 0.5, rate=38400.4, seconds_left=14.2)


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def shown(*steps: training.Progress, terminal: bool = False) -> str:
    """Return what a command shows of some progress."""
    output = Terminal() if terminal else io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        line = ProgressLine(ServiceCommand(stdout=output))
        for step in steps:
            line(step)
        line.end()
    return output.getvalue()


def test_a_bar_has_phase_rate_and_time_left() -> None:
    assert draw_bar(HALFWAY) == (
        "[############............]  50% Training, 38,400 digits/s, 0:14 left"
    )


def test_what_is_not_known_yet_is_not_told() -> None:
    assert draw_bar(training.Progress("Reading the archive", 0)) == (
        "[........................]   0% Reading the archive"
    )


def test_a_terminal_shows_one_line_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    output = shown(HALFWAY, HALFWAY, terminal=True)
    assert output.count("\n") == 1
    assert {len(line) for line in output.strip("\n").split("\r")[1:]} == {39}


def test_a_log_has_a_line_for_each_phase_and_each_tenth() -> None:
    steps = [training.Progress("Training", 0.3 + 0.01 * step) for step in range(25)]
    lines = shown(training.Progress("Writing pens", 0.1), *steps).splitlines()
    assert lines == [" 10% Writing pens", " 30% Training", " 40% Training", " 50% Training"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (65.2, "1:05"), (3600.0, "1:00:00"), (36061, "10:01:01")]
)
def test_time_is_told_as_on_a_clock(seconds: float, text: str) -> None:
    assert describe_seconds(seconds) == text

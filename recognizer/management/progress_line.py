"""How a training shows its progress: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import shutil
import sys

from recognizer.management.base import ServiceCommand
from recognizer.services.retraining import training
from recognizer.wording import describe_pace

BAR = 24
"""Characters of the bar."""
LINES_APART = 0.1
"""Share of the whole after which a log gets another line of the same phase."""


class ProgressLine:
    """One line that changes on a terminal; elsewhere a line for each phase and each tenth."""

    def __init__(self, command: ServiceCommand) -> None:
        self._write = command.stdout.write
        self._is_terminal = sys.stdout.isatty()
        self._phase = ""
        self._fraction = 0.0

    def __call__(self, progress: training.Progress) -> None:
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r{draw_bar(progress)[:width]:<{width}}", ending="")
            return
        is_new_phase = progress.phase != self._phase
        if is_new_phase or progress.fraction >= self._fraction + LINES_APART:
            self._write(f"{progress.fraction:4.0%} {progress.phase}{pace_of(progress)}")
            self._phase, self._fraction = progress.phase, progress.fraction

    def end(self) -> None:
        if self._is_terminal:
            self._write("")


def draw_bar(progress: training.Progress) -> str:
    """Draw the bar, with phase, rate and time left behind it."""
    filled = round(BAR * progress.fraction)
    bar = "#" * filled + "." * (BAR - filled)
    return f"[{bar}] {progress.fraction:4.0%} {progress.phase}{pace_of(progress)}"


def pace_of(progress: training.Progress) -> str:
    """Format rate and time left; a finished phase has no time left."""
    left = progress.seconds_left if progress.fraction < 1 else None
    return describe_pace(progress.rate, left)

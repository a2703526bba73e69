"""What the commands that train share: how progress and results are shown."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from typing import Any

from recognizer import services
from recognizer.management.base import ServiceCommand


class ProgressLine:
    """One line that changes on a terminal; one line for each phase elsewhere."""

    def __init__(self, command: ServiceCommand) -> None:
        self._write = command.stdout.write
        self._is_terminal = sys.stdout.isatty()
        self._phase = ""

    def __call__(self, progress: services.Progress) -> None:
        """Show how far it is."""
        if self._is_terminal:
            line = f"{progress.fraction:4.0%} {progress.phase}"
            self._write(f"\r{line:<60}", ending="")
        elif progress.phase != self._phase:
            self._write(f"{progress.fraction:4.0%} {progress.phase}")
        self._phase = progress.phase

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            self._write("")


def describe_accuracy(metrics: dict[str, Any]) -> str:
    """Say how good a model is on what was kept aside."""
    holdouts = {
        "typefaces": "unseen typefaces",
        "pens": "generated handwriting",
        "corrections": "corrections kept aside",
    }
    parts = [
        f"{metrics[key]['accuracy']:.2%} of {name}"
        for key, name in holdouts.items()
        if metrics.get(key)
    ]
    if others := metrics.get("others"):
        parts.append(f"refuses {others['others_refused']:.2%} of letters and scribbles")
    return f"reads {', '.join(parts)}" if parts else "nothing was kept aside to measure it"


def read_count(text: str) -> int:
    """Return a whole number from 0 up."""
    value = int(text)
    if value < 0:
        raise ArgumentTypeError(f"{text} is not 0 or more")
    return value

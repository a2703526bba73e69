"""How far a training is: the progress of each phase becomes progress of the whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

COSTS: Final = {
    "Augmenting typefaces": 0.33,
    "Writing pens": 0.17,
    "Scribbling": 0.28,
    "Augmenting handwriting": 0.23,
    "Augmenting corrections": 0.23,
    "Computing features": 0.07,
    "Training": 0.022,
    "Measuring": 0.45,
}
"""Time of one digit in each phase, in milliseconds of two cores: so the bar moves evenly."""
SETTLED: Final = 0.02
"""Share of the whole from which on the remaining time is estimated."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is."""

    phase: str
    """The current phase, such as "Training"."""
    fraction: float
    """Share of the whole that is done, 0 to 1."""
    rate: float | None = None
    """Digits a second in this phase; a digit counts once for each epoch."""
    seconds_left: float | None = None
    """Estimated time until the end."""


class Steps:
    """Turns the progress of each phase into progress of the whole.

    `digits` has the digits of each phase, in the order of the phases.
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        digits: Mapping[str, int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._digits = digits
        self._clock = clock
        self._began = clock()
        work = {name: COSTS[name] * count for name, count in digits.items()}
        whole = sum(work.values()) or 1.0
        self._share = {name: part / whole for name, part in work.items()}

    def phase(self, name: str) -> Callable[[float], None]:
        """Begin a phase; returns what takes the fraction of it that is done, 0 to 1."""
        names = list(self._share)
        before = sum(self._share[earlier] for earlier in names[: names.index(name)])
        began = self._clock()

        def report(done: float) -> None:
            now = self._clock()
            fraction = min(before + self._share[name] * done, 1.0)
            rate = left = None
            if done and now > began:
                rate = self._digits[name] * done / (now - began)
            if fraction >= SETTLED:
                left = (now - self._began) * (1 - fraction) / fraction
            self._report(Progress(name, fraction, rate, left))

        report(0.0)
        return report

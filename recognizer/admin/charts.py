"""Where the parts of the board's charts stand, in units of an SVG; the templates draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from math import floor
from typing import Final

from recognizer.services.site.board import Week

TOP, BOTTOM = 14, 160
LEFT, RIGHT = 44, 586
STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.25)
"""Between lines of the grid, of which there are five."""
MOST_NAMES: Final = 13
BARS_WIDTH, BARS_HEIGHT = 300, 110


@dataclass(frozen=True)
class Dot:
    x: str
    y: str
    low: str
    high: str
    week: Week


@dataclass(frozen=True)
class WeeksChart:
    """Shares by week: runs of weeks with enough answers are joined, others stand alone."""

    grid: list[tuple[str, float]]
    """Height and share of each line."""
    runs: list[tuple[str, str]]
    """Points of a line, and of the area of its intervals."""
    dots: list[Dot]
    names: list[tuple[str, int]]
    """Where the number of a week of the year stands."""
    begins: list[tuple[str, int]]
    """Where a version began."""


@dataclass(frozen=True)
class Pair:
    """Two bars side by side; heights as shares of all."""

    name: str
    before: float
    now: float
    x: str
    middle: str
    wide: str
    high_before: str
    high_now: str
    y_before: str
    y_now: str
    x_now: str


def draw_weeks(weeks: Sequence[Week], versions: dict[int, date]) -> WeeksChart | None:
    if not weeks:
        return None
    first = weeks[0].begin
    count = (weeks[-1].begin - first).days // 7 + 1
    lowest = min(week.share if week.is_few else week.interval[0] for week in weeks)
    step = next((step for step in STEPS if 1 - 4 * step <= lowest), STEPS[-1])

    def across(day: date) -> float:
        return LEFT + (RIGHT - LEFT) * ((day - first).days / 7 + 0.5) / count

    def up(share: float) -> str:
        return _say(TOP + (BOTTOM - TOP) * min((1 - share) / (4 * step), 1))

    dots = [
        Dot(_say(across(week.begin)), up(week.share), up(low), up(high), week)
        for week in weeks
        for low, high in [week.interval]
    ]
    numbers = range(0, count, floor((count - 1) / MOST_NAMES) + 1)
    mondays = [first + timedelta(weeks=number) for number in numbers]
    return WeeksChart(
        grid=[(up(1 - step * line), 1 - step * line) for line in range(5)],
        runs=[_join(run) for run in _find_runs(dots)],
        dots=dots,
        names=[(_say(across(day)), day.isocalendar().week) for day in mondays],
        begins=[
            (_say(max(across(day) - (RIGHT - LEFT) / count / 2, LEFT)), version)
            for version, day in versions.items()
        ],
    )


def draw_pairs(names: Sequence[str], before: Sequence[int], now: Sequence[int]) -> list[Pair]:
    """Place two histograms with the same bins, each as shares of its sum."""
    shares = [
        (a / max(sum(before), 1), b / max(sum(now), 1)) for a, b in zip(before, now, strict=True)
    ]
    highest = max(map(max, shares)) or 1.0
    wide = BARS_WIDTH / len(names)
    return [
        Pair(
            name=name,
            before=first,
            now=second,
            x=_say(wide * number + wide * 0.1),
            middle=_say(wide * number + wide / 2),
            wide=_say(wide * 0.4),
            x_now=_say(wide * number + wide / 2),
            **_heights(first / highest, second / highest),
        )
        for number, (name, (first, second)) in enumerate(zip(names, shares, strict=True))
    ]


def _heights(before: float, now: float) -> dict[str, str]:
    high = {"before": BARS_HEIGHT * before, "now": BARS_HEIGHT * now}
    return {f"high_{name}": _say(value) for name, value in high.items()} | {
        f"y_{name}": _say(BARS_HEIGHT - value) for name, value in high.items()
    }


def _find_runs(dots: Sequence[Dot]) -> list[list[Dot]]:
    """Return what is joined: weeks one after the other with enough answers."""
    enough = [dot for dot in dots if not dot.week.is_few]
    runs = groupby(enumerate(enough), lambda one: one[1].week.begin - timedelta(weeks=one[0]))
    return [[dot for _, dot in run] for _, run in runs]


def _join(run: Sequence[Dot]) -> tuple[str, str]:
    line = " ".join(f"{dot.x},{dot.y}" for dot in run)
    upper = [f"{dot.x},{dot.high}" for dot in run]
    lower = [f"{dot.x},{dot.low}" for dot in reversed(run)]
    return line, " ".join(upper + lower)


def _say(number: float) -> str:
    """Format for SVG, which has a point in every language."""
    return f"{number:.1f}"

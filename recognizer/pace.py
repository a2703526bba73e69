"""How fast a training goes, in words."""

from __future__ import annotations


def describe_pace(rate: float | None, seconds_left: float | None) -> str:
    """Say how many digits a second are done and how long the rest takes, as far as is known."""
    pace = f", {rate:,.0f} digits/s" if rate else ""
    return pace if seconds_left is None else f"{pace}, {describe_seconds(seconds_left)} left"


def describe_seconds(seconds: float) -> str:
    """Say a span of time as minutes and seconds, or as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""What the commands that train share: how results are shown, and an option is read."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any


def describe_accuracy(metrics: dict[str, Any]) -> str:
    """Say how good a model is on what was kept aside."""
    holdouts = {
        "typefaces": "unseen typefaces",
        "pens": "generated handwriting",
        "corrections": "corrections kept aside",
        "base": "its own base kept aside",
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

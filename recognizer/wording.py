"""Wording that several parts of the site share: holdouts, counts, pace, data: addresses."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop

from recognizer.models import NO_DIGIT

HOLDOUTS: Final = {
    "typefaces": gettext_noop("unseen typefaces"),
    "pens": gettext_noop("generated handwriting"),
    "corrections": gettext_noop("corrections kept aside"),
    "others": gettext_noop("telling digits from letters and scribbles"),
    "base": gettext_noop("its own base kept aside"),
}
"""The holdouts of `ml.measuring`, as people call them, in the order in which they are told."""


NAMES: Final = {
    "typefaces": gettext_noop("digits of typefaces"),
    "handwriting": gettext_noop("handwritten digits of the base"),
    "pens": gettext_noop("digits of the synthetic pen"),
    "others": gettext_noop("letters and scribbles"),
    "typefaces_held_out": gettext_noop("digits of typefaces kept aside"),
    "handwriting_held_out": gettext_noop("handwritten digits kept aside"),
    "corrections_held_out": gettext_noop("corrections kept aside"),
    "learned_hands": gettext_noop("hands that may no longer measure it"),
    "samples": gettext_noop("pictures in all"),
    "sha256": gettext_noop("SHA-256 of the data"),
    "typeface_copies": gettext_noop("copies of each typeface, from new weights"),
    "handwriting_weight": gettext_noop("how much more often typefaces like handwriting count"),
    "pen_samples": gettext_noop("digits of the synthetic pen, from new weights"),
    "other_samples": gettext_noop("letters and scribbles, from new weights"),
    "replay_samples": gettext_noop("digits of typefaces that it exercises again"),
    "replay_pen_samples": gettext_noop("digits of the synthetic pen that it exercises again"),
    "replay_other_samples": gettext_noop("letters and scribbles that it exercises again"),
    "correction_samples": gettext_noop("changed corrections, at most"),
    "correction_copies": gettext_noop("fewest and most copies of a correction"),
    "correction_weight": gettext_noop("what one of many corrections weighs"),
    "correction_holdout_from": gettext_noop("corrections from which on some are kept aside"),
    "holdout_share": gettext_noop("share of the pictures kept aside that measured it"),
    "jobs": gettext_noop("processes"),
    "from_scratch": gettext_noop("from new weights"),
    "reviewed_only": gettext_noop("approved corrections only"),
    "base_path": gettext_noop("folder of the base"),
    "force": gettext_noop("activated even if worse"),
    "dry_run": gettext_noop("dry run"),
    "keep": gettext_noop("older files kept"),
}
"""What is recorded of a training, as people call it; other names speak for themselves."""


NONE: Final = "none"
"""The eleventh answer in the API and in files of JSON."""


def name_answer(answer: int) -> int | str:
    """Return an answer or a label as JSON has it: a digit, or none."""
    return NONE if answer == NO_DIGIT else answer


def say_answer(answer: int | None) -> str:
    """Return an answer or a label as a text for people."""
    return gettext("no digit") if answer in (None, NO_DIGIT) else str(answer)


def say_percent(share: float, places: int = 0) -> str:
    percent = number_format(round(100 * share, places), places)
    return gettext("%(percent)s%%") % {"percent": percent}


def by_holdout(stored: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what is stored by holdout in their order, which PostgreSQL's JSON does not keep."""
    places = {name: place for place, name in enumerate(HOLDOUTS)}
    return sorted(stored.items(), key=lambda item: places.get(item[0], len(places)))


def describe_facts(facts: dict[str, Any]) -> dict[str, str]:
    """Return recorded facts as words; marks of hands and long lists are counted."""
    return {
        gettext(NAMES.get(name, name.replace("_", " "))): _plain(
            len(fact) if isinstance(fact, list) and name.startswith("learned") else fact
        )
        for name, fact in facts.items()
    }


def _plain(value: object) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) if len(value) <= 5 else f"{len(value):,} entries"
    return f"{value:,}" if isinstance(value, int) else str(value)


def describe_accuracy(metrics: dict[str, Any]) -> str:
    """Return how good a model is on its holdouts."""
    parts = [
        f"{metrics[key]['accuracy']:.2%} of {name}"
        for key, name in HOLDOUTS.items()
        if key != "others" and metrics.get(key)
    ]
    if others := metrics.get("others"):
        parts.append(f"refuses {others['others_refused']:.2%} of letters and scribbles")
    return f"reads {', '.join(parts)}" if parts else "nothing was kept aside to measure it"


def describe_pace(rate: float | None, seconds_left: float | None) -> str:
    """Format digits a second and the time left, as far as they are known."""
    pace = f", {rate:,.0f} digits/s" if rate else ""
    return pace if seconds_left is None else f"{pace}, {describe_seconds(seconds_left)} left"


def describe_seconds(seconds: float) -> str:
    """Format a duration as minutes:seconds, or hours:minutes:seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(count: int, noun: str) -> str:
    """Format a count with its noun, singular or plural."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def png_url(png: bytes) -> str:
    """Return the data: address of a PNG file."""
    return data_url(png, "png")


def data_url(content: bytes, kind: str) -> str:
    """Return the data: address of a picture: ``png`` or ``svg+xml``."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"

"""manage.py compare_models."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand, read_count
from recognizer.services.versions import comparison, findings
from recognizer.wording import png_url


class Command(ServiceCommand):
    help = (
        "Ask two versions about the same pictures: those that are kept aside from every training, "
        "and corrections. Says how often each is right, what only one of them gets right, and the "
        "probability of such a difference if both were as good (McNemar's exact test)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("first", type=int, help="number of a version")
        parser.add_argument("second", type=int, help="number of another")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object, with pictures as data: URLs"
        )
        parser.add_argument(
            "--pictures",
            type=read_count,
            default=20,
            metavar="N",
            help="most pictures that are listed of each kind (default: 20)",
        )

    def run(self, **options: Any) -> None:
        contrast: comparison.Contrast = findings.make(options["first"], options["second"])
        count = options["pictures"]
        if options["json"]:
            self.stdout.write(json.dumps(summarize(contrast, count)))
            return
        first, second = contrast.first, contrast.second
        self.stdout.write(f"{'asked about':<46} {'n':>6} {first!s:>9} {second!s:>9}     only p")
        for asked in contrast.asked.values():
            counts = asked.counts
            p = f"{counts.p_different:.2g}" if asked.is_fair else "-"
            only = f"{counts.only_first}:{counts.only_second}"
            self.stdout.write(
                f"{asked.meaning:<46} {counts.n:>6} {counts.first_right / counts.n:>9.2%} "
                f"{counts.second_right / counts.n:>9.2%} {only:>8} {p}"
            )
        for asked in contrast.asked.values():
            for which, winner in (("first", first), ("second", second)):
                differences = asked.only(which, 0, count)
                if differences:
                    listed = ", ".join(map(describe, differences))
                    self.stdout.write(f"Only {winner} is right, {asked.meaning}: {listed}")


def describe(difference: comparison.Difference) -> str:
    """Format a label and both answers, as in 3 (3/8)."""
    said = [difference.label, difference.first, difference.second]
    label, first, second = ("none" if answer is None else str(answer) for answer in said)
    return f"{label} ({first}/{second})"


def summarize(contrast: comparison.Contrast, count: int) -> dict[str, Any]:
    """Return the facts for --json."""
    return {
        "first": contrast.first.version,
        "second": contrast.second.version,
        "asked": {
            name: {
                **asked.counts.as_dict(),
                "is_fair": asked.is_fair,
                "only": {
                    which: [_plain(one) for one in asked.only(which, 0, count)]
                    for which in ("first", "second")
                },
            }
            for name, asked in contrast.asked.items()
        },
    }


def _plain(difference: comparison.Difference) -> dict[str, Any]:
    return {
        "label": difference.label,
        "first": difference.first,
        "second": difference.second,
        "canonical": png_url(difference.png),
    }

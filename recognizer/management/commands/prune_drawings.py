"""manage.py prune_drawings."""

from __future__ import annotations

import argparse
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.drawings import archive
from recognizer.wording import counted


class Command(ServiceCommand):
    help = (
        "Delete old drawings that no model learns from: those without an answer, and those that "
        "a reviewer rejected."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than", type=_days, required=True, metavar="DAYS", help="age in days, at least"
        )
        flag = partial(parser.add_argument, action="store_true")
        flag("--unlabeled", help="delete those without an answer")
        flag("--rejected", help="delete those that a reviewer rejected")
        flag("--dry-run", help="only say how many would be deleted")

    def run(self, **options: Any) -> None:
        if not options["unlabeled"] and not options["rejected"]:
            raise CommandError("Say which ones: --unlabeled, --rejected or both.")
        count = archive.prune_drawings(
            older_than=options["older_than"],
            unlabeled=options["unlabeled"],
            rejected=options["rejected"],
            dry_run=options["dry_run"],
        )
        verb = "would be deleted" if options["dry_run"] else "deleted"
        self.stdout.write(f"{counted(count, 'drawing')} {verb}.")


def _days(text: str) -> timedelta:
    """Read an age of at most a hundred years."""
    try:
        days = timedelta(days=float(text))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days") from error
    if not timedelta() <= days <= timedelta(days=36_500):
        raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to 36500 days")
    return days

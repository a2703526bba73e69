"""manage.py prune_drawings."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.drawings import archive
from recognizer.wording import counted


class Command(ServiceCommand):
    """Forgets old drawings."""

    help = (
        "Delete old drawings that nothing can be learned from: those that nobody answered for, "
        "and those that a reviewer rejected."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--older-than", type=_days, required=True, metavar="DAYS", help="age in days, at least"
        )
        parser.add_argument(
            "--unlabeled", action="store_true", help="delete those that nobody answered for"
        )
        parser.add_argument(
            "--rejected", action="store_true", help="delete those that a reviewer rejected"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say how many would be deleted"
        )

    def run(self, **options: Any) -> None:
        """Prune."""
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
    """Read an age; more days than a calendar has are refused."""
    try:
        days = timedelta(days=float(text))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days") from error
    if not timedelta() <= days <= timedelta(days=36_500):
        raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to 36500 days")
    return days

"""What all commands share: an expected error ends in one sentence and a non-zero exit code."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recognizer.services import errors


class ServiceCommand(BaseCommand):
    """A command that asks the services; ``run`` does what ``handle`` does elsewhere."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.run(**options)
        except errors.EXPECTED as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or 'File'}: {error.strerror}.") from error

    def run(self, **options: Any) -> None:
        raise NotImplementedError


def add_data_set(parser: CommandParser, name: str, default: Path, what: str) -> None:
    """Add the option for a data set that is built from fonts."""
    shown = f"{what} (default: %(default)s)"
    parser.add_argument(name, type=Path, default=default, metavar="CSV.GZ", help=shown)


def read_count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ArgumentTypeError(f"{text} is not 0 or more")
    return value

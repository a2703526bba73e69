"""manage.py backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.site import backups
from recognizer.wording import counted


class Command(ServiceCommand):
    help = (
        "Write database and model files into one file, while the site goes on. Everything that it "
        "answered before is in it. SECRET_KEY is not: keep it elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file, a tar; one of that name is replaced")

    def run(self, **options: Any) -> None:
        backup = backups.back_up(options["path"])
        for name in backup.missing:
            self.stderr.write(f"Without {name}, which is missing or damaged.")
        size = options["path"].stat().st_size
        self.stdout.write(
            f"Database and {counted(backup.models, 'model file')} in {options['path']}, "
            f"{size:,} bytes."
        )

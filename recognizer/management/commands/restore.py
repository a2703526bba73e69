"""manage.py restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.site import backups
from recognizer.wording import counted


class Command(ServiceCommand):
    help = (
        "Check a file that `backup` wrote, then put it in the place of database and models; a "
        "crash leaves the old ones. Restore only what you made yourself: model files are programs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file")
        parser.add_argument("--force", action="store_true", help="replace an archive that is there")

    def run(self, **options: Any) -> None:
        backup, is_older = backups.restore(options["path"], force=options["force"])
        self.stdout.write(
            f"Database and {counted(backup.models, 'model file')} of {backup.made_at} restored."
        )
        if is_older:
            self.stdout.write("They are of an older version of the site: run manage.py migrate.")

"""manage.py activate_model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.versions import registry


class Command(ServiceCommand):
    help = (
        "Activate a version, a newer or an older one, if its file is whole. A running server "
        "picks it up by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", type=int, help="number of the version")

    def run(self, **options: Any) -> None:
        self.stdout.write(f"{registry.activate(options['version'])} is active.")

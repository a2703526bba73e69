"""manage.py activate_model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from recognizer.management.base import ServiceCommand
from recognizer.services.versions import registry


class Command(ServiceCommand):
    """Lets a version answer."""

    help = (
        "Let a version answer, a newer or an older one, if its file is whole. A running server "
        "picks it up by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the argument."""
        parser.add_argument("version", type=int, help="number of the version")

    def run(self, **options: Any) -> None:
        """Activate."""
        self.stdout.write(f"{registry.activate(options['version'])} is active.")

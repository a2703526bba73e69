"""manage.py register_bundled_model."""

from __future__ import annotations

from typing import Any

from recognizer.management.base import ServiceCommand
from recognizer.services.versions import registry


class Command(ServiceCommand):
    help = (
        "Copy the model that comes with the project to where model files are kept, and make it "
        "version 1. Running it again changes nothing."
    )

    def run(self, **options: Any) -> None:
        model = registry.register_bundled_model()
        state = "active" if model.active else "registered; another version is active"
        self.stdout.write(f"{model} (bundled) is {state}.")

"""Name and defaults of the Django app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class RecognizerConfig(AppConfig):
    """The digit recognizer."""

    name = "recognizer"
    verbose_name = "Digit recognizer"

    def ready(self) -> None:
        """Register the checks."""
        import_module("recognizer.checks")

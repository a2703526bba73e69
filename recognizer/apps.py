"""Name and defaults of the Django app."""

from __future__ import annotations

from django.apps import AppConfig


class RecognizerConfig(AppConfig):
    """The digit recognizer."""

    name = "recognizer"
    verbose_name = "Digit recognizer"

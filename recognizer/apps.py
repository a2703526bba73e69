"""Name and defaults of the Django app."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class RecognizerConfig(AppConfig):
    name = "recognizer"
    verbose_name = "Digit recognizer"

    def ready(self) -> None:
        """Register the checks, and what `migrate` makes beside the tables of the models."""
        import_module("recognizer.checks")
        post_migrate.connect(_create_cache_table, sender=self)
        post_migrate.connect(_watch_days, sender=self)


def _create_cache_table(using: str, **options: Any) -> None:
    """Create the table of Django's cache, where that is in the database."""
    call_command("createcachetable", database=using, verbosity=0)


def _watch_days(using: str, **options: Any) -> None:
    """Create the triggers of the daily counts: SQLite loses them when a table is made again."""
    import_module("recognizer.services.touching").watch(using)

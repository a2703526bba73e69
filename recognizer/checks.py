"""Checks of `manage.py check`: the folder of models, and the scopes of the API."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import URLPattern, URLResolver, get_resolver


@register()
def check_artifacts_folder(**options: Any) -> list[CheckMessage]:
    """Check that the folder of models exists or can be made."""
    folder = Path(settings.ARTIFACTS_DIR)
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"Models cannot be kept: {nearest} cannot be written.",
            hint="Name another folder in ARTIFACTS_DIR, or give this user the right to write.",
            id="recognizer.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_labels_of_strangers(**options: Any) -> list[CheckMessage]:
    """Check that a site on the internet learns from approved labels only."""
    if not settings.HTTPS or settings.RETRAIN_REVIEWED_ONLY:
        return []
    return [
        Warning(
            "RETRAIN_REVIEWED_ONLY is off, so retrainings learn from labels that no one approved.",
            hint="Anybody can send false labels, each with a new cookie. Leave the setting at its "
            "default, on, unless only people whom you trust reach the site.",
            id="recognizer.W001",
        )
    ]


@register()
def check_scopes(**options: Any) -> list[CheckMessage]:
    """Check that every operation of the API names its scope."""
    views = list(_api_views(get_resolver().url_patterns))
    unnamed = {
        (view.cls, operation)
        for view in views
        for operation in _operations(view)
        if operation not in getattr(view.cls, "scopes", {})
    }
    return [
        Error(
            f"{cls.__module__}.{cls.__name__} names no scope for {operation}.",
            hint="Name the scope that an API key needs for it in `scopes`; None is for any key.",
            id="recognizer.E002",
        )
        for cls, operation in sorted(unnamed, key=str)
    ]


def _api_views(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _api_views(pattern.url_patterns)
        elif hasattr(pattern.callback, "cls"):  # as the REST framework marks its views
            yield pattern.callback


def _operations(view: Any) -> Iterable[str]:
    """Return the actions of a view set, or the methods of another view."""
    if hasattr(view, "actions"):
        return set(view.actions.values())
    methods = set(view.cls.http_method_names) - {"head", "options"}
    return {method for method in methods if hasattr(view.cls, method)}

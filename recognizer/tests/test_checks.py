"""manage.py check: a site that could not keep a model is told before it trains one."""

from __future__ import annotations

from pathlib import Path

from django.core.checks import run_checks
from pytest_django import Settings


def problems() -> list[str]:
    """Return what the checks of this app say."""
    return [str(found.id) for found in run_checks() if str(found.id).startswith("recognizer.")]


def test_a_folder_that_is_not_there_yet_is_fine(settings: Settings, tmp_path: Path) -> None:
    settings.ARTIFACTS_DIR = tmp_path / "not" / "yet"
    assert problems() == []


def test_a_file_in_the_way_is_an_error(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.ARTIFACTS_DIR = tmp_path / "file" / "artifacts"
    assert problems() == ["recognizer.E001"]

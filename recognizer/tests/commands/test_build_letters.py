"""manage.py build_letters: fonts become letters; how is tested with the recognizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "letters.csv.gz"
    with pytest.raises(CommandError, match="font"):
        call_command("build_letters", "--fonts", str(tmp_path), "--target", str(target))
    assert not target.exists()


def test_the_folder_must_be_named() -> None:
    with pytest.raises(CommandError, match="--fonts"):
        call_command("build_letters")

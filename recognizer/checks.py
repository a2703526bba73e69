"""What `manage.py check` says of a site that could not keep what it makes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def check_artifacts_folder(**options: Any) -> list[CheckMessage]:
    """Models are written into a folder that is there, or can be made."""
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

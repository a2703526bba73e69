"""Copies of model files that are elsewhere, by digest: whole or not there, and never trusted."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from ml import artifacts, files

logger = logging.getLogger(__name__)

KEPT = 12
"""Copies of a machine, the last ones that were read; each can be fetched again."""
DRAFT_SECONDS = 3600
"""Age from which half of a file is what a process left that was killed."""


def read(sha256: str) -> bytes | None:
    """Return a copy that has the digest; one that has another is deleted."""
    path = _path(sha256)
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if artifacts.digest(data) == sha256:
        with suppress(OSError):
            os.utime(path)
        return data
    logger.warning("The copy %s was changed; it is fetched again.", path)
    with suppress(OSError):
        path.unlink()
    return None


def keep(data: bytes, sha256: str) -> None:
    """Keep a copy if there is room for it, and delete those that were not read for long."""
    path = _path(sha256)
    try:
        files.write_atomically(path, data)
    except OSError as error:
        logger.warning("The copy %s is not kept: %s", path, error)
    with suppress(OSError):  # another process may delete the same one just now
        _forget_old(path.parent)


def _forget_old(folder: Path) -> None:
    copies = sorted(folder.glob("*.joblib"), key=lambda copy: copy.stat().st_mtime)
    oldest = time.time() - DRAFT_SECONDS
    drafts = [draft for draft in folder.glob(".*") if draft.stat().st_mtime < oldest]
    for file in (*copies[:-KEPT], *drafts):
        file.unlink(missing_ok=True)


def _path(sha256: str) -> Path:
    return Path(settings.ARTIFACTS_DIR, "copies", f"{sha256}.joblib")

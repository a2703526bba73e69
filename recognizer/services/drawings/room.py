"""How much the archive may still take."""

from __future__ import annotations

import json
import math
import os

from django.conf import settings
from django.db import connection

from recognizer.models import Drawing
from recognizer.services.errors import ServiceError

ROW_BYTES = 1024
"""What a row and its index entries take, besides picture, pixels and strokes."""


class ArchiveFull(ServiceError):
    """The archive has reached MAX_ARCHIVE."""


def check_room() -> None:
    """Refuse to store anything in a full archive.

    What is deleted makes room at once in SQLite, after VACUUM FULL in PostgreSQL.
    """
    most = settings.MAX_ARCHIVE
    if most and _bytes_of_files() >= most and archive_bytes() >= most:
        raise ArchiveFull(
            f"The archive has the {settings.MAX_ARCHIVE / 1e9:g} GB that it may have (MAX_ARCHIVE)."
        )


def _bytes_of_files() -> float:
    """Return at least the size of the archive in SQLite, without asking it; or else infinity.

    What was committed and is not in the database's file yet is in its log, which is looked at
    first, as a checkpoint may empty it into the file meanwhile.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return math.inf
    name = connection.settings_dict["NAME"]
    try:
        return os.path.getsize(f"{name}-wal") + os.path.getsize(name)
    except OSError:  # it is in memory, or the log begins with the next write
        return math.inf


def archive_bytes() -> int:
    """Return the size of the table of drawings; in SQLite, of the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
                "pragma_freelist_count, pragma_page_size"
            )
        else:
            cursor.execute("SELECT pg_total_relation_size(%s)", [Drawing._meta.db_table])
        return int(cursor.fetchone()[0])


def stored_bytes(drawing: Drawing) -> int:
    """Estimate what a drawing takes in the archive."""
    strokes = 0 if drawing.strokes is None else len(json.dumps(drawing.strokes))
    return ROW_BYTES + len(drawing.canonical) + len(drawing.image) + strokes

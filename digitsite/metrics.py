"""Where the processes of a server keep their counts, so that each of them can tell those of all.

A file belongs to a place among the workers, not to a process: whoever takes the place of one that
ended counts on, and no files of dead ones pile up.
"""

from __future__ import annotations

import os
from tempfile import mkdtemp

OURS = f".{os.getpid()}"
# In memory where there is such a folder: a process that counts into a mapped file dies when the
# disk below it is full.
MEMORY = "/dev/shm"  # nosec B108


class Place:
    """The place of this process; 0 is that of the parent."""

    number = 0


def open_folder() -> str:
    """Return this server's folder, made fresh at its start; call it before anything counts."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if folder.endswith(OURS):  # the configuration is read again
        return folder
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = mkdtemp(
        OURS, "metrics-", MEMORY if os.access(MEMORY, os.W_OK) else None
    )
    # It looks for the folder when it is imported.
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: Place.number)  # type: ignore[no-untyped-call]
    return folder

"""The folder in which the processes of a server count, so that each can report the counts of all.

prometheus_client keeps a set of files for each process, also for those that ended. Here a set
belongs to a slot, which a worker inherits from the one that it replaces
(docs/decisions/counts-belong-to-slots.md).
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

PREFIX = "digits-metrics-"
# In memory where possible: a process that counts into a mapped file dies when the disk is full.
MEMORY = "/dev/shm"  # nosec B108


class Slot:
    """The slot of this process; 0 is that of the parent."""

    number = 0


@cache  # gunicorn reads its configuration again on SIGHUP
def open_folder() -> Path:
    """Make this server's folder; call it before anything counts."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    draft = Path(mkdtemp(prefix=f".{PREFIX}", dir=parent))
    # Left open: the lock lasts as long as this process or one of its forks. A process id would
    # not do, as it is given out again and means another process in another container.
    fcntl.flock(os.open(draft, os.O_RDONLY), fcntl.LOCK_EX)
    folder = draft.rename(draft.with_name(draft.name[1:]))  # found by others once it is locked
    remove_abandoned(folder.parent)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # It looks for the folder when it is imported.
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: Slot.number)  # type: ignore[no-untyped-call]
    return folder


def remove_abandoned(parent: Path) -> None:
    """Delete the folders of this user's servers that were killed."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is in use, a link, or deleted by another server
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(held).st_uid == os.getuid():
                    shutil.rmtree(folder)
            finally:
                os.close(held)

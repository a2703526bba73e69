"""Where the processes of a server keep their counts, so that each of them can tell those of all.

A file belongs to a place among the workers, not to a process: whoever takes the place of one that
ended counts on, and no files of dead ones pile up. Neither do folders: a server that could not take
its own along, as it was killed, leaves that to the next one.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

OURS = f".{os.getpid()}"
# In memory where there is such a folder: a process that counts into a mapped file dies when the
# disk below it is full.
MEMORY = "/dev/shm"  # nosec B108
FOLDER = re.compile(r"metrics-\w{8}\.\d+")
HELD = "server.lock"
"""The file that a server and its workers hold a lock of, which ends with the last one of them.

A number of a process would not do: it is given out again, and means another in another container.
"""


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
    _hold(Path(folder))
    remove_abandoned(Path(folder).parent)
    # It looks for the folder when it is imported.
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: Place.number)  # type: ignore[no-untyped-call]
    return folder


def remove_abandoned(parent: Path) -> None:
    """Delete the folders of this user's servers that are gone.

    One without the file is about to be used, or is an older version's; it stays.
    """
    for folder in parent.iterdir():
        if not FOLDER.fullmatch(folder.name):
            continue
        with suppress(OSError):  # somebody else is deleting it, or it is in use
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / HELD, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def _hold(folder: Path) -> None:
    """Lock the folder's file, which is left open for as long as this process and its forks live."""
    draft = folder / f"{HELD}.new"
    fcntl.flock(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
    draft.rename(folder / HELD)  # nobody finds it before it is locked

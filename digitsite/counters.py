"""The folder in which the processes of a server count, so that each can report the counts of all.

prometheus_client keeps a set of files for each process, also for those that ended. Here a set
belongs to a slot, which a worker inherits from the one that it replaces
(docs/decisions/counts-belong-to-slots.md). Where nothing can be counted, requests are answered.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

logger = logging.getLogger(__name__)

PREFIX = "digits-metrics-"
# In memory where possible, so that counting waits for no disk.
MEMORY = "/dev/shm"  # nosec B108
FIRST_BYTES = 64 * 1024
"""Size with which prometheus_client begins a file."""


class Slot:
    """The slot of this process; 0 is that of the parent."""

    number = 0
    is_blocked = False  # counting has failed, which the log has once


@cache  # gunicorn reads its configuration again on SIGHUP
def open_folder() -> Path | None:
    """Make this server's folder; call it before anything counts.

    Return None where no folder can be made; then each process counts alone.
    """
    try:
        parent = MEMORY if os.access(MEMORY, os.W_OK) else None
        draft = Path(mkdtemp(prefix=f".{PREFIX}", dir=parent))
        # Left open: the lock lasts as long as this process or one of its forks. A process id would
        # not do, as it is given out again and means another process in another container.
        fcntl.flock(os.open(draft, os.O_RDONLY), fcntl.LOCK_EX)
        folder = draft.rename(draft.with_name(draft.name[1:]))  # found by others once locked
    except OSError as error:
        print(f"/metrics has the counts of one process only: {error}", file=sys.stderr)
        return None
    remove_abandoned(folder.parent)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    # It looks for the folder when it is imported.
    from prometheus_client import mmap_dict, values

    values.MmapedDict = _reserve_room(mmap_dict.MmapedDict)  # type: ignore[attr-defined]
    shared = values.MultiProcessValue(lambda: Slot.number)  # type: ignore[no-untyped-call]
    values.ValueClass = _tolerate_failures(shared)
    return folder


def _reserve_room(file: Any) -> Any:
    """Return a class of files that have room on the disk before something is written to them.

    A process that writes where a mapped file has no room is killed.
    """

    class ReservedFile(file):  # type: ignore[misc]
        def __init__(self, filename: str, read_mode: bool = False) -> None:
            with open(filename, "ab") as new:
                try:
                    os.posix_fallocate(new.fileno(), 0, FIRST_BYTES)
                except OSError:
                    if not new.tell():  # a reader would stumble over an empty file
                        os.unlink(filename)
                    raise
            super().__init__(filename, read_mode)

        def _init_value(self, key: str) -> None:
            if self._used + len(key) + 64 > self._capacity:
                os.posix_fallocate(self._f.fileno(), 0, 2 * self._capacity)
            super()._init_value(key)

    return ReservedFile


def _tolerate_failures(value: Any) -> Any:
    """Return a class of values that are not counted while their file is full or gone."""

    class TolerantValue(value):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self._made_of = arguments, options
            self._is_open = False
            self.inc(0.0)

        def inc(self, amount: float) -> None:
            try:
                if not self._is_open:
                    arguments, options = self._made_of
                    super().__init__(*arguments, **options)
                super().inc(amount)
                self._is_open = True
            except Exception as error:
                self._is_open = False
                if not Slot.is_blocked:
                    Slot.is_blocked = True
                    logger.error("Some requests are not counted: %s", error)

    return TolerantValue


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

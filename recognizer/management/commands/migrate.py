"""manage.py migrate, of which several may be started at once over one database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

KEY = int.from_bytes(b"migrate")
"""Of the lock in a PostgreSQL database."""
WITHOUT_LIMIT = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


class Command(migrate.Command):
    """Lets one migrate and the others wait, who then find that all is done.

    Django makes its plan before it changes anything; two plans for one new database contradict
    each other.
    """

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Migrate."""
        with _alone(connections[options["database"]]):
            super().handle(*arguments, **options)


@contextmanager
def _alone(connection: Any) -> Iterator[None]:
    """Wait for whoever else migrates this database; the lock ends with the process."""
    if connection.vendor == "postgresql":
        connection.ensure_connection()  # which has patience with a server that is starting
        # A connection of its own: the one that migrates begins and ends transactions, and where
        # pgbouncer stands between, only within a transaction a lock is certain to be one's own.
        with connection.wrap_database_errors:
            lock = connection.Database.connect(**connection.get_connection_params())
        with lock:
            for statement in WITHOUT_LIMIT:
                lock.execute(statement)
            lock.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
            yield
        return
    folder = Path(connection.settings_dict["NAME"]).parent
    if connection.is_in_memory_db() or not folder.is_dir():
        yield
        return
    # Of the folder, as SQLite loses its own locks where somebody else closes the file.
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)

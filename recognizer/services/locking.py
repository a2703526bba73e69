"""Locks of a PostgreSQL database: for all hosts at once, and free when their holder ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

SETTINGS = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    # The server asks a host that fell silent whether it is there, and lets go after a minute.
    "SET LOCAL tcp_keepalives_idle = 30",
    "SET LOCAL tcp_keepalives_interval = 10",
    "SET LOCAL tcp_keepalives_count = 3",
)


def is_postgresql() -> bool:
    vendor: str = connections[DEFAULT_DB_ALIAS].vendor
    return vendor == "postgresql"


@contextmanager
def hold_lock(name: bytes, *, wait: bool) -> Iterator[bool]:
    """Hold an advisory lock; yield whether it was free, which it is after waiting.

    The connection is its own, as the other one begins and ends transactions, and the lock a
    transaction's: behind pgbouncer that of a session may be another client's. The transaction
    keeps no snapshot, so vacuum goes on.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()  # waits for a server that is starting
    with connection.wrap_database_errors:
        own = connection.Database.connect(**connection.get_connection_params())
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    try:
        with connection.wrap_database_errors:
            for statement in SETTINGS:
                own.execute(statement)
            (got,) = own.execute(f"SELECT {function}(%s)", [int.from_bytes(name)]).fetchone()
        yield wait or got
    finally:
        with suppress(connection.Database.Error):  # a server that went away holds nothing
            own.close()

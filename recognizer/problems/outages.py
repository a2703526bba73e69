"""Outages of database and disk, recognized by the exceptions that they raise."""

from __future__ import annotations

import errno
import sqlite3

from django.db import DatabaseError, InterfaceError, OperationalError

BUSY, FULL, AWAY = OUTAGES = "database-busy", "storage-full", "no-database"
"""Slugs of their problems."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# The whole code is looked up first: a write over a quota or limit is not a broken disk.
_OF_SQLITE = {
    sqlite3.SQLITE_IOERR_WRITE: FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: FULL,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: AWAY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
    sqlite3.SQLITE_READONLY: AWAY,
    sqlite3.SQLITE_PERM: AWAY,
    sqlite3.SQLITE_CORRUPT: AWAY,
    sqlite3.SQLITE_NOTADB: AWAY,
}
_OF_POSTGRESQL = {
    "53100": FULL,  # disk_full
    "55P03": BUSY,  # lock_not_available
    "57014": BUSY,  # query_canceled, by a timeout
    "40P01": BUSY,  # deadlock_detected
    "40001": BUSY,  # serialization_failure
}


def find_outage(error: BaseException | None) -> str | None:
    """Return the slug of the outage behind an exception; None if the fault is in our code."""
    if isinstance(error, DatabaseError | InterfaceError):
        return _diagnose_database(error)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return FULL
    return None


def _diagnose_database(error: Exception) -> str | None:
    cause = error.__cause__  # the driver's exception; errors that Django itself raises have none
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return _OF_SQLITE.get(code) or _OF_SQLITE.get(code & 0xFF)
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    return _OF_POSTGRESQL.get(getattr(cause, "sqlstate", None) or "", AWAY)

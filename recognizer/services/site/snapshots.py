"""Copies of the database as it was at one moment, and their restore in one transaction."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.db.models import Model

from recognizer.models import Drawing, TrainedModel, TrainingRun
from recognizer.services.errors import ServiceError

TABLE = TrainedModel._meta.db_table
FILES = f"SELECT artifact, sha256 FROM {TABLE} WHERE pruned_at IS NULL"  # nosec B608
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY id"


class SnapshotError(ServiceError):
    """The database cannot be copied, or a copy cannot be read."""


@dataclass(frozen=True)
class Snapshot:
    """What a copy of the database holds: model files with digests, applied migrations."""

    files: list[tuple[str, str]]
    migrations: list[tuple[str, str]]


def take_snapshot(path: Path) -> Snapshot:
    """Copy the database into a new file while others go on writing.

    What was committed before the call is in the copy.
    """
    return _copy_sqlite(path) if connection.vendor == "sqlite" else _dump_postgresql(path)


def check_snapshot(path: Path) -> None:
    """Refuse a file that is not a whole copy of this site's kind of database."""
    if connection.vendor == "postgresql":
        _run("pg_restore", "--list", str(path))
        return
    with closing(sqlite3.connect(path)) as copy:
        _check_integrity(copy)


def load_snapshot(path: Path) -> None:
    """Put a copy in the place of the database, in one transaction that a crash undoes.

    Running processes go on with the new content.
    """
    if connection.vendor == "postgresql":
        _load_postgresql(path)
        return
    connections.close_all()
    with closing(sqlite3.connect(path)) as copy, closing(_open_sqlite("rwc")) as database:
        copy.backup(database)


def is_empty() -> bool:
    """Check that the database has neither drawings nor users nor training runs."""
    tables = connection.introspection.table_names()
    kinds: tuple[type[Model], ...] = (Drawing, TrainingRun, User)
    kept = [kind for kind in kinds if kind._meta.db_table in tables]
    return not any(kind._default_manager.exists() for kind in kept)


def _open_sqlite(mode: str) -> sqlite3.Connection:
    # Django's own may be inside a transaction, for which a copy would wait without end.
    file = Path(connection.settings_dict["NAME"])
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True)


def _copy_sqlite(path: Path) -> Snapshot:
    with closing(_open_sqlite("rw")) as database, closing(sqlite3.connect(path)) as copy:
        # All pages in one step: a write between two steps makes the copy start again.
        database.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        _check_integrity(copy)
        return _read(copy)


def _check_integrity(copy: sqlite3.Connection) -> None:
    try:
        answer = copy.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as error:
        raise SnapshotError(f"The database cannot be read: {error}.") from error
    if answer != [("ok",)]:
        raise SnapshotError(f"The database is damaged: {answer[0][0]}.")


def _dump_postgresql(path: Path) -> Snapshot:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        options = [
            "--format=custom",
            "--no-owner",
            "--no-acl",
            f"--snapshot={cursor.fetchone()[0]}",
        ]
        _run("pg_dump", *options, f"--file={path}", *_database_of_postgresql())
        return _read(cursor)


def _load_postgresql(path: Path) -> None:
    """Run the copy as a script, after dropping all tables: the copy may be older than some."""
    quote = connection.ops.quote_name
    tables = connection.introspection.django_table_names(only_existing=True)
    drop = [f"--command=DROP TABLE {', '.join(map(quote, tables))} CASCADE"] if tables else []
    connections.close_all()
    script = path.with_name(f"{path.name}.sql")
    options = ["--clean", "--if-exists", "--no-owner", "--no-acl"]
    _run("pg_restore", *options, f"--file={script}", str(path))
    options = ["--single-transaction", "--set=ON_ERROR_STOP=1", "--no-psqlrc", "--quiet"]
    _run("psql", *options, *drop, f"--file={script}", *_database_of_postgresql())


def _read(cursor: Any) -> Snapshot:
    """Read files and migrations from a copy, or in the transaction that it was made in."""
    answers = []
    for query in (FILES, MIGRATIONS):
        answers.append((cursor.execute(query) or cursor).fetchall())
    return Snapshot(*answers)


def _database_of_postgresql() -> list[str]:
    command, _ = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    return [*command[1:-1], f"--dbname={command[-1]}"]


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password travels in its environment."""
    found = shutil.which(program)
    if found is None:
        raise SnapshotError(
            f"{program} is not installed; on Debian: sudo apt-get install postgresql-client."
        )
    _, secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    finished = subprocess.run(  # nosec B603
        [found, *arguments],
        env={**os.environ, **(secrets or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise SnapshotError(f"{program} failed: {finished.stderr.strip()}")

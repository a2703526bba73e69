"""Another process holds SQLite's write lock: a short while is waited for, a long one is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recognizer.tests.kit.drawings import assert_problem
from recognizer.tests.kit.live import LiveSite, registered_database, serve
from recognizer.tests.kit.load import Answer, ask, draw, load, stored

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="Only SQLite has one lock for all writers.",
)

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
if sys.argv[2]:
    time.sleep(float(sys.argv[2]))
else:
    sys.stdin.read()
connection.execute("ROLLBACK")
"""
READS = ["/", "/history/", "/api/v1/drawings/", "/api/v1/stats/", "/readyz"]


@contextmanager
def locked(site: LiveSite, seconds: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Let another process hold the lock for so long, or until the block ends."""
    path = site.environment["DATABASE_URL"].removeprefix("sqlite:///").partition("?")[0]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path, seconds], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        yield holder
        assert holder.stdin is not None
        holder.stdin.close()


def test_a_lock_of_three_seconds_is_waited_for(static_files: None, tmp_path: Path) -> None:
    with serve(tmp_path) as site:
        with load(site) as clients:
            clients.wait_for(4)
            with locked(site, "3") as holder:
                holder.wait()
            clients.wait_for(8)
        assert set(clients.count()) == {201}
        assert stored(site) == clients.kept
        assert "database is locked" not in site.server.log


def test_a_longer_lock_is_told_and_whoever_reads_does_not_wait(
    static_files: None, tmp_path: Path
) -> None:
    with (
        registered_database(tmp_path) as database,
        serve(tmp_path, DATABASE_URL=f"{database}?timeout=1") as site,
    ):
        kept = draw(site).json()["id"]
        with locked(site):
            answers: list[Answer] = [draw(site) for _ in range(2)]
            reads = {path: ask(site.url, path).status for path in READS}
        for answer in answers:
            assert_problem(answer, 503, "database-busy")
            assert answer.headers["Retry-After"] == "5"
        assert reads == dict.fromkeys(READS, 200)
        assert "database-busy: database is locked" in site.server.log
        assert "Traceback" not in site.server.log
        assert stored(site) == {kept}
        assert draw(site).status == 201

"""PostgreSQL is stopped at once and started again: 503 meanwhile, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recognizer.tests.kit.drawings import assert_problem
from recognizer.tests.kit.live import PROJECT, connect, serve
from recognizer.tests.kit.load import ask, load, stored

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="`make test-postgresql` brings its programs.",
    ),
]


class PostgreSQL:
    """A server of its own, which may be ended without a warning."""

    def __init__(self, url: str) -> None:
        self.url = url
        with connect(url) as connection:
            ((folder,),) = connection.execute("SHOW data_directory").fetchall()
            ((port,),) = connection.execute("SHOW port").fetchall()
            ((self._programs,),) = connection.execute(
                "SELECT setting FROM pg_config WHERE name = 'BINDIR'"
            ).fetchall()
        self._folder = folder
        self._options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories="
        # It was started without care for crashes, as the tests need none; this one does.
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop as a crash would: no connection is ended in good order, no data are put in order."""
        self._control("stop", "--mode=immediate")

    def start(self) -> None:
        """Start, and wait until it lets clients in."""
        self._control("start", f"--log={self._folder}/log", f"--options={self._options}")

    def _control(self, *arguments: str) -> None:
        owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        program = f"{self._programs}/pg_ctl"
        subprocess.run(
            [*owner, program, *arguments, "--silent", "--wait", f"--pgdata={self._folder}"],
            cwd="/",
            stdout=subprocess.DEVNULL,
            check=True,
        )


@contextmanager
def run_postgresql() -> Iterator[PostgreSQL]:
    """Start a server beside that of the tests, with nothing in it; end it with the block."""
    command = ["sh", ".ci/postgresql", "sh", "-c", 'echo "$DATABASE_URL"; cat']
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield PostgreSQL(process.stdout.readline().strip())
        finally:
            process.stdin.close()


def test_a_restart_is_told_while_it_lasts_and_forgotten_afterwards(
    static_files: None, tmp_path: Path
) -> None:
    with run_postgresql() as database, serve(tmp_path, DATABASE_URL=database.url) as site:
        with load(site) as clients:
            clients.wait_for(20)
            database.stop()
            clients.wait_for(4, status=503)
            assert ask(site.url, "/healthz").status == 200
            assert_problem(ask(site.url, "/readyz"), 503, "no-database")
            database.start()
            clients.wait_for(20)
        told = clients.count()
        assert set(told) == {201, 503}
        for answer in clients.answers:
            if answer.status == 503:
                assert_problem(answer, 503, "no-database")
                assert answer.headers["Retry-After"] == "5"
        with load(site) as later:
            later.wait_for(20)
        assert set(later.count()) == {201}
        assert clients.kept <= stored(site)
        # What was being kept when the server fell may be there without its answer, and no more.
        assert len(stored(site) - clients.kept - later.kept) <= told[503]
        assert "no-database: " in site.server.log
        assert "Traceback" not in site.server.log

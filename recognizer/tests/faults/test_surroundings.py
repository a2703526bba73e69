"""What a system does to a running site: another user, a read-only database, rotated logs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recognizer.tests.kit.drawings import assert_problem
from recognizer.tests.kit.live import (
    LiveSite,
    Server,
    copy_site,
    migrated_database,
    serve,
    wait_until,
)
from recognizer.tests.kit.load import ask, draw, stored

AS_A_USER = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
"""Runs a command without root's rights, which would overrule the modes of files."""
OTHER_USER = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give files away.")
ON_SQLITE = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="PostgreSQL keeps its files to itself.",
)


def replace_workers(site: LiveSite) -> None:
    """Kill the workers and wait for those that take their places."""
    killed = site.server.processes()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(set(site.server.processes()) - set(killed)) >= len(killed))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("surroundings")


@pytest.fixture(scope="module")
def site_of_a_user(static_files: None, folder: Path) -> Iterator[LiveSite]:
    """Return a site whose user has no rights of root; it writes its requests into a file."""
    log = f"--access-logfile {folder / 'requests.log'}"
    with serve(folder, *AS_A_USER, GUNICORN_CMD_ARGS=log) as site:
        yield site


@ON_SQLITE
def test_a_user_without_rights_serves_and_keeps_the_database_private(
    site_of_a_user: LiveSite, folder: Path
) -> None:
    assert draw(site_of_a_user).status == 201
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("db.sqlite3*")}
    assert modes == dict.fromkeys(("db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal"), 0o600)


def test_a_rotated_log_goes_on_in_a_new_file(site_of_a_user: LiveSite, folder: Path) -> None:
    log, old = folder / "requests.log", folder / "requests.log.1"
    log.rename(old)
    assert ask(site_of_a_user.url, "/before/").status == 404
    # A line is written after its answer, and a worker opens the file with its first line.
    wait_until(lambda: any('"/before/"' in path.read_text() for path in folder.glob("*.log*")))
    os.kill(site_of_a_user.server.pid, signal.SIGUSR1)
    for _ in range(500):  # the workers take the new file one after the other
        assert ask(site_of_a_user.url, "/after/").status == 404
        if log.exists() and '"/after/"' in log.read_text():
            break
    assert '"/after/"' in log.read_text()


@ON_SQLITE
def test_a_read_only_database_is_told_and_read_and_heals(
    site_of_a_user: LiveSite, folder: Path
) -> None:
    kept = stored(site_of_a_user)
    files = [folder, *folder.glob("db.sqlite3*")]
    for path in files:
        os.chown(path, OTHER_USER, OTHER_USER)
        path.chmod(0o755 if path.is_dir() else 0o644)
    replace_workers(site_of_a_user)
    refused = draw(site_of_a_user)
    assert_problem(refused, 503, "no-database")
    paths = ["/", "/api/v1/drawings/", "/api/v1/stats/", "/readyz"]
    read = {path: ask(site_of_a_user.url, path).status for path in paths}
    assert read == dict.fromkeys(paths, 200)
    assert "attempt to write a readonly database" in site_of_a_user.server.log

    for path in files:
        os.chown(path, 0, 0)
    replace_workers(site_of_a_user)
    new = draw(site_of_a_user).json()["id"]
    assert stored(site_of_a_user) == kept | {new}


def test_a_site_without_its_fixtures_says_so_and_does_not_start(tmp_path: Path) -> None:
    copy_site(tmp_path)
    (tmp_path / "fixtures" / "model.joblib").unlink()
    environment = {**os.environ, "SECRET_KEY": "only for tests", "RETRAIN_WORKER": "no"}
    command = [sys.executable, "-m", "digitsite.serve", "--bind", "127.0.0.1:0"]
    with migrated_database(tmp_path) as environment["DATABASE_URL"]:
        server = Server(command, cwd=tmp_path, env=environment)
        assert server.wait() != 0
    assert "model.joblib" in server.log
    assert "Traceback" not in server.log

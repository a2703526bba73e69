"""The bucket of the model files fails under a running site, or amid a retraining."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.db import connection

from recognizer.tests.kit.buckets import ANOTHER_VERSION, CREDENTIALS, ObjectStore
from recognizer.tests.kit.live import (
    PROJECT,
    LiveSite,
    connect,
    migrated_database,
    serve,
    wait_until,
)
from recognizer.tests.kit.load import ask, draw

REGISTER = "from recognizer.services.versions import registry; registry.register_bundled_model()"

KEEP_AND_WAIT = """
from pathlib import Path
from django.conf import settings
from ml import artifacts
from recognizer.services.retraining import runs
from recognizer.services.versions import artifact_files
source = Path(settings.BUNDLED_MODEL)
with runs.lock_retraining():
    data, manifest = artifacts.read(source), artifacts.read_manifest(source)
    print(artifact_files.keep_retrained(data, manifest), flush=True)
    input()
"""

AGE = """
from datetime import timedelta
from django.utils import timezone
from recognizer.models import SentFile
SentFile.objects.update(sent_at=timezone.now() - timedelta(days=2))
"""

PRUNE = """
from recognizer.services.retraining import runs
from recognizer.services.versions import registry
with runs.lock_retraining():
    print(registry.prune(keep=0))
"""

OBEY = """
import sys
import django
django.setup()
while line := sys.stdin.readline():
    exec(eval(line), {})
    print("done", flush=True)
"""


class Machine:
    """Another machine: it runs code over a database and a bucket, with a folder of its own."""

    def __init__(self, folder: Path, database: str, store: ObjectStore) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", OBEY],
            cwd=PROJECT,
            env={
                **os.environ,
                **store.environment,
                "DATABASE_URL": database,
                "ARTIFACTS_DIR": str(folder),
                "DJANGO_SETTINGS_MODULE": "digitsite.settings",
                "SECRET_KEY": "only for tests",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> str:
        """Run code to its end; return what it prints."""
        self.begin(code)
        return self.finish()

    def begin(self, code: str) -> None:
        """Let it run code."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{code!r}\n")
        self._process.stdin.flush()

    def read_line(self) -> str:
        """Return the next line that the code prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "The code raised an error, or the machine has ended."
        return line.strip()

    def finish(self) -> str:
        """Return what the code prints, once it has ended."""
        printed = list(iter(self.read_line, "done"))
        return "\n".join(printed)

    def is_running(self) -> bool:
        """Return whether it still does what it was told."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill it, whatever it does."""
        with self._process:
            self._process.kill()


@contextmanager
def machine(folder: Path, database: str, store: ObjectStore) -> Iterator[Machine]:
    """Start another machine, which ends with the block."""
    started = Machine(folder, database, store)
    try:
        yield started
    finally:
        started.kill()


@pytest.fixture
def store(object_store: ObjectStore) -> ObjectStore:
    """Return a server whose bucket is empty."""
    object_store.empty()
    return object_store


@pytest.fixture
def mortal_store() -> Iterator[ObjectStore]:
    """Return a server of the test's own, which may be killed."""
    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """Return the address of a migrated database."""
    with migrated_database(tmp_path) as address:
        yield address


@pytest.fixture
def home(tmp_path: Path, database: str, store: ObjectStore) -> Iterator[Machine]:
    """Return the machine that registered the bundled model."""
    with machine(tmp_path / "home", database, store) as started:
        started.run(REGISTER)
        yield started


def add_versions(machine: Machine, *versions: int) -> None:
    """Keep and activate versions one after the other, as retrainings elsewhere do."""
    machine.run("".join(ANOTHER_VERSION.format(version=version) for version in versions))


def forget_copies(folder: Path) -> None:
    """Delete a site's copies of model files: all versions here have the same content."""
    shutil.rmtree(folder / "artifacts" / "copies")


def draw_until(site: LiveSite, line: str, count: int) -> None:
    """Draw until that many processes have said something."""

    def is_said() -> bool:
        assert draw(site).status == 201
        return site.server.log.count(line) >= count

    wait_until(is_said, every=0.5)  # a bucket that failed rests for half a minute


@pytest.mark.any_database
def test_workers_load_what_another_machine_sent_and_one_request_in_each_waits_for_a_silent_bucket(
    static_files: None, tmp_path: Path, database: str, store: ObjectStore
) -> None:
    with (
        serve(tmp_path, DATABASE_URL=database, **store.environment) as site,
        machine(tmp_path / "other", database, store) as other,
    ):
        assert draw(site).json()["model"] == 1
        add_versions(other, 2)
        # Each worker was forked after its parent had asked the bucket.
        draw_until(site, "Model 2 is loaded", 2)
        add_versions(other, 3)
        forget_copies(tmp_path)
        with store.silent():
            draw_until(site, "Model 2 goes on answering instead of Model 3", 2)
            for _ in range(20):  # while the bucket rests
                assert draw(site).json()["model"] == 2
        assert site.server.log.count("Model 3 cannot be used") == 2  # once in each worker


@pytest.mark.any_database
def test_a_site_starts_without_its_bucket_loads_the_version_when_it_is_back_and_survives_its_end(
    static_files: None, tmp_path: Path, database: str, mortal_store: ObjectStore
) -> None:
    with machine(tmp_path / "other", database, mortal_store) as other, ExitStack() as running:
        other.run(REGISTER)
        add_versions(other, 2)
        with mortal_store.silent():
            started = serve(tmp_path, DATABASE_URL=database, **mortal_store.environment)
            site = running.enter_context(started)
            assert "is kept is not known: The model files on object storage" in site.server.log
            assert draw(site).json()["model"] == 1
            assert ask(site.url, "/readyz").json()["instead_of"] == 2
        draw_until(site, "Model 2 is loaded", 2)
        assert ask(site.url, "/readyz").json() == {"status": "ready", "model": 2}
        add_versions(other, 3)
        forget_copies(tmp_path)
        mortal_store.stop()
        draw_until(site, "Model 2 goes on answering instead of Model 3", 2)
        assert {draw(site).json()["model"] for _ in range(8)} == {2}
        ready = ask(site.url, "/readyz").json()
        assert (ready["status"], ready["model"], ready["instead_of"]) == ("ready", 2, 3)
        assert "cannot be reached" in ready["reason"]
        assert site.server.log.count("Model 3 cannot be used") == 2


@pytest.mark.any_database
def test_a_first_start_with_a_wrong_key_ends_with_a_sentence_that_names_no_secret(
    static_files: None, tmp_path: Path, database: str, store: ObjectStore
) -> None:
    with store.guarded():
        done = subprocess.run(
            [sys.executable, "-m", "digitsite.serve", "--bind", "127.0.0.1:0"],
            cwd=PROJECT,
            env={
                **os.environ,
                **store.environment,
                "DATABASE_URL": database,
                "ARTIFACTS_DIR": str(tmp_path / "artifacts"),
                "SECRET_KEY": "none",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "The model files on object storage cannot be reached (InvalidAccessKeyId)."
    )
    assert "Traceback" not in done.stderr
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr


@pytest.mark.database
def test_a_retraining_killed_between_file_and_version_leaves_a_file_that_goes_after_a_day(
    tmp_path: Path, database: str, store: ObjectStore, home: Machine
) -> None:
    before = store.names()
    with machine(tmp_path / "other", database, store) as other:
        other.begin(KEEP_AND_WAIT)
        name = other.read_line()
        other.kill()
    left = {name, f"{Path(name).stem}.json"}
    assert store.names() == before | left
    home.run(PRUNE)
    assert store.names() == before | left
    home.run(AGE)
    home.run(PRUNE)
    assert store.names() == before
    assert home.run(f"{REGISTER}; print(registry.active_model().version)") == "1"


@pytest.mark.database
@pytest.mark.skipif(connection.vendor == "sqlite", reason="An SQLite file is one machine's.")
def test_a_machine_that_lost_the_lock_does_not_lose_its_file_to_another(
    tmp_path: Path, database: str, store: ObjectStore, home: Machine
) -> None:
    with machine(tmp_path / "other", database, store) as other:
        other.begin(KEEP_AND_WAIT)
        name = other.read_line()
        # The server drops it, as after a break in the network; it goes on and knows nothing.
        with connect(database) as administrator:
            dropped = administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND granted AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchall()
        assert dropped == [(True,)]
        home.run(PRUNE)
        assert name in store.names()
        assert other.is_running()


@pytest.mark.database
def test_two_machines_that_prune_at_once_delete_each_file_once_and_fail_neither(
    tmp_path: Path, database: str, store: ObjectStore, home: Machine
) -> None:
    before = store.names()
    add_versions(home, *range(2, 8))
    home.run("from recognizer.services.versions import registry; registry.activate(1)")
    code = PRUNE.replace("with runs.lock_retraining():", "if True:")  # as if both had the lock
    with machine(tmp_path / "other", database, store) as other:
        other.run("pass")  # it has started
        for one in (home, other):
            one.begin(code)
        pruned = [int(one.finish()) for one in (home, other)]
    assert max(pruned) == 6
    assert store.names() == before
    with connect(database) as reader:
        assert reader.execute("SELECT count(*) FROM recognizer_sentfile").fetchall() == [(0,)]

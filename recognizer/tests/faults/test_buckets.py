"""The bucket of the model files fails under a running site, or amid a retraining."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recognizer.tests.kit.buckets import ANOTHER_VERSION, CREDENTIALS, ObjectStore
from recognizer.tests.kit.live import PROJECT, LiveSite, migrated_database, serve, wait_until
from recognizer.tests.kit.load import ask, draw

KEEP_AND_WAIT = """
from pathlib import Path
import django
django.setup()
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


def forget_copies(folder: Path) -> None:
    shutil.rmtree(folder / "artifacts" / "copies")


def add_versions(site: LiveSite, *versions: int) -> None:
    """Keep and activate versions one after the other, as retrainings elsewhere do."""
    scripts = [ANOTHER_VERSION.format(version=version) for version in versions]
    site.manage("shell", "-c", "".join(scripts))


def draw_until(site: LiveSite, line: str, count: int) -> None:
    """Draw until that many processes have said something."""

    def is_said() -> bool:
        assert draw(site).status == 201
        return site.server.log.count(line) >= count

    wait_until(is_said, every=0.5)  # a bucket that failed rests for half a minute


@pytest.mark.any_database
def test_workers_load_what_another_machine_sent_and_go_on_when_the_bucket_dies(
    static_files: None, tmp_path: Path, mortal_store: ObjectStore
) -> None:
    with serve(tmp_path, **mortal_store.environment) as site:
        assert draw(site).json()["model"] == 1
        add_versions(site, 2)
        forget_copies(tmp_path)
        # Each worker was forked after its parent had asked the bucket.
        draw_until(site, "Model 2 is loaded", 2)
        add_versions(site, 3)
        forget_copies(tmp_path)
        mortal_store.stop()
        draw_until(site, "Model 2 goes on answering instead of Model 3", 2)
        assert {draw(site).json()["model"] for _ in range(8)} == {2}
        ready = ask(site.url, "/readyz").json()
        assert (ready["status"], ready["model"], ready["instead_of"]) == ("ready", 2, 3)
        assert "cannot be reached" in ready["reason"]
        assert site.server.log.count("Model 3 cannot be used") == 2  # once in each worker


@pytest.mark.any_database
def test_a_bucket_that_hangs_keeps_one_request_in_each_worker_waiting_and_no_other(
    static_files: None, tmp_path: Path, store: ObjectStore
) -> None:
    with serve(tmp_path, **store.environment) as site:
        draw(site)
        add_versions(site, 2)
        forget_copies(tmp_path)
        with store.silent():
            draw_until(site, "Model 1 goes on answering instead of Model 2", 2)
            for _ in range(20):  # while the bucket rests
                assert draw(site).json()["model"] == 1
        assert site.server.log.count("Model 2 cannot be used") == 2


@pytest.mark.any_database
def test_a_site_starts_without_its_bucket_and_loads_the_version_when_it_is_back(
    static_files: None, tmp_path: Path, store: ObjectStore
) -> None:
    with migrated_database(tmp_path) as database:
        with serve(tmp_path, DATABASE_URL=database, **store.environment) as site:
            add_versions(site, 2)
        forget_copies(tmp_path)
        with (
            store.silent(),
            serve(tmp_path, DATABASE_URL=database, **store.environment) as site,
        ):
            assert "is kept is not known: The model files on object storage" in site.server.log
            assert draw(site).json()["model"] == 1
            assert ask(site.url, "/readyz").json()["instead_of"] == 2
            os.kill(store.pid, signal.SIGCONT)
            draw_until(site, "Model 2 is loaded", 2)
            assert ask(site.url, "/readyz").json() == {"status": "ready", "model": 2}


@pytest.mark.any_database
def test_a_first_start_with_a_wrong_key_ends_with_a_sentence_that_names_no_secret(
    static_files: None, tmp_path: Path, store: ObjectStore
) -> None:
    with store.guarded(), migrated_database(tmp_path) as database:
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


@contextmanager
def machine(site: LiveSite, code: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Run code as another machine does: over the same database, with a folder of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**site.environment, "DJANGO_SETTINGS_MODULE": "digitsite.settings", **more},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_a_retraining_killed_between_file_and_version_leaves_a_file_that_goes_after_a_day(
    static_files: None, tmp_path: Path, store: ObjectStore
) -> None:
    with serve(tmp_path, **store.environment) as site:
        before = store.names()
        with machine(site, KEEP_AND_WAIT, ARTIFACTS_DIR=str(tmp_path / "other")) as other:
            assert other.stdout is not None
            name = other.stdout.readline().strip()
            other.kill()
            other.wait()
        left = {name, f"{Path(name).stem}.json"}
        assert store.names() == before | left
        site.manage("shell", "-c", PRUNE)
        assert store.names() == before | left
        site.manage("shell", "-c", AGE)
        site.manage("shell", "-c", PRUNE)
        assert store.names() == before
        assert draw(site).json()["model"] == 1


def test_a_machine_that_lost_the_lock_does_not_lose_its_file_to_another(
    static_files: None, tmp_path: Path, store: ObjectStore
) -> None:
    with serve(tmp_path, **store.environment) as site:
        if site.environment["DATABASE_URL"].startswith("sqlite"):
            pytest.skip("An SQLite file is one machine's.")
        with machine(site, KEEP_AND_WAIT, ARTIFACTS_DIR=str(tmp_path / "other")) as other:
            assert other.stdout is not None
            name = other.stdout.readline().strip()
            # The server drops it, as after a break in the network; it goes on and knows nothing.
            dropped = site.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND granted AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            assert dropped == [(True,)]
            site.manage("shell", "-c", PRUNE)
            assert name in store.names()
            assert other.poll() is None


def test_two_machines_that_prune_at_once_delete_each_file_once_and_fail_neither(
    static_files: None, tmp_path: Path, store: ObjectStore
) -> None:
    with serve(tmp_path, **store.environment) as site:
        before = store.names()
        add_versions(site, *range(2, 8))
        site.manage("activate_model", "1")
        code = f"import django\ndjango.setup()\ninput()\n{PRUNE}".replace(
            "with runs.lock_retraining():",
            "if True:",  # as if both had the lock
        )
        with machine(site, code) as one, machine(site, code) as other:
            for process in (one, other):
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            pruned = [int(process.communicate()[0]) for process in (one, other)]
            assert [one.returncode, other.returncode] == [0, 0]
        assert max(pruned) == 6
        assert store.names() == before
        assert site.rows("SELECT count(*) FROM recognizer_sentfile") == [(0,)]

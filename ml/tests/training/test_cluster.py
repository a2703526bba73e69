from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sklearn
from distributed import Client

from ml import artifacts
from ml.errors import ClusterError
from ml.measuring import holdouts
from ml.tests.kit.training_data import SHORT, none, written
from ml.training import cluster
from ml.training import train as train_module
from ml.training.progress import Progress
from ml.training.train import train

PROJECT = Path(__file__).resolve().parents[3]
# Several chunks for each process in each phase.
TINY = replace(
    SHORT, hidden_units=16, typeface_copies=12, pen_samples=600, other_samples=60, jobs=1
)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure on little, and wait long enough for a busy machine to start the processes."""
    monkeypatch.setattr(holdouts, "PEN_HOLDOUT", 50)
    monkeypatch.setattr(train_module, "OTHER_HOLDOUT", 20)
    monkeypatch.setattr(train_module, "FEATURE_CHUNK", 250)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 120)


@contextmanager
def running(*arguments: str, folder: Path = PROJECT) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of Dask until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        cwd=folder,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_address() -> str:
    """Return an address of this machine without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    address = free_address()
    port = address.rpartition(":")[2]
    with running("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"):
        yield address


@contextmanager
def worker(
    scheduler: str, scratch: Path, folder: Path = PROJECT
) -> Iterator[subprocess.Popen[bytes]]:
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    where = ["--local-directory", str(scratch)]
    with running("worker", scheduler, *options, *where, folder=folder) as process:
        yield process


@pytest.fixture
def workers(scheduler: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers that are ready."""
    with worker(scheduler, tmp_path) as one, worker(scheduler, tmp_path) as other:
        with Client(scheduler, timeout=120, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(2, timeout=120)
        yield [one, other]


def train_on(
    address: str | None, report: Callable[[Progress], None] = lambda progress: None
) -> str:
    """Train, and return the digest of the model's file."""
    with cluster.connected(address):
        trained = train(written(100, seed=7), none(), TINY, report=report)
    return artifacts.digest(artifacts.serialize(trained.model))


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    """What was trained in this process, once for all tests."""
    return {}


@pytest.fixture
def local(digests: dict[str, str], small_steps: None) -> str:
    if not digests:
        digests["local"] = train_on(None)
    return digests["local"]


def test_a_cluster_trains_the_same_model_to_the_byte(
    local: str, scheduler: str, workers: list[subprocess.Popen[bytes]]
) -> None:
    assert train_on(scheduler) == local


@pytest.mark.parametrize("phase", ["Augmenting typefaces", "Computing features"])
def test_a_killed_worker_does_not_change_the_model(
    local: str, scheduler: str, workers: list[subprocess.Popen[bytes]], phase: str
) -> None:
    def kill_in_the_middle(progress: Progress) -> None:
        if progress.phase == phase and workers[0].poll() is None:
            os.kill(workers[0].pid, signal.SIGKILL)
            workers[0].wait()

    assert train_on(scheduler, kill_in_the_middle) == local
    assert [process.poll() for process in workers] == [-signal.SIGKILL, None]


def test_the_error_after_a_lost_scheduler_names_its_address(tmp_path: Path) -> None:
    address = free_address()
    arguments = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"]
    with running("scheduler", *arguments) as process, worker(address, tmp_path):

        def kill_in_the_middle(progress: Progress) -> None:
            if progress.phase == "Writing pens":
                process.kill()

        with pytest.raises(ClusterError, match="was lost before the training was done"):
            train_on(address, kill_in_the_middle)


def test_an_address_without_a_scheduler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match="No Dask scheduler answers at tcp:"):
        train_on(free_address())


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "tcp://127.0.0.1:port", ""])
def test_an_invalid_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match="check the address"):
        train_on(address)


def test_a_scheduler_without_workers_is_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(scheduler, timeout=120, set_as_default=False):  # type: ignore[no-untyped-call]
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
        with pytest.raises(ClusterError, match="has no worker"):
            train_on(scheduler)


def test_workers_with_other_versions_are_refused(
    scheduler: str, workers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sklearn, "__version__", "1.0")
    with pytest.raises(ClusterError, match=r"scikit-learn 1\.\d+\.\d+, and here it is 1\.0"):
        train_on(scheduler)


def test_workers_outside_the_project_are_refused(scheduler: str, tmp_path: Path) -> None:
    with (
        worker(scheduler, tmp_path, folder=tmp_path),
        pytest.raises(ClusterError, match="cannot import this project"),
    ):
        train_on(scheduler)


def test_the_error_about_the_missing_package_shows_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install -r requirements-cluster\.txt"):
        train_on("tcp://127.0.0.1:1")

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sklearn
from distributed import Client

from ml import artifacts
from ml.errors import ClusterError
from ml.tests.kit.training_data import TINY, none, take_small_steps, written
from ml.training import cluster
from ml.training.progress import Progress
from ml.training.train import train

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure on little, and wait long enough for a busy machine to start the processes."""
    take_small_steps(monkeypatch)
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


@contextmanager
def scheduling() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a scheduler without workers until the block ends."""
    address = free_address()
    port = address.rpartition(":")[2]
    with running("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard") as process:
        yield address, process


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The scheduler of the tests that need two workers."""
    with scheduling() as (address, _):
        yield address


@contextmanager
def worker(
    scheduler: str, scratch: Path, folder: Path = PROJECT
) -> Iterator[subprocess.Popen[bytes]]:
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    where = ["--local-directory", str(scratch)]
    with running("worker", scheduler, *options, *where, folder=folder) as process:
        yield process


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[ExitStack, list[subprocess.Popen[bytes]]]]:
    """The workers that were started so far; each start takes seconds of the processor."""
    with ExitStack() as until_the_end:
        yield until_the_end, []


@pytest.fixture
def workers(
    scheduler: str,
    started: tuple[ExitStack, list[subprocess.Popen[bytes]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[subprocess.Popen[bytes]]:
    """Two workers that are ready; those of the test before, if it left them alive."""
    until_the_end, ours = started
    ours[:] = [process for process in ours if process.poll() is None]
    while len(ours) < 2:
        ours.append(until_the_end.enter_context(worker(scheduler, tmp_path_factory.mktemp("dask"))))
    with Client(scheduler, timeout=120, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(2, timeout=120)
    return list(ours)


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
    with scheduling() as (address, process), worker(address, tmp_path):

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


def test_a_scheduler_without_workers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        scheduling() as (address, _),
        Client(address, timeout=120, set_as_default=False),  # type: ignore[no-untyped-call]
    ):
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
        with pytest.raises(ClusterError, match="has no worker"):
            train_on(address)


def test_workers_with_other_versions_are_refused(
    scheduler: str, workers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sklearn, "__version__", "1.0")
    with pytest.raises(ClusterError, match=r"scikit-learn 1\.\d+\.\d+, and here it is 1\.0"):
        train_on(scheduler)


def test_workers_outside_the_project_are_refused(tmp_path: Path) -> None:
    with (
        scheduling() as (address, _),
        worker(address, tmp_path, folder=tmp_path),
        pytest.raises(ClusterError, match="cannot import this project"),
    ):
        train_on(address)


def test_the_error_about_the_missing_package_shows_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install -r requirements-cluster\.txt"):
        train_on("tcp://127.0.0.1:1")

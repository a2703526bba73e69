from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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


@contextmanager
def worker(
    scheduler: str, scratch: Path, folder: Path = PROJECT
) -> Iterator[subprocess.Popen[bytes]]:
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    where = ["--local-directory", str(scratch)]
    with running("worker", scheduler, *options, *where, folder=folder) as process:
        yield process


@dataclass
class Cluster:
    """A scheduler and its workers; the tests share it, since each start takes seconds."""

    address: str
    scheduler: subprocess.Popen[bytes]
    processes: ExitStack
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def with_workers(self, count: int, scratch: Path) -> Cluster:
        """Have so many workers that are ready: those that the tests before left alive, or more."""
        self.workers = [process for process in self.workers if process.poll() is None]
        for number in range(len(self.workers), count):
            folder = scratch / str(number)
            self.workers.append(self.processes.enter_context(worker(self.address, folder)))
        with Client(self.address, timeout=120, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(count, timeout=120)
        return self


@pytest.fixture(scope="module")
def started() -> Iterator[Cluster]:
    """The cluster of this module, which has no worker at first."""
    with ExitStack() as processes:
        yield Cluster(*processes.enter_context(scheduling()), processes)


@pytest.fixture
def one_worker(started: Cluster, tmp_path: Path) -> Cluster:
    return started.with_workers(1, tmp_path)


@pytest.fixture
def three_workers(started: Cluster, tmp_path: Path) -> Cluster:
    return started.with_workers(3, tmp_path)


def train_on(
    address: str | None, report: Callable[[Progress], None] = lambda progress: None
) -> str:
    """Train, and return the digest of the model's file."""
    with cluster.connected(address):
        trained = train(written(100, seed=7), none(), TINY, report=report)
    return artifacts.digest(artifacts.serialize(trained.model))


def test_a_cluster_trains_the_same_model_to_the_byte_though_workers_are_killed(
    three_workers: Cluster,
) -> None:
    # One dies while typefaces are augmented, and one while features are computed.
    first, second, _ = three_workers.workers
    mortal = {"Augmenting typefaces": first, "Computing features": second}

    def kill_in_the_middle(progress: Progress) -> None:
        process = mortal.get(progress.phase)
        if process and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    assert train_on(three_workers.address, kill_in_the_middle) == train_on(None)
    ends = [process.poll() for process in three_workers.workers]
    assert ends == [-signal.SIGKILL, -signal.SIGKILL, None]


def test_an_address_without_a_scheduler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match="No Dask scheduler answers at tcp:"):
        train_on(free_address())


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "tcp://127.0.0.1:port", ""])
def test_an_invalid_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match="check the address"):
        train_on(address)


def test_a_scheduler_without_workers_or_with_one_outside_the_project_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scheduling() as (address, _):
        Client(address, timeout=120, set_as_default=False).close()  # type: ignore[no-untyped-call]
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
        with pytest.raises(ClusterError, match="has no worker"):
            train_on(address)
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 120)
        with (
            worker(address, tmp_path, folder=tmp_path),
            pytest.raises(ClusterError, match="cannot import this project"),
        ):
            train_on(address)


def test_workers_with_other_versions_are_refused(
    one_worker: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sklearn, "__version__", "1.0")
    with pytest.raises(ClusterError, match=r"scikit-learn 1\.\d+\.\d+, and here it is 1\.0"):
        train_on(one_worker.address)


def test_the_error_about_the_missing_package_shows_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install -r requirements-cluster\.txt"):
        train_on("tcp://127.0.0.1:1")


def test_the_error_after_a_lost_scheduler_names_its_address(one_worker: Cluster) -> None:
    # It is the last test: the cluster that all share ends here.
    def kill_in_the_middle(progress: Progress) -> None:
        if progress.phase == "Writing pens":
            one_worker.scheduler.kill()

    lost = f"The cluster at {one_worker.address} was lost before the training was done"
    with pytest.raises(ClusterError, match=lost):
        train_on(one_worker.address, kill_in_the_middle)

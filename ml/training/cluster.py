"""Training with the processes of a Dask cluster instead of local ones."""

from __future__ import annotations

import hashlib
import importlib
import platform
import socket
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import joblib
import numpy as np
import scipy
import sklearn

from ml.errors import ClusterError

CONNECT_SECONDS: Final = 10
"""Time for the scheduler to answer, and then for a first worker to be there."""


def _digest_sources() -> str:
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] != "tests":
            digest.update(name.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


SOURCES: Final = _digest_sources()
"""Digest of this package when it was imported: a worker may be older than its folder."""


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Run joblib's calls inside the block on a cluster, or here if there is no address.

    The outcome is the same anywhere: each call brings its own chunk and its own random generator. A
    call whose worker dies is made again by another one; when all workers are dead, the run waits
    until one comes back.

    Raises
    ------
    ClusterError
        The package ``distributed`` is missing, the scheduler does not answer, there is no worker, a
        worker has other versions than this process, or the cluster is lost on the way.
    """
    if address is None:
        yield
        return
    distributed = _import_distributed()
    lost = (CancelledError, distributed.comm.CommClosedError, distributed.KilledWorker)
    client = _connect(distributed, address)
    try:
        _check_workers(client, address)
        with joblib.parallel_config(backend="dask", client=client):
            yield
    except lost as error:
        raise ClusterError(
            f"The cluster at {address} was lost before the training was done; try again."
        ) from error
    finally:
        client.close()


def describe_process() -> dict[str, str]:
    """Versions by name of the software in this process; for ml itself, a digest of its modules."""
    return {
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "SciPy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "joblib": joblib.__version__,
        "this project's ml": SOURCES,
    }


def _import_distributed() -> Any:
    """Import a package that is optional and large: only a cluster needs it."""
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise ClusterError(
            "A cluster needs a further package: pip install -r requirements-cluster.txt"
        ) from error


def _connect(distributed: Any, address: str) -> Any:
    unanswered = ClusterError(
        f"No Dask scheduler answers at {address}; check the address, which looks like "
        "tcp://host:8786."
    )
    try:
        place = urlsplit(address)
        if place.scheme not in ("tcp", "tls"):
            raise unanswered
        # A client that finds no scheduler is closed when its memory is freed. If that happens while
        # the next client starts, both wait for one lock without end; so check for a listener first.
        _wait_for_listener(place.hostname or "", place.port or 0)
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise unanswered from error


def _wait_for_listener(host: str, port: int) -> None:
    """Wait until the address accepts a connection, for a scheduler may just be starting."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            socket.create_connection((host, port), CONNECT_SECONDS).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _check_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise ClusterError(
            f"The scheduler at {address} has no worker; start one as docs/cluster.md says."
        ) from error
    ours = describe_process()
    for worker, theirs in client.run(describe_process, on_error="return").items():
        if isinstance(theirs, BaseException):
            raise ClusterError(
                f"Worker {worker} cannot import this project ({theirs}); start it in the "
                "project's folder, as docs/cluster.md says."
            ) from theirs
        for name, version in ours.items():
            if theirs.get(name) != version:
                raise ClusterError(
                    f"Worker {worker} has {name} {theirs.get(name)}, and here it is {version}; "
                    "both must be the same, or the model would differ."
                )

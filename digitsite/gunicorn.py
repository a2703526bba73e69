"""How gunicorn serves the site; address and further options come from the command line."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import struct
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from gunicorn.workers.gthread import ThreadWorker

from digitsite import counters, settings
from digitsite.logs import JSONAccessLogger

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

PAUSE_SECONDS = 0.0003
MOST_PAUSES = 4
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def count_cores() -> int:
    """Return how many cores this process may use: those of its machine, or of its container."""
    cores = len(os.sched_getaffinity(0))
    try:
        share, period = QUOTA.read_text().split()
        return min(cores, -(-int(share) // int(period)))
    except (OSError, ValueError):  # no container, or one without a quota
        return cores


class EvenWorker(ThreadWorker):  # type: ignore[misc]
    """Lets a worker with fewer connections go first: all hear of a new one, the first takes it."""

    def accept(self, listener: Any) -> None:
        """Accept a connection, unless another worker has taken it meanwhile."""
        time.sleep(PAUSE_SECONDS * min(self.nr_conns, MOST_PAUSES))
        super().accept(listener)


wsgi_app = "digitsite.wsgi"
worker_class = EvenWorker
# Two at least: while one is replaced, the other answers.
workers = settings.WEB_CONCURRENCY or max(2, count_cores())
threads = 4
timeout = 60
# What a library leaks ends with its worker; the jitter keeps workers from ending at once.
max_requests = 20_000
max_requests_jitter = 5_000
# An answer takes far less; `docker stop` kills after ten.
graceful_timeout = 5

# The parent imports scikit-learn once for all workers, and fails at once if the site is broken.
preload_app = True

# A drawing is too small for several threads of linear algebra; they would only fight for the cores.
raw_env = ["OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"]

# Path and scheme are those of the request. By default gunicorn believes headers of any client that
# a proxy on this machine passes on; only TRUST_X_FORWARDED_PROTO states that there is a proxy.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# Requests on standard output, all else on standard error. Below warnings, gunicorn tells of itself.
accesslog = "-"
loglevel = "warning"
logger_class = JSONAccessLogger

# All servers of a user share its address, so that a second server would disturb the first.
control_socket_disable = True

# digitsite/wsgi.py takes it off the path; gunicorn would answer 500 to a probe that has none.
os.environ.pop("SCRIPT_NAME", None)

counters_folder = counters.open_folder()


def when_ready(server: Arbiter) -> None:
    """Free threads from clients that fall silent within a request.

    Connections inherit the timeout from the listening socket, except those of a Unix socket, which
    is a proxy's.
    """
    if apps.ready:  # it is the site that is served
        _prepare_workers()
    limit = struct.pack("ll", settings.CLIENT_TIMEOUT, 0)
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, limit)


def _prepare_workers() -> None:
    """Load the model once for all workers, and keep shared what they share.

    A worker's first full garbage collection would write to each object, and so copy its page.
    """
    # Where the application is not this site, it has no settings.
    from recognizer.services.versions import registry

    registry.load_before_fork()
    gc.collect()
    gc.freeze()


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Give a worker the first free slot of the counters."""
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = next(slot for slot in count(1) if slot not in taken)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Let the worker count in its slot."""
    counters.Slot.number = worker.slot


def post_worker_init(worker: Worker) -> None:
    """Forget the inherited model if another version answers by now; the first one tells where."""
    if apps.ready:
        from recognizer.services.versions import registry

        registry.forget_outdated()
    if worker.age == 1:
        addresses = " and ".join(map(str, worker.sockets))
        for everywhere in ("//0.0.0.0:", "//[::]:"):  # no host name that a browser may ask for
            addresses = addresses.replace(everywhere, "//localhost:")
        print(f"Listening at: {addresses} (Ctrl-C stops it)", file=sys.stderr, flush=True)


def on_exit(server: Arbiter) -> None:
    if counters_folder:
        shutil.rmtree(counters_folder, ignore_errors=True)

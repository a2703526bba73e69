"""How gunicorn serves the site; where and with how many workers is said by whoever starts it."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import struct
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from digitsite import metrics, settings
from digitsite.logs import JSONAccessLogger

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

QUOTA = Path("/sys/fs/cgroup/cpu.max")


def count_cores() -> int:
    """Return how many cores this process may use: those of its machine, or of its container."""
    cores = len(os.sched_getaffinity(0))
    try:
        share, period = QUOTA.read_text().split()
        return min(cores, -(-int(share) // int(period)))
    except (OSError, ValueError):  # no container, or one without a quota
        return cores


wsgi_app = "digitsite.wsgi"
worker_class = "gthread"
# One that ends, by itself or by a fault, leaves another to answer meanwhile.
workers = settings.WEB_CONCURRENCY or max(2, count_cores())
threads = 4
timeout = 60
# Whatever a library should leak ends with its worker; the jitter keeps them from ending at once.
max_requests = 20_000
max_requests_jitter = 5_000
# An answer takes far less; `docker stop` kills after ten.
graceful_timeout = 5

# The parent imports scikit-learn once for all workers, and says at once when the site is broken.
preload_app = True

# A drawing is too small for several threads of linear algebra; they would only fight for the cores.
raw_env = ["OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"]

# Path and scheme are those of the request. By default a proxy on this machine, or whoever it lets
# through, names others by headers; TRUST_X_FORWARDED_PROTO alone says whether there is one.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# Requests on standard output, all else on standard error.
accesslog = "-"
logger_class = JSONAccessLogger

# Its place is one for all servers of a user, so that a second server would disturb the first.
control_socket_disable = True

metrics_folder = metrics.open_folder()


def when_ready(server: Arbiter) -> None:
    """Let no client hold a thread that fell silent, or was carried out of reach, amid a request.

    Connections inherit this from the socket that listens; one of Unix is a proxy's, and does not.
    """
    limit = struct.pack("ll", settings.CLIENT_TIMEOUT, 0)
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, limit)


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Give a worker the first free slot of the counters."""
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = next(slot for slot in count(1) if slot not in taken)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Let the worker count in its slot."""
    metrics.Slot.number = worker.slot


def on_exit(server: Arbiter) -> None:
    """Take the counts along."""
    shutil.rmtree(metrics_folder, ignore_errors=True)


def on_starting(server: Arbiter) -> None:
    """Say in one line that a port is taken; gunicorn would try five times and then say little."""
    # A new binary takes over the sockets of the old one; systemd hands over one of its own.
    if {"GUNICORN_FD", "LISTEN_FDS"} & os.environ.keys():
        return
    for address in server.cfg.address:
        if not isinstance(address, tuple):
            continue
        host, port = address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    sys.exit(f"Cannot listen on {host} port {port}: {error.strerror or error}")
                sys.exit(f"Port {port} on {host} is taken. Another: make run PORT={port + 1}")

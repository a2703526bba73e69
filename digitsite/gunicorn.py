"""How gunicorn serves the site; where and with how many workers is said by whoever starts it."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

wsgi_app = "digitsite.wsgi"
worker_class = "gthread"
threads = 4
timeout = 60
# An answer takes far less; `docker stop` kills after ten.
graceful_timeout = 5

# The parent imports scikit-learn once for all workers, and says at once when the site is broken.
preload_app = True

# A drawing is too small for several threads of linear algebra; they would only fight for the cores.
raw_env = ["OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"]

# Its place is one for all servers of a user, so that a second server would disturb the first.
control_socket_disable = True


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

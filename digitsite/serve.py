"""Bring database and models up to date, then become gunicorn: `python -m digitsite.serve`.

It also starts the worker, which keeps the daily counts and retrains when the admin asks for it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command
from gunicorn.util import parse_address

from recognizer.services.locking import hold_lock, is_postgresql

MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(4 * 2**20)}
"""Has glibc give the memory of a large picture back at once (mallopt(3)).

Without it the threshold grows with what is freed, up to 32 MB, and each thread keeps its last one.
"""


def refuse_taken_ports(arguments: list[str]) -> None:
    """Exit with one line if gunicorn could not listen, before anything is changed or started."""
    if "LISTEN_FDS" in os.environ:  # the sockets are systemd's
        return
    # Its import takes WEB_CONCURRENCY for a number; our settings have checked that by now.
    from gunicorn.config import Config

    options, _ = Config().parser().parse_known_args(arguments)
    for bind in options.bind or ["127.0.0.1:8000"]:
        address = parse_address(bind)
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


def migrate() -> None:
    """Migrate the database, while other servers that start at the same moment wait.

    Django makes its plan before it changes anything, and two plans for one new database contradict
    each other.
    """
    with lock_migrations():
        call_command("migrate", verbosity=0)


@contextmanager
def lock_migrations() -> Iterator[None]:
    """Hold a lock of the database that ends with this process."""
    if is_postgresql():
        with hold_lock(b"migrate", wait=True):
            yield
        return
    # Of the folder: SQLite would lose its own locks when this process closes the file.
    held = os.open(Path(settings.DATABASES["default"]["NAME"]).parent, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def start_worker() -> None:
    """Start a worker that ends with this process, even if that is killed.

    The worker's input is a pipe; it ends when no process of the server holds the other side.
    """
    hearing, held = os.pipe()
    os.set_inheritable(held, True)  # by gunicorn and its workers, from here on
    # In a session of its own: Ctrl-C ends the server, whose end ends the worker in good order.
    # Unbuffered: a signal within a line of its log logs another, which a buffer does not allow.
    worker = [sys.executable, "-u", "-m", "digitsite.worker"]
    # A fixed command, and no shell.
    subprocess.Popen(worker, stdin=hearing, start_new_session=True)  # nosec B603
    os.close(hearing)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    django.setup()
    refuse_taken_ports(sys.argv[1:])
    migrate()
    try:
        call_command("register_bundled_model")
    except CommandError as error:
        sys.exit(f"{error}")
    from recognizer.services.site.counting import start_counting  # once Django is set up

    start_counting()
    sys.stdout.flush()
    if settings.RETRAIN_WORKER:
        start_worker()
    # The arguments are gunicorn's own; signals reach it directly, as nothing stands in between.
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    # The caller who gives the arguments has a shell already.
    os.execve(sys.executable, [*gunicorn, *sys.argv[1:]], MALLOC | os.environ)  # nosec B606

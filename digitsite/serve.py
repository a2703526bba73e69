"""Bring database and models up to date, then become gunicorn: `python -m digitsite.serve`.

A second process, forked before that, is the worker that retrains when the admin asks for it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from threading import Thread

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

NICENESS = 10
"""How far the worker steps back, so that drawings are read while a model trains."""


def start_worker() -> None:
    """Fork a `manage.py db_worker` that ends with this process, however that ends.

    Nothing is ever written into the pipe; its end is heard when no process of the server holds the
    other side any more.
    """
    hearing, held = os.pipe()
    os.set_inheritable(held, True)  # gunicorn and its workers hold it from here on
    connections.close_all()
    if os.fork():
        os.close(hearing)
        return
    os.close(held)
    os.nice(NICENESS)
    Thread(target=end_after, args=[hearing], daemon=True).start()
    call_command("db_worker", reload=False, startup_delay=False)
    sys.exit()


def end_after(hearing: int) -> None:
    """Wait for the server's end, then end this process: the second signal stops a training."""
    os.read(hearing, 1)
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("register_bundled_model")
    sys.stdout.flush()
    if settings.RETRAIN_WORKER:
        start_worker()
    # The arguments are gunicorn's own; signals reach it directly, as nothing stands in between.
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    os.execv(sys.executable, [*gunicorn, *sys.argv[1:]])

"""Bring database and models up to date, then become gunicorn: `python -m digitsite.serve`.

Beside it the worker is started that retrains when the admin asks for it.
"""

from __future__ import annotations

import os
import subprocess
import sys

import django
from django.conf import settings
from django.core.management import call_command


def start_worker() -> None:
    """Start a worker that ends with this process, however that ends.

    Nothing is ever written into its input; the worker hears the end of it when no process of the
    server holds the other side any more.
    """
    hearing, held = os.pipe()
    os.set_inheritable(held, True)  # gunicorn and its workers hold it from here on
    # In a session of its own: Ctrl-C is the server's, whose end ends the worker in good order.
    # Unbuffered: told to end amid a line of its log, it logs that, which no buffer bears.
    worker = [sys.executable, "-u", "-m", "digitsite.worker"]
    # A fixed command, and no shell.
    subprocess.Popen(worker, stdin=hearing, start_new_session=True)  # nosec B603
    os.close(hearing)


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
    # Whoever gives the arguments has a shell already.
    os.execv(sys.executable, [*gunicorn, *sys.argv[1:]])  # nosec B606

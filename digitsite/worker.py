"""`manage.py db_worker`, until standard input ends: `digitsite.serve` starts it beside gunicorn."""

from __future__ import annotations

import os
import signal
import sys
import time
from threading import Thread

import django
from django.core.management import call_command

NICENESS = 10
"""Lower priority than the server, which reads drawings while a model trains."""


def end_with_input() -> None:
    """Wait for the end of the input, then end this process: the second signal stops a training."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    os.nice(NICENESS)
    django.setup()
    Thread(target=end_with_input, daemon=True).start()
    call_command("db_worker", reload=False, startup_delay=False)

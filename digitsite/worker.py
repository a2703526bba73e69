"""`manage.py db_worker`, until standard input ends: `digitsite.serve` starts it beside gunicorn."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import suppress
from threading import Thread

import django
from django.core.management import call_command
from django.db import OperationalError

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
    from recognizer.services.site.counting import start_counting  # once Django is set up

    # An older version's worker that still ran may have taken the server's turn, and failed.
    with suppress(OperationalError):  # too busy now; /metrics and the board resume it
        start_counting()
    # What it begins and ends is on the board; that it is asked to stop is no reason to worry.
    for name in ("django_tasks", "django_tasks_db"):
        logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.ERROR)
    Thread(target=end_with_input, daemon=True).start()
    call_command("db_worker", reload=False, startup_delay=False)

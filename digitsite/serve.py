"""Bring database and models up to date, then become gunicorn: `python -m digitsite.serve`."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("register_bundled_model")
    # The arguments are gunicorn's own; signals reach it directly, as nothing stands in between.
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    sys.stdout.flush()
    os.execv(sys.executable, [*gunicorn, *sys.argv[1:]])

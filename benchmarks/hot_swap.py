"""What it costs a request to look for another active version, and how long one takes to load.

OPENBLAS_NUM_THREADS=1 python -m benchmarks.hot_swap

The same request, with the look and without it by turns, through all of Django but the network, on
a SQLite file of its own; medians of 400 each, in processor time.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import django

REPEATS = 400
BODY = {"strokes": [[[[60, 60], [220, 60], [120, 240]]]]}


def seconds_of(function: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    function()
    return time.process_time() - began


def measure() -> None:
    """Time requests, the look alone and the loading of a version."""
    from django.test import Client

    from recognizer.services.drawings import recognition
    from recognizer.services.versions import registry

    client = Client()

    def request() -> None:
        answer = client.post("/api/v1/predictions/", BODY, "application/json")
        assert answer.status_code == 200, answer.content

    loaded = registry.active_model()
    request()
    with_look, without = [], []
    for _ in range(REPEATS):
        with_look.append(seconds_of(request))
        with mock.patch.object(recognition, "active_model", return_value=loaded):
            without.append(seconds_of(request))
    look = [seconds_of(registry.active_model) for _ in range(REPEATS)]
    row = registry.get_model(None)
    load = [seconds_of(lambda: registry.load_pipeline(row)) for _ in range(20)]
    medians = [statistics.median(each) * 1000 for each in (with_look, without, look, load)]
    print(f"| a request with the look | {medians[0]:.2f} ms |")
    print(f"| a request without it | {medians[1]:.2f} ms |")
    print(f"| ratio | {medians[0] / medians[1]:.3f} |")
    print(f"| the look alone | {medians[2]:.3f} ms |")
    print(f"| loading a version | {medians[3]:.1f} ms |")


def main() -> None:
    """Set up an empty site in a folder that is deleted in the end."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "digitsite.settings",
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'db.sqlite3'}",
            "ARTIFACTS_DIR": f"{Path(folder) / 'artifacts'}",
            "ALLOWED_HOSTS": "testserver",
        }
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        call_command("register_bundled_model")
        measure()
        connections.close_all()


if __name__ == "__main__":
    main()

"""Every process of a running server takes an activation over, and no request suffers from it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from recognizer.tests.kit.live import PROJECT, START_SECONDS, LiveSite, serve, wait_until

ACTIVATE_WHAT_IS_SENT = """
import sys
from django.core.management import call_command
from recognizer.models import TrainedModel

row = TrainedModel.objects.get()
row.version, row.active, row.origin = 2, False, "retrained"
row.artifact, row.sha256 = "small.joblib", {sha256!r}
row.save(force_insert=True)
for line in sys.stdin:
    call_command("activate_model", line.strip())
"""
"""Stores version 2, as version 1 with another file. One process: under load, a start takes long."""


@pytest.fixture(scope="module")
def site_of_two_versions(
    static_files: None, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveSite, Callable[[int], None]]]:
    """Serve with two processes; version 1 is the bundled one, version 2 a small one."""
    folder = tmp_path_factory.mktemp("swap")
    sha256 = json.loads(bundle.with_suffix(".json").read_text())["sha256"]
    script = ACTIVATE_WHAT_IS_SENT.format(sha256=sha256)
    with serve(folder) as site:
        for path in (bundle, bundle.with_suffix(".json")):
            shutil.copy(path, folder / "artifacts" / f"small{path.suffix}")
        with subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", script],
            cwd=PROJECT,
            env=site.environment,
            stdin=subprocess.PIPE,
            text=True,
        ) as commands:
            wait_until(lambda: len(site.rows("SELECT 1 FROM recognizer_trainedmodel")) == 2)
            yield site, lambda version: print(version, file=commands.stdin, flush=True)


def process_of(site: LiveSite, number: int) -> object:
    """Return which process of the server answered a request, once its log says so."""
    found = re.search(rf"^.*\?n={number}\".*$", site.server.log, re.MULTILINE)
    return json.loads(found[0])["process"] if found else None


def test_both_processes_change_under_load_and_no_request_fails(
    site_of_two_versions: tuple[LiveSite, Callable[[int], None]],
) -> None:
    site, activate = site_of_two_versions
    numbers, stop = count(), Event()

    def ask() -> tuple[int, int]:
        """Send a drawing; an error status raises."""
        number = next(numbers)
        return number, site.draw_seven(f"?n={number}")["model"]

    def ask_on() -> list[int]:
        models = []
        while not stop.is_set():
            models.append(ask()[1])
        return models

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(ask_on) for _ in range(4)]
        try:
            for version in (2, 1, 2, 1):
                activate(version)
                changed: set[object] = set()
                deadline = time.monotonic() + START_SECONDS
                while len(changed) < 2:
                    assert time.monotonic() < deadline, f"Model {version} answers in {changed}."
                    number, model = ask()
                    if model == version and (process := process_of(site, number)):
                        changed.add(process)
        finally:
            stop.set()
        answered = [model for caller in callers for model in caller.result()]
    assert set(answered) == {1, 2}

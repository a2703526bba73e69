"""python -m digitsite.serve: the worker that it starts beside gunicorn."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from recognizer.tests.kit.live import START_SECONDS, serve


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_worker_ends_with_the_server_however_that_ends(
    static_files: None, tmp_path: Path, how: signal.Signals
) -> None:
    with serve(tmp_path, RETRAIN_WORKER="yes") as site:
        deadline = time.monotonic() + START_SECONDS
        while "Starting worker" not in site.server.log:
            assert time.monotonic() < deadline, "No worker was started."
            urlopen(f"{site.url}/healthz").close()
        site.server.stop(how)
        assert site.server.wait_for_all()

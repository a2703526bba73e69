"""Processes of the server are killed at work: what was answered with 201 stays."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from recognizer.tests.kit.live import registered_database, serve
from recognizer.tests.kit.load import BROKEN, ask, load, stored

CLIENTS = 4


def test_a_killed_worker_takes_only_what_it_was_doing_along(
    static_files: None, tmp_path: Path
) -> None:
    with serve(tmp_path) as site:
        with load(site, CLIENTS) as clients:
            kills = 3
            for _ in range(kills):
                clients.wait_for(8)
                victim = site.server.processes()[0]
                os.kill(victim, signal.SIGKILL)
                site.server.wait_for_line(rf"\(pid:{victim}\) was sent SIGKILL")
                clients.wait_for(8)
        told = clients.count()
        assert set(told) <= {201, BROKEN}
        # The window: one request of each client may have been on the worker that died.
        assert told[BROKEN] <= kills * CLIENTS
        assert clients.kept <= stored(site)
        # What was under way may have been kept before its answer was lost, and no more than that.
        assert len(stored(site) - clients.kept) <= told[BROKEN]
        assert len(site.server.processes()) == 2


def test_a_killed_server_has_every_drawing_that_it_answered_for(
    static_files: None, tmp_path: Path
) -> None:
    with registered_database(tmp_path) as database:
        with serve(tmp_path, DATABASE_URL=database) as site:
            with load(site, CLIENTS) as clients:
                clients.wait_for(20)
                site.server.kill_all()
            assert set(clients.count()) <= {201, BROKEN}
        with serve(tmp_path, DATABASE_URL=database) as site:
            assert clients.kept <= stored(site)
            answer = ask(site.url, f"/api/v1/drawings/{max(clients.kept)}/")
            assert answer.status == 200
            assert answer.json()["prediction"] == 7
            assert not re.search(r"ERROR|Traceback", site.server.log)

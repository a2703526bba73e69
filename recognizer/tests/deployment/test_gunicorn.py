"""How gunicorn is set up: its workers, what they weigh, and that none of them drops a request."""

from __future__ import annotations

import http.client
import json
import os
import re
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from gunicorn.workers.gthread import ThreadWorker

from digitsite import counters, settings
from recognizer.tests.kit.drawings import SEVEN
from recognizer.tests.kit.live import PROJECT, LiveSite, Server, serve, wait_until

MOST_MEGABYTES = 130
MOST_PRIVATE_MEGABYTES = 50
"""Of these, what a worker does not share with its parent."""


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Any]]:
    """Return what reads gunicorn's configuration."""
    monkeypatch.setattr(counters, "open_folder", lambda: None)
    return lambda: runpy.run_path(f"{PROJECT}/digitsite/gunicorn.py")


def workers_of(site: LiveSite) -> list[int]:
    """Return the processes that answer."""
    children = Path(f"/proc/{site.server.pid}/task/{site.server.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def access_log(site: LiveSite) -> list[dict[str, object]]:
    """Return what the server has logged of requests so far."""
    return [json.loads(line) for line in site.server.log.splitlines() if line.startswith("{")]


def test_there_are_as_many_workers_as_cores_and_at_least_two(
    configuration: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "WEB_CONCURRENCY", None)
    for cores, workers in ((1, 2), (2, 2), (8, 8)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        monkeypatch.setattr(Path, "read_text", Mock(side_effect=OSError))  # no container
        assert configuration()["workers"] == workers


def test_a_stated_number_of_workers_wins(
    configuration: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "WEB_CONCURRENCY", 7)
    assert configuration()["workers"] == 7


def test_a_number_of_workers_that_is_none_is_refused_by_name() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "digitsite.serve"],
        cwd=PROJECT,
        env={**os.environ, "WEB_CONCURRENCY": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "WEB_CONCURRENCY must be a whole number" in refused.stderr


def test_a_worker_stays_small_and_without_what_only_training_needs(own_site: LiveSite) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: own_site.draw_seven(), range(200)))
    with urlopen(own_site.url) as page:
        assert page.status == 200
    for pid in workers_of(own_site):
        status = Path(f"/proc/{pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        assert int(found[1]) / 1024 <= MOST_MEGABYTES
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        private = sum(map(int, re.findall(r"Private_\w+:\s+(\d+) kB", rollup)))
        assert private / 1024 <= MOST_PRIVATE_MEGABYTES
        libraries = Path(f"/proc/{pid}/maps").read_text()
        assert "/sklearn/" in libraries
        assert "/pandas/" not in libraries
        assert "/matplotlib/" not in libraries


def test_the_access_log_is_json_whatever_a_client_sends(own_site: LiveSite) -> None:
    address = urlsplit(own_site.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    agent = 'a "quoted" \\ agent'
    connection.request("GET", '/nothing"?a=\\x', headers={"User-Agent": agent})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    request_id = answer.headers["X-Request-ID"]
    with urlopen(f"{own_site.url}/healthz"):
        pass  # by the same server later: the line before is written

    def entries() -> list[dict[str, object]]:
        return [entry for entry in access_log(own_site) if entry["request_id"] == request_id]

    wait_until(entries)
    (entry,) = entries()
    assert entry["path"] == '/nothing"?a=\\x'
    assert (entry["method"], entry["status"], entry["agent"]) == ("GET", 404, agent)


def test_no_header_makes_a_request_another_one(own_site: LiveSite) -> None:
    headers = {"PATH_INFO": "/healthz", "SCRIPT_NAME": "/elsewhere", "X-Forwarded-Proto": "https"}
    with urlopen(Request(f"{own_site.url}/history/", headers=headers)) as page:
        assert "/elsewhere" not in page.read().decode()
        assert "Secure" not in page.headers["Set-Cookie"]
        assert page.headers["Content-Type"].startswith("text/html")


def test_a_worker_lets_one_with_fewer_connections_take_a_new_one(
    configuration: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    even = configuration()["worker_class"]
    done = Mock()
    monkeypatch.setattr(time, "sleep", done.wait)
    monkeypatch.setattr(ThreadWorker, "accept", done.accept)
    worker = even.__new__(even)
    waited = []
    for worker.nr_conns in (0, 1, 2):
        done.reset_mock()
        worker.accept("listener")
        wait, accept = done.mock_calls
        assert accept == call.accept("listener")
        waited.append(wait.args[0])
    assert waited == sorted(set(waited))
    assert (waited[0], waited[2] < 0.001) == (0, True)


def test_a_worker_computes_in_one_thread() -> None:
    command = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    place = ["--bind", "127.0.0.1:0", "recognizer.tests.kit.blas_probe:tell_threads"]
    surroundings = {name: text for name, text in os.environ.items() if "NUM_THREADS" not in name}
    server = Server([*command, *place], cwd=PROJECT, env=surroundings)
    try:
        with urlopen(server.wait_for_address()) as answer:
            pools = json.load(answer)
    finally:
        server.stop()
    assert {"blas", "openmp"} <= {pool["user_api"] for pool in pools}
    assert {pool["num_threads"] for pool in pools} == {1}


def test_workers_that_are_replaced_drop_no_request(static_files: None, tmp_path: Path) -> None:
    def draw_often(_: int) -> list[int]:
        """Draw and ask over one kept connection, which the server may end after an answer."""
        address = urlsplit(site.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        statuses = []
        for _ in range(25):
            body = json.dumps({"strokes": SEVEN})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v1/drawings/", body, headers)
            with connection.getresponse() as answer:
                answer.read()
                statuses.append(answer.status)
        connection.close()
        return statuses

    arguments = "--max-requests 10 --max-requests-jitter 5"
    with serve(tmp_path, GUNICORN_CMD_ARGS=arguments) as site, ThreadPoolExecutor(8) as pool:
        statuses = [status for called in pool.map(draw_often, range(8)) for status in called]
        ids = site.rows("SELECT COUNT(*) FROM recognizer_drawing")
    assert statuses == [201] * 200
    assert ids == [(200,)]
    assert len({entry["process"] for entry in access_log(site)}) > 4


@pytest.mark.parametrize("path", ["/", "/api/v1/stats/", "/nothing", "/static/favicon.svg"])
def test_every_answer_has_the_id_of_its_request(own_site: LiveSite, path: str) -> None:
    address = urlsplit(own_site.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    connection.request("GET", path, headers={"X-Request-ID": "0" * 12 + "4" + "0" * 3 + "8" * 16})
    assert connection.getresponse().headers["X-Request-ID"] == "0000000000004000" + "8" * 16
    connection.close()

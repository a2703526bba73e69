"""Upgrade and roll-back by docs/operations.md: two versions behind a real nginx, under load."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

import pytest

from recognizer.problems.kinds import CONTENT_TYPE as PROBLEM
from recognizer.problems.kinds import PROBLEMS
from recognizer.tests.kit.drawings import SEVEN
from recognizer.tests.kit.live import (
    PROJECT,
    START_SECONDS,
    connect,
    copy_site,
    registered_database,
)
from recognizer.tests.kit.proxies import NAME, Proxy
from recognizer.tests.kit.units import Service

CALLERS = 3
# What a release may do to the database while the one before still answers: add.
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("recognizer", "{latest}")]
    operations = [
        migrations.AddField(
            "drawing", "rehearsed", models.BooleanField(default=False, db_default=False)
        )
    ]
"""


def ask(proxy: Proxy, path: str, body: Any = None) -> tuple[int, bytes, str]:
    """Ask by way of a proxy; return status, body and kind."""
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Host": NAME, "Content-Type": "application/json"}
    request = Request(f"{proxy.url}{path}", data, headers)
    try:
        with urlopen(request, timeout=START_SECONDS, context=proxy.trust) as answer:
            return answer.status, answer.read(), answer.headers["Content-Type"]
    except HTTPError as error:
        with error:
            return error.code, error.read(), error.headers["Content-Type"]


@dataclass(frozen=True)
class Rehearsal:
    """A proxy with a version before it and another one, over one database."""

    proxy: Proxy
    blue: Service
    green: Service
    database: str

    def ask(self, path: str, body: Any = None) -> tuple[int, bytes, str]:
        """Ask by way of the proxy."""
        return ask(self.proxy, path, body)

    def scripts(self) -> list[str]:
        """Open the page; return what a browser asks for next."""
        status, page, _ = self.ask("/")
        assert status == 200
        return re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page.decode())

    def answered_by(self, color: str) -> int:
        """Count the requests that this version was the first to be asked."""
        lines = self.proxy.log.read_text().splitlines()
        first = [json.loads(line)["upstream"].split(", ")[0] for line in lines]
        return sum(upstream.endswith(f"/{color}.sock") for upstream in first)

    def switch_to(self, color: str) -> None:
        """Let a version answer, and wait until it does."""
        self.proxy.point_to(color)
        before = self.answered_by(color)
        self.proxy.reload()
        deadline = time.monotonic() + START_SECONDS
        while self.answered_by(color) - before < 10:
            assert time.monotonic() < deadline, f"{color} does not answer."
            assert self.ask("/healthz")[0] == 200

    def stored(self) -> set[UUID]:
        """Return the drawings that the database has."""
        with connect(self.database) as connection:
            rows = connection.execute("SELECT id FROM recognizer_drawing").fetchall()
        return {UUID(str(id)) for (id,) in rows}


def make_next_version(folder: Path) -> Path:
    """Copy the site, with a column more in the database and a script that was changed."""
    copy_site(folder)
    migrations = folder / "recognizer" / "migrations"
    latest = max(path.stem for path in migrations.glob("0*.py"))
    (migrations / "9999_rehearsed.py").write_text(MIGRATION.format(latest=latest))
    with (folder / "static" / "js" / "page.js").open("a") as script:
        script.write("\n// Another version.\n")
    # Packing the files of libraries takes seconds, and no page is opened that asks for them.
    libraries = ["--ignore=admin", "--ignore=drf_spectacular_sidecar", "--ignore=rest_framework"]
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0", *libraries],
        cwd=folder,
        env={"SECRET_KEY": "none"},
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def rehearsal(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Return blue, this version, which answers, and green, the next one, which is not started."""
    folder = tmp_path_factory.mktemp("upgrade")
    (folder / "nginx").mkdir()
    (folder / "next").mkdir()
    # The name of a socket may have 107 letters, fewer than pytest's folders on some machines.
    with registered_database(folder) as database, tempfile.TemporaryDirectory() as sockets:
        environment = {
            "DATABASE_URL": database,
            "ARTIFACTS_DIR": str(folder / "artifacts"),
            "SECRET_KEY": "only for tests",
            "WEB_CONCURRENCY": "2",
            "RETRAIN_WORKER": "no",
            **dict.fromkeys(("THROTTLE_ADDRESS", "THROTTLE_VISITOR", "THROTTLE_STORED"), "off"),
        }
        proxy = Proxy(folder / "nginx", Path(sockets))
        proxy.point_to("blue")
        following = make_next_version(folder / "next")
        with (
            closing(Service("blue", PROJECT, Path(sockets), environment)) as blue,
            closing(Service("green", following, Path(sockets), environment)) as green,
        ):
            blue.start()
            with proxy.run():
                yield Rehearsal(proxy, blue, green, database)


def test_who_comes_without_tls_is_sent_to_it(rehearsal: Rehearsal) -> None:
    connection = HTTPConnection(rehearsal.proxy.plain_address, timeout=START_SECONDS)
    with closing(connection):
        connection.request("GET", "/about/?a=1", headers={"Host": NAME})
        answer = connection.getresponse()

    assert answer.status == 308
    assert answer.headers["Location"] == f"https://{NAME}/about/?a=1"


@pytest.mark.parametrize("megabytes", [16.5, 18])
def test_a_body_that_is_too_large_is_refused_alike_by_the_site_and_before_it(
    rehearsal: Rehearsal, megabytes: float
) -> None:
    status, body, kind = rehearsal.ask("/api/v1/drawings/", "0" * int(megabytes * 2**20))

    problem = json.loads(body)
    assert (status, kind) == (413, PROBLEM)
    assert problem["type"] == "/problems/body-too-large/"
    assert problem["title"] == PROBLEMS["body-too-large"].title


def test_a_file_that_neither_version_has_is_not_found(rehearsal: Rehearsal) -> None:
    assert rehearsal.ask("/static/none.js")[0] == 404


def test_no_request_fails_and_no_drawing_is_lost_while_versions_change(
    rehearsal: Rehearsal,
) -> None:
    stop = Event()
    rounds = [0] * CALLERS

    def call(caller: int) -> tuple[list[UUID], list[int]]:
        """Draw and open the page until told to stop; return what was acknowledged and refused."""
        acknowledged, refused = [], []
        while not stop.wait(0.25):  # a start beside callers without a pause takes far longer
            status, body, _ = rehearsal.ask("/api/v1/drawings/", {"strokes": SEVEN})
            if status == 201:
                acknowledged.append(UUID(json.loads(body)["id"]))
            else:
                refused.append(status)
            # A browser that opens the page just before a switch asks for scripts just after it.
            refused += [
                status for path in rehearsal.scripts() if (status := rehearsal.ask(path)[0]) != 200
            ]
            rounds[caller] += 1
        return acknowledged, refused

    def wait_for_callers() -> None:
        """Wait until every caller has the scripts of the page that it opened before."""
        before = list(rounds)
        deadline = time.monotonic() + START_SECONDS
        while any(now == then for now, then in zip(rounds, before, strict=True)):
            assert time.monotonic() < deadline, "A caller does not come to an end."
            assert rehearsal.ask("/healthz")[0] == 200
            stop.wait(0.05)

    old_scripts = rehearsal.scripts()
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call, caller) for caller in range(CALLERS)]
        try:
            rehearsal.green.start()  # migrates the database below the version that answers
            rehearsal.switch_to("green")
            new_scripts = rehearsal.scripts()
            found = [rehearsal.ask(path)[0] for path in old_scripts]
            wait_for_callers()
            assert rehearsal.blue.stop() == 0
            rehearsal.blue.start()  # the old version over the new database
            rehearsal.switch_to("blue")
            wait_for_callers()
            assert rehearsal.green.stop() == 0
        finally:
            stop.set()
        results = [caller.result() for caller in callers]

    acknowledged = {id for ids, _ in results for id in ids}
    print(f"{len(acknowledged)} drawings were acknowledged meanwhile.")
    assert [refused for _, refused in results] == [[]] * CALLERS
    assert new_scripts != old_scripts
    assert set(found) == {200}
    assert len(acknowledged) > CALLERS
    assert acknowledged <= rehearsal.stored()


def test_a_site_that_is_away_says_when_to_ask_again(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path, sockets=tmp_path)
    proxy.point_to("blue")
    with proxy.run():
        status, body, kind = ask(proxy, "/")

    assert (status, kind) == (503, PROBLEM)
    assert json.loads(body)["status"] == 503

"""A retraining killed at any moment leaves a site that answers and knows what happened."""

from __future__ import annotations

import hashlib
import os
import random
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from recognizer.tests.kit.live import PROJECT, LiveSite, serve

KILLS = 20
RUNS = "/admin/recognizer/trainingrun/"


class Retrainer:
    """A process that retrains when it is told to."""

    def __init__(self, site: LiveSite, *data_sets: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "recognizer.tests.kit.retrain_on_demand", *data_sets],
            cwd=PROJECT,
            env={**site.environment, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, steps: int | None = None, seconds: float = 0.0) -> int:
        """Retrain, and kill that so many seconds after so many steps; return the steps it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        output = self._process.stdout
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        pid = int(output.readline().split()[1])
        taken = 0
        while steps is None or taken < steps:
            if output.readline() == b"ended\n":
                return taken
            taken += 1
        # The pause ends early where the retraining says something.
        select.select([output], [], [], seconds)
        with suppress(ProcessLookupError):  # it may be over already
            os.kill(pid, signal.SIGKILL)
        while output.readline() != b"ended\n":
            taken += 1
        return taken

    def end(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def lone_site(
    static_files: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveSite, Path]]:
    """Return a site of its own and its folder."""
    folder = tmp_path_factory.mktemp("killed")
    with serve(folder) as site:
        yield site, folder


@pytest.fixture
def retrainer(
    lone_site: tuple[LiveSite, Path], typefaces: Path, letters: Path
) -> Iterator[Retrainer]:
    """Return what retrains beside the site."""
    process = Retrainer(lone_site[0], typefaces, letters)
    yield process
    process.end()


def log_in(site: LiveSite) -> OpenerDirector:
    """Return a browser in which a member of the staff is logged in."""
    site.environment["DJANGO_SUPERUSER_PASSWORD"] = "only for tests"
    site.manage("createsuperuser", "--no-input", "--username=keeper", "--email=k@example.com")
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    address = f"{site.url}/admin/login/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', read(browser, address))
    assert token is not None
    form = {
        "csrfmiddlewaretoken": token[1],
        "username": "keeper",
        "password": "only for tests",
        "next": RUNS,
    }
    browser.addheaders = [("Referer", address)]
    browser.open(address, urlencode(form).encode()).close()
    return browser


def read(browser: OpenerDirector, address: str) -> str:
    """Open a page."""
    with browser.open(address) as answer:
        text: str = answer.read().decode()
        return text


def versions(site: LiveSite) -> dict[str, str]:
    """Return the file and the digest of each version."""
    return dict(site.rows("SELECT artifact, sha256 FROM recognizer_trainedmodel"))


def active_version(site: LiveSite) -> object:
    """Return the version that answers."""
    ((version,),) = site.rows("SELECT version FROM recognizer_trainedmodel WHERE active")
    return version


def count_runs(site: LiveSite, state: str) -> int:
    """Count the training runs in a state."""
    states = site.rows("SELECT state FROM recognizer_trainingrun")
    return states.count((state,))


def test_twenty_kills_leave_a_site_that_answers_and_a_list_that_tells(
    lone_site: tuple[LiveSite, Path], retrainer: Retrainer
) -> None:
    site, folder = lone_site
    browser = log_in(site)
    steps = retrainer.run()  # to its end, to learn how long it is
    answers, succeeded = active_version(site), 1
    rng = random.Random(0)
    for kill in range(KILLS):
        # Spread over the whole, from before the first step to after the last.
        retrainer.run(round(steps * kill / (KILLS - 1)), rng.uniform(0, 0.1))
        page = read(browser, f"{site.url}{RUNS}")
        assert "is going on" not in page
        for name, digest in versions(site).items():
            content = (folder / "artifacts" / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest
        if count_runs(site, "succeeded") == succeeded:
            assert active_version(site) == answers
        answers, succeeded = active_version(site), count_runs(site, "succeeded")
        assert site.draw_seven()["model"] == answers
        assert count_runs(site, "running") == count_runs(site, "failed") == 0
    interrupted = count_runs(site, "interrupted")
    assert interrupted >= KILLS // 2
    assert page.count("The process ended before the run did.") == interrupted

    retrainer.run()
    kept = {Path(name).stem for name in versions(site)}
    files = {path.name for path in (folder / "artifacts").iterdir()}
    kept_files = {f"{stem}.{end}" for stem in kept for end in ("json", "joblib")}
    assert files - {"retrain.lock"} == kept_files

"""The disk runs full: it is told, nothing is half-written, reading goes on, and room heals it."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from recognizer.tests.kit.drawings import assert_problem
from recognizer.tests.kit.live import LiveSite, serve
from recognizer.tests.kit.load import Answer, ask, draw, stored

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="Its own disk is the database server's to watch; test_outages.py has what it says then.",
)

READS = ["/", "/history/", "/api/v1/drawings/", "/api/v1/stats/", "/readyz"]
MOST_DRAWINGS = 2000
CHUNK_BYTES = 64 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 16 MB, which only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(file: Path) -> None:
    """Write until nothing more fits."""
    with file.open("ab", buffering=0) as filler:
        for size in (CHUNK_BYTES, 1):
            with suppress(OSError):
                while True:
                    filler.write(b"x" * size)


def limit_files(site: LiveSite, size: int) -> None:
    """Let the server write no file beyond this size, as a quota would."""
    for pid in site.server.processes():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def draw_until_refused(site: LiveSite) -> tuple[set[str], Answer]:
    """Draw until something else than a 201 comes; return what was kept, and that."""
    kept: set[str] = set()
    for _ in range(MOST_DRAWINGS):
        answer = draw(site)
        if answer.status != 201:
            return kept, answer
        kept.add(answer.json()["id"])
    raise AssertionError("The disk does not run full.")


def assert_survives(site: LiveSite, begin: Callable[[], None], end: Callable[[], None]) -> None:
    """Check what is promised of a full disk, and of the time when there is room again."""
    first = draw(site).json()["id"]
    begin()
    kept, refused = draw_until_refused(site)
    kept.add(first)
    assert_problem(refused, 507, "storage-full")
    assert refused.headers["Retry-After"] == "60"
    assert {path: ask(site.url, path).status for path in READS} == dict.fromkeys(READS, 200)
    assert ask(site.url, f"/api/v1/drawings/{max(kept)}/").status == 200
    assert "storage-full: " in site.server.log
    assert "Traceback" not in site.server.log
    end()
    answer = draw(site)
    assert answer.status == 201
    assert stored(site) == kept | {answer.json()["id"]}


@pytest.mark.skipif(os.geteuid() != 0, reason="Mounting is for root; the next test needs no root.")
def test_a_full_disk_is_told_and_heals(static_files: None, small_disk: Path) -> None:
    with serve(small_disk, TMPDIR=str(small_disk)) as site:
        filler = small_disk / "filler"
        assert_survives(site, lambda: fill(filler), filler.unlink)


def test_a_file_that_may_not_grow_is_told_and_heals(static_files: None, tmp_path: Path) -> None:
    with serve(tmp_path) as site:
        # Large enough for the counts of Prometheus, which have their size from the beginning.
        assert_survives(
            site,
            lambda: limit_files(site, 2**20),
            lambda: limit_files(site, resource.RLIM_INFINITY),
        )

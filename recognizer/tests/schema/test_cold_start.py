"""The first requests of a process, which come all at once: what is made for them is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recognizer.tests.kit.live import serve
from recognizer.tests.kit.load import ask, draw

ADDRESSES = [
    "/",
    "/history/",
    "/about/",
    "/words.js",
    "/admin/login/",
    "/problems/blank-drawing/",
    "/api/docs/",
    "/api/schema/",
    "/api/v1/drawings/",
    "/api/v1/models/",
    "/api/v1/stats/",
    "/nowhere/",
    "/api/v1/nowhere/",
]


@pytest.mark.usefixtures("static_files")
def test_the_first_requests_to_an_address_may_come_at_once(tmp_path: Path) -> None:
    # One worker, whose four threads have to share what they find missing.
    with serve(tmp_path, WEB_CONCURRENCY="1") as site, ThreadPoolExecutor(4) as clients:
        drawn = clients.map(draw, [site] * 4)
        assert [answer.status for answer in drawn] == [201] * 4
        for address in ADDRESSES:
            answers = list(clients.map(ask, [site.url] * 4, [address] * 4))
            assert len({answer.status for answer in answers}) == 1, (address, answers)
            assert answers[0].status in (200, 404), (address, answers)

"""GET /metrics: what Prometheus is told, of all processes at once, and who may hear it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from digitsite import counters
from digitsite.counters import PREFIX, remove_abandoned
from recognizer.models import DailyCount
from recognizer.services.daily_counts import keep_counts
from recognizer.services.site.counting import count_in_background
from recognizer.services.site.throttling import forget_full
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.deployment.test_gunicorn import workers_of
from recognizer.tests.kit.drawings import SEVEN, assert_problem, draw_on
from recognizer.tests.kit.live import PROJECT, LiveSite, Server, serve, wait_until
from recognizer.tests.kit.load import ask as ask_live

TOKEN = "a-token-for-tests-alone"


@pytest.fixture
def prometheus(settings: Settings, stranger: Caller) -> Client:
    """Return a caller with the token."""
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def kill_workers(site: LiveSite) -> None:
    """Kill the workers, and wait for others in their places."""
    killed = workers_of(site)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(set(workers_of(site)) - set(killed)) >= 2)


def read(text: str, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples that have these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def ask(prometheus: Client, name: str, **labels: str) -> float:
    """Return what is told of a metric."""
    answer = prometheus.get("/metrics")
    assert answer.status_code == 200
    return read(answer.content.decode(), name, **labels)


def test_a_stranger_is_told_nothing(prometheus: Client) -> None:
    assert_problem(Client().get("/metrics"), 403, "forbidden")


@pytest.mark.parametrize("given", ["Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_a_wrong_token_is_refused(prometheus: Client, given: str) -> None:
    assert_problem(Client().get("/metrics", headers={"Authorization": given}), 403, "forbidden")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer "])
def test_without_a_token_no_token_is_right(
    given: str, settings: Settings, stranger: Caller
) -> None:
    settings.METRICS_TOKEN = ""
    assert_problem(Client().get("/metrics", headers={"Authorization": given}), 403, "forbidden")


def test_a_visitor_is_told_nothing(visitor: Caller) -> None:
    assert_problem(visitor.get("/metrics"), 403, "forbidden")


def test_staff_may_look(staff: Caller) -> None:
    assert b"digits_model_age_seconds" in staff.get("/metrics").content


def test_a_reading_is_counted_by_digit_and_version(prometheus: Client, stranger: Caller) -> None:
    def count() -> float:
        return ask(prometheus, "digits_predictions_total", digit="7", version="1")

    before = count()
    stranger.draw(7)
    stranger.draw(7)
    assert count() == before + 2


def test_each_drawing_of_a_batch_is_counted(prometheus: Client, stranger: Caller) -> None:
    def count() -> float:
        return ask(prometheus, "digits_predictions_total", version="1")

    before = count()
    assert stranger.post("/api/v1/predictions/", {"strokes": [SEVEN] * 3}).status_code == 200
    assert count() == before + 3


@pytest.mark.usefixtures("clock")
def test_what_a_limit_refuses_is_counted_by_limit(
    prometheus: Client, visitor: Caller, settings: Settings
) -> None:
    def count(caller: str, limited: str) -> float:
        return ask(prometheus, "digits_throttled_total", caller=caller, limited=limited)

    forget_full()
    settings.THROTTLE_VISITOR = 1
    drawings, requests = count("visitor", "drawings"), count("visitor", "requests")
    answers = [visitor.post(DRAWINGS, {"strokes": SEVEN}).status_code for _ in range(6)]
    forget_full()
    assert answers == [201] + [429] * 5
    assert count("visitor", "drawings") == drawings + 4
    assert count("visitor", "requests") == requests + 1


def test_an_answer_is_counted_as_right_or_wrong_once(prometheus: Client, stranger: Caller) -> None:
    def count(outcome: str) -> float:
        return ask(prometheus, "digits_feedback_total", version="1", outcome=outcome)

    right, wrong = count("right"), count("wrong")
    feedback = f"{DRAWINGS}{stranger.draw(7)['id']}/feedback/"
    for body in ({"correct": True}, {"correct": True}, {"label": 1}, {"label": None}):
        assert stranger.put(feedback, body).status_code == 200
    assert (count("right"), count("wrong")) == (right + 1, wrong + 1)


def test_the_age_of_the_active_model_is_told(prometheus: Client) -> None:
    assert 0 <= ask(prometheus, "digits_model_age_seconds", version="1") < 3600


def test_the_figures_of_the_board_are_told_as_the_worker_counted_them(prometheus: Client) -> None:
    today = timezone.now().date()
    for days, fields in (
        (0, {"label": 7}),
        (1, {"label": 1, "confidence": 0.3}),
        (9, {"label": 1}),
    ):
        draw_on(today - timedelta(days), **fields)
    assert ask(prometheus, "digits_week_drawings") == 0
    keep_counts(60)
    assert ask(prometheus, "digits_week_drawings", source="api", version="1") == 2
    assert ask(prometheus, "digits_week_unsure") == 1
    assert ask(prometheus, "digits_week_answers", outcome="right") == 1
    assert ask(prometheus, "digits_week_answers", outcome="wrong") == 1
    assert ask(prometheus, "digits_waiting") == 3
    assert ask(prometheus, "digits_counted_timestamp_seconds") > time.time() - 60
    assert ask(prometheus, "digits_drift_psi") == 0


def test_a_counting_that_has_stopped_is_resumed_when_prometheus_asks(prometheus: Client) -> None:
    prometheus.get("/metrics")
    assert not DBTaskResult.objects.exists()  # nothing to count
    draw_on(timezone.now().date())
    count_in_background.enqueue()
    DBTaskResult.objects.update(status="FAILED")  # by an older version's worker
    for _ in range(2):
        assert ask(prometheus, "digits_counted_timestamp_seconds") == 0
        assert DBTaskResult.objects.ready().count() == 1
    keep_counts(60)
    DailyCount.objects.update(counted_at=timezone.now() + timedelta(days=9))
    DBTaskResult.objects.all().delete()
    prometheus.get("/metrics")
    assert DBTaskResult.objects.ready().count() == 1, "By a clock that was ahead."


def test_the_drift_of_the_active_version_is_told(prometheus: Client) -> None:
    today = timezone.now().date()
    draw_on(today - timedelta(30), count=1_000)
    draw_on(today - timedelta(2), count=300, confidence=0.65)
    keep_counts(60)
    assert ask(prometheus, "digits_drift_psi", version="1", of="confidence") > 1
    assert ask(prometheus, "digits_drift_psi", version="1", of="digits") < 0.1


def test_requests_are_counted_by_view(prometheus: Client, stranger: Caller) -> None:
    name = "django_http_requests_latency_seconds_by_view_method_count"
    before = ask(prometheus, name, view="drawing-list", method="POST")
    stranger.draw(7)
    assert ask(prometheus, name, view="drawing-list", method="POST") == before + 1


@pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT", "PROPFIND"])
def test_a_method_that_no_address_has_is_refused_and_no_label(
    prometheus: Client, stranger: Caller, method: str
) -> None:
    answer: Any = stranger.client.generic(method, "/api/v1/stats/")
    assert_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]
    assert method not in prometheus.get("/metrics").content.decode()


def scrape(site: LiveSite) -> str:
    """Ask a running site, whose processes take turns."""
    request = Request(f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request) as answer:
        text: str = answer.read().decode()
        return text


@contextmanager
def held_open(folder: Path) -> Iterator[int]:
    """Open a folder, so that it can be locked."""
    handle = os.open(folder, os.O_RDONLY)
    yield handle
    os.close(handle)


def counted_in(server: Server) -> Path:
    """Return the folder of the files that a server's processes count in."""
    maps = Path(f"/proc/{server.processes()[0]}/maps").read_text()
    (folder,) = set(re.findall(r"(/\S*/digits-metrics-\S+)/\S+\.db$", maps, re.MULTILINE))
    return Path(folder)


@contextmanager
def serve_little() -> Iterator[Server]:
    """Let gunicorn, as the site sets it up, serve an application that starts at once."""
    command = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    place = ["--bind", "127.0.0.1:0", "recognizer.tests.kit.little_app"]
    server = Server([*command, *place], cwd=PROJECT, env={**os.environ, "WEB_CONCURRENCY": "1"})
    try:
        server.wait_for_address()
        yield server
    finally:
        server.stop()


@pytest.mark.any_database
def test_each_process_tells_the_counts_of_all_and_those_of_dead_ones(
    static_files: None, tmp_path: Path
) -> None:
    with serve(tmp_path, METRICS_TOKEN=TOKEN) as site:
        for round_ in (1, 2):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: site.draw_seven(), range(20)))
            told = {read(scrape(site), "digits_predictions_total", digit="7") for _ in range(8)}
            assert told == {20.0 * round_}
            folder = counted_in(site.server)
            slots = {file.stem.rpartition("_")[2] for file in folder.glob("counter_*.db")}
            assert slots <= {"0", "1", "2"}
            kill_workers(site)
        with serve_little() as another:  # it removes what killed servers left, and no more
            assert counted_in(another) != folder
        assert read(scrape(site), "digits_predictions_total", digit="7") == 40
    assert not folder.exists()


@pytest.mark.any_database
def test_the_next_server_removes_what_a_killed_one_left() -> None:
    with serve_little() as server:
        killed = counted_in(server)
        with held_open(killed) as folder:
            server.kill_all()
            fcntl.flock(folder, fcntl.LOCK_EX)  # a server of another test may start meanwhile
            assert killed.is_dir()
    with serve_little() as server:
        living = counted_in(server)
        assert not killed.exists()
    assert not living.exists()


@pytest.mark.any_database
@pytest.mark.skipif(os.geteuid() != 0, reason="Mounting is for root.")
def test_a_site_with_little_memory_for_its_counts_answers_all(
    static_files: None, tmp_path: Path
) -> None:
    # The parent counts in it; of its two workers, the second finds no room.
    script = 'mount -t tmpfs -o size=300k tmpfs /dev/shm && exec "$@"'
    wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
    with serve(tmp_path, *wrapper, METRICS_TOKEN=TOKEN) as site:
        workers = workers_of(site)
        paths = ["/", "/about/", "/api/v1/stats/", "/problems/not-found/", "/admin/login/"]
        for _ in range(8):
            assert {ask_live(site.url, path).status for path in paths} == {200}
            site.draw_seven()
        assert "digits_model_age_seconds" in scrape(site)
        assert workers_of(site) == workers
        assert "Some requests are not counted: " in site.server.log
        assert "Traceback" not in site.server.log


@pytest.mark.any_database
def test_a_site_whose_counts_are_deleted_answers_all(static_files: None, tmp_path: Path) -> None:
    with serve(tmp_path, METRICS_TOKEN=TOKEN) as site:
        shutil.rmtree(counted_in(site.server))
        kill_workers(site)
        for _ in range(8):
            site.draw_seven()
        assert "digits_model_age_seconds" in scrape(site)
        assert "The counts of requests cannot be read: " in site.server.log


def test_a_site_without_a_folder_for_its_counts_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(counters, "mkdtemp", Mock(side_effect=PermissionError("read-only")))
    assert counters.open_folder.__wrapped__() is None
    assert "/metrics has the counts of one process only: read-only" in capsys.readouterr().err


@pytest.fixture
def abandoned(tmp_path: Path) -> Path:
    """Return the folder of a killed server."""
    folder = tmp_path / f"{PREFIX}abcd_123"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"counts")
    return folder


def test_a_folder_that_a_process_holds_stays_until_it_ends(abandoned: Path) -> None:
    with held_open(abandoned) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        remove_abandoned(abandoned.parent)
        assert (abandoned / "counter_1.db").exists()
    remove_abandoned(abandoned.parent)
    assert not abandoned.exists()


def test_a_folder_of_another_program_stays(abandoned: Path) -> None:
    other = abandoned.rename(abandoned.with_name("metrics-abcd_123"))
    remove_abandoned(other.parent)
    assert other.exists()


def test_a_link_to_a_folder_is_not_followed(abandoned: Path, tmp_path: Path) -> None:
    target = abandoned.rename(tmp_path / "elsewhere")
    abandoned.symlink_to(target)
    remove_abandoned(tmp_path)
    assert target.exists()


def test_a_folder_of_another_user_stays(abandoned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    remove_abandoned(abandoned.parent)
    assert abandoned.exists()

"""Throttles: who may ask how often, counted by all workers together."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
import redis
from django.core.cache import caches
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from digitsite import settings as defaults
from digitsite.environment import read_cache
from recognizer.access import throttles
from recognizer.models import HitCount
from recognizer.services.site import throttling
from recognizer.services.site.throttling import Limit, count_hits, forget_full
from recognizer.tests.conftest import DRAWINGS, Caller, make_key, open_page
from recognizer.tests.kit.drawings import (
    SEVEN,
    assert_problem,
    data_url,
    digits_of_one_face,
    encode,
    png_of,
)
from recognizer.tests.kit.live import START_SECONDS, LiveSite, serve

PREDICTIONS = "/api/v1/predictions/"

pytestmark = pytest.mark.usefixtures("clock")  # no minute ends within a test


@pytest.fixture(autouse=True)
def empty_memory() -> Iterator[None]:
    forget_full()
    yield
    forget_full()


def predict(client: Client, **headers: str) -> Any:
    """Have a batch of one read, which costs a request and no drawing."""
    return client.post(
        PREDICTIONS,
        {"strokes": [SEVEN]},
        content_type="application/json",
        headers=headers,
        REMOTE_ADDR=headers.pop("address", "203.0.113.7"),
    )


def assert_throttled(answer: Any, seconds: int) -> None:
    assert_problem(answer, 429, "too-many-requests")
    assert answer.headers["Retry-After"] == str(seconds)


def test_an_address_without_cookie_or_key_is_throttled(
    model: Any, settings: Settings, clock: list[float]
) -> None:
    settings.THROTTLE_ADDRESS = 2
    clock[0] += 17.5
    assert [predict(Client()).status_code for _ in range(2)] == [200, 200]
    answer = predict(Client())
    assert_throttled(answer, 43)
    assert answer.json()["detail"].startswith("More than 2 requests a minute.")
    assert predict(Client(), address="203.0.113.8").status_code == 200
    clock[0] += 42.5
    assert predict(Client()).status_code == 200


def test_a_program_on_this_machine_is_throttled_with_all_others_only(
    model: Any, settings: Settings
) -> None:
    settings.THROTTLE_ADDRESS = 1
    assert [predict(Client(), address="127.0.0.1").status_code for _ in range(3)] == [200] * 3


def test_what_a_proxy_on_this_machine_passes_on_is_not_from_this_machine(
    model: Any, settings: Settings
) -> None:
    settings.THROTTLE_ADDRESS = 1
    headers = {"address": "127.0.0.1", "X-Forwarded-For": "203.0.113.7"}
    assert predict(Client(), **headers).status_code == 200
    assert predict(Client(), **headers).status_code == 429


def test_without_num_proxies_x_forwarded_for_does_not_change_the_address(
    model: Any, settings: Settings
) -> None:
    settings.THROTTLE_ADDRESS = 1
    answers = [predict(Client(), **{"X-Forwarded-For": f"198.51.100.{i}"}) for i in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_behind_a_proxy_each_address_is_counted_alone(model: Any, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = 1
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    forged = [f"198.51.100.{i}, 203.0.113.9" for i in range(2)]
    answers = [predict(Client(), **{"X-Forwarded-For": value}) for value in forged]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert predict(Client(), **{"X-Forwarded-For": "203.0.113.10"}).status_code == 200


def test_addresses_of_one_ipv6_network_are_counted_together(model: Any, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = 1
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
    answers = [predict(Client(), address=address) for address in addresses]
    assert [answer.status_code for answer in answers] == [200, 429, 200]


@pytest.mark.parametrize("kind", ["", "::ffff:"])
def test_ipv4_addresses_mapped_into_ipv6_are_counted_alone(
    kind: str, model: Any, settings: Settings
) -> None:
    settings.THROTTLE_ADDRESS = 1
    addresses = [f"{kind}203.0.113.{last}" for last in (7, 7, 8)]
    answers = [predict(Client(), address=address) for address in addresses]
    assert [answer.status_code for answer in answers] == [200, 429, 200]


def test_nonsense_in_x_forwarded_for_does_not_change_the_address(
    model: Any, settings: Settings
) -> None:
    settings.THROTTLE_ADDRESS = 1
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    answers = [predict(Client(), **{"X-Forwarded-For": f"unknown:{port}"}) for port in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_new_cookies_get_no_more_batches_than_no_cookie(model: Any, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = 1
    callers = [open_page(Caller(Client())) for _ in range(2)]
    answers = [
        caller.post(PREDICTIONS, {"strokes": [SEVEN]}, REMOTE_ADDR="203.0.113.7")
        for caller in callers
    ]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_asking_for_the_head_of_a_costly_answer_is_counted(
    staff: Caller, settings: Settings
) -> None:
    settings.THROTTLE_VISITOR = 1
    answers = [staff.client.head("/api/v1/exports/").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_a_visitor_is_throttled_by_the_cookie_not_by_the_address(
    visitor: Caller, other_visitor: Caller, settings: Settings
) -> None:
    settings.THROTTLE_VISITOR = 2
    settings.THROTTLE_ADDRESS = 1
    for digit in (1, 2):
        visitor.draw(digit)
    assert_problem(visitor.post(DRAWINGS, {"strokes": SEVEN}), 429, "too-many-requests")
    other_visitor.draw(1)


def test_the_strokes_of_one_digit_are_one_drawing(visitor: Caller, settings: Settings) -> None:
    settings.THROTTLE_VISITOR = 1
    body = {"strokes": SEVEN, "id": str(uuid.uuid4())}
    answers = [visitor.post(DRAWINGS, body).status_code for _ in range(3)]
    assert answers == [201, 200, 200]
    another = {"strokes": SEVEN, "id": str(uuid.uuid4())}
    assert visitor.post(DRAWINGS, another).status_code == 429


def test_the_requests_of_a_visitor_are_limited_too(visitor: Caller, settings: Settings) -> None:
    settings.THROTTLE_VISITOR = 1
    body = {"strokes": SEVEN, "id": str(uuid.uuid4())}
    answers = [visitor.post(DRAWINGS, body).status_code for _ in range(6)]
    assert answers == [201, 200, 200, 200, 200, 429]


def test_a_fast_person_is_never_throttled(
    visitor: Caller, settings: Settings, clock: list[float]
) -> None:
    for name in ("VISITOR", "ADDRESS", "ALL", "STORED"):
        setattr(settings, f"THROTTLE_{name}", getattr(defaults, f"THROTTLE_{name}"))
    assert settings.THROTTLE_VISITOR == 120
    for _ in range(20):  # two drawings a second, of two strokes each, and a verdict
        body = {"strokes": SEVEN, "id": str(uuid.uuid4())}
        for status in (201, 200):
            assert visitor.post(DRAWINGS, body).status_code == status
        url = f"{DRAWINGS}{body['id']}/feedback/"
        assert visitor.put(url, {"correct": True}).status_code == 200
        clock[0] += 0.5


def test_a_key_has_its_own_rate_else_that_of_the_site(model: Any, settings: Settings) -> None:
    settings.THROTTLE_KEY = 1
    settings.THROTTLE_ADDRESS = 1
    expected = {None: [200, 429, 429], 2: [200, 200, 429], 0: [200, 200, 200]}
    for rate, statuses in expected.items():
        _, text = make_key("predict", rate=rate)
        client = Client(headers={"Authorization": f"Bearer {text}"})
        assert [predict(client).status_code for _ in range(3)] == statuses


def test_the_requests_of_all_callers_together_are_limited(
    visitor: Caller, stranger: Caller, settings: Settings
) -> None:
    settings.THROTTLE_ALL = 2
    visitor.draw(1)
    stranger.draw(1)
    answer = predict(Client(), address="203.0.113.8")
    assert_problem(answer, 429, "too-many-requests")


def test_a_refused_request_does_not_count_for_the_limit_of_all(
    model: Any, settings: Settings, clock: list[float]
) -> None:
    settings.THROTTLE_ADDRESS = 1
    settings.THROTTLE_ALL = 4
    answers = [predict(Client()).status_code for _ in range(20)]
    assert answers == [200] + [429] * 19
    assert predict(Client(), address="203.0.113.8").status_code == 200


def test_a_flood_costs_no_writes(model: Any, settings: Settings, clock: list[float]) -> None:
    settings.THROTTLE_ADDRESS = 1
    predict(Client())
    predict(Client())
    with CaptureQueriesContext(connection) as queries:
        assert predict(Client()).status_code == 429
    assert len(queries) == 0


def test_reading_is_not_counted_but_explaining_is(visitor: Caller, settings: Settings) -> None:
    drawing = visitor.draw(7)
    settings.THROTTLE_VISITOR = 1
    url = f"{DRAWINGS}{drawing['id']}/"
    assert [visitor.get(url).status_code for _ in range(9)] == [200] * 9
    assert not HitCount.objects.exists()
    answers = [visitor.get(f"{url}explanation/").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_explaining_is_counted_by_address_for_cookies_are_free(
    model: Any, settings: Settings
) -> None:
    settings.THROTTLE_EXPLAINED = 3

    def explain(address: str) -> Any:
        caller = open_page(Caller(Client()))
        url = f"{DRAWINGS}{caller.draw(7)['id']}/"
        assert caller.client.get(url, REMOTE_ADDR=address).status_code == 200
        return caller.client.get(f"{url}explanation/", REMOTE_ADDR=address)

    answers = [explain("203.0.113.7") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert_problem(answers[-1], 429, "too-many-requests")
    assert answers[-1].json()["detail"].startswith("More than 3 explanations a minute.")
    assert explain("203.0.113.8").status_code == 200


def test_a_class_behind_one_router_may_have_every_stroke_explained(
    model: Any, settings: Settings, clock: list[float]
) -> None:
    for name in ("VISITOR", "ADDRESS", "EXPLAINED", "ALL", "STORED"):
        setattr(settings, f"THROTTLE_{name}", getattr(defaults, f"THROTTLE_{name}"))
    explanations = [Limit("address 203.0.113.7", "explanations", defaults.THROTTLE_EXPLAINED)]
    pupils, strokes = 30, 40
    assert not any(count_hits(explanations) for _ in range(pupils * strokes - 1))
    pupil = open_page(Caller(Client()))
    url = f"{DRAWINGS}{pupil.draw(7)['id']}/explanation/"
    assert pupil.client.get(url, REMOTE_ADDR="203.0.113.7").status_code == 200
    assert_throttled(pupil.client.get(url, REMOTE_ADDR="203.0.113.7"), 60)


def test_what_one_address_may_store_in_a_day_is_limited(
    stranger: Caller, settings: Settings, clock: list[float]
) -> None:
    settings.THROTTLE_STORED = 3

    def draw(caller: Caller) -> Any:
        return caller.post(DRAWINGS, {"strokes": SEVEN}, REMOTE_ADDR="203.0.113.7")

    # A new cookie is no new address.
    callers = [stranger, *(open_page(Caller(Client())) for _ in range(2))]
    assert [draw(caller).status_code for caller in callers] == [201] * 3
    until_midnight = 86_400 - int(clock[0]) % 86_400
    assert_throttled(draw(stranger), until_midnight)
    assert stranger.post("/predict", {"image": "x"}, REMOTE_ADDR="203.0.113.7").status_code == 400
    clock[0] += until_midnight
    assert draw(stranger).status_code == 201


def test_requests_with_cookies_and_of_a_kept_id_count_for_their_address(
    model: Any, settings: Settings
) -> None:
    settings.THROTTLE_WORK = 5
    first, second = (open_page(Caller(Client())) for _ in range(2))
    body = {"strokes": SEVEN, "id": str(uuid.uuid4())}

    def draw(caller: Caller, address: str = "203.0.113.7") -> Any:
        return caller.post(DRAWINGS, body, REMOTE_ADDR=address)

    assert [draw(first).status_code for _ in range(5)] == [201, *[200] * 4]
    assert_throttled(draw(first), 60)
    assert_throttled(draw(second), 60)
    assert draw(first, "203.0.113.8").status_code == 200


def test_a_batch_counts_its_drawings(model: Any, settings: Settings) -> None:
    settings.THROTTLE_WORK = 20
    npz = io.BytesIO()
    np.savez_compressed(npz, x=digits_of_one_face()[:9])

    def send(body: Any, content_type: str = "application/json") -> int:
        client, address = Client(), "203.0.113.7"
        answer = client.post(PREDICTIONS, body, content_type, REMOTE_ADDR=address)
        return int(answer.status_code)

    assert send({"strokes": [SEVEN] * 8}) == 200
    assert send({"strokes": [SEVEN] * 19}) == 429
    assert send("not even JSON") == 429
    forget_full()
    HitCount.objects.all().delete()
    assert send(npz.getvalue(), "application/zip") == 200
    assert send(npz.getvalue(), "application/zip") == 200
    assert send(npz.getvalue(), "application/zip") == 429


@pytest.mark.parametrize(
    "body",
    [
        {"image": data_url(encode(Image.new("L", (2048, 2048), 255)))},
        {"strokes": [[[x % 280, 9 * (x % 31)] for x in range(4_000)]]},
        {"image": "A" * 1_000_000},
    ],
    ids=["pixels", "points", "bytes"],
)
def test_what_takes_long_to_read_counts_as_many_drawings(
    model: Any, settings: Settings, body: Any
) -> None:
    settings.THROTTLE_WORK = 30
    client = Client()
    statuses = [
        client.post(DRAWINGS, body, "application/json", REMOTE_ADDR="203.0.113.7").status_code
        for _ in range(2)
    ]
    assert statuses[0] in (201, 400)
    assert statuses[1] == 429


@pytest.mark.parametrize(
    ("same", "other"),
    [("203.0.113.99", "203.0.114.7"), ("2001:db8:7:99::1", "2001:db8:8::1")],
)
def test_the_bytes_that_a_network_may_store_in_a_day_are_limited(
    stranger: Caller, settings: Settings, clock: list[float], same: str, other: str
) -> None:
    settings.THROTTLE_STORED_MB = 0.001

    def draw(address: str) -> Any:
        return stranger.post(DRAWINGS, {"strokes": SEVEN}, REMOTE_ADDR=address)

    assert draw("203.0.113.7" if "." in same else "2001:db8:7::1").status_code == 201
    answer = draw(same)
    assert_problem(answer, 507, "quota-used-up")
    assert answer.headers["Retry-After"] == str(86_400 - int(clock[0]) % 86_400)
    assert draw(other).status_code == 201


def test_a_full_archive_keeps_nothing_more_and_can_be_read(
    stranger: Caller, settings: Settings
) -> None:
    drawing = stranger.draw(7)
    settings.MAX_ARCHIVE = 1
    assert_problem(stranger.post(DRAWINGS, {"strokes": SEVEN}), 507, "storage-full")
    assert predict(stranger.client).status_code == 200
    assert stranger.get(f"{DRAWINGS}{drawing['id']}/").status_code == 200
    settings.MAX_ARCHIVE = 10**12
    stranger.draw(7)


def test_asking_for_strokes_is_counted(visitor: Caller, settings: Settings) -> None:
    url = f"{DRAWINGS}{visitor.draw(7)['id']}/strokes/"
    settings.THROTTLE_VISITOR = 1
    assert [visitor.get(url).status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_limit_that_is_off_is_not_counted(model: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert predict(Client()).status_code == 200
    assert "hitcount" not in str(queries.captured_queries)


def test_old_windows_are_forgotten(db: None, clock: list[float]) -> None:
    for who in ("one", "two"):
        count_hits([Limit(who, "requests", 5)])
    assert HitCount.objects.count() == 2
    clock[0] += 120
    count_hits([Limit("three", "requests", 5)])
    assert HitCount.objects.count() == 1


def test_a_clock_that_was_ahead_does_not_block(db: None, clock: list[float]) -> None:
    forget_full()
    limit = Limit("visitor x", "requests", 1)
    clock[0] += 365 * 86_400
    assert [count_hits([limit]) is None for _ in range(2)] == [True, False]
    clock[0] -= 365 * 86_400
    count_hits([Limit("visitor y", "requests", 1)])
    assert HitCount.objects.count() == 1
    assert [count_hits([limit]) is None for _ in range(2)] == [True, False]
    forget_full()


def test_no_address_is_kept(model: Any, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = 5
    predict(Client())
    assert "203.0.113" not in str(list(HitCount.objects.values()))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("backend", ["db.DatabaseCache", "locmem.LocMemCache"])
def test_no_hit_is_lost_when_all_ask_at_once(backend: str, settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "cache"}
    }
    limits = [Limit("somebody", "requests", 50), Limit("everybody", "requests", 1000)]

    def ask(_: int) -> bool:
        try:
            return count_hits(limits) is None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(ask, range(120)))
    assert sum(allowed) == 50


def draw_from_outside(site: LiveSite, count: int) -> list[Any]:
    """Send drawings at once, as a proxy would; return the answers."""
    request = Request(
        f"{site.url}{DRAWINGS}",
        json.dumps({"strokes": SEVEN}).encode(),
        {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"},
    )

    def send(_: int) -> Any:
        try:
            return urlopen(request, timeout=START_SECONDS)
        except HTTPError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(send, range(count)))


def assert_five_of_twelve(site: LiveSite) -> None:
    answers = draw_from_outside(site, 12)
    assert sorted(answer.status for answer in answers) == [201] * 5 + [429] * 7
    refused = next(answer for answer in answers if answer.status == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    for answer in answers:
        answer.close()


def test_all_workers_count_together(static_files: None, tmp_path: Path) -> None:
    with serve(tmp_path, THROTTLE_STORED="5", NUM_PROXIES="1") as site:
        assert_five_of_twelve(site)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """Run a Redis of the test's own, on a socket in its folder."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("There is no redis-server on this machine.")
    path = tmp_path / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(path), "--save", ""]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert any("accept connections at" in line for line in server.stdout)
        yield f"unix://{path}"
    finally:
        server.terminate()
        server.communicate()


def test_all_workers_count_together_in_redis(
    redis_url: str, static_files: None, tmp_path: Path
) -> None:
    url = redis_url.replace("unix://", "rediscache://")
    with serve(tmp_path, THROTTLE_STORED="5", NUM_PROXIES="1", CACHE_URL=url) as site:
        assert_five_of_twelve(site)
        assert "hits:" in str(redis.Redis.from_url(redis_url).keys())
        assert site.rows("SELECT count(*) FROM recognizer_hitcount") == [(0,)]


def test_a_cache_in_memory_knows_more_callers_than_a_few(settings: Settings) -> None:
    settings.CACHES = {"default": read_cache("NO_CACHE_URL", default="locmemcache://callers")}
    limits = [Limit(f"caller {number}", "requests", 1) for number in range(1000)]
    assert not any(count_hits([limit]) for limit in limits)
    assert all(count_hits([limit]) for limit in limits)


def test_a_cache_that_keeps_nothing_throttles_no_caller(model: Any, settings: Settings) -> None:
    settings.THROTTLE_ADDRESS = 1
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert [predict(Client()).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("error", [OperationalError, RedisConnectionError])
def test_a_failing_cache_throttles_no_caller_and_is_logged(
    error: type[Exception],
    model: Any,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*arguments: Any) -> None:
        raise error("gone")

    settings.THROTTLE_ADDRESS = 1
    monkeypatch.setattr(throttling, "_count", fail)
    assert [predict(Client()).status_code for _ in range(2)] == [200, 200]
    assert "Requests cannot be counted" in caplog.text


def test_the_cache_is_shared_by_all_workers_and_ready_after_migrations(db: None) -> None:
    caches["default"].set("answer", 42)
    assert caches["default"].get("answer") == 42
    assert defaults.CACHES["default"]["BACKEND"].endswith(".DatabaseCache")


def draft(client: Client, address: str = "203.0.113.7", strokes: Any = SEVEN) -> Any:
    return client.post(
        f"{PREDICTIONS}?draft=true",
        {"strokes": [strokes]},
        content_type="application/json",
        REMOTE_ADDR=address,
    )


def test_drafts_have_a_limit_of_their_own_that_writes_nothing(
    model: Any, settings: Settings, clock: list[float]
) -> None:
    settings.THROTTLE_DRAFTS = 2
    settings.THROTTLE_ADDRESS = 1
    assert [draft(Client()).status_code for _ in range(2)] == [200, 200]
    assert_throttled(draft(Client()), 60)
    assert draft(Client(), "203.0.113.8").status_code == 200
    assert HitCount.objects.count() == 0
    assert predict(Client()).status_code == 200  # as before the drafts
    clock[0] += 60
    assert draft(Client()).status_code == 200


def test_drafts_of_all_addresses_together_are_limited(
    model: Any, settings: Settings, clock: list[float]
) -> None:
    settings.THROTTLE_DRAFTS = 1
    answers = [draft(Client(), f"203.0.113.{number}").status_code for number in range(5)]
    assert answers == [200, 200, 200, 200, 429]


def test_a_large_draft_counts_as_any_other_request(model: Any, settings: Settings) -> None:
    settings.THROTTLE_DRAFTS, settings.THROTTLE_ADDRESS = 0, 1
    long = [[[x / 100, 50] for x in range(3000)]]
    assert [draft(Client(), strokes=long).status_code for _ in range(2)] == [200, 429]


def test_counts_of_a_process_are_forgotten_when_their_minute_is_over(clock: list[float]) -> None:
    for caller in range(throttling.MOST_REMEMBERED + 1):
        excess = throttling.count_here([Limit(f"address {caller}", "drafts", 5)])
    assert excess is not None  # refused rather than remembered
    clock[0] += 60
    assert throttling.count_here([Limit("address 0", "drafts", 5)]) is None


def test_a_picture_that_takes_longer_than_it_seems_counts_when_it_is_read(
    stranger: Caller, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.THROTTLE_WORK = 1_000
    monkeypatch.setattr(throttles, "UNIT_SECONDS", 1e-6)
    body = {"images": [data_url(png_of(7))]}
    assert stranger.post(PREDICTIONS, body, REMOTE_ADDR="203.0.113.7").status_code == 200
    answer = stranger.post(PREDICTIONS, body, REMOTE_ADDR="203.0.113.7")
    assert_problem(answer, 429, "too-many-requests")
    assert "units of work" in answer.json()["detail"]


def test_a_caller_far_from_a_limit_costs_no_write(
    db: None, clock: list[float], django_assert_num_queries: Any
) -> None:
    limits = [Limit("visitor x", "requests", 600), Limit("everybody", "requests", 30_000)]
    count_hits(limits)
    with django_assert_num_queries(0):
        assert not any(count_hits(limits) for _ in range(5))
    with django_assert_num_queries(1):
        assert count_hits(limits) is None


def test_what_two_processes_take_at_once_is_never_more_than_the_limit(
    db: None, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = Limit("visitor x", "requests", 600)
    processes: list[dict[str, tuple[int, int]]] = [{}, {}]
    answered = [0, 0]
    # The second asks until the first one's share is all that is left.
    for process, times in ((0, 1), (1, 700), (0, 700)):
        monkeypatch.setattr(throttling, "_taken", processes[process])
        throttling._full.clear()
        answered[process] += sum(count_hits([limit]) is None for _ in range(times))
    assert answered == [6, 594]
    clock[0] += 60
    assert count_hits([limit]) is None


def test_what_is_taken_of_many_limits_is_forgotten_with_their_window(
    db: None, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "MOST_REMEMBERED", 3)
    for number in range(5):
        assert count_hits([Limit(f"visitor {number}", "requests", 600)]) is None
    assert len(throttling._taken) == 3
    clock[0] += 60
    assert count_hits([Limit("visitor x", "requests", 600)]) is None
    assert len(throttling._taken) == 1


def test_a_limit_answers_as_often_where_no_more_can_be_taken_at_once(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "MOST_REMEMBERED", 0)
    limit = Limit("everybody", "requests", 300)
    assert [count_hits([limit]) for _ in range(300)] == [None] * 300
    assert count_hits([limit]) is not None

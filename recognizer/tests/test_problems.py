"""Every error of the API is a problem whose type is a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from recognizer import services
from recognizer.problems import PROBLEMS
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.drawings import SEVEN, assert_problem


@pytest.mark.parametrize("slug", PROBLEMS)
def test_each_type_is_a_page_that_explains_it(slug: str) -> None:
    page = Client().get(f"/problems/{slug}/")
    assert page.status_code == 200
    assert PROBLEMS[slug].title in page.content.decode()


def test_an_unknown_type_is_no_page() -> None:
    assert Client().get("/problems/bad-weather/").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1/",
        "/api/v1/drawings",
        "/api/v1/drawings/7/",
        "/api/v1/drawings/%00/",
        "/api/v2/drawings/",
    ],
)
def test_an_address_that_is_none_is_not_found(method: str, path: str) -> None:
    answer = Client().generic(method, path)
    assert_problem(answer, 404, "not-found")


@pytest.mark.parametrize("path", [DRAWINGS, "/api/v1/models/", "/api/v1/stats/", "/predict"])
def test_another_method_is_refused_with_those_that_are_allowed(path: str) -> None:
    answer = Client().patch(path)
    assert_problem(answer, 405, "method-not-allowed")
    assert "OPTIONS" in answer.headers["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/problem+json", "x"])
def test_a_picky_accept_header_still_gets_json(stranger: Caller, accept: str) -> None:
    answer = stranger.post(DRAWINGS, {"strokes": SEVEN}, headers={"Accept": accept})
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", [DRAWINGS, "/api/v1/stats/"])
def test_a_fault_of_the_site_is_a_problem_too(
    path: str, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(services, "recognize", fail)
    monkeypatch.setattr(services, "count_drawings", fail)
    client = Client(raise_request_exception=False)
    answer = (
        client.get(path)
        if path.endswith("stats/")
        else client.post(path, {"strokes": SEVEN}, content_type="application/json")
    )
    assert_problem(answer, 500, "server-error")
    assert b"secret" not in answer.content


def test_a_page_that_fails_is_no_json(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizer.views.render", lambda *arguments: 1 / 0)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_unknown_host_is_refused_as_a_problem() -> None:
    answer = Client().get("/api/v1/stats/", headers={"Host": "elsewhere.example"})
    assert_problem(answer, 400, "malformed-body")


def test_an_unknown_host_fills_no_log(capfd: pytest.CaptureFixture[str]) -> None:
    Client().get("/api/v1/stats/", headers={"Host": "elsewhere.example"})
    assert "DisallowedHost" not in capfd.readouterr().err


@pytest.mark.parametrize("path", ["/", "/history/", "/problems/not-found/", "/nowhere", "/predict"])
def test_every_answer_carries_the_security_headers(db: None, path: str) -> None:
    headers = Client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_ancient_address_of_the_icon_leads_to_it() -> None:
    answer = Client().get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/static/favicon.svg"

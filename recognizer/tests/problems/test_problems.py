"""Every error of the API is a problem whose type is a page."""

from __future__ import annotations

import ast
import io
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from digitsite.logs import LineFormatter
from recognizer.problems import kinds
from recognizer.problems.kinds import PROBLEMS
from recognizer.services.drawings import recognition, statistics
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem

ONLY_JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("slug", PROBLEMS)
def test_each_type_is_a_page_that_explains_it(slug: str) -> None:
    page = Client().get(f"/problems/{slug}/")
    assert page.status_code == 200
    assert PROBLEMS[slug].title in page.content.decode()


def sources() -> list[ast.Module]:
    """Parse the site's own modules."""
    paths = (path for path in Path("recognizer").rglob("*.py") if "tests" not in path.parts)
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def slugs_in_code() -> set[str]:
    """Return every text in the sources that could be the end of a type, but for the table."""
    found = set()
    for tree in sources():
        for statement in tree.body:
            if ast.unparse(statement).startswith("PROBLEMS = {"):
                continue
            texts = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
            found |= {text for text in texts if isinstance(text, str)}
    return found


def test_each_type_of_the_table_is_used() -> None:
    assert set(PROBLEMS) <= slugs_in_code()


def test_each_type_that_is_used_is_in_the_table() -> None:
    told = set()
    for tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if getattr(node.func, "id", "") in {"describe", "problem_response", "_answer"}:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    told.add(str(first.value))
    told |= set(kinds._STATUS_PROBLEMS.values()) | set(kinds._DRAWING_PROBLEMS.values())
    assert len(told) > 15
    assert told <= set(PROBLEMS)


def test_each_type_that_the_page_knows_is_in_the_table() -> None:
    words = Path("static/js/words.js").read_text(encoding="utf-8")
    types = words.partition("types: {")[2].partition("}")[0]
    known = set(re.findall(r'"([a-z-]+)":', types))
    assert known
    assert known <= set(PROBLEMS)


@pytest.mark.parametrize("path", ["/", "/history/", "/favicon.ico", "/words.js", "/about/"])
def test_a_page_says_which_methods_are_allowed(path: str) -> None:
    answer = Client().delete(path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "<h1>This method is not for this address</h1>" in answer.text
    assert_problem(Client(headers=ONLY_JSON).delete(path), 405, "method-not-allowed")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_of_another_method_is_refused_as_a_problem(path: str) -> None:
    answer = Client().post(path)
    assert_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_program_that_accepts_json_gets_a_404_as_a_problem() -> None:
    assert_problem(Client(headers=ONLY_JSON).get("/nowhere/"), 404, "not-found")
    page = Client(headers={"Accept": "text/html, application/json;q=0.9"}).get("/nowhere/")
    assert page.headers["Content-Type"].startswith("text/html")


def test_a_program_without_the_csrf_token_gets_a_problem() -> None:
    client = Client(enforce_csrf_checks=True, headers=ONLY_JSON)
    assert_problem(client.post("/language/", {"language": "de"}), 403, "forbidden")


@pytest.mark.parametrize("path", [DRAWINGS, "/api/v1/predictions/", "/predict"])
def test_a_body_of_another_kind_is_refused(path: str, db: None) -> None:
    answer = Client().post(path, b"<svg/>", content_type="image/svg+xml")
    assert_problem(answer, 415, "unsupported-media-type")


def test_a_form_with_too_many_files_is_refused(db: None, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = {f"image{i}": io.BytesIO(b"x") for i in range(3)}
    answer = Client().post(DRAWINGS, files)
    assert_problem(answer, 400, "malformed-body")
    assert answer.json()["detail"] == "The form has too many fields or files."


def test_a_form_with_too_many_fields_is_refused(db: None, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    answer = Client().post(DRAWINGS, {f"field{i}": "x" for i in range(3)})
    assert_problem(answer, 400, "malformed-body")


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}])
def test_more_than_is_read_into_memory_is_refused(
    db: None, settings: Settings, headers: dict[str, str]
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    body = {"strokes": SEVEN}
    answer = Client().post(DRAWINGS, body, content_type="application/json")
    assert_problem(answer, 413, "body-too-large")
    page: Any = Client(headers=headers).post("/language/", {"language": "de" * 20})
    assert page.status_code == 413
    if headers:
        assert_problem(page, 413, "body-too-large")
    else:
        assert "<h1>The request is too large</h1>" in page.text


def test_a_body_that_breaks_off_is_no_fault_of_the_site(db: None) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("The client is gone.")

    options: dict[str, Any] = {
        "wsgi.input": Broken(),
        "CONTENT_LENGTH": "100",
        "CONTENT_TYPE": "application/json",
    }
    answer = Client().generic("POST", DRAWINGS, **options)
    assert_problem(answer, 400, "malformed-body")
    assert answer.json()["detail"] == "The body broke off."


def test_an_unknown_type_has_no_page() -> None:
    assert Client().get("/problems/bad-weather/").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
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
def test_an_unknown_address_is_not_found(method: str, path: str) -> None:
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

    monkeypatch.setattr(recognition, "recognize", fail)
    monkeypatch.setattr(statistics, "count_drawings", fail)
    client = Client(raise_request_exception=False)
    answer = (
        client.get(path)
        if path.endswith("stats/")
        else client.post(path, {"strokes": SEVEN}, content_type="application/json")
    )
    assert_problem(answer, 500, "server-error")
    assert b"secret" not in answer.content


def test_a_page_that_fails_answers_in_html(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizer.pages.views.render", lambda *arguments: 1 / 0)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_unknown_host_is_refused_as_a_problem() -> None:
    answer = Client().get("/api/v1/stats/", headers={"Host": "elsewhere.example"})
    assert_problem(answer, 400, "malformed-body")


def test_an_unknown_host_is_one_line_in_the_log_that_names_the_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = logging.getLogger("django").handlers
    handler = next(one for one in handlers if isinstance(one.formatter, LineFormatter))
    monkeypatch.setattr(handler, "stream", sys.stderr)
    Client().get("/api/v1/stats/", headers={"Host": "elsewhere.example"})
    (line,) = capsys.readouterr().err.splitlines()
    assert "You may need to add 'elsewhere.example' to ALLOWED_HOSTS." in line


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

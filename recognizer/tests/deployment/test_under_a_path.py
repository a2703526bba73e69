"""SCRIPT_NAME: the site under a path of a host that has others, behind nginx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from recognizer.tests.kit.browsing import SEVEN, draw, expect_answer, open_page, press
from recognizer.tests.kit.drawings import SEVEN as STROKES
from recognizer.tests.kit.live import LiveSite, serve
from recognizer.tests.kit.proxies import Proxy

PATH = "/digits"


@pytest.fixture(scope="module")
def served(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    surroundings = {"HTTPS": "yes", "TRUST_X_FORWARDED_PROTO": "yes", "NUM_PROXIES": "1"}
    folder = tmp_path_factory.mktemp("served")
    with serve(folder, SCRIPT_NAME=PATH, **surroundings) as site:
        yield site


@pytest.fixture(scope="module")
def proxy(served: LiveSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("nginx")
    nginx = Proxy(folder, folder, path=PATH)
    (folder / "active.conf").write_text(f"server {urlsplit(served.url).netloc};\n")
    with nginx.run():
        yield nginx


def ask(proxy: Proxy, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{proxy.url}{path}", data, {"Content-Type": "application/json"})
    return urlopen(request, context=proxy.trust)


def test_pages_find_their_files_and_the_api_under_the_path(proxy: Proxy, browser: Browser) -> None:
    asked: list[str] = []
    answers: list[int] = []
    options = {"base_url": proxy.url, "ignore_https_errors": True}
    with open_page(browser, may_lack_answers=True, **options) as page:
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        page.on("response", lambda response: answers.append(response.status))
        page.goto(f"{PATH}/")
        draw(page, SEVEN)
        expect_answer(page, 7)
        press(page, "Yes, 7")
        page.goto(f"{PATH}/history/")
        expect(page.locator("main")).to_contain_text("7")
        for path in ("/about/", "/api/docs/", "/admin/login/"):
            page.goto(f"{PATH}{path}", wait_until="networkidle")
    # Admin's pages name no icon, so a browser asks the host for one.
    assert {path for path in asked if not path.startswith(f"{PATH}/")} <= {"/favicon.ico"}
    assert set(answers) <= {200, 201, 304, 404}
    assert answers.count(404) <= 1
    assert any(path.endswith(".woff2") for path in asked)


def test_what_the_api_names_has_the_path(proxy: Proxy) -> None:
    with ask(proxy, f"{PATH}/api/v1/drawings/", {"strokes": STROKES}) as answer:
        location = answer.headers["Location"]
        assert json.load(answer)["prediction"] == 7
    assert urlsplit(location).path.startswith(f"{PATH}/api/v1/drawings/")
    with pytest.raises(HTTPError) as refused:
        ask(proxy, f"{PATH}/api/v1/drawings/", {"strokes": []})
    problem = json.load(refused.value)
    assert problem["type"].startswith(f"{PATH}/problems/")
    with ask(proxy, problem["type"]) as page:
        assert page.status == 200
    with ask(proxy, f"{PATH}/api/schema/?format=json") as schema:
        described = json.load(schema)
    assert described["servers"] == [{"url": PATH}]
    assert "/api/v1/drawings/" in described["paths"]


def test_cookies_are_not_sent_to_the_other_sites_of_the_host(proxy: Proxy) -> None:
    with ask(proxy, PATH) as page:
        cookies = SimpleCookie("; ".join(page.headers.get_all("Set-Cookie")))
    assert {morsel["path"] for morsel in cookies.values()} == {PATH}


def test_outside_of_the_path_another_answers(proxy: Proxy) -> None:
    with pytest.raises(HTTPError, match="404"):
        ask(proxy, "/api/v1/stats/")


def test_a_probe_needs_no_path_and_a_proxy_may_cut_it_off(served: LiveSite) -> None:
    headers = {"Host": "127.0.0.1", "X-Forwarded-Proto": "https"}
    for path in ("/healthz", f"{PATH}/healthz", "/", f"{PATH}/"):
        with urlopen(Request(f"{served.url}{path}", headers=headers)) as answer:
            assert answer.status == 200
            if path == "/":
                assert f'href="{PATH}/static/' in answer.read().decode()

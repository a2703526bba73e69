"""The scripts of the pages: each page loads what its entry script imports, and nothing twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from playwright.sync_api import Browser

from digitsite.storage import HashedModulesStorage
from recognizer.tests.kit.browsing import open_page
from recognizer.tests.kit.live import PROJECT, LiveSite

ENTRIES = {"/": "draw_page.js", "/history/": "history_page.js"}
CLASSIC = {"/": ["early.js"], "/history/": []}
"""Scripts that are no modules."""
ONLY_FOR_DRAWING = {
    "answer.js",
    "feedback.js",
    "geometry.js",
    "ink.js",
    "intake.js",
    "pad.js",
    "recognition.js",
    "shortcuts.js",
}

every_page = pytest.mark.parametrize(("url", "entry"), ENTRIES.items())


def find_imports(script: str) -> set[str]:
    """Return the modules that a script imports statically, directly or through others."""
    found: set[str] = set()
    unread = [script]
    while unread:
        text = (PROJECT / "static" / "js" / unread.pop()).read_text()
        imported = set(re.findall(r'^import .*?"\./(\w+\.js)";', text, re.DOTALL | re.MULTILINE))
        unread += imported - found
        found |= imported
    return found


def load_scripts(browser: Browser, url: str) -> list[str]:
    """Return the modules that a browser with an empty cache requests, without their hashes."""
    urls: list[str] = []
    with open_page(browser) as page:
        page.on("request", lambda request: urls.append(request.url))
        page.goto(url, wait_until="networkidle")
    found = [re.search(r"/static/js/(\w+)\.[0-9a-f]{12}(\.js)$", url) for url in urls]
    return [match[1] + match[2] for match in found if match]


@every_page
@pytest.mark.django_db
def test_a_page_preloads_exactly_the_imports_of_its_entry(
    url: str, entry: str, client: Client
) -> None:
    html = client.get(url).text

    preloads = re.findall(r'<link rel="modulepreload" href="/static/js/(\w+\.js)">', html)
    assert sorted(preloads) == sorted(find_imports(entry))


@every_page
def test_a_browser_loads_the_entry_and_its_imports_once(
    url: str, entry: str, site: LiveSite, browser: Browser
) -> None:
    scripts = load_scripts(browser, site.url + url)

    assert sorted(scripts) == sorted([*CLASSIC[url], entry, *find_imports(entry)])


def test_the_history_page_loads_no_script_for_drawing(site: LiveSite, browser: Browser) -> None:
    scripts = load_scripts(browser, f"{site.url}/history/")

    assert "history_page.js" in scripts
    assert ONLY_FOR_DRAWING.isdisjoint(scripts)
    assert find_imports("draw_page.js") >= ONLY_FOR_DRAWING


def test_comments_are_not_sent_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    storage = HashedModulesStorage(location=tmp_path)
    script = b'// Why\nconst url = "http://a"; // why\n  /**\n   * What.\n   */\ncall(url);\n'
    content = ContentFile(script)
    content.read()  # as collectstatic does, for the hash
    name = storage._save("js/page.js", content)
    assert (tmp_path / name).read_text() == '\nconst url = "http://a"; // why\n\n\n\ncall(url);\n'
    name = storage._save("admin/page.js", ContentFile(script))  # not ours
    assert (tmp_path / name).read_bytes() == script

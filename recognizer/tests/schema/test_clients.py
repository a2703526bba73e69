"""Each snippet of docs/clients.md is run against the real server and prints what the page shows."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from recognizer.tests.kit.drawings import digits_of_one_face, png_of
from recognizer.tests.kit.live import PROJECT, LiveSite

PAGE = (PROJECT / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLIENTS = {"python": "digits.py", "js": "digits.mjs"}
NEW_KEY = """
from recognizer.services.site import api_keys
from recognizer.models import ApiKey
print(api_keys.issue_key(ApiKey(name="client", may_read=True, may_feedback=True)))
"""
SECONDS = 180


def snippets(language: str) -> list[tuple[str, str]]:
    """Return the snippets of a language, each with what it prints."""
    blocks = BLOCK.findall(PAGE)
    return [
        (code, output)
        for (kind, code), (next_kind, output) in pairwise(blocks)
        if kind == language and next_kind == "text"
    ]


def client_of(language: str) -> str:
    """Return the file that the other snippets import."""
    name = CLIENTS[language]
    codes: list[str] = [code for _, code in BLOCK.findall(PAGE)]
    return next(code for code in codes if name in code.partition("\n")[0])


def command_for(language: str, code: str, folder: Path) -> list[str]:
    if language == "sh":
        return ["bash", "-euo", "pipefail", "-c", code]
    if language == "python":
        return [sys.executable, "-W", "error", "-c", code]
    node = subprocess.check_output(["sh", ".ci/node", sys.executable], cwd=PROJECT, text=True)
    file = folder / "snippet.mjs"
    file.write_text(code, encoding="utf-8")
    return [node.strip(), str(file)]


def run(language: str, code: str, folder: Path, **settings: str) -> str:
    finished = subprocess.run(
        command_for(language, code, folder),
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the files that the page speaks of."""
    digits = digits_of_one_face()  # (10, 28, 28)
    (tmp_path / "seven.png").write_bytes(png_of(7))
    np.savez(tmp_path / "digits.npz", x=digits)
    with (tmp_path / "digits.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["names", "labels", *range(1, 785)])
        rows.writerows(["face", label, *digit.ravel()] for label, digit in enumerate(digits))
    for language, name in CLIENTS.items():
        (tmp_path / name).write_text(client_of(language), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("language", ["sh", "python", "js"])
def test_each_snippet_prints_what_the_page_shows(
    language: str, site: LiveSite, folder: Path
) -> None:
    key = site.manage("shell", "--verbosity=0", "--command", NEW_KEY).strip()
    assert len(snippets(language)) == 7
    for code, output in snippets(language):
        printed = run(language, code, folder, DIGITS_URL=site.url, DIGITS_KEY=key)
        shown = ".*".join(re.escape(part) for part in output.strip().split("…"))
        assert re.fullmatch(shown, printed.strip(), re.DOTALL), f"{code}\n{printed}"


@contextmanager
def busy_site() -> Iterator[tuple[str, list[str]]]:
    """Serve somebody who asks to come again, and then answers."""
    asked: list[str] = []

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(429 if len(asked) == 1 else 200)
            if len(asked) == 1:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"drawings": 3}')

    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("sh", 'curl --silent --retry 5 "$DIGITS_URL/api/v1/stats/"'),
        ("python", 'from digits import call; print(call("GET", "/api/v1/stats/"))'),
        (
            "js",
            'import { call } from "./digits.mjs"; console.log(await call("GET", "/api/v1/stats/"))',
        ),
    ],
)
def test_a_client_repeats_a_request_after_retry_after(
    language: str, code: str, folder: Path
) -> None:
    with busy_site() as (url, asked):
        printed = run(language, code, folder, DIGITS_URL=url, DIGITS_KEY="dk")
    assert asked == ["/api/v1/stats/"] * 2
    assert "3" in printed

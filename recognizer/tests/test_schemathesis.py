"""Every operation is asked what it must take and what it must not, alone and one after the other.

Schemathesis makes the questions from the committed description, and follows its links from a stored
drawing to whatever can be done with that. Its choices are the same each time.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from recognizer.tests.live import PROJECT, LiveSite

SECONDS = 600
"""A bound for a machine that does much else; it takes half a minute otherwise."""
NEW_KEY = """
from recognizer import services
from recognizer.models import ApiKey
print(services.issue_key(ApiKey(name="schemathesis", may_{scope}=True)))
"""
CONFIG = Path(__file__).with_name("schemathesis.toml")


def headers_of(caller: str, site: LiveSite) -> list[str]:
    """Return what a caller sends along."""
    match caller:
        case "visitor":
            with urlopen(f"{site.url}/") as page:
                cookies = [value.partition(";")[0] for value in page.headers.get_all("Set-Cookie")]
                token = re.search(r'data-csrf-token="(\w+)"', page.read().decode())
            assert token is not None
            return [f"Cookie: {'; '.join(cookies)}", f"X-CSRFToken: {token[1]}"]
        case "staff":
            command = NEW_KEY.format(scope="admin")
            key = site.manage("shell", "--verbosity=0", "--command", command).strip()
            return [f"Authorization: Bearer {key}"]
    return []


@pytest.mark.parametrize("caller", ["stranger", "visitor", "staff"])
def test_every_answer_is_one_that_is_described(caller: str, site: LiveSite, tmp_path: Path) -> None:
    headers = [f"--header={header}" for header in headers_of(caller, site)]
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            f"--config-file={CONFIG}",
            "run",
            str(PROJECT / "docs" / "openapi.yaml"),
            f"--url={site.url}",
            *headers,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    print(finished.stdout, finished.stderr)
    assert finished.returncode == 0, finished.stdout
    operations = re.search(r"Operations: +(\d+) selected / (\d+) total", finished.stdout)
    assert operations is not None
    assert operations[1] == operations[2]
    links = re.search(r"API Links: +(\d+) covered", finished.stdout)
    assert links is not None
    assert int(links[1]) >= 6, "A stored drawing leads to six other operations."

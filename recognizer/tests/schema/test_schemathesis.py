"""Every operation is asked what it must take and what it must not, alone and one after the other.

Schemathesis makes the questions from the committed description, and follows its links from a stored
drawing to whatever can be done with that. Its choices are the same each time.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from recognizer.tests.kit.live import PROJECT, LiveSite, serve

SECONDS = 600
"""A bound for a machine that does much else; nothing waits longer than it has to."""
NEW_KEY = """
from recognizer.services.site import api_keys
from recognizer.models import ApiKey
from django.contrib.auth.models import User
owner = User.objects.create_superuser("schemathesis")
print(api_keys.issue_key(ApiKey(name="schemathesis", owner=owner, may_{scope}=True)))
"""
PHASES = {
    "stranger": "examples,fuzzing",
    "visitor": "examples,coverage,stateful",
    "staff": "examples,coverage,fuzzing",
}
"""Who asks in which ways: a visitor owns what the links lead to, and staff may do everything."""
METRICS_TOKEN = "a-token-for-tests-alone"
CONFIG = Path(__file__).with_name("schemathesis.toml")
AS_PROMETHEUS = f"""
[[operations]]
include-path = "/metrics"
headers = {{ Authorization = "Bearer {METRICS_TOKEN}" }}
"""
"""What the stranger sends to one address alone; the others ask there without the token."""


@pytest.fixture(scope="module")
def site(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Return a site that Prometheus may ask as well."""
    with serve(tmp_path_factory.mktemp("site"), METRICS_TOKEN=METRICS_TOKEN) as running:
        yield running


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


def ask(site: LiveSite, caller: str, phases: str, folder: Path) -> str:
    """Run Schemathesis, which must find nothing; return what it says of itself."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.read_text() + (AS_PROMETHEUS if caller == "stranger" else ""))
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            f"--config-file={config}",
            "run",
            str(PROJECT / "docs" / "openapi.yaml"),
            f"--url={site.url}",
            f"--phases={phases}",
            *(f"--header={header}" for header in headers_of(caller, site)),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    print(finished.stderr)
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


def number(pattern: str, output: str) -> int:
    match = re.search(pattern, output)
    assert match is not None, output
    return int(match[1])


@pytest.mark.parametrize("caller", PHASES)
def test_every_answer_is_one_that_is_described(caller: str, site: LiveSite, tmp_path: Path) -> None:
    output = ask(site, caller, PHASES[caller], tmp_path)

    described = number(r"Operations: +\d+ selected / (\d+) total", output)
    assert number(r"Tested: +(\d+)", output) == described
    if "stateful" in PHASES[caller]:
        assert number(r"API Links: +(\d+) covered", output) > 0

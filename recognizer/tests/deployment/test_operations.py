"""docs/operations: what its files say is understood by whom it is meant for, and holds here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from digitsite.environment import read_database
from recognizer.tests.kit.live import PROJECT
from recognizer.tests.kit.units import OPERATIONS, read_environment

UNITS = sorted(path.name for path in OPERATIONS.iterdir() if "@." in path.name)
MANUAL = PROJECT / "docs" / "operations.md"
NEEDS_SYSTEMD = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="only systemd can read its units"
)
EXPOSURE = 2.0
"""Of 10; systemd calls this OK, and a service without any fence has 9.6."""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return the units in a folder, with something to execute at the place that they name."""
    for name in UNITS:
        text = (OPERATIONS / name).read_text()
        (tmp_path / name).write_text(re.sub(r"/srv/digits/%i/\S+/python", "/bin/true", text))
    return tmp_path


@NEEDS_SYSTEMD
@pytest.mark.parametrize("name", UNITS)
def test_systemd_has_nothing_to_say_of_a_unit(units: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", name.replace("@", "@blue")],
        env={"SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@NEEDS_SYSTEMD
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_is_fenced_in(units: Path, name: str) -> None:
    limit = f"--threshold={EXPOSURE * 10:.0f}"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", limit, units / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_proxy_lets_a_body_through_that_the_site_takes() -> None:
    found = re.search(r"client_max_body_size (\d+)m;", (OPERATIONS / "nginx.conf").read_text())
    assert found is not None
    limit = int(found[1]) * 2**20
    assert settings.MAX_BODY_BYTES < limit <= settings.MAX_BODY_BYTES + 2 * 2**20


def test_no_secret_is_given() -> None:
    assert read_environment()["SECRET_KEY"] == ""


def test_every_variable_that_is_set_is_one_that_the_site_reads() -> None:
    read = (PROJECT / "digitsite" / "settings.py").read_text()
    lightsail = json.loads((OPERATIONS / "lightsail.json").read_text())
    given = {*read_environment(), *lightsail["containers"]["app"]["environment"]}
    assert [name for name in given if f'"{name}"' not in read] == []


def test_every_option_of_the_databases_address_changes_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(query: str) -> str:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///db.sqlite3{query}")
        database = read_database("DATABASE_URL", default="", folder=PROJECT)
        return json.dumps(database, sort_keys=True, default=str)

    section = MANUAL.read_text().partition("## The address of the database\n")[2].partition("##")[0]
    rows = re.findall(r"^\| `(\?(\w+)=(\w+))` \| `?([\w ]+)`? \|", section, re.MULTILINE)
    assert {name for _, name, _, _ in rows} == {"timeout", "conn_max_age", "synchronous"}
    for query, name, value, default in rows:
        assert value.lower() in read(query).lower()
        assert read(query) != read("")
        if default != "no limit":
            assert read(f"?{name}={default}") == read("")


def test_every_file_that_the_manual_names_is_there_and_every_file_is_named() -> None:
    links = set(re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", MANUAL.read_text()))
    assert [link for link in links if not (MANUAL.parent / link).exists()] == []
    assert {path.name for path in OPERATIONS.iterdir()} <= {Path(link).name for link in links}

"""What `make` promises: one command serves the page, and what is missing is named."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from digitsite.serve import refuse_taken_ports
from recognizer.tests.kit.live import PROJECT, Server, copy_site


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the site with the packages of this environment already installed."""
    folder = tmp_path_factory.mktemp("clone")
    copy_site(folder)
    shutil.copy2(PROJECT / "Makefile", folder)
    shutil.copytree(PROJECT / ".ci", folder / ".ci")
    # A folder of links: what make notes about its installations stays out of the real one.
    environment = folder / ".venv"
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        (environment / entry.name).symlink_to(entry)
    for mark in ("requirements", "requirements-dev"):
        (environment / mark).unlink(missing_ok=True)
        (environment / mark).touch()
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder for PATH with what a bare system has, whose user is not root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    add_tool(folder, "id", "echo 1000")
    return folder


def add_tool(folder: Path, name: str, script: str) -> None:
    """Put a program into a folder of PATH."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def ask(name: str, tools: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts that find what make needs; its python is the one of these tools."""
    return subprocess.run(
        ["/bin/sh", PROJECT / ".ci" / name, "python"],
        env={"PATH": str(tools), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def make_run(clone: Path, port: int, **environment: str) -> Server:
    """Start `make run` as a terminal does: in a process group of its own."""
    environment |= {"PATH": os.environ["PATH"], "PORT": str(port)}
    return Server(["make", "run"], cwd=clone, env=environment, start_new_session=True)


def test_it_serves_the_page_until_control_c(clone: Path) -> None:
    server = make_run(clone, 0)
    with urlopen(server.wait_for_address()) as answer:
        page = answer.read().decode()
    os.killpg(server.pid, signal.SIGINT)
    server.wait()

    assert "<canvas" in page
    lines = [line for line in server.log.splitlines() if not line.startswith("{")]
    assert re.fullmatch(r"Listening at: http://127\.0\.0\.1:\d+ \(Ctrl-C stops it\)", lines[-1])
    assert not re.search("Traceback|WARNING|ERROR|rror:", server.log)


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "0.0.0.0:8000"), ("::1", "[::1]:8000"), ("[::1]", "[::1]:8000")],
)
def test_it_serves_on_the_address_that_is_named(clone: Path, host: str, address: str) -> None:
    planned = subprocess.run(
        ["make", "--dry-run", "run"],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOST": host},
        capture_output=True,
        text=True,
        check=True,
    )
    command = planned.stdout.splitlines()[-1]
    assert command == f"exec .venv/bin/python -m digitsite.serve --bind {address}"


def test_a_taken_port_of_an_ipv6_address_is_told() -> None:
    refuse_taken_ports(["--bind", "[::1]:0"])
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} on ::1 is taken"):
            refuse_taken_ports(["--bind", f"[::1]:{port}"])


def test_it_names_addresses_that_a_browser_may_ask_for() -> None:
    command = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    places = ["--bind", "0.0.0.0:0", "--bind", "[::1]:0"]
    server = Server([*command, *places, "recognizer.tests.kit.little_app"], cwd=PROJECT)
    try:
        said = server.wait_for_line("Listening at: ")
        named = re.fullmatch(r"Listening at: (\S+) and (\S+) \(Ctrl-C stops it\)\n", said)
        assert named is not None
        assert named[1].startswith("http://localhost:")
        assert named[2].startswith("http://[::1]:")
        for address in named.groups():
            with urlopen(address) as answer:
                assert answer.read() == b"here"
    finally:
        server.stop()


def test_it_says_that_a_port_is_taken_before_it_changes_anything(
    clone: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        database = tmp_path / "db.sqlite3"
        server = make_run(clone, port, DATABASE_URL=f"sqlite:///{database}")
        status = server.wait()

    assert status != 0
    assert f"Port {port} on 127.0.0.1 is taken. Another: make run PORT={port + 1}" in server.log
    assert not database.exists()
    assert "worker" not in server.log


def test_it_says_what_to_install_without_python(tools: Path) -> None:
    finished = ask("python", tools)

    assert finished.returncode == 1
    assert "apt-get install python3 python3-venv" in finished.stderr


def test_it_does_not_take_an_old_python(tools: Path) -> None:
    add_tool(tools, "python3", "exit 1")

    assert "No Python 3.11 or newer was found" in ask("python", tools).stderr


def test_it_takes_a_newer_python_behind_an_old_one(tools: Path) -> None:
    add_tool(tools, "python3", "exit 1")
    add_tool(tools, "python3.12", "exit 0")

    assert ask("python", tools).stdout == "python3.12\n"


PYTHON_WITHOUT_VENV = """
case "$2" in
  *ensurepip*) exit 1 ;;
  *print*) echo python3.11-venv ;;
esac
"""


def test_it_says_what_to_install_when_python_lacks_venv(tools: Path) -> None:
    add_tool(tools, "python3", PYTHON_WITHOUT_VENV)

    finished = ask("python", tools)

    assert finished.returncode == 1
    assert "sudo apt-get install python3.11-venv" in finished.stderr


@pytest.mark.parametrize("is_current", [True, False])
def test_it_installs_venv_as_root_with_a_current_list_of_packages(
    is_current: bool, tools: Path
) -> None:
    lists, asked = tools / "lists", tools / "asked"
    add_tool(tools, "python3", PYTHON_WITHOUT_VENV)
    add_tool(tools, "id", "echo 0")
    add_tool(
        tools,
        "apt-get",
        f'echo "$*" >> {asked}\n'
        f'case "$*" in update*) : > {lists} ;; install*) [ -e {lists} ] ;; esac',
    )
    if is_current:
        lists.touch()

    finished = ask("python", tools)

    assert finished.stdout == "python3\n"
    install = "install -y -qq --no-install-recommends python3.11-venv"
    renewed = [] if is_current else ["update -qq", install]
    assert asked.read_text().splitlines() == ["--version", install, *renewed]


def test_it_takes_the_chromium_of_path(tools: Path) -> None:
    add_tool(tools, "python", "exit 0")
    add_tool(tools, "chromium", "exit 0")

    assert ask("chromium", tools).stdout == f"{tools}/chromium\n"


def test_it_prefers_the_chromium_without_windows(tools: Path) -> None:
    add_tool(tools, "python", "exit 0")
    add_tool(tools, "chromium", "exit 0")
    add_tool(tools, "chromium-headless-shell", "exit 0")

    assert ask("chromium", tools).stdout == f"{tools}/chromium-headless-shell\n"


def test_it_prefers_the_chromium_that_is_named(tools: Path) -> None:
    add_tool(tools, "python", "exit 0")
    add_tool(tools, "chromium-headless-shell", "exit 0")
    add_tool(tools, "other", "exit 0")

    assert ask("chromium", tools, CHROMIUM=f"{tools}/other").stdout == f"{tools}/other\n"


@pytest.mark.parametrize("package", ["chromium-headless-shell", "chromium"])
def test_it_installs_chromium_as_root(package: str, tools: Path) -> None:
    add_tool(tools, "id", "echo 0")
    add_tool(tools, "python", "echo /nowhere")
    # The package brings the program: what is "installed" here is the `exit 0` of a shell.
    install = f'case "$*" in *" {package}") ln -s /bin/true {tools}/{package} ;; esac'
    add_tool(tools, "apt-get", install)
    (tools / "ln").symlink_to("/bin/ln")

    assert ask("chromium", tools).stdout == f"{tools}/{package}\n"


def test_it_asks_playwright_for_a_chromium_last(tools: Path) -> None:
    add_tool(tools, "browser", "exit 0")
    installed = tools / "installed"
    add_tool(
        tools,
        "python",
        f'case "$*" in *install*) : > {installed} ;; esac\n'
        f"if [ -e {installed} ]; then echo {tools}/browser; else echo /nowhere; fi",
    )

    finished = ask("chromium", tools)

    assert finished.stdout == f"{tools}/browser\n"


def test_it_says_what_playwright_needs_when_it_does_not_start(tools: Path) -> None:
    add_tool(tools, "python", "echo no libatomic.so.1 >&2; exit 127")

    finished = ask("chromium", tools)

    assert finished.returncode == 1
    assert "no libatomic.so.1" in finished.stderr
    assert "sudo apt-get install libatomic1" in finished.stderr


def test_it_says_what_to_do_when_no_chromium_can_be_had(tools: Path) -> None:
    add_tool(tools, "python", 'case "$*" in *install*) exit 1 ;; esac; echo /nowhere')

    finished = ask("chromium", tools)

    assert finished.returncode == 1
    assert finished.stdout == ""
    assert "sudo apt-get install chromium" in finished.stderr


def test_it_takes_the_node_of_path(tools: Path) -> None:
    add_tool(tools, "node", "exit 0")

    assert ask("node", tools).stdout == f"{tools}/node\n"


def test_it_says_what_to_do_when_no_node_can_be_had(tools: Path) -> None:
    add_tool(tools, "node", "exit 1")
    add_tool(tools, "python", "exit 1")

    finished = ask("node", tools)

    assert finished.returncode == 1
    assert "sudo apt-get install nodejs" in finished.stderr

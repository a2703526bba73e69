"""A real server for tests: gunicorn over a database of its own, of the kind that is tested."""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest

from digitsite.serve import MALLOC
from recognizer.tests.kit.drawings import SEVEN

PROJECT = Path(__file__).resolve().parents[3]
# Long enough for a machine that does much else at the time; nothing waits longer than it has to.
START_SECONDS = 180
STOP_SECONDS = 60
START = [sys.executable, "-m", "digitsite.serve"]
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
"""What a start becomes, once the database and the models are up to date."""
MIGRATE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
REGISTER = """
from django.core.management import call_command
from recognizer.services.site.counting import start_counting
call_command("register_bundled_model")
start_counting()
"""

_run_folders: list[Path] = []


@pytest.fixture(scope="session", autouse=True)
def share_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Find the folder that the processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    _run_folders.append(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


def run_folder() -> Path:
    """Return the folder that the processes of a run share; a benchmark is alone."""
    if not _run_folders:
        folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, folder)
        _run_folders.append(Path(folder))
    return _run_folders[0]


@contextmanager
def first_of_the_run(name: str) -> Iterator[bool]:
    """Hold a lock; return whether this process is the first of the run to do what it protects."""
    with (run_folder() / f"{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not os.fstat(lock.fileno()).st_size
        lock.write(b"done")


class Server:
    """A command that becomes a server, and what it says, which pytest shows of a failed test.

    It is up as soon as it says what ``sign`` matches: gunicorn, where it listens.
    """

    def __init__(
        self, command: Sequence[str | Path], *, sign: str = r"Listening at: (\S+)", **options: Any
    ) -> None:
        self._sign = re.compile(sign)
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
        )
        self._lines: list[str] = []
        self._said = Condition()
        self._address: Queue[str | None] = Queue()
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                print(line, end="")
                with self._said:
                    self._lines.append(line)
                    self._said.notify_all()
                if match := self._sign.search(line):
                    self._address.put(match[1])
        self._address.put(None)

    @property
    def pid(self) -> int:
        """The process, also the group of one that was started as a session."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the command has said so far."""
        return "".join(self._lines)

    def wait_for_address(self) -> str:
        """Return the URL as soon as connections are accepted there."""
        address = self._address.get(timeout=START_SECONDS)
        assert address is not None, f"The server did not start:\n{self.log}"
        return address

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it as the system (SIGTERM) or a person (SIGINT) would; return the exit status."""
        self._process.send_signal(how)
        return self.wait()

    def processes(self) -> list[int]:
        """Return the processes that it started itself: of gunicorn, its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def kill_all(self) -> None:
        """Kill it and what it started, so that none can put anything in order."""
        children = self.processes()
        for pid in (self.pid, *children):  # the parent first, so that it starts no others
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait()

    def wait_for_line(self, pattern: str) -> str:
        """Return the first line of the log that matches, as soon as there is one."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with self._said:
                lines = list(self._lines)
                found = next((line for line in lines if re.search(pattern, line)), None)
                if found is not None:
                    return found
                self._said.wait(1)
        raise AssertionError(f"The log has no {pattern!r}:\n{self.log}")

    def wait_for_all(self) -> bool:
        """Wait for every process that it started, for the output ends with the last one."""
        self._listener.join(START_SECONDS)
        return not self._listener.is_alive()

    def wait(self) -> int:
        """Return the exit status of a command that ends by itself."""
        try:
            status = self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._listener.join(STOP_SECONDS)
        return status


@dataclass(frozen=True)
class LiveSite:
    """A running site."""

    url: str
    environment: dict[str, str]
    server: Server

    def draw_seven(self, query: str = "", strokes: Any = SEVEN) -> dict[str, Any]:
        """Send a 7, or other strokes, and return the answer."""
        request = Request(
            f"{self.url}/api/v1/drawings/{query}",
            json.dumps({"strokes": strokes}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=START_SECONDS) as answer:
            drawing: dict[str, Any] = json.load(answer)
        return drawing

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the server, over the same database; return its output."""
        finished = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        print(finished.stdout, finished.stderr)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the site's database."""
        with connect(self.environment["DATABASE_URL"]) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
        return rows


@contextmanager
def connect(url: str) -> Iterator[Any]:
    """Connect to a database without Django; each statement is a transaction."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///").partition("?")[0]
        connection: Any = sqlite3.connect(path, isolation_level=None)
    else:
        connection = psycopg.connect(url, autocommit=True)
    with closing(connection):
        yield connection


@contextmanager
def new_database(folder: Path) -> Iterator[str]:
    """Give the address of an empty database: a file, or one in the server that is tested."""
    server = tested_server()
    if not server:
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    with database_in(server) as url:
        yield url


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """Give the address of a database like that, migrated: a copy, as migrating takes seconds."""
    server = tested_server()
    if not server:
        path = folder / "db.sqlite3"
        path.write_bytes(migrated_file())
        yield f"sqlite:///{path}"
        return
    with database_in(server, template=migrated_template(server)) as url:
        yield url


def tested_server() -> str:
    """Return the address of the PostgreSQL that is tested, if it is not SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    return url if url.startswith("postgres") else ""


@contextmanager
def database_in(server: str, template: str = "template1") -> Iterator[str]:
    """Make a database in a server until the block ends."""
    name = f"live_{secrets.token_hex(8)}"
    with connect(server) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@functools.cache
def migrated_file() -> bytes:
    """Return the file of an SQLite database that is migrated and empty; a run makes it once."""
    path = run_folder() / "migrated.sqlite3"
    with first_of_the_run("migrated") as is_first:
        if is_first:
            prepare(f"sqlite:///{path}", MIGRATE, run_folder())
    return path.read_bytes()


@functools.cache
def migrated_template(server: str) -> str:
    """Return the name of a migrated and empty database, which ends with this process."""
    url = _until_the_end.enter_context(database_in(server))
    prepare(url, MIGRATE, run_folder())
    return urlsplit(url).path[1:]


@functools.cache
def registered_files() -> Path:
    """Return a folder with such an SQLite file whose version 1 is the bundled model, and that."""
    folder = run_folder() / "registered"
    with first_of_the_run("registered") as is_first:
        if is_first:
            folder.mkdir()
            path = folder / "db.sqlite3"
            path.write_bytes(migrated_file())
            prepare(f"sqlite:///{path}", REGISTER, folder / "artifacts")
    return folder


@functools.cache
def registered_template(server: str) -> tuple[str, Path]:
    """Return the name of such a database in a server, and the folder of its model files."""
    url = _until_the_end.enter_context(database_in(server, template=migrated_template(server)))
    name = urlsplit(url).path[1:]
    artifacts = run_folder() / name
    prepare(url, REGISTER, artifacts)
    return name, artifacts


def prepare(url: str, code: str, artifacts: Path) -> None:
    """Do over a new database, in a process of its own, what a first start does."""
    subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=PROJECT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "digitsite.settings",
            "DATABASE_URL": url,
            "SECRET_KEY": "none",
            "ARTIFACTS_DIR": str(artifacts),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )


_until_the_end = ExitStack()
atexit.register(_until_the_end.close)


@contextmanager
def registered_database(folder: Path) -> Iterator[str]:
    """Give the address of a database as a site leaves it that was started once, in this folder.

    A first start takes twice as much of the processor as a second: it checks the bundled model.
    """
    server = tested_server()
    if not server:
        shutil.copytree(registered_files(), folder, dirs_exist_ok=True)
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    template, artifacts = registered_template(server)
    shutil.copytree(artifacts, folder / "artifacts")
    with database_in(server, template=template) as url:
        yield url


@contextmanager
def serve(folder: Path, *wrapper: str, **environment: str) -> Iterator[LiveSite]:
    """Serve an empty archive with the bundled model until the block ends.

    A wrapper is a command that runs the one that follows it. A database of the caller's own, or a
    bucket, may be without the model, so that the start registers it. Else nothing is left to do
    before gunicorn, unless a worker is to run beside it.
    A test that calls it also takes the fixture `static_files`.
    """
    if "DATABASE_URL" in environment:
        yield from _serve([*wrapper, *START], folder, environment)
    elif "ARTIFACTS_URL" in environment:
        with migrated_database(folder) as database:
            yield from _serve([*wrapper, *START], folder, {"DATABASE_URL": database, **environment})
    else:
        command = START if "RETRAIN_WORKER" in environment else GUNICORN
        with registered_database(folder) as database:
            url = {"DATABASE_URL": database}
            yield from _serve([*wrapper, *command], folder, url | MALLOC | environment)


def _serve(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[LiveSite]:
    everything = {
        **os.environ,
        "ARTIFACTS_DIR": str(folder / "artifacts"),
        "SECRET_KEY": "only for tests",
        "WEB_CONCURRENCY": "2",
        "RETRAIN_WORKER": "no",
        "THROTTLE_VISITOR": "off",
        "THROTTLE_ALL": "1000000000",
        **environment,
    }
    server = Server([*command, "--bind", "127.0.0.1:0"], cwd=PROJECT, env=everything)
    try:
        url = server.wait_for_address()
        with urlopen(f"{url}/readyz", timeout=START_SECONDS) as answer:
            assert answer.status == 200
        # The first worker may answer before gunicorn has forked the others.
        wait_until(lambda: len(server.processes()) >= int(everything["WEB_CONCURRENCY"]))
        yield LiveSite(url, everything, server)
    finally:
        server.stop()


def wait_until(is_so: Callable[[], object], every: float = 0.02) -> None:
    """Wait for what another process does, within bounds and without keeping a core busy.

    What costs more to ask is asked every so many seconds.
    """
    deadline, pause = time.monotonic() + START_SECONDS, Event()
    while not is_so():
        assert time.monotonic() < deadline
        pause.wait(every)


def copy_site(folder: Path) -> None:
    """Copy what the image holds of the project: the site without tests."""
    names = re.findall(r"^!(.+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
    for source in (PROJECT / name for name in names):
        if source.is_dir():
            ignored = shutil.ignore_patterns("tests", "__pycache__")
            shutil.copytree(source, folder / source.name, ignore=ignored)
        else:
            shutil.copy2(source, folder)


@pytest.fixture(scope="session")
def static_files() -> None:
    """Gather the files that a server gives out as they are; once, for it takes seconds.

    All processes of a run share their folder, so that none may gather while another serves.
    """
    with first_of_the_run("static-files") as is_first:
        if is_first:
            gather_static_files()


def gather_static_files() -> None:
    """Do what `make run` does before it starts: gather, unless nothing has changed since."""
    static = PROJECT / "static"
    made_of = [static, *static.rglob("*"), *(PROJECT / "digitsite").glob("*.py")]
    gathered = PROJECT / "staticfiles" / "staticfiles.json"
    if gathered.exists():
        newest = max(path.stat().st_mtime for path in [*made_of, PROJECT / "requirements.txt"])
        if newest < gathered.stat().st_mtime:
            return
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"],
        cwd=PROJECT,
        env={**os.environ, "DEBUG": "no"},
        check=True,
    )


@pytest.fixture(scope="session")
def site(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Return a site that all tests of a process share; they leave its model and processes alone."""
    with serve(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def own_site(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Return a site that the tests of one module share, which may do to it what they like."""
    with serve(tmp_path_factory.mktemp("site")) as running:
        yield running

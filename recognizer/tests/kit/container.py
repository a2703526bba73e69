"""Plays a Dockerfile without Docker, whose engine does not run where these tests run.

An image becomes a folder. `COPY` copies what it would copy, honoring .dockerignore; `RUN`, `CMD`
and `HEALTHCHECK` are executed with the image's environment alone, where the image's own folders
(/venv, /app, /data) mean folders inside of that folder. Two things are only played: a virtual
environment of this machine's Python stands for the base image; and unless root runs the tests,
nobody can become another user: the server keeps the tests' user, and `install` gives nothing away.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recognizer.tests.kit.live import PROJECT, Server

AS_ROOT = os.geteuid() == 0
BASE_PATH = "/usr/local/bin:/usr/bin:/bin"
# How this machine reaches the package index belongs to the machine, not to the image.
MACHINE = {
    name: value
    for name, value in os.environ.items()
    if name.startswith("PIP_") or name.lower().endswith("_proxy") or name == "SSL_CERT_FILE"
}


def read_instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Return the instructions with their arguments, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines if line.strip()]


def list_context(project: Path) -> list[Path]:
    """Return the files that `docker build` would send, as paths inside of the project."""
    lines = [line.strip() for line in (project / ".dockerignore").read_text().splitlines()]
    rules = [
        (_compile_rule(line.removeprefix("!")), not line.startswith("!"))
        for line in lines
        if line and not line.startswith("#")
    ]

    def is_ignored(path: Path) -> bool:
        # The last rule that matches decides.
        answers = [ignored for rule, ignored in rules if rule.fullmatch(path.as_posix())]
        return bool(answers) and answers[-1]

    files: list[Path] = []
    for folder, _, names in os.walk(project):
        paths = [Path(folder, name).relative_to(project) for name in names]
        files += [path for path in paths if not is_ignored(path)]
    return sorted(files)


def _compile_rule(rule: str) -> re.Pattern[str]:
    """Return what a line of .dockerignore matches: paths, and all below them."""
    wildcards = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", rule.strip("/"))
    return re.compile(
        "".join(wildcards.get(piece, re.escape(piece)) for piece in pieces) + "(/.*)?"
    )


@dataclass
class Image:
    """One stage of a Dockerfile, or the image that is its last."""

    root: Path
    environment: dict[str, str]
    folder: str = "/app"
    user: int | None = None
    command: list[str] = field(default_factory=list)
    health_command: list[str] = field(default_factory=list)

    def locate(self, text: str) -> str:
        """Return the text with the image's own folders turned into those of this machine."""
        return re.sub(r"(?<![\w.-])/(?=(venv|app|data)\b)", f"{self.root}/", text)

    def execute(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in the image and wait for its end."""
        return subprocess.run(
            [self.locate(argument) for argument in command],
            **self.surroundings(),
            capture_output=True,
            text=True,
            check=False,
        )

    def surroundings(self) -> dict[str, Any]:
        """Return folder, environment and user of the image's processes, as subprocess has them."""
        environment = {name: self.locate(value) for name, value in self.environment.items()}
        options: dict[str, Any] = {"cwd": self.locate(self.folder), "env": environment}
        if AS_ROOT and self.user is not None:
            options |= {"user": self.user, "group": self.user, "extra_groups": []}
        return options


def build(project: Path, workspace: Path) -> Image:
    """Follow the Dockerfile of a project in an empty folder; return the last stage."""
    workspace.chmod(0o755)
    _make_base(workspace / "base")
    stages: dict[str, Image] = {}
    image: Image | None = None
    for name, text in read_instructions(project / "Dockerfile"):
        if name == "FROM":
            image = Image(
                workspace / f"stage{len(stages)}", {"PATH": f"{workspace}/base/bin:/usr/bin:/bin"}
            )
            image.root.mkdir()
            stages[text.partition(" AS ")[2]] = image
        else:
            assert image is not None, "A Dockerfile begins with FROM."
            _follow(name, text, image, stages, project)
    assert image is not None
    return image


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """Return the image of this project; building it takes as long as installing all packages."""
    # Not in pytest's own folder: that one is closed to the image's unprivileged user.
    with tempfile.TemporaryDirectory(prefix="image-", ignore_cleanup_errors=True) as workspace:
        yield build(PROJECT, Path(workspace))


@contextmanager
def run(image: Image) -> Iterator[tuple[Server, list[str], str]]:
    """Run the image's CMD on a free port; give the server, its health command and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    server = Server(
        [image.locate(word).replace("8000", port) for word in image.command], **image.surroundings()
    )
    try:
        server.wait_for_address()
        yield (
            server,
            [word.replace("8000", port) for word in image.health_command],
            f"http://127.0.0.1:{port}",
        )
    finally:
        server.stop()


def _make_base(folder: Path) -> None:
    """Make the Python of the base image, out of one that any user may run."""
    user = 65534 if AS_ROOT else None
    test = "import ensurepip, sys; assert sys.version_info >= (3, 11)"
    for python in (Path(sys.base_prefix, "bin", "python3"), Path("/usr/bin/python3")):
        try:
            subprocess.run([python, "-c", test], check=True, capture_output=True, user=user)
        except (OSError, subprocess.CalledProcessError):
            continue
        subprocess.run([python, "-m", "venv", folder], check=True)
        return
    raise AssertionError("No Python 3.11 with venv here that an unprivileged user may run.")


def _follow(name: str, text: str, image: Image, stages: dict[str, Image], project: Path) -> None:
    match name:
        case "ENV":
            for assignment in shlex.split(text):
                variable, _, value = assignment.partition("=")
                for known, content in image.environment.items():
                    value = value.replace(f"${known}", content)
                image.environment[variable] = value
        case "WORKDIR":
            image.folder = text
            Path(image.locate(text)).mkdir(exist_ok=True)
        case "COPY":
            _copy(shlex.split(text), image, stages, project)
        case "RUN":
            script = text if AS_ROOT else re.sub(r"--(owner|group)=\S+", "", text)
            image.environment |= MACHINE
            done = image.execute(["/bin/sh", "-e", "-c", script])
            assert done.returncode == 0, f"RUN {text}\n{done.stdout}{done.stderr}"
            for variable in MACHINE:
                del image.environment[variable]
        case "USER":
            image.user = int(text.partition(":")[0])
        case "HEALTHCHECK":
            image.health_command = json.loads(text.partition("CMD")[2])
        case "CMD":
            image.command = json.loads(text)
        case "EXPOSE" | "VOLUME":
            pass  # words to the engine, which change no file
        case _:
            raise AssertionError(f"{name} is not understood; teach it to this module.")


def _copy(arguments: list[str], image: Image, stages: dict[str, Image], project: Path) -> None:
    *sources, target = arguments
    destination = Path(image.locate(image.folder)) / image.locate(target)
    if sources[0].startswith("--from="):
        stage = stages[sources[0].removeprefix("--from=")]
        # Links to the same files are enough: of the earlier stage nothing is used any more.
        shutil.copytree(stage.locate(sources[1]), destination, symlinks=True, copy_function=os.link)
        return
    for path in list_context(project):
        for source in map(Path, sources):
            if path == source or source in path.parents or source == Path():
                copied = destination / (path.relative_to(source) if path != source else path.name)
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(project / path, copied)

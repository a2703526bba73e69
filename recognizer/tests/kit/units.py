"""Plays systemd, which does not run where tests run: starts what a unit of docs/operations says.

A socket is opened as the .socket says and handed over as systemd does; the command of the .service
runs with its EnvironmentFile. What fences a service in (users, limits, read-only paths) is not
played: test_operations lets systemd-analyze read it.
"""

from __future__ import annotations

import os
import socket
import sys
from configparser import ConfigParser
from pathlib import Path

from recognizer.tests.kit.live import PROJECT, Server

OPERATIONS = PROJECT / "docs" / "operations"
# The process that systemd starts is the one that finds the socket as its descriptor 3.
HAND_OVER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); "
    "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


def read_unit(name: str) -> ConfigParser:
    """Return the sections of a unit; of a setting that is repeated, the last one."""
    unit = ConfigParser(interpolation=None, strict=False, delimiters=["="])
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((OPERATIONS / name).read_text())
    return unit


def read_environment() -> dict[str, str]:
    """Return what digits.env sets."""
    lines = (OPERATIONS / "digits.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Service:
    """The unit digits@.service of one version, and the socket that stays when it ends."""

    def __init__(self, color: str, code: Path, sockets: Path, environment: dict[str, str]) -> None:
        address = read_unit("digits@.socket")["Socket"]["ListenStream"].replace("%i", color)
        self._address = address.replace("/run/digits", str(sockets))
        self._socket = socket.socket(socket.AF_UNIX)
        command = read_unit("digits@.service")["Service"]["ExecStart"].replace("%i", color)
        python, *arguments = command.split()
        assert python == f"/srv/digits/{color}/.venv/bin/python"
        self._command = [sys.executable, "-c", HAND_OVER, str(self._socket.fileno())]
        self._command += [sys.executable, *arguments]
        self._code = code
        self._environment = {"PATH": os.environ["PATH"], **read_environment(), **environment}
        self._server: Server | None = None

    def start(self) -> None:
        """Start it, after its socket, and wait as `systemctl start` does."""
        if not Path(self._address).exists():
            self._socket.bind(self._address)
            self._socket.listen(4096)
        self._server = Server(
            self._command,
            cwd=self._code,
            env=self._environment,
            pass_fds=[self._socket.fileno()],
        )
        self._server.wait_for_address()

    def stop(self) -> int:
        """End it as `systemctl stop` does; return the exit status."""
        assert self._server is not None
        status, self._server = self._server.stop(), None
        return status

    def close(self) -> None:
        """End all of it."""
        if self._server:
            self.stop()
        self._socket.close()

"""A real nginx for tests: it runs docs/operations/nginx.conf, moved into a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recognizer.tests.kit.live import PROJECT, Server

OPERATIONS = PROJECT / "docs" / "operations"
NAME = "digits.example"
MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr notice;
worker_processes 2;
events {{ }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  include {folder}/site.conf;
}}
"""


def find_nginx() -> str:
    """Return the path of the program."""
    path = os.environ.get("NGINX") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not path:
        raise FileNotFoundError("No nginx: run `make test`, or name one in NGINX.")
    return path


class Proxy:
    """An nginx that answers for two versions, of which one is active.

    With a path, the site is one of several on its host, as docs/operations.md sets it up.
    """

    def __init__(self, folder: Path, sockets: Path, path: str = "") -> None:
        self._folder = folder
        self._command = [find_nginx(), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as other:
            ports = {"443": one.getsockname()[1], "80": other.getsockname()[1]}
        self.url = f"https://127.0.0.1:{ports['443']}"
        self.plain_address = f"127.0.0.1:{ports['80']}"
        self.log = folder / "digits.log"
        self._make_certificate()
        site = (OPERATIONS / "nginx.conf").read_text()
        for standard, port in ports.items():
            site = site.replace(f"  listen [::]:{standard}", f"  # listen [::]:{standard}")
            site = site.replace(f"  listen {standard}", f"  listen 127.0.0.1:{port}")
        for location in ("/ {\n    proxy_pass", "/static/ {"):
            site = site.replace(f"  location {location}", f"  location {path}{location}")
        site = site.replace("/etc/nginx/digits/", f"{folder}/")
        site = site.replace(f"/etc/letsencrypt/live/{NAME}/", f"{folder}/")
        site = site.replace("/var/log/nginx/", f"{folder}/")
        (folder / "site.conf").write_text(site)
        for color in ("blue", "green"):
            versions = (OPERATIONS / f"{color}.conf").read_text()
            (folder / f"{color}.conf").write_text(versions.replace("/run/digits", str(sockets)))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))

    def _make_certificate(self) -> None:
        owner = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
        files = ["-keyout", f"{self._folder}/privkey.pem", "-out", f"{self._folder}/fullchain.pem"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *owner, *files],
            check=True,
            capture_output=True,
        )
        self.trust = ssl.create_default_context(cafile=str(self._folder / "fullchain.pem"))

    def point_to(self, color: str) -> None:
        """Choose the version that answers, as docs/operations.md does."""
        link = self._folder / "active.conf"
        link.unlink(missing_ok=True)
        link.symlink_to(f"{color}.conf")

    def reload(self) -> None:
        """Let new processes read the configuration; the old ones end what they have begun."""
        subprocess.run([*self._command, "-s", "reload"], check=True, capture_output=True)

    @contextmanager
    def run(self) -> Iterator[None]:
        """Start it, and end it with the block."""
        server = Server(self._command, sign=r"start worker process (\d+)")
        try:
            server.wait_for_address()
            yield
        finally:
            server.stop()

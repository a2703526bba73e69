"""Clients that send or read as slowly as they can, while the others are answered."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from recognizer.tests.kit.live import START_SECONDS, LiveSite, serve
from recognizer.tests.kit.load import BODY, draw
from recognizer.tests.kit.proxies import Proxy

THREADS = 8
"""Of the server that the tests start: two workers with four each."""
HEAD = (
    "POST /api/v1/drawings/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n"
)
pytestmark = pytest.mark.any_database  # no slow client gets as far as one


def connect(url: str, clients: ExitStack, begin: str = "") -> socket.socket:
    """Connect until the test ends, and send the begin of a request."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), START_SECONDS)
    clients.enter_context(connection)
    connection.sendall(begin.encode())
    return connection


def send_byte_by_byte(connections: Sequence[socket.socket], text: str, site: LiveSite) -> None:
    """Send a text to all of them, each byte alone, while others are served now and then."""
    for position, byte in enumerate(text.encode()):
        for connection in connections:
            connection.sendall(bytes([byte]))
        if position % 20 == 0:
            assert draw(site).status == 201


def read_answer(connection: socket.socket) -> bytes:
    """Read all that comes."""
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


def test_slow_bodies_hold_a_thread_each_and_the_others_serve(own_site: LiveSite) -> None:
    with ExitStack() as clients:
        slow = [connect(own_site.url, clients, HEAD) for _ in range(THREADS // 2 - 1)]
        send_byte_by_byte(slow, BODY, own_site)
        for connection in slow:
            assert b" 201 Created" in read_answer(connection).partition(b"\r\n")[0]


def test_connections_without_a_request_hold_no_thread_for_long(own_site: LiveSite) -> None:
    with ExitStack() as clients:
        for _ in range(2 * THREADS):
            connect(own_site.url, clients)
        assert draw(own_site).status == 201


def test_clients_that_fall_silent_hold_a_thread_no_longer_than_they_may(
    static_files: None, tmp_path: Path
) -> None:
    beginnings = [HEAD[:40], HEAD[:80], HEAD, HEAD + BODY[:40]]  # one for each thread
    with (
        serve(tmp_path, WEB_CONCURRENCY="1", CLIENT_TIMEOUT="1") as site,
        ExitStack() as clients,
    ):
        silent = [connect(site.url, clients, beginning) for beginning in beginnings]
        assert draw(site).status == 201
        answers = [read_answer(connection) for connection in silent]
        told = site.server.log
    assert answers[:2] == [b"", b""]
    for answer in answers[2:]:
        assert b" 400 Bad Request" in answer.partition(b"\r\n")[0]
        assert b"The body broke off." in answer
    assert "A client fell silent" in told
    assert "Traceback" not in told


def test_clients_that_never_read_hold_nobody_else_up(own_site: LiveSite) -> None:
    with ExitStack() as clients:
        for _ in range(4 * THREADS):
            connect(own_site.url, clients, "GET /api/schema/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert draw(own_site).status == 201


def test_behind_nginx_many_more_slow_clients_than_threads_hold_nobody_up(
    own_site: LiveSite, tmp_path: Path
) -> None:
    proxy = Proxy(tmp_path, tmp_path)
    (tmp_path / "active.conf").write_text(f"server {urlsplit(own_site.url).netloc};\n")
    with proxy.run(), ExitStack() as clients:
        slow = []
        for _ in range(5 * THREADS):
            plain = connect(proxy.url, clients)
            secure = proxy.trust.wrap_socket(plain, server_hostname="127.0.0.1")
            clients.enter_context(secure)
            secure.sendall(HEAD.encode())
            slow.append(secure)
        send_byte_by_byte(slow, BODY, own_site)
        for connection in slow:
            assert b" 201 Created" in read_answer(connection).partition(b"\r\n")[0]

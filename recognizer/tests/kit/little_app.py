"""A WSGI application for gunicorn that starts at once: it counts its requests, and says "here"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import Counter

requests = Counter("little_requests", "Requests to a little application.")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer."""
    requests.inc()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]

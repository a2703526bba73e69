"""A WSGI application for gunicorn: reads a drawing, then tells the thread pools of its process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from threadpoolctl import threadpool_info

from digitsite.wsgi import application as site


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /pools itself, and all else as the site does."""
    if environ["PATH_INFO"] != "/pools":
        return site(environ, start_response)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(threadpool_info()).encode()]

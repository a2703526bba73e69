"""A WSGI application for gunicorn: computes as the site does, then tells its process's threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from digitsite.wsgi import application as application  # what the site imports


def tell_threads(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the thread pools."""
    matrix = np.ones((500, 500))
    assert (matrix @ matrix).max() == 500
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(threadpool_info()).encode()]

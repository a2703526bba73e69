"""Logs: one JSON object for each request, and the id of the request in every other line."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from django_guid import get_guid
from gunicorn.glogging import Logger


class LineFormatter(logging.Formatter):
    """Puts the id of the request, while there is one, behind the name of the logger.

    What a client causes, such as an unknown host name, is one line without a traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        request_id = get_guid()
        record.request_id = f" [{request_id}]" if request_id else ""
        return super().format(record)


class JSONAccessLogger(Logger):  # type: ignore[misc]
    """Logs each answer as one line of JSON, whatever a client puts into path and headers.

    Addresses of clients are left out; the proxy has them.
    """

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log an exception; a client that fell silent gets one line instead of a traceback."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.warning("A client fell silent within a request or an answer.")
        else:
            super().exception(msg, *args, **kwargs)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        if not self.access_log_enabled:
            return
        headers = {name.lower(): value for name, value in resp.headers}
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": headers.get("x-request-id"),
            "method": environ["REQUEST_METHOD"],
            "path": environ["RAW_URI"],
            "status": int(str(resp.status).split()[0]),
            "bytes": resp.sent,
            "ms": round(request_time.total_seconds() * 1000, 1),
            "process": os.getpid(),
            "agent": environ.get("HTTP_USER_AGENT"),
        }
        self.access_log.info("%s", json.dumps(entry))

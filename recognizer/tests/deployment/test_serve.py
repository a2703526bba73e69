"""python -m digitsite.serve: the worker that it starts beside gunicorn."""

from __future__ import annotations

import os
import runpy
import signal
import threading
from pathlib import Path
from unittest.mock import Mock

import django
import pytest
from django.core import management
from django_tasks_db.models import DBTaskResult

from recognizer.services.site.counting import count_in_background
from recognizer.tests.kit.live import serve, wait_until


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_worker_ends_with_the_server_however_that_ends(
    static_files: None, tmp_path: Path, how: signal.Signals
) -> None:
    with serve(tmp_path, RETRAIN_WORKER="yes", WEB_CONCURRENCY="1") as site:
        table = DBTaskResult._meta.db_table
        counted = f"SELECT 1 FROM {table} WHERE status = 'SUCCESSFUL'"
        wait_until(lambda: site.rows(counted))  # by the worker
        site.server.stop(how)
        assert site.server.wait_for_all()


@pytest.mark.django_db
def test_a_worker_that_starts_resumes_what_an_older_one_could_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count_in_background.enqueue()
    DBTaskResult.objects.update(status="FAILED")
    places = ((os, "nice"), (threading, "Thread"), (management, "call_command"), (django, "setup"))
    for place in places:
        monkeypatch.setattr(*place, Mock())
    runpy.run_module("digitsite.worker", run_name="__main__")
    assert DBTaskResult.objects.ready().count() == 1

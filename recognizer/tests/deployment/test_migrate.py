"""Migrations: of servers that start at once, one migrates; indexes that are made later are used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.management import call_command
from django.db import connection as database_of_tests

from recognizer.models import TrainedModel
from recognizer.tests.kit.live import (
    PROJECT,
    START_SECONDS,
    STOP_SECONDS,
    Server,
    connect,
    new_database,
)
from recognizer.tests.kit.small_training import answered

AT_ONCE = 2
MIGRATE = "import django; django.setup(); from digitsite.serve import migrate; migrate()"
APPLIED = "SELECT app, name FROM django_migrations"
MODELS = "SELECT version, active FROM recognizer_trainedmodel"


def environment_of(folder: Path, database: str) -> dict[str, str]:
    """Return what a process over this database is told."""
    return {
        **os.environ,
        "DATABASE_URL": database,
        "ARTIFACTS_DIR": str(folder / "artifacts"),
        "DJANGO_SETTINGS_MODULE": "digitsite.settings",
        "SECRET_KEY": "only for tests",
        "RETRAIN_WORKER": "no",
        "WEB_CONCURRENCY": "1",
    }


def test_servers_and_others_that_migrate_at_once_all_succeed_and_the_servers_answer(
    static_files: None, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "digitsite.serve", "--bind", "127.0.0.1:0"]
    with new_database(tmp_path) as database:
        environment = environment_of(tmp_path, database)
        others = [
            subprocess.Popen(
                [sys.executable, "-c", MIGRATE],
                cwd=PROJECT,
                env=environment,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(AT_ONCE)
        ]
        servers = [Server(command, cwd=PROJECT, env=environment) for _ in range(AT_ONCE)]
        try:
            said = [process.communicate(timeout=START_SECONDS)[1] for process in others]
            assert [process.returncode for process in others] == [0] * AT_ONCE, said
            for server in servers:
                url = f"{server.wait_for_address()}/readyz"
                with urlopen(url, timeout=STOP_SECONDS) as answer:
                    assert answer.status == 200
        finally:
            for server in servers:
                server.stop()
        with connect(database) as connection:
            applied = connection.execute(APPLIED).fetchall()
            (model,) = connection.execute(MODELS).fetchall()
        assert len(applied) == len(set(applied)) > 20
        assert tuple(map(int, model)) == (1, 1)


@pytest.mark.skipif(database_of_tests.vendor != "sqlite", reason="ANALYZE is SQLite's")
@pytest.mark.django_db(transaction=True)
def test_an_index_that_is_made_after_analyze_is_analyzed_as_well(model: TrainedModel) -> None:
    answered(7)
    with database_of_tests.cursor() as cursor:
        cursor.execute("ANALYZE")
        try:
            call_command("migrate", "recognizer", "0034", verbosity=0)
            call_command("migrate", verbosity=0)
            cursor.execute("SELECT idx FROM sqlite_stat1")
            known = {row[0] for row in cursor.fetchall()}
        finally:
            cursor.execute("DROP TABLE sqlite_stat1")
    assert "drawing_labeled_sure" in known

"""GET /healthz and /readyz: whether the site is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from recognizer.models import TrainedModel
from recognizer.services.versions import registry
from recognizer.tests.kit.drawings import assert_problem


def test_a_process_that_answers_is_alive() -> None:
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "alive"}
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_site_with_a_model_is_ready(model: TrainedModel) -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "model": 1}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_asks_by_address_is_answered(
    model: TrainedModel, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["digits.example"]
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert Client().get("/about/", headers={"Host": "10.0.0.7:8000"}).status_code == 400


def test_a_site_without_a_model_is_not_ready(db: None) -> None:
    assert_problem(Client().get("/readyz"), 503, "no-model")


def test_a_site_whose_only_model_was_changed_is_not_ready(
    model: TrainedModel, settings: Settings, tmp_path: Path
) -> None:
    settings.BUNDLED_MODEL = tmp_path / "missing.joblib"
    registry.forget_model()
    (Path(site_settings.ARTIFACTS_DIR) / model.artifact).write_bytes(b"changed")
    answer = Client().get("/readyz")
    assert_problem(answer, 503, "no-model")
    assert "SHA-256" in answer.json()["detail"]


def test_a_site_without_its_database_is_not_ready_and_says_why_in_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Any:
        raise OperationalError("no route to database.internal")

    monkeypatch.setattr(registry, "active_model", fail)
    answer = Client().get("/readyz")
    assert_problem(answer, 503, "no-database")
    assert b"internal" not in answer.content
    assert "no route to database.internal" in caplog.text

"""manage.py activate_model: an older or newer version answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from recognizer.models import TrainedModel
from recognizer.services.versions import registry
from recognizer.tests.kit.drawings import copy_model


def test_the_version_answers_from_then_on(
    model: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_model(model)
    call_command("activate_model", "2")
    assert capsys.readouterr().out == "Model 2 is active.\n"
    assert registry.active_model().version == 2
    call_command("activate_model", "1")
    assert registry.active_model().version == 1


def test_a_version_that_is_not_there_is_refused(model: TrainedModel) -> None:
    with pytest.raises(CommandError, match="There is no model 2"):
        call_command("activate_model", "2")


def test_a_version_whose_file_was_changed_is_refused(model: TrainedModel) -> None:
    (Path(settings.ARTIFACTS_DIR) / "changed.joblib").write_bytes(b"changed")
    copy_model(model, artifact="changed.joblib")
    with pytest.raises(CommandError, match="SHA-256"):
        call_command("activate_model", "2")
    assert TrainedModel.objects.active().get().version == 1

"""manage.py retrain --cluster: what happens where there is none; ml's tests train on a real one."""

from __future__ import annotations

import sys

import pytest
from django.core.management import CommandError, call_command

from ml.training import cluster
from recognizer.models import TrainedModel, TrainingRun

pytestmark = pytest.mark.any_database


@pytest.fixture(autouse=True)
def hurry(model: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second only for a scheduler that is not there."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)


def test_an_unreachable_cluster_is_one_sentence_and_changes_nothing() -> None:
    sentence = "No Dask scheduler answers at tcp://127.0.0.1:1; check the address"
    with pytest.raises(CommandError, match=sentence):
        call_command("retrain", "--quiet", "--cluster", "tcp://127.0.0.1:1")
    assert TrainedModel.objects.get().version == 1
    run = TrainingRun.objects.get()
    assert run.state == TrainingRun.State.FAILED
    assert run.outcome.startswith(sentence)
    assert run.options["cluster"] == "tcp://127.0.0.1:1"


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CommandError, match=r"pip install -r requirements-cluster\.txt"):
        call_command("retrain", "--quiet", "--cluster", "tcp://127.0.0.1:1")

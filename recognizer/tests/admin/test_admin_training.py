"""Versions and training runs in Django admin."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client

from recognizer.models import Activation, TrainedModel, TrainingRun
from recognizer.tests.kit.drawings import copy_model

MODELS = "/admin/recognizer/trainedmodel/"
RUNS = "/admin/recognizer/trainingrun/"


@pytest.fixture
def keeper(model: TrainedModel) -> Client:
    """Return a member of the staff who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def activate(client: Client, *versions: int) -> str:
    """Run the action and return the page that follows."""
    body = {"action": "activate", "_selected_action": versions}
    return client.post(MODELS, body, follow=True).content.decode()


def active_version() -> int:
    """Return the version that answers."""
    return TrainedModel.objects.active().get().version


def test_versions_are_listed_with_their_accuracy(keeper: Client) -> None:
    page = keeper.get(MODELS).content.decode()
    assert "Model 1" in page
    assert "100.0%" in page


def test_a_version_shows_what_is_known_of_it(keeper: Client, model: TrainedModel) -> None:
    page = keeper.get(f"{MODELS}1/change/").content.decode()
    assert model.sha256 in page
    assert '<th scope="row">unseen typefaces</th><td>10</td><td>100.0%</td>' in page
    assert 'name="_save"' not in page


def test_versions_and_runs_are_told_in_words(keeper: Client, model: TrainedModel) -> None:
    data = {"corrections_held_out": 1234, "learned_hands": ["a"] * 9}
    TrainedModel.objects.update(data=data, parameters={"from_scratch": False, "base": ["tmnist"]})
    run = TrainingRun.objects.create(options={"reviewed_only": True, "base_path": None})
    version = keeper.get(f"{MODELS}1/change/").content.decode()
    assert '<th scope="row">corrections kept aside</th><td>1,234</td>' in version
    assert '<th scope="row">hands that may no longer measure it</th><td>9</td>' in version
    assert '<th scope="row">from new weights</th><td>no</td>' in version
    page = keeper.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert '<th scope="row">approved corrections only</th><td>yes</td>' in page
    assert "{&quot;" not in version + page


def test_a_version_that_is_worse_somewhere_says_why_it_is_allowed(
    keeper: Client, model: TrainedModel
) -> None:
    gate = {
        "accepted": True,
        "against": 1,
        "level": 0.05,
        "compared": {
            "pens": {"n": 5000, "only_first": 45, "only_second": 20, "p_second_worse": 0.001},
            "typefaces": {"n": 3000, "only_first": 4, "only_second": 1, "p_second_worse": 0.19},
            "others": {"n": 9000, "only_first": 1, "only_second": 8, "p_second_worse": 1.0},
        },
        "digits": {
            "pens": {
                "3": {"n": 500, "points_lost": 0.8, "p": 0.0001},
                "4": {"n": 44, "points_lost": 4.55, "p": 0.25},
                "5": {"n": 44, "points_lost": 2.3, "p": 0.5},
            }
        },
    }
    copy_model(model, gate=gate)
    page = keeper.get(f"{MODELS}2/change/").content.decode()
    assert "0.5 points less on generated handwriting: within the allowance of 1 point." in page
    assert "0.1 points less on unseen typefaces: no more than chance (p = 0.19)." in page
    assert "4.5 points less on the 4 of generated handwriting: no more than chance" in page
    assert "0.8 points less on the 3 of generated handwriting: within the allowance" in page
    assert "less on the 5" not in page
    assert "less on telling digits" not in page
    TrainedModel.objects.filter(version=2).update(gate={**gate, "accepted": False})
    assert "within the allowance" not in keeper.get(f"{MODELS}2/change/").content.decode()


@pytest.mark.parametrize("metrics", [{}, {"typefaces": None}])
def test_a_version_without_metrics_is_shown(
    keeper: Client, model: TrainedModel, metrics: dict[str, object]
) -> None:
    TrainedModel.objects.update(metrics=metrics)
    assert keeper.get(MODELS).status_code == 200
    assert keeper.get(f"{MODELS}1/change/").status_code == 200


def test_a_version_is_activated(keeper: Client, model: TrainedModel) -> None:
    copy_model(model)
    assert "Model 2 is active." in activate(keeper, 2)
    assert active_version() == 2


def test_a_version_and_the_board_tell_since_when_it_answers(
    keeper: Client, model: TrainedModel
) -> None:
    copy_model(model)
    for version in (2, 2, 1):
        activate(keeper, version)
    days = [datetime(2026, 11, day, 9, 30, tzinfo=UTC) for day in (2, 16, 20)]
    for day, one in zip(days, Activation.objects.order_by("pk"), strict=True):
        Activation.objects.filter(pk=one.pk).update(began_at=day)
    shown = [keeper.get(f"{MODELS}{version}/change/").content.decode() for version in (1, 2)]
    assert "since 2026-11-20 09:30, 2026-11-02 09:30 to 2026-11-16 09:30" in shown[0]
    assert "2026-11-16 09:30 to 2026-11-20 09:30" in shown[1]
    board = keeper.get("/admin/board/", headers={"Accept-Language": "de"}).content.decode()
    assert "seit 20. Nov" in board


def test_only_one_version_can_be_chosen(keeper: Client, model: TrainedModel) -> None:
    copy_model(model)
    assert "Choose exactly one version." in activate(keeper, 1, 2)
    assert active_version() == 1


def test_a_version_whose_file_was_changed_is_not_activated(
    keeper: Client, model: TrainedModel
) -> None:
    (Path(settings.ARTIFACTS_DIR) / "changed.joblib").write_bytes(b"changed")
    copy_model(model, artifact="changed.joblib")
    assert "SHA-256" in activate(keeper, 2)
    assert active_version() == 1


def test_who_may_only_look_activates_nothing(model: TrainedModel) -> None:
    copy_model(model)
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_trainedmodel"))
    client = Client()
    client.force_login(looker)
    assert client.get(MODELS).status_code == 200
    activate(client, 2)
    assert active_version() == 1


@pytest.mark.parametrize("url", [f"{MODELS}add/", f"{MODELS}1/delete/", f"{RUNS}add/"])
def test_versions_and_runs_are_not_made_or_deleted_by_hand(keeper: Client, url: str) -> None:
    assert keeper.get(url).status_code == 403


def test_a_run_shows_how_far_it_is(keeper: Client) -> None:
    run = TrainingRun.objects.create(phase="Training", progress=0.4, log="12:00:00 <Training>\n")
    assert "40%" in keeper.get(RUNS).content.decode()
    page = keeper.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert '<progress value="0.4" max="1"' in page
    assert "&lt;Training&gt;" in page

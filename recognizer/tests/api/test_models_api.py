"""GET /api/v1/models/ and POST …/{version}/activate/: versions, and which one answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from recognizer.models import TrainedModel
from recognizer.tests.conftest import Caller, open_page
from recognizer.tests.kit.drawings import assert_problem, copy_model

MODELS = "/api/v1/models/"


def test_versions_are_listed_with_what_is_known_of_them(
    stranger: Caller, model: TrainedModel
) -> None:
    copy_model(model)
    answer = stranger.get(MODELS)
    assert [version["version"] for version in answer.json()["results"]] == [2, 1]
    first = answer.json()["results"][1]
    assert first["active"] is True
    assert first["origin"] == "bundled"
    assert first["metrics"]["typefaces"]["accuracy"] == 1.0
    assert "artifact" not in first


def test_one_version_has_its_own_address(stranger: Caller) -> None:
    assert stranger.get(f"{MODELS}1/").json()["version"] == 1


@pytest.mark.parametrize("version", ["2", "9" * 40, "newest", "-1"])
def test_a_version_that_is_not_there_is_not_found(stranger: Caller, version: str) -> None:
    assert_problem(stranger.get(f"{MODELS}{version}/"), 404, "not-found")


def test_the_staff_let_another_version_answer(staff: Caller, model: TrainedModel) -> None:
    copy_model(model)
    answer = staff.post(f"{MODELS}2/activate/")
    assert answer.status_code == 200
    assert answer.json()["active"] is True
    assert staff.draw(7)["model"] == 2
    assert staff.post(f"{MODELS}1/activate/").status_code == 200
    assert staff.draw(7)["model"] == 1


@pytest.mark.parametrize("name", ["stranger", "visitor"])
def test_only_the_staff_activate_a_version(
    request: pytest.FixtureRequest, name: str, model: TrainedModel
) -> None:
    copy_model(model)
    caller: Caller = request.getfixturevalue(name)
    assert_problem(caller.post(f"{MODELS}2/activate/"), 403, "forbidden")
    assert TrainedModel.objects.active().get().version == 1


def test_the_staff_need_the_token(staff: Caller, model: TrainedModel) -> None:
    copy_model(model)
    staff.token = ""
    assert_problem(staff.post(f"{MODELS}2/activate/"), 403, "forbidden")


def test_a_version_whose_file_was_changed_is_not_activated(
    staff: Caller, model: TrainedModel
) -> None:
    other = copy_model(model, artifact="changed.joblib")
    (Path(settings.ARTIFACTS_DIR) / other.artifact).write_bytes(b"changed")
    assert_problem(staff.post(f"{MODELS}2/activate/"), 409, "model-unusable")
    assert staff.draw(7)["model"] == 1


@pytest.mark.parametrize("version", ["2", "9" * 40])
def test_a_version_that_is_not_there_is_not_activated(staff: Caller, version: str) -> None:
    assert_problem(staff.post(f"{MODELS}{version}/activate/"), 404, "not-found")


def test_a_user_who_is_not_staff_may_not_activate(
    model: TrainedModel, django_user_model: type
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_user("somebody"))  # type: ignore[attr-defined]
    somebody = open_page(Caller(client))
    assert_problem(somebody.post(f"{MODELS}1/activate/"), 403, "forbidden")

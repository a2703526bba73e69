"""Two versions side by side, by command and in the admin, with pictures of what differs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as site
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ml import artifacts
from ml.labeled.digits import LabeledDigits, is_held_out
from ml.measuring.holdouts import learned_hands
from recognizer.models import TrainedModel
from recognizer.services.versions import comparison
from recognizer.services.versions.registry import load_pipeline
from recognizer.tests.kit.drawings import copy_model, digits_of_one_face
from recognizer.tests.kit.small_training import answered

pytestmark = [
    pytest.mark.any_database,
    pytest.mark.usefixtures("small_training"),
]
MODELS = "/admin/recognizer/trainedmodel/"


@pytest.fixture(autouse=True)
def forget() -> None:
    """Forget what was asked: each test has holdouts of its own."""
    comparison._frozen_holdouts.cache_clear()
    comparison._frozen_answers.cache_clear()


@pytest.fixture(autouse=True)
def made_at_once(settings: Settings) -> None:
    """Make what a page asks for while it asks, as a quick worker would."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}


@pytest.fixture
def forgetful(model: TrainedModel) -> TrainedModel:
    """Return a version that reads like the first one, but takes every 3 for an 8."""
    pipeline = copy.deepcopy(load_pipeline(model))
    classifier = pipeline[-1]
    classifier.coefs_[-1][:, 3] = classifier.coefs_[-1][:, 8]
    classifier.intercepts_[-1][3] = classifier.intercepts_[-1][8] - 1
    data = artifacts.serialize(pipeline)
    manifest = artifacts.describe(data, {}, {}, {})
    name = f"model-{manifest.sha256[:12]}.joblib"
    artifacts.save(Path(site.ARTIFACTS_DIR) / name, data, manifest)
    return copy_model(model, artifact=name, sha256=manifest.sha256, gate={"against": 1})


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run the command and return what it says to programs."""
    call_command("compare_models", "1", "2", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def keeper(*permissions: str) -> Client:
    """Return a member of the staff with these rights; one with all, if none is named."""
    user = User.objects.create_user("keeper", is_staff=True, is_superuser=not permissions)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_command_says_how_often_each_is_right_and_on_what_they_differ(
    forgetful: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("compare_models", "1", "2")
    lines = capsys.readouterr().out.splitlines()
    # Three families are kept aside, so three threes.
    assert lines[1].split()[:2] == ["unseen", "typefaces"]
    assert lines[1].split()[2:] == ["30", "100.00%", "90.00%", "3:0", "0.25"]
    assert "Only Model 1 is right, unseen typefaces: 3 (3/8), 3 (3/8), 3 (3/8)" in lines


def test_a_program_gets_the_pictures(
    forgetful: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    typefaces = compared(capsys)["asked"]["typefaces"]
    assert (typefaces["n"], typefaces["first_right"], typefaces["second_right"]) == (30, 30, 27)
    assert typefaces["p_different"] == pytest.approx(0.25)
    one = typefaces["only"]["first"][0]
    assert (one["label"], one["first"], one["second"]) == (3, 3, 8)
    assert one["canonical"].startswith("data:image/png;base64,")
    assert typefaces["only"]["second"] == []


def test_pictures_are_limited(forgetful: TrainedModel, capsys: pytest.CaptureFixture[str]) -> None:
    asked = compared(capsys, "--pictures", "2")["asked"]
    assert len(asked["typefaces"]["only"]["first"]) == 2


def test_corrections_that_one_has_learned_are_no_fair_question(
    forgetful: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    three = digits_of_one_face()[3].tobytes()
    drawings = answered(3, count=120, canonical=three)
    names = np.array([str(drawing.pk) for drawing in drawings])
    held = names[is_held_out(names)]
    from_a_few = LabeledDigits(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8), held[:1])
    forgetful.data = {"corrections": 5, "learned_hands": learned_hands(from_a_few)}
    forgetful.save()
    asked = compared(capsys, "--pictures", "1")["asked"]
    assert asked["corrections"]["n"] == asked["corrections"]["only_first"] == len(held) - 1
    assert asked["learned"]["n"] == 120 - (len(held) - 1)
    assert (asked["corrections"]["is_fair"], asked["learned"]["is_fair"]) == (True, False)


@pytest.mark.parametrize(
    ("versions", "said"),
    [(("1", "1"), "compared with itself"), (("1", "7"), "There is no model 7")],
)
def test_what_cannot_be_compared_is_refused(versions: tuple[str, str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("compare_models", *versions)


def test_a_version_without_a_file_cannot_be_compared(model: TrainedModel) -> None:
    copy_model(model, pruned_at=timezone.now())
    with pytest.raises(CommandError, match="The file of Model 2 was deleted"):
        call_command("compare_models", "1", "2")


def test_two_versions_are_chosen_in_the_list(forgetful: TrainedModel) -> None:
    body = {"action": "compare", "_selected_action": [2, 1]}
    answer = keeper().post(MODELS, body)
    assert (answer.status_code, answer["Location"]) == (302, f"{MODELS}1/compare/2/")


def test_one_version_is_not_compared(forgetful: TrainedModel) -> None:
    body = {"action": "compare", "_selected_action": [2]}
    page = keeper().post(MODELS, body, follow=True).content.decode()
    assert "Choose exactly two versions." in page


def test_the_page_shows_figures_and_pictures(forgetful: TrainedModel) -> None:
    page = keeper().get(f"{MODELS}1/compare/2/").content.decode()
    assert "<td>100.00%</td>" in page
    assert "<td>90.00%</td>" in page
    assert "Only Model 1 is right: unseen typefaces, 3" in page
    assert page.count('class="digit"') == 3
    assert 'alt="A picture of 3"' in page


def test_another_kind_of_picture_is_shown_on_demand(forgetful: TrainedModel) -> None:
    answered(3, count=5, canonical=digits_of_one_face()[3].tobytes())
    page = keeper().get(f"{MODELS}1/compare/2/?of=learned&only=first").content.decode()
    assert "Only Model 1 is right: corrections that one of them may have learned" in page


def test_many_pictures_are_paged(forgetful: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizer.admin.comparison_pages.PICTURES", 2)
    client = keeper()
    first = client.get(f"{MODELS}1/compare/2/").content.decode()
    assert "Page 1 of 2" in first
    assert "?of=typefaces&amp;only=first&amp;page=2#pictures" in first
    last = client.get(f"{MODELS}1/compare/2/?of=typefaces&only=first&page=2").content.decode()
    assert last.count('class="digit"') == 1


@pytest.mark.parametrize("query", ["of=x&only=y", "of=typefaces&only=first&page=-3", "page=x"])
def test_an_address_with_nonsense_shows_the_first_pictures(
    forgetful: TrainedModel, query: str
) -> None:
    answer = keeper().get(f"{MODELS}1/compare/2/?{query}")
    assert answer.status_code == 200
    assert "Only Model 1 is right: unseen typefaces" in answer.content.decode()


def test_equal_versions_have_nothing_to_show(model: TrainedModel) -> None:
    copy_model(model)
    page = keeper().get(f"{MODELS}1/compare/2/").content.decode()
    assert "There is no picture that you may see on which they differ." in page


def test_staff_without_the_permission_to_see_drawings_see_how_many(forgetful: TrainedModel) -> None:
    answered(3, count=5, canonical=digits_of_one_face()[3].tobytes())
    client = keeper("view_trainedmodel")
    page = client.get(f"{MODELS}1/compare/2/?of=learned&only=first").content.decode()
    assert "Only Model 1 is right: unseen typefaces" in page


def only(contrast: comparison.Contrast) -> dict[str, int]:
    """Count by set the pictures that only the first version reads right."""
    return {name: asked.count_only("first") for name, asked in contrast.asked.items()}


def test_what_is_stored_has_no_pixels_of_drawings_and_shows_those_that_are_there(
    forgetful: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "is_held_out", lambda hands: np.arange(len(hands)) < 2)
    # Pictures of the others are then compared by the digit as well.
    monkeypatch.setattr(comparison, "is_right", lambda name, labels, given: labels == given)
    drawings = answered(3, count=5, canonical=digits_of_one_face()[3].tobytes())
    made = comparison.compare_versions(1, 2)
    rows, content = (made.first, made.second), comparison.as_content(made)
    content = dict(reversed(content.items()))  # JSON of PostgreSQL has an order of its own

    def shown(*, with_drawings: bool) -> dict[str, int]:
        read = comparison.from_content(rows, content, with_drawings=with_drawings)
        return only(read)

    assert shown(with_drawings=True) == only(made)
    hidden = shown(with_drawings=False)
    assert (only(made)["corrections"], only(made)["learned"]) == (2, 3)
    others = only(made)["others"] - 2
    assert hidden == {**only(made), "corrections": 0, "learned": 0, "others": others}
    for drawing in drawings:
        drawing.delete()
    assert shown(with_drawings=True) == hidden


def test_who_may_not_see_models_sees_no_comparison(forgetful: TrainedModel) -> None:
    assert keeper("view_drawing").get(f"{MODELS}1/compare/2/").status_code == 403


def test_an_unknown_version_is_not_found(model: TrainedModel) -> None:
    assert keeper().get(f"{MODELS}1/compare/7/").status_code == 404


def test_what_cannot_be_compared_leads_back_with_the_reason(model: TrainedModel) -> None:
    copy_model(model, pruned_at=timezone.now())
    page = keeper().get(f"{MODELS}1/compare/2/", follow=True).content.decode()
    assert "The file of Model 2 was deleted" in page


def test_a_version_links_to_its_comparison_and_shows_the_gate(forgetful: TrainedModel) -> None:
    TrainedModel.objects.filter(version=2).update(
        gate={
            "against": 1,
            "reason": "It is significantly worse <than> Model 1.",
            "compared": {
                "typefaces": {"n": 30, "only_first": 3, "only_second": 0, "p_second_worse": 0.125}
            },
        }
    )
    page = keeper().get(f"{MODELS}2/change/").content.decode()
    assert f'href="{MODELS}1/compare/2/"' in page
    assert "<td>30</td><td>3</td><td>0</td><td>0.12</td>" in page
    assert "worse &lt;than&gt; Model 1." in page


def test_the_list_says_whose_file_is_gone(model: TrainedModel) -> None:
    copy_model(model, pruned_at=timezone.now())
    page = keeper().get(MODELS).content.decode()
    assert '<td class="field-file_state">deleted</td>' in page

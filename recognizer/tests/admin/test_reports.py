"""The report of a version: in the admin, and as one file."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ml.drawing.pictures import encode_png
from ml.labeled.digits import LabeledDigits, is_held_out
from ml.measuring import holdouts, plots
from ml.measuring.holdouts import learned_hands
from recognizer.models import Drawing, Finding, TrainedModel
from recognizer.services.versions import reports
from recognizer.tests.kit.drawings import copy_model, digits_of_one_face
from recognizer.tests.kit.live import PROJECT

REPORT = "/admin/recognizer/trainedmodel/1/report/"
FILE = f"{REPORT}file/"
PAGE_OF_2 = "/admin/recognizer/trainedmodel/2/change/"
PICTURE = re.compile(r'<img[^>]*\ssrc="([^"]*)"')


@pytest.fixture(scope="module")
def typefaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a data set in TMNIST's format, of families that all look the same."""
    path = tmp_path_factory.mktemp("base") / "tmnist.csv"
    lines = [",".join(["names", "labels", *map(str, range(1, 785))])]
    for family in range(20):
        for label, digit in enumerate(digits_of_one_face()):
            lines.append(f"Family{family}-Regular,{label},{','.join(map(str, digit.ravel()))}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(autouse=True)
def small_holdouts(
    model: TrainedModel, typefaces: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measure on little; what is the same for all tests is drawn once."""
    settings.BASE_DATASET = typefaces
    monkeypatch.setattr(holdouts, "PEN_HOLDOUT", 60)
    monkeypatch.setattr(holdouts, "OTHER_HOLDOUT", 60)


DRAWN, SKETCHED = f"{__name__}.drawn", f"{__name__}.sketched"
"""Caches."""


@pytest.fixture
def drawn(settings: Settings) -> None:
    """Keep whole reports from one test to the next, which the database forgets."""
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": DRAWN}}


@pytest.fixture(autouse=True)
def sketched(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep reports without two of their pictures, which take longer than all else, for others."""
    if "drawn" in request.fixturenames:
        return
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": SKETCHED}}
    for name in ("draw_confusion", "draw_calibration"):
        monkeypatch.setattr(plots, name, lambda *arguments: b"<svg/>")


@pytest.fixture(autouse=True, scope="module")
def no_reports_left() -> Iterator[None]:
    """Leave none behind."""
    yield
    for name in (DRAWN, SKETCHED):
        LocMemCache(name, {}).clear()


@pytest.fixture(autouse=True)
def made_at_once(settings: Settings) -> None:
    """Make what a page asks for while it asks, as a quick worker would."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}


@pytest.fixture
def keeper() -> Client:
    """Return a member of the staff who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def looker(*permissions: str) -> Client:
    """Return a member of the staff who may look at some things."""
    user = User.objects.create_user("looker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def misread() -> Drawing:
    """Store a 1 that was kept aside and of which people say that it is a 7."""
    while True:
        drawing = Drawing(
            model_id=1,
            prediction=1,
            confidence=0.9,
            probabilities=[0.1] * 10,
            canonical=digits_of_one_face()[1].tobytes(),
            image=b"",
            source="canvas",
            label=7,
            feedback_at=timezone.now(),
        )
        if is_held_out(np.array([str(drawing.pk)]))[0]:
            drawing.save()
            return drawing


def panel(title: str) -> reports.Panel | None:
    """Return the part of the report that is about one holdout."""
    found = [one for one in reports.make_report(1).panels if one.title == title]
    return found[0] if found else None


def test_the_page_of_a_version_leads_to_its_report(keeper: Client) -> None:
    assert REPORT in keeper.get("/admin/recognizer/trainedmodel/1/change/").content.decode()


@pytest.mark.usefixtures("drawn")
def test_the_report_shows_pictures_and_facts(keeper: Client, model: TrainedModel) -> None:
    page = keeper.get(REPORT).content.decode()
    for words in ("Learning curve", "Unseen typefaces", "Generated handwriting"):
        assert words in page
    assert "Corrections kept aside</h2>" not in page
    assert model.sha256 in page
    assert model.sklearn_version in page
    assert FILE in page
    pictures = PICTURE.findall(page)
    assert len([one for one in pictures if one.startswith("data:image/svg+xml;base64,")]) == 5
    assert "alt=" in page


SENTENCE = re.compile(r">\s*([^<>{}]*[A-Za-z]{3}[^<>{}]*?)\s*<")


@pytest.mark.parametrize("address", [REPORT, "/admin/recognizer/trainedmodel/1/compare/2/"])
def test_report_and_comparison_speak_german(
    address: str, keeper: Client, model: TrainedModel
) -> None:
    misread()
    copy_model(model)
    english = set(SENTENCE.findall(keeper.get(address).content.decode()))
    page = keeper.get(address, headers={"Accept-Language": "de"}).content.decode()
    content = page[page.index('id="live-finding"') : page.index('id="footer"')]
    same = english & set(SENTENCE.findall(content))
    assert [text for text in same if re.search("[a-z]{2} [a-z]", text)] == []
    assert "Modell 1" in page
    assert "Bericht" in page or "Nur Modell 2 richtig" in page


def test_report_and_page_of_a_version_say_which_digit_it_lost(
    keeper: Client, model: TrainedModel
) -> None:
    seven = {"n": 200, "points_lost": 6.0, "p": 0.00024}
    reason = "It is significantly worse than Model 1 on the 7 of generated handwriting."
    gate = {
        "accepted": False,
        "against": 1,
        "reason": reason,
        "compared": {"pens": {"n": 2000, "only_first": 12, "only_second": 0, "p_second_worse": 0}},
        "digits": {"pens": {"1": {**seven, "points_lost": -0.5}, "7": seven}},
    }
    copy_model(model, gate=gate)
    page = keeper.get("/admin/recognizer/trainedmodel/2/report/").content.decode()
    assert "Against Model 1" in page
    assert reason in page
    assert "most lost by the 7: +6.00 points" in page
    cells = re.findall("<td>([^<]*)", keeper.get(PAGE_OF_2).content.decode())
    lost = cells.index("-0.5") - 1
    assert cells[lost : lost + 10] == ["-", "-0.5", "-", "-", "-", "-", "-", "+6.0", "-", "-"]


def test_mistakes_in_corrections_lead_to_their_drawings(keeper: Client) -> None:
    drawing = misread()
    page = keeper.get(REPORT).content.decode()
    assert "Corrections kept aside</h2>" in page
    assert "7 that was read as 1, as the model saw it" in page
    assert f"/admin/recognizer/drawing/{drawing.pk}/change/" in page


def picture_of_misread() -> str:
    return base64.b64encode(encode_png(digits_of_one_face()[1])).decode()


@pytest.mark.parametrize("url", [REPORT, FILE])
def test_who_may_not_see_drawings_sees_how_many_were_misread(url: str) -> None:
    drawing = misread()
    client = looker("view_trainedmodel")
    client.get(REPORT)
    page = client.get(url).content.decode()
    assert picture_of_misread() not in page
    assert str(drawing.pk) not in page
    assert "Not shown: 1," in page


@pytest.mark.parametrize("change", ["deleted", "rejected", "without a label"])
def test_a_drawing_that_may_not_be_learned_from_any_more_leaves_the_report(
    keeper: Client, change: str
) -> None:
    drawing = misread()
    assert picture_of_misread() in keeper.get(REPORT).content.decode()
    assert picture_of_misread() not in str(Finding.objects.get().content)
    if change == "deleted":
        drawing.delete()
    elif change == "rejected":
        Drawing.objects.update(review="rejected", reviewed_at=timezone.now())
    else:
        Drawing.objects.update(label=None, feedback_at=None)
    page = keeper.get(REPORT).content.decode()
    assert picture_of_misread() not in page
    assert "Not shown: 1," in page


def test_the_worst_mistakes_are_the_most_confident_ones() -> None:
    pens = panel("Generated handwriting")
    assert pens
    assert pens.mistakes
    confidences = [mistake.confidence for mistake in pens.mistakes]
    assert confidences == sorted(confidences, reverse=True)
    assert all(mistake.label != mistake.answer for mistake in pens.mistakes)


def test_a_correction_that_the_version_learned_from_does_not_measure_it() -> None:
    drawing = misread()
    assert panel("Corrections kept aside")
    digit = digits_of_one_face()[1:2]
    learned = LabeledDigits(digit, np.array([7], np.uint8), np.array([str(drawing.pk)]))
    record = {"corrections": 1, "learned_hands": learned_hands(learned)}
    TrainedModel.objects.update(data=record)
    assert panel("Corrections kept aside") is None


def test_a_changed_answer_is_in_the_next_report() -> None:
    drawing = misread()
    Drawing.objects.filter(pk=drawing.pk).update(label=1)
    reports.make_report(1)
    Drawing.objects.filter(pk=drawing.pk).update(label=2)
    corrections = panel("Corrections kept aside")
    assert corrections
    assert corrections.report.confusion[2][1] == 1


def test_answers_of_people_are_part_of_the_learning_curve() -> None:
    before = reports.make_report(1).curve
    misread()
    assert reports.make_report(1).curve != before


def test_imported_and_rejected_drawings_are_no_answers_to_the_version() -> None:
    before = reports.make_report(1).curve
    imported, rejected = misread(), misread()
    Drawing.objects.filter(pk=imported.pk).update(source="import")
    Drawing.objects.filter(pk=rejected.pk).update(review="rejected", reviewed_at=timezone.now())
    assert reports.make_report(1).curve == before


@pytest.mark.usefixtures("drawn")
def test_the_file_needs_nothing_else(keeper: Client) -> None:
    misread()
    answer = keeper.get(FILE)
    assert answer["Content-Disposition"] == 'attachment; filename="report-of-model-1.html"'
    html = answer.content.decode()
    assert ".report .mistakes" in html
    assert all(one.startswith("data:image/") for one in PICTURE.findall(html))
    assert not re.search(r"<(link|script|a|iframe)\b", html)


def test_what_others_named_is_escaped(keeper: Client) -> None:
    evil = "<script>alert(1)</script>"
    TrainedModel.objects.update(parameters={evil: evil, "base": [evil]}, data={evil: 1})
    for url in (REPORT, FILE):
        page = keeper.get(url).content.decode()
        assert evil not in page
        assert "&lt;script&gt;" in page


def test_a_version_whose_file_is_gone_shows_why_and_what_was_recorded(
    keeper: Client, model: TrainedModel
) -> None:
    cache.clear()
    (Path(django_settings.ARTIFACTS_DIR) / model.artifact).unlink()
    page = keeper.get(REPORT).content.decode()
    assert "Nothing can be measured now: There is no readable model file" in page
    assert f"{model.metrics['typefaces']['accuracy']:.2%}" in page
    assert model.sha256 in page


def test_a_report_is_made_once_and_outlives_the_file(model: TrainedModel) -> None:
    first = reports.make_report(1)
    (Path(django_settings.ARTIFACTS_DIR) / model.artifact).unlink()
    assert reports.make_report(1).panels == first.panels


@pytest.mark.parametrize("url", [REPORT, FILE])
def test_who_may_not_see_models_sees_no_report(url: str) -> None:
    assert looker("view_drawing").get(url).status_code == 403
    assert Client().get(url).status_code == 302


def test_a_version_that_is_not_there_has_no_report(keeper: Client) -> None:
    assert keeper.get(REPORT.replace("/1/", "/9/")).status_code == 404


def test_the_command_writes_the_report_of_the_active_version(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    call_command("export_report", str(path))
    assert capsys.readouterr().out == f"Report of Model 1 written to {path}.\n"
    assert "<h1>Report of Model 1</h1>" in path.read_text()


def test_the_command_writes_the_report_of_another_version(
    model: TrainedModel, tmp_path: Path
) -> None:
    copy_model(model)
    call_command("export_report", str(tmp_path / "report.html"), model=2)
    assert "<h1>Report of Model 2</h1>" in (tmp_path / "report.html").read_text()


def test_the_command_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no model 9\."):
        call_command("export_report", str(tmp_path / "report.html"), model=9)
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("export_report", str(tmp_path / "missing" / "report.html"))


def test_a_server_that_only_answers_does_not_load_matplotlib() -> None:
    script = (
        "import sys, django; django.setup(); import digitsite.urls, recognizer.api.views; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={"DJANGO_SETTINGS_MODULE": "digitsite.settings", "SECRET_KEY": "only for tests"},
        check=False,
    )
    assert finished.returncode == 0

"""Reports and comparisons that the worker makes: what their pages say until and after that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from recognizer.models import Finding, TrainedModel
from recognizer.services.errors import ServiceError
from recognizer.services.retraining import runs
from recognizer.services.versions import findings, reports
from recognizer.tests.kit.drawings import copy_model
from recognizer.tests.kit.small_training import answered

MODELS = "/admin/recognizer/trainedmodel/"
REPORT = f"{MODELS}1/report/"


@pytest.fixture(autouse=True)
def quick_report(model: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure nothing: these tests are about what is stored and shown."""
    monkeypatch.setattr(reports, "_panels", lambda *arguments: ())
    monkeypatch.setattr(reports, "_learning_curve", lambda: "data:image/svg+xml;base64,")


@pytest.fixture
def keeper() -> Client:
    """Return a member of the staff who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def waiting() -> int:
    """Count the tasks that wait."""
    return DBTaskResult.objects.filter(status="READY").count()


def test_without_a_worker_the_page_says_how_to_make_it(keeper: Client, model: TrainedModel) -> None:
    copy_model(model)
    page = keeper.get(REPORT).content.decode()
    assert "It has been waiting for the worker since" in page
    assert "python manage.py db_worker" in page
    assert "python manage.py export_report report.html --model 1" in page
    assert "data-unfinished" in page
    other = keeper.get(f"{MODELS}1/compare/2/").content.decode()
    assert "python manage.py compare_models 1 2" in other
    assert waiting() == 2


def test_looking_again_enqueues_nothing_more(keeper: Client) -> None:
    for _ in range(2):
        keeper.get(REPORT)
        keeper.post(REPORT)
    assert waiting() == 1


def test_while_the_worker_begins_nothing_more_is_enqueued(keeper: Client) -> None:
    keeper.get(REPORT)
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    page = keeper.get(REPORT).content.decode()
    assert "It is being made: beginning." in page
    assert "db_worker" not in page
    assert waiting() == 0
    DBTaskResult.objects.update(started_at=timezone.now() - timedelta(minutes=6))
    keeper.get(REPORT)
    assert waiting() == 1


def test_a_retraining_for_which_it_waits_is_named(keeper: Client) -> None:
    with runs.start_run({}) as run:
        assert f"{run} is still going." in keeper.get(REPORT).content.decode()
        run.state, run.finished_at = "tried", timezone.now()
        run.save()


def test_progress_is_shown_while_it_is_made(
    keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(*arguments: Any) -> str:
        seen.append(keeper.get(REPORT).content.decode())
        return ""

    monkeypatch.setattr(reports, "_learning_curve", look)
    findings.make(1)
    assert "It is being made: drawing the learning curve" in seen[0]
    assert 'value="0.9"' in seen[0]
    assert waiting() == 0


def test_what_is_still_true_is_not_made_again(
    keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings.make(1)
    monkeypatch.setattr(reports, "make_report", None)
    page = keeper.get(REPORT).content.decode()
    assert "nothing has changed since" in page
    assert "Learning curve" in page
    assert waiting() == 0


def test_after_another_answer_the_old_one_is_shown_and_can_be_made_again(keeper: Client) -> None:
    findings.make(1)
    answered(7)
    page = keeper.get(REPORT).content.decode()
    assert "answers or versions have changed since" in page
    assert "Learning curve" in page
    assert waiting() == 0
    assert "waiting for the worker" in keeper.post(REPORT, follow=True).content.decode()
    assert waiting() == 1


def test_a_page_does_not_wait_for_a_worker_that_died(keeper: Client) -> None:
    Finding.objects.create(name="1", phase="Asking", noted_at=timezone.now())
    assert "data-unfinished" in keeper.get(REPORT).content.decode()
    Finding.objects.update(noted_at=timezone.now() - timedelta(minutes=6))
    page = keeper.get(REPORT).content.decode()
    assert "The worker ended before it was done." in page
    assert "data-unfinished" not in page
    assert waiting() == 0
    keeper.post(REPORT)
    assert waiting() == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [(ServiceError("No room."), "No room."), (ZeroDivisionError(), "log of the worker")],
)
def test_what_failed_says_why_beside_the_one_before(
    keeper: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    findings.make(1)

    def fail(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(reports, "_learning_curve", fail)
    with pytest.raises(type(error)):
        findings.make(1)
    page = keeper.get(REPORT).content.decode()
    assert said in page
    assert "Learning curve" in page
    assert "data-unfinished" not in page


def test_who_may_not_see_models_asks_for_nothing() -> None:
    client = Client()
    client.force_login(User.objects.create_user("looker", is_staff=True))
    assert client.post(REPORT).status_code == 403
    assert waiting() == 0


def test_a_download_of_what_is_not_made_leads_to_the_page(keeper: Client) -> None:
    assert keeper.get(f"{REPORT}file/").headers["Location"] == REPORT


def test_a_page_that_polls_does_not_go_through_all_labels(
    keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings.make(1)
    keeper.post(REPORT)
    monkeypatch.setattr(findings, "_digest_basis", None)
    assert "data-unfinished" in keeper.get(REPORT).content.decode()


def test_what_was_made_in_another_format_is_made_again(keeper: Client) -> None:
    findings.make(1)
    Finding.objects.update(content={"panels": [], "fault": "", "curve": ""})
    assert "Learning curve" not in keeper.get(REPORT).content.decode()
    assert waiting() == 1

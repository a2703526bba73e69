"""Retraining in the background: the admin's button, the rule, and the worker that does it."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from ml.training import cluster
from recognizer.models import DailyCount, Decision, Drawing, TrainedModel, TrainingRun
from recognizer.services import daily_counts
from recognizer.services.drawings import archive, reviews
from recognizer.services.retraining import runs, schedule, training
from recognizer.services.site import counting
from recognizer.services.versions import comparison, findings
from recognizer.tests.kit.drawings import copy_model
from recognizer.tests.kit.live import PROJECT, wait_until
from recognizer.tests.kit.small_training import SMALL, answered

RUNS = "/admin/recognizer/trainingrun/"


@pytest.fixture
def keeper(model: TrainedModel) -> Client:
    """Return a member of the staff who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


@pytest.fixture
def worker(
    small_training: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[functools.partial[str]]:
    """Return what does all that waits, training on little, and ends."""
    small = training.TrainingOptions(**SMALL)  # type: ignore[arg-type]
    options = functools.partial(training.RetrainOptions, training=small)
    monkeypatch.setattr(training, "RetrainOptions", options)
    # The test's transaction lives on a connection that must outlive the worker.
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
    }
    work = functools.partial(
        call_command, "db_worker", batch=True, reload=False, startup_delay=False, interval=0
    )
    yield work
    for number, handler in before.items():
        signal.signal(number, handler)


def press(client: Client) -> str:
    """Press the button and return the page that follows."""
    return client.post(f"{RUNS}retrain/", follow=True).content.decode()


def waiting() -> int:
    """Count the tasks that wait."""
    return DBTaskResult.objects.filter(status="READY").count()


def approve(count: int) -> None:
    """Let a reviewer approve so many new answers."""
    drawings = answered(7, count=count)
    chosen = Drawing.objects.filter(pk__in=[drawing.pk for drawing in drawings])
    reviewer, _ = User.objects.get_or_create(username="reviewer")
    reviews.decide(chosen, reviewer, Drawing.Review.APPROVED)


def test_the_button_enqueues_and_the_worker_makes_a_new_version(
    keeper: Client, worker: functools.partial[str]
) -> None:
    assert "A retraining will begin in a moment." in press(keeper)
    assert TrainingRun.objects.count() == 0
    worker()
    run = TrainingRun.objects.get()
    assert run.state == "succeeded"
    assert TrainedModel.objects.count() == 2
    assert DBTaskResult.objects.get().return_value == run.outcome


def test_the_worker_makes_a_report_and_a_comparison_that_pages_ask_for(
    keeper: Client, worker: functools.partial[str], model: TrainedModel
) -> None:
    copy_model(model)
    comparison._frozen_holdouts.cache_clear()
    pages = [f"/admin/recognizer/trainedmodel/1/{page}/" for page in ("report", "compare/2")]
    for url in pages:
        assert "waiting for the worker" in keeper.get(url).content.decode()
    worker()
    report, compared = (keeper.get(url).content.decode() for url in pages)
    assert "nothing has changed since" in report
    assert "Learning curve" in report
    assert "unseen typefaces" in compared
    assert "data-unfinished" not in report + compared


def test_the_worker_does_what_the_version_before_enqueued(
    keeper: Client, worker: functools.partial[str]
) -> None:
    press(keeper)
    new = DBTaskResult.objects.get().task_path
    old = "recognizer.services.schedule.retrain_in_background"
    migration = import_module("recognizer.migrations.0011_path_of_the_retraining_task")
    (renaming,) = migration.Migration.operations
    renaming.reverse_code(apps, None)
    assert DBTaskResult.objects.get().task_path == old
    renaming.code(apps, None)
    assert DBTaskResult.objects.get().task_path == new
    worker()
    assert TrainingRun.objects.get().state == "succeeded"


def test_a_second_press_enqueues_no_second_retraining(keeper: Client) -> None:
    press(keeper)
    assert "A retraining is waiting already." in press(keeper)
    assert waiting() == 1


def test_the_button_says_when_a_retraining_is_going_on(keeper: Client) -> None:
    with runs.start_run({}) as run:
        assert f"{run} is still going." in press(keeper)
        run.state, run.finished_at = TrainingRun.State.TRIED, timezone.now()
        run.save()
    assert waiting() == 0


def test_a_retraining_that_waits_is_shown_with_how_to_start_a_worker(keeper: Client) -> None:
    press(keeper)
    page = keeper.get(RUNS).content.decode()
    assert "A retraining has been waiting for a worker since" in page
    assert "python manage.py db_worker" in page


def test_who_may_only_look_has_no_button_and_enqueues_nothing(model: TrainedModel) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    client = Client()
    client.force_login(looker)
    assert "Retrain</button>" not in client.get(RUNS).content.decode()
    assert client.post(f"{RUNS}retrain/").status_code == 403
    assert waiting() == 0


def test_who_may_add_runs_has_the_button(model: TrainedModel) -> None:
    trainer = User.objects.create_user("trainer", is_staff=True)
    permissions = ["view_trainingrun", "add_trainingrun"]
    trainer.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(trainer)
    assert "Retrain</button>" in client.get(RUNS).content.decode()
    press(client)
    assert waiting() == 1


def test_the_button_is_no_link(keeper: Client) -> None:
    assert keeper.get(f"{RUNS}retrain/").status_code == 405


def test_the_button_asks_for_the_token(keeper: Client) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = keeper.cookies
    assert careful.post(f"{RUNS}retrain/").status_code == 403
    assert waiting() == 0


def test_without_the_rule_approvals_enqueue_nothing(model: TrainedModel) -> None:
    approve(3)
    assert waiting() == 0


def test_enough_approvals_enqueue_one_retraining(model: TrainedModel, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 3
    approve(2)
    assert waiting() == 0
    approve(1)
    assert waiting() == 1
    approve(5)
    assert waiting() == 1


def test_a_label_by_a_reviewer_counts_as_well(drawing: Drawing, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 1
    reviewer = User.objects.create_user("reviewer")
    same = Drawing.objects.filter(pk=drawing.pk)
    reviews.decide(same, reviewer, drawing.review, label=3)
    assert waiting() == 1


def test_an_import_counts_as_well(model: TrainedModel, typefaces: Path, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 5
    archive.import_drawings(typefaces)
    assert waiting() == 1


def test_what_the_last_run_has_seen_counts_no_more(model: TrainedModel, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 3
    approve(2)
    TrainingRun.objects.create(state="failed", finished_at=timezone.now())
    approve(2)
    assert waiting() == 0
    approve(1)
    assert waiting() == 1


def test_a_retraining_that_is_not_due_any_more_is_left_out(
    worker: functools.partial[str], settings: Settings
) -> None:
    settings.RETRAIN_AFTER = 3
    approve(3)
    TrainingRun.objects.create(state="failed", finished_at=timezone.now())
    worker()
    assert TrainingRun.objects.count() == 1
    assert "learned from all" in str(DBTaskResult.objects.get().return_value)


def test_a_retraining_waits_for_another_one(keeper: Client, worker: functools.partial[str]) -> None:
    press(keeper)
    with runs.start_run({}) as run:
        worker()
        run.state, run.finished_at = TrainingRun.State.TRIED, timezone.now()
        run.save()
    done, later = DBTaskResult.objects.order_by("enqueued_at")
    assert "is still going" in str(done.return_value)
    assert (later.status, later.run_after > timezone.now()) == ("READY", True)


def test_a_run_whose_process_died_is_shown_as_interrupted(keeper: Client) -> None:
    with pytest.raises(ZeroDivisionError), runs.start_run({}):
        raise ZeroDivisionError
    run = TrainingRun.objects.get()
    TrainingRun.objects.update(state="running", finished_at=None)
    assert "Interrupted" in keeper.get(f"{RUNS}{run.pk}/change/").content.decode()
    run.refresh_from_db()
    assert (run.state, run.outcome) == ("interrupted", "The process ended before the run did.")


@pytest.mark.parametrize(("tries", "status"), [(1, "SUCCESSFUL"), (2, "FAILED")])
def test_a_retraining_whose_worker_died_begins_again_once(
    tries: int, status: str, worker: functools.partial[str], settings: Settings
) -> None:
    settings.RETRAIN_AFTER = 2
    approve(2)
    long_ago = timezone.now() - timedelta(minutes=2)
    dead = {"status": "RUNNING", "started_at": long_ago, "worker_ids": ["killed"] * tries}
    DBTaskResult.objects.update(**dead)
    TrainingRun.objects.create()  # as the killed worker left it
    with runs.lock_retraining():
        schedule.take_up_dead()
        assert DBTaskResult.objects.get().status == "RUNNING"
    schedule.take_up_dead()
    worker()
    assert DBTaskResult.objects.get().status == status
    assert TrainingRun.objects.filter(state="succeeded").exists() is (tries == 1)


def test_a_retraining_that_its_server_stopped_is_released(
    keeper: Client, worker: functools.partial[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(options: object) -> None:
        raise SystemExit(1)

    press(keeper)
    with monkeypatch.context() as patched:
        patched.setattr(training, "retrain", stop)
        with suppress(SystemExit):
            worker(max_tasks=1)
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["FAILED", "READY"]
    worker()
    assert TrainingRun.objects.get().state == "succeeded"


def test_without_the_cluster_the_worker_trains_alone_and_says_why(
    keeper: Client,
    worker: functools.partial[str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.1)
    settings.RETRAIN_CLUSTER = "tcp://127.0.0.1:1"
    press(keeper)
    worker()
    alone, tried = TrainingRun.objects.order_by("-pk")
    assert (tried.state, alone.state) == ("failed", "succeeded")
    assert (tried.options["cluster"], alone.options["cluster"]) == ("tcp://127.0.0.1:1", None)
    (told,) = [line for line in caplog.messages if "trains alone" in line]
    assert told.startswith("No Dask scheduler answers at tcp://127.0.0.1:1")


def test_a_run_that_goes_on_is_not_taken_for_dead(keeper: Client) -> None:
    with runs.start_run({}) as run:
        page = keeper.get(RUNS).content.decode()
        run.refresh_from_db()
        assert run.state == "running"
        assert f"{run} is going on" in page
        run.state, run.finished_at = TrainingRun.State.TRIED, timezone.now()
        run.save()


HOLD = """
import django
django.setup()
from recognizer.services.retraining.runs import start_run
with start_run({}):
    print("begun", flush=True)
    input()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_other_host", [False, True])
def test_one_of_two_processes_retrains_and_lets_go_when_it_dies(
    tmp_path: Path, *, is_other_host: bool
) -> None:
    folder = Path(django_settings.ARTIFACTS_DIR)
    database = f"sqlite:///{connection.settings_dict['NAME']}"
    if connection.vendor == "postgresql":
        address = urlsplit(os.environ["DATABASE_URL"])
        database = address._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        folder = tmp_path / "elsewhere" if is_other_host else folder
    elif is_other_host:
        pytest.skip("An SQLite file is one machine's.")
    surroundings = {"DATABASE_URL": database, "ARTIFACTS_DIR": str(folder), "SECRET_KEY": "none"}
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "digitsite.settings", **surroundings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"begun\n"
        assert runs.close_dead_runs() == 0
        told = rf"Training run \d+ \(process {other.pid} on .*\) is still going"
        with pytest.raises(runs.RetrainingInProgress, match=told), runs.start_run({}):
            pass
        other.kill()
        other.wait()
    wait_until(lambda: runs.close_dead_runs() == 1)
    with runs.start_run({}) as run:
        assert run.process == os.getpid()
        run.state, run.finished_at = TrainingRun.State.TRIED, timezone.now()
        run.save()


def test_a_run_of_another_host_is_dead_once_the_lock_is_free(keeper: Client) -> None:
    TrainingRun.objects.create(host="elsewhere")
    assert runs.close_dead_runs() == 1


def test_what_fails_after_a_success_does_not_undo_it(model: TrainedModel) -> None:
    def succeed_and_fail() -> None:
        with runs.start_run({}) as run:
            run.state, run.finished_at, run.model = "succeeded", timezone.now(), model
            run.save()
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        succeed_and_fail()
    run = TrainingRun.objects.get()
    assert (run.state, run.model) == ("succeeded", model)


def test_a_clock_that_was_ahead_holds_no_retraining_back(
    keeper: Client, settings: Settings
) -> None:
    settings.RETRAIN_AFTER = 2
    ahead = timezone.now() + timedelta(days=365)
    TrainingRun.objects.create(host="another", process=1, started_at=ahead, noted_at=ahead)
    assert "A retraining will begin in a moment." in press(keeper)
    assert TrainingRun.objects.get().state == TrainingRun.State.INTERRUPTED
    DBTaskResult.objects.update(run_after=ahead)
    assert "A retraining is waiting already." in press(keeper)
    assert DBTaskResult.objects.ready().count() == 1
    DBTaskResult.objects.all().delete()
    approve(2)
    assert waiting() == 1


def test_approvals_of_a_clock_that_was_ahead_start_no_retraining_again_and_again(
    model: TrainedModel, settings: Settings
) -> None:
    settings.RETRAIN_AFTER = 2
    approve(2)
    Drawing.objects.update(reviewed_at=timezone.now() + timedelta(days=365))
    DBTaskResult.objects.all().delete()
    approve(1)
    assert waiting() == 0


def test_the_worker_counts_and_enqueues_its_next_turn(
    model: TrainedModel, worker: functools.partial[str]
) -> None:
    answered(7)
    counting.start_counting()
    counting.start_counting()
    worker()
    assert DailyCount.objects.get().drawn == 1
    done, later = DBTaskResult.objects.order_by("enqueued_at")
    assert (done.return_value, later.status) == ("All days are counted.", "READY")
    assert later.run_after > timezone.now() + timedelta(minutes=4)


def test_tasks_that_ended_long_ago_are_deleted(
    model: TrainedModel, worker: functools.partial[str]
) -> None:
    now, task = timezone.now(), findings.make_in_background
    for days in (29, 31):
        for kept in ({"status": "SUCCESSFUL", "finished_at": now - timedelta(days=days)}, {}):
            row = DBTaskResult.objects.get(pk=task.enqueue(days).id)
            lost = {"status": "RUNNING", "started_at": now - timedelta(days=days), **kept}
            DBTaskResult.objects.filter(pk=row.pk).update(**lost)
    counting.start_counting()
    worker(max_tasks=1)
    left = DBTaskResult.objects.filter(task_path=task.module_path)
    assert [row.args_kwargs["args"] for row in left] == [[29], [29]]


def test_of_many_turns_one_goes_on(model: TrainedModel, worker: functools.partial[str]) -> None:
    for _ in range(3):  # as of servers that started together, or workers that were killed
        counting.count_in_background.enqueue()
    first = DBTaskResult.objects.order_by("enqueued_at")[:1].values("pk")
    DBTaskResult.objects.filter(pk__in=first).update(status="RUNNING")
    worker()
    assert waiting() == 1
    assert DBTaskResult.objects.count() == 2


def test_what_a_turn_does_not_finish_the_next_one_does_at_once(
    model: TrainedModel, worker: functools.partial[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = iter([False, True])
    monkeypatch.setattr(daily_counts, "keep_counts", lambda seconds: next(outcomes))
    counting.start_counting()
    worker()
    assert next(outcomes, None) is None
    assert waiting() == 1


def test_a_turn_leaves_the_turn_of_another_worker_alone(
    model: TrainedModel, worker: functools.partial[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(seconds: float) -> bool:
        monkeypatch.setattr(daily_counts, "keep_counts", lambda seconds: 1 / 0)
        counting.start_counting()
        worker()  # the second one
        return False

    monkeypatch.setattr(daily_counts, "keep_counts", meanwhile)
    counting.start_counting()
    worker(max_tasks=1)
    turns = DBTaskResult.objects.order_by("enqueued_at")
    assert [turn.return_value for turn in turns] == [
        "There is more to count.",
        "Another worker counts.",
        None,
    ]
    assert turns.ready().count() == 1


def test_decisions_whose_drawing_the_version_before_deleted_go_with_a_count(
    model: TrainedModel, worker: functools.partial[str]
) -> None:
    gone, kept = answered(7, count=2)
    reviewer = User.objects.create_user("reviewer")
    reviews.decide(Drawing.objects.all(), reviewer, Drawing.Review.REJECTED)
    deleted = Drawing.objects.filter(pk=gone.pk)
    deleted._raw_delete(deleted.db)
    counting.start_counting()
    worker()
    assert Decision.objects.get().drawing == kept

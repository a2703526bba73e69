"""Daily counts: kept by the worker, and right whatever changes in the archive."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from recognizer.models import DailyCount, Drawing, TouchedDay, TrainedModel
from recognizer.services import daily_counts, touching
from recognizer.services.daily_counts import Sums, add_up, keep_counts, read_counts
from recognizer.services.drawings import recognition, reviews
from recognizer.tests.kit.drawings import draw_on

TODAY = timezone.now().astimezone(UTC).date()
LONG = 60.0


def days_ago(number: int) -> date:
    return TODAY - timedelta(days=number)


def count_all() -> Sums:
    return add_up(read_counts())


def stored(day: date) -> Sums:
    """Add up what is stored of a day."""
    return add_up(DailyCount.objects.filter(day=day))


def pretend_counted(day: date) -> None:
    """Store a count that is recognized: nothing was counted again if it stays."""
    DailyCount.objects.filter(day=day).update(drawn=1_000)


def test_a_day_is_counted_by_source_and_version(model: TrainedModel) -> None:
    draw_on(TODAY, prediction=7, confidence=0.99, label=7)
    draw_on(TODAY, prediction=1, confidence=0.65, label=7)
    draw_on(TODAY, prediction=1, confidence=1.0, is_digit=False, source="upload")
    draw_on(TODAY, source="import", label=3)
    keep_counts(LONG)
    api, upload = DailyCount.objects.order_by("source")
    assert (api.source, api.model_id, api.drawn, api.waiting) == ("api", model.version, 2, 2)
    assert api.answers == [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert api.unsure == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert api.confidences == [0, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert api.confusion == [[7, 1, 1], [7, 7, 1]]
    assert (upload.source, upload.answers[10], upload.confidences[9]) == ("upload", 1, 1)


def test_an_answer_that_a_reviewer_rejected_is_not_believed(model: TrainedModel) -> None:
    draw_on(TODAY, label=7)
    reviewer = User.objects.create_user("reviewer")
    reviews.decide(draw_on(TODAY, label=1), reviewer, Drawing.Review.REJECTED)
    sums = count_all()
    assert (sums.drawn, sums.labeled, sums.right, sums.waiting) == (2, 1, 1, 1)


def test_a_day_begins_and_ends_at_midnight_in_utc(model: TrainedModel) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    for moment in (begin, begin + timedelta(days=1, microseconds=-1), begin + timedelta(days=1)):
        draw_on(begin.date(), created_at=moment)
    keep_counts(LONG)
    assert stored(begin.date()).drawn == 2


CHANGES: dict[str, tuple[Callable[[Any], object], dict[str, int]]] = {
    "a label": (
        lambda drawings: recognition.give_feedback(drawings.get(), label=7),
        {"labeled": 1, "right": 1, "waiting": 1},
    ),
    "a deletion": (lambda drawings: recognition.delete_drawing(drawings.get()), {"drawn": 0}),
    "a deletion of many": (lambda drawings: drawings.delete(), {"drawn": 0}),
    "another reading": (
        lambda drawings: drawings.update(is_digit=False),
        {"drawn": 1},
    ),
    "another time": (
        lambda drawings: drawings.update(created_at=timezone.now() - timedelta(days=400)),
        {"drawn": 0},
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_changes_in_a_day_gone_by_is_right_at_once_and_kept_by_the_worker(
    kind: str, model: TrainedModel
) -> None:
    day = days_ago(9)
    changed = draw_on(day)
    draw_on(days_ago(3))
    keep_counts(LONG)
    before = count_all()
    change, expected = CHANGES[kind]
    change(changed)
    of_day = add_up(one for one in read_counts() if one.day == day)
    assert {name: getattr(of_day, name) for name in expected} == expected
    now = count_all()
    assert now != before or kind == "another time"
    keep_counts(LONG)
    assert stored(day) == of_day
    assert add_up(DailyCount.objects.all()) == now
    assert not TouchedDay.objects.exists()


def test_a_label_that_is_withdrawn_is_counted_no_more(model: TrainedModel) -> None:
    drawings = draw_on(days_ago(9), label=7)
    keep_counts(LONG)
    recognition.give_feedback(drawings.get(), label=None)
    assert (count_all().labeled, count_all().waiting) == (0, 0)


def test_a_drawing_that_is_added_to_an_old_day_is_counted(model: TrainedModel) -> None:
    draw_on(days_ago(9))
    keep_counts(LONG)
    draw_on(days_ago(30))
    assert count_all().drawn == 2
    keep_counts(LONG)
    assert stored(days_ago(30)).drawn == 1


def test_only_days_that_changed_are_counted_again(model: TrainedModel) -> None:
    for number in (9, 5, 3):
        draw_on(days_ago(number))
    keep_counts(LONG)
    for number in (9, 5, 3):
        pretend_counted(days_ago(number))
    draw_on(days_ago(5))
    keep_counts(LONG)
    assert [stored(days_ago(number)).drawn for number in (9, 5, 3)] == [1_000, 2, 1]


def test_drawings_of_today_leave_no_mark(model: TrainedModel) -> None:
    recognition.give_feedback(draw_on(TODAY).get(), label=3)
    assert not TouchedDay.objects.exists()


def test_an_archive_that_is_not_counted_yet_is_counted_bit_by_bit(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        draw_on(days_ago(number))
    clock = iter(range(100))
    monkeypatch.setattr(daily_counts, "monotonic", lambda: float(next(clock)))
    assert not keep_counts(2)
    assert sorted(DailyCount.objects.values_list("day", flat=True)) == [days_ago(4), days_ago(3)]
    assert count_all().drawn == 5
    assert keep_counts(100)
    assert add_up(DailyCount.objects.all()) == count_all()


def test_a_worker_that_dies_within_a_day_leaves_the_day_as_it_was(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_on(days_ago(9))
    draw_on(days_ago(3))
    keep_counts(LONG)
    draw_on(days_ago(9))
    with monkeypatch.context() as patch:
        patch.setattr(DailyCount.objects, "bulk_create", lambda rows: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            keep_counts(LONG)
    assert TouchedDay.objects.count() == 1
    assert stored(days_ago(9)).drawn == 1
    assert count_all().drawn == 3


def test_counting_again_changes_nothing(model: TrainedModel) -> None:
    draw_on(days_ago(9), label=1)
    for _ in range(2):
        keep_counts(LONG)
        assert DailyCount.objects.count() == 1


def test_any_order_of_changes_ends_in_the_counts_of_a_fresh_start(model: TrainedModel) -> None:
    rng = random.Random(0)
    reviewer = User.objects.create_user("reviewer")
    changes: list[Callable[[Any], object]] = [
        lambda one: recognition.give_feedback(one.get(), label=rng.choice([None, 1, 7, 10])),
        lambda one: reviews.decide(one, reviewer, Drawing.Review.APPROVED),
        lambda one: reviews.decide(one, reviewer, Drawing.Review.REJECTED),
        lambda one: one.delete(),
        lambda one: draw_on(days_ago(rng.randrange(12))),
        lambda one: keep_counts(LONG),
    ]
    for number in range(12):
        draw_on(days_ago(number), confidence=number / 12)
    for _ in range(120):
        one = rng.choice(list(Drawing.objects.all()))
        rng.choice(changes)(Drawing.objects.filter(pk=one.pk))
    found = count_all()
    keep_counts(LONG)
    kept = add_up(DailyCount.objects.all())
    DailyCount.objects.all().delete()
    assert found == kept == count_all()


def test_days_that_a_clock_ahead_counted_do_not_hide_today(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timezone.now() + timedelta(days=300)
    draw_on(days_ago(1))
    draw_on(ahead.date())
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: ahead)
        keep_counts(LONG)
    draw_on(TODAY, count=7)
    assert count_all().drawn == 8
    keep_counts(LONG)
    assert add_up(DailyCount.objects.all()).drawn == 8
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    keep_counts(LONG)
    assert add_up(DailyCount.objects.all()).drawn == 9


def count_queries(read: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        read()
    return len(asked)


@pytest.mark.parametrize("number", [2, 400])
def test_a_year_that_no_worker_counted_costs_the_same_as_two_days_and_is_kept(
    number: int, model: TrainedModel
) -> None:
    draw_on(days_ago(number), count=2)
    draw_on(days_ago(number // 2))
    assert count_queries(count_all) <= 15
    assert count_queries(count_all) <= 7
    draw_on(TODAY)
    assert count_all().drawn == 4
    assert stored(days_ago(number)).drawn == 2


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Reads SQLite's plans")
def test_days_are_counted_by_an_index_alone(model: TrainedModel) -> None:
    draw_on(days_ago(9), label=1)
    with CaptureQueriesContext(connection) as asked:
        count_all()
    (counting, *_) = [one["sql"] for one in asked if "GROUP BY" in one["sql"]]
    with connection.cursor() as cursor:
        plan = cursor.execute(f"EXPLAIN QUERY PLAN {counting}").fetchall()
    assert "USING COVERING INDEX drawing_listed" in plan[0][-1]


def test_days_without_drawings_are_not_written_again_and_again(model: TrainedModel) -> None:
    draw_on(days_ago(30))
    count_all()
    with CaptureQueriesContext(connection) as asked:
        assert count_all().drawn == 1
    assert all(query["sql"].startswith("SELECT") for query in asked)


def test_days_after_uncounted_ones_are_not_kept_before_them(model: TrainedModel) -> None:
    for number in (40, 3, 2):
        draw_on(days_ago(number))
    assert add_up(read_counts(days_ago(5))).drawn == 2
    assert not DailyCount.objects.exists()
    assert count_all().drawn == 3


def test_what_cannot_be_kept_is_counted_nevertheless(
    model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(rows: object) -> None:
        raise OperationalError("database is locked")

    draw_on(days_ago(9))
    draw_on(days_ago(3))
    monkeypatch.setattr(DailyCount.objects, "bulk_create", fail)
    assert count_all().drawn == 2


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Reads SQLite's plans")
def test_imports_alone_are_not_searched_for_a_first_day(
    model: TrainedModel,
) -> None:
    draw_on(days_ago(9), source="import", label=1)
    with CaptureQueriesContext(connection) as asked:
        assert read_counts() == []
    plans = []
    for query in asked:
        if "recognizer_drawing" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plans += [row[-1] for row in cursor.fetchall()]
    assert plans
    assert all("COVERING INDEX drawing_listed" in plan for plan in plans), plans


def test_imports_leave_no_mark(model: TrainedModel) -> None:
    drawings = draw_on(days_ago(9), source="import", label=1)
    drawings.update(label=2)
    draw_on(days_ago(8), source="import").delete()
    assert not TouchedDay.objects.exists()
    drawings.update(source="api")
    assert TouchedDay.objects.get().day == days_ago(9)


def test_reading_costs_the_same_however_many_drawings_there_are(
    model: TrainedModel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        draw_on(days_ago(number))
    keep_counts(LONG)
    for count in (1, 40):
        draw_on(TODAY, count=count)
        with django_assert_num_queries(4):
            read_counts()


def test_triggers_that_were_lost_are_made_again_and_all_is_counted_again(
    model: TrainedModel,
) -> None:
    draw_on(days_ago(9))
    draw_on(days_ago(3))
    keep_counts(LONG)
    touching.unwatch("default")
    draw_on(days_ago(9))
    assert count_all().drawn == 2
    touching.watch("default")
    assert TouchedDay.objects.count() == 2
    assert count_all().drawn == 3
    touching.watch("default")
    assert TouchedDay.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite makes tables again")
def test_a_table_that_a_migration_makes_again_is_watched(model: TrainedModel) -> None:
    with connection.schema_editor() as editor:
        editor._remake_table(Drawing)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        names = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        assert cursor.execute(names).fetchone() == (0,)
        call_command("migrate", verbosity=0)
        assert cursor.execute(names).fetchone() == (len(touching.ON_SQLITE),)

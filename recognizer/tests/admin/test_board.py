"""The operators' board: its sentence, its numbers, its links, and who sees it."""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from pytest_django import Settings

from recognizer.admin.charts import draw_weeks
from recognizer.models import TrainedModel
from recognizer.services.daily_counts import keep_counts
from recognizer.services.site.board import Week
from recognizer.tests.conftest import make_member
from recognizer.tests.kit.drawings import copy_model, draw_on

BOARD = "/admin/board/"
TODAY = timezone.now().astimezone(UTC).date()
MONDAY = date(2026, 3, 2)


@pytest.fixture
def operator(model: TrainedModel) -> Client:
    client = Client()
    client.force_login(make_member("Operator"))
    return client


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def open_board(client: Client, **query: Any) -> str:
    page = client.get(BOARD, query)
    assert page.status_code == 200, page.content
    return re.sub(r"\s+", " ", unescape(page.content.decode()))


def numbers_of(page: str) -> list[str]:
    return re.findall(r"<dd> <strong>(.*?)</strong>", page)


def headline_of(page: str) -> str:
    found = re.search(r'<p class="headline.*?</p>', page)
    assert found
    return re.sub(r"\s+", " ", re.sub("<.*?>", "", found[0])).strip()


def links_of(page: str) -> list[str]:
    return re.findall(r'href="(/admin/recognizer/drawing/\?[^"]+)"', page)


def listed(client: Client, link: str) -> int:
    answer = client.get(link)
    assert answer.status_code == 200
    return int(answer.context["cl"].result_count)


@pytest.fixture
def settled(model: TrainedModel) -> None:
    """Give the model its first thousand drawings, of which a tenth is unsure."""
    draw_on(ago(60), count=900)
    draw_on(ago(60), count=100, confidence=0.65)


@pytest.mark.parametrize(("group", "status"), [("Operator", 200), ("Reviewer", 403)])
def test_the_board_is_for_who_may_see_metrics(group: str, status: int, model: TrainedModel) -> None:
    client = Client()
    client.force_login(make_member(group))
    assert client.get(BOARD).status_code == status
    assert (BOARD in client.get("/admin/").content.decode()) == (status == 200)


def test_a_stranger_has_to_log_in(model: TrainedModel) -> None:
    assert Client().get(BOARD).headers["Location"].startswith("/admin/login/")


def test_an_empty_site_has_a_board(operator: Client) -> None:
    page = open_board(operator)
    assert "Too early to tell." in headline_of(page)
    assert "Nobody has answered yet." in page


def test_a_site_without_a_model_says_so(operator: Client) -> None:
    TrainedModel.objects.update(active=False)
    assert "No version answers." in headline_of(open_board(operator))


def test_the_numbers_are_those_of_the_range_without_imports(operator: Client) -> None:
    draw_on(ago(0), count=30, label=7)
    draw_on(ago(0), count=10, label=1)
    draw_on(ago(6), count=40)
    draw_on(ago(7), count=40, label=1)
    draw_on(
        ago(0), count=99, label=1, source="import", review="approved", reviewed_at=timezone.now()
    )
    page = open_board(operator)
    assert numbers_of(page)[:4] == ["80", "50%", "75.0%", "80"]
    assert "+100% on the 7 days before" in page
    assert "59.8% to 85.8%, without imports" in page
    assert "oldest 7 days" in page
    assert numbers_of(open_board(operator, days="all"))[0] == "120"
    assert numbers_of(open_board(operator, source="upload"))[0] == "0"


def test_what_waits_from_before_the_range_is_counted(operator: Client) -> None:
    draw_on(ago(300), label=1)
    draw_on(ago(200), label=1)
    keep_counts(60)
    page = open_board(operator)
    assert numbers_of(page)[3] == "2"
    assert "oldest 300 days" in page


def test_the_board_is_the_same_before_the_worker_has_counted(operator: Client) -> None:
    draw_on(ago(400), count=1_200, label=7)
    draw_on(ago(50), count=300)
    draw_on(ago(2), count=1_000, confidence=0.5)
    page = open_board(operator)
    keep_counts(60)
    counted = open_board(operator)
    assert headline_of(page) == headline_of(counted)
    assert "100%, was 0%" in headline_of(page)
    assert numbers_of(page) == numbers_of(counted)
    assert numbers_of(page)[3] == "1,200"


def test_the_next_retraining_is_announced(operator: Client, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 100
    draw_on(ago(0), count=50, label=7, review="approved", reviewed_at=timezone.now())
    assert "next run at 100 approvals: 50" in open_board(operator)


@pytest.mark.usefixtures("settled")
def test_all_is_as_usual_while_the_answers_are_like_the_first_thousand(operator: Client) -> None:
    draw_on(ago(2), count=270)
    draw_on(ago(2), count=30, confidence=0.65)
    says = headline_of(open_board(operator))
    assert says == "All is as usual. Share of answers below 70%: 10%, was 10% (PSI 0.01)."


@pytest.mark.usefixtures("settled")
def test_less_sure_answers_are_named_with_their_day_and_kind_and_open(operator: Client) -> None:
    draw_on(ago(5), count=100)
    for day in (3, 2):
        draw_on(ago(day), count=100)
        draw_on(ago(day), count=60, confidence=0.65, prediction=1, source="upload")
    page = open_board(operator)
    says = headline_of(page)
    assert says.startswith(f"Less sure than usual since {ago(3):%A}.")
    assert "was 10% (PSI 0." in says
    assert "Mostly 1, from uploads." in says
    link = next(link for link in links_of(page) if "confidence__lt" in link)
    assert listed(operator, link) == 120


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"count": 50, "confidence": 0.65},
            "More unsure than usual. Share of answers below 70%: 20%, was 10%",
        ),
        (
            {"count": 12, "is_digit": False},
            "More refusals than usual. Share of drawings read as no digit: 3%, was 0%",
        ),
    ],
)
def test_a_share_that_grew_without_the_warning_is_not_as_usual(
    operator: Client, fields: dict[str, Any], says: str
) -> None:
    draw_on(ago(2), count=360)
    draw_on(ago(2), count=40, confidence=0.65)
    draw_on(ago(2), **fields)
    assert headline_of(open_board(operator)).startswith(says)


@pytest.mark.usefixtures("settled")
def test_the_day_of_the_headline_does_not_depend_on_the_range(operator: Client) -> None:
    draw_on(ago(45), count=100)
    for day in range(1, 41):
        draw_on(ago(day), count=60, confidence=0.5)
    keep_counts(60)
    since = date_format(ago(40), "MONTH_DAY_FORMAT")
    for days in (7, 30, 90):
        says = headline_of(open_board(operator, days=days))
        assert says.startswith(f"Less sure than usual since {since}.")


@pytest.mark.usefixtures("settled")
def test_surer_answers_have_no_day(operator: Client) -> None:
    draw_on(ago(3), count=300, confidence=0.85)
    draw_on(ago(1), count=20, confidence=0.5)
    assert headline_of(open_board(operator)).startswith("Surer than usual. ")


@pytest.mark.usefixtures("settled")
def test_more_refusals_than_usual_are_named(operator: Client) -> None:
    draw_on(ago(1), count=120, is_digit=False)
    draw_on(ago(1), count=150)
    draw_on(ago(1), count=30, confidence=0.65)
    page = open_board(operator)
    assert "Other refusals than usual." in headline_of(page)
    assert "40%, was 0%" in headline_of(page)


def test_a_version_with_few_drawings_is_not_judged(operator: Client) -> None:
    draw_on(ago(60), count=999)
    draw_on(ago(2), count=100, confidence=0.3)
    assert "Too early to tell." in headline_of(open_board(operator))


def test_each_cell_opens_what_it_counts(operator: Client) -> None:
    draw_on(ago(1), count=3, label=1)
    draw_on(ago(1), label=1, source="upload")
    draw_on(ago(1), label=10)
    draw_on(ago(1), label=1, review="rejected", reviewed_at=timezone.now())
    draw_on(ago(40), label=1)
    page = open_board(operator)
    cells = re.findall(r'href="(/admin/[^"]+)" title="(\S+) read as 7">(\d+)<', page)
    assert [(label, count) for _, label, count in cells] == [("1", "4"), ("∅", "1")]
    assert [listed(operator, link) for link, _, _ in cells] == [4, 1]
    link = links_of(open_board(operator, source="upload"))[0]
    assert listed(operator, link) == 1


def test_the_board_speaks_german(operator: Client) -> None:
    page = operator.get(BOARD, headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="de">' in page
    assert "Warten auf Prüfung" in page
    assert "Waiting" not in page


@pytest.mark.parametrize("query", [{"days": "8"}, {"source": "import"}])
def test_a_range_that_is_none_is_refused_with_the_choices(
    operator: Client, query: dict[str, str]
) -> None:
    assert operator.get(BOARD, query).status_code == 400


def test_the_board_asks_as_often_for_many_drawings_as_for_few(operator: Client) -> None:
    asked = []
    for count in (2, 60):
        for day in (0, 5, 50):
            draw_on(ago(day), count=count, label=1)
        keep_counts(60)
        open_board(operator)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            open_board(operator)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 16


def weeks_of(*labeled: int) -> list[Week]:
    return [
        Week(MONDAY + timedelta(weeks=number), count, count * 9 // 10)
        for number, count in enumerate(labeled)
        if count
    ]


def test_weeks_with_few_answers_are_not_joined() -> None:
    chart = draw_weeks(weeks_of(40, 50, 19, 60, 0, 30, 20), {})
    assert chart is not None
    assert [line.count(",") for line, _ in chart.runs] == [2, 1, 2]
    assert [dot.week.is_few for dot in chart.dots] == [False, False, True, False, False, False]


def test_a_week_is_drawn_at_the_height_of_its_share() -> None:
    chart = draw_weeks([Week(MONDAY, 1000, 900)], {})
    assert chart is not None
    heights = {round(share, 2): float(y) for y, share in chart.grid}
    assert [*heights] == [1.0, 0.95, 0.9, 0.85, 0.8]
    (dot,) = chart.dots
    assert float(dot.y) == pytest.approx(heights[0.9], abs=0.1)
    assert float(dot.high) < float(dot.y) < float(dot.low)


def test_a_version_is_marked_in_the_week_in_which_it_began(operator: Client) -> None:
    newer = copy_model(TrainedModel.objects.get())
    draw_on(ago(40), count=20, label=7)
    draw_on(ago(10), count=20, label=7, model_id=newer.pk)
    page = open_board(operator)
    assert page.count(">model 2<") == 1
    assert ">model 1<" not in page

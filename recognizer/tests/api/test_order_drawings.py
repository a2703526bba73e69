"""GET /api/v1/drawings/?ordering=: order, pages of rows that are alike, and what is refused."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from recognizer.api.filters import ORDERINGS
from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def fill(pk: str, confidences: list[float]) -> None:
    """Store copies of a drawing, all of one moment, and no others."""
    original = Drawing.objects.get(pk=pk)
    copies = []
    for confidence in confidences:
        copy = Drawing(**{field.attname: getattr(original, field.attname) for field in FIELDS})
        copy.pk, copy.created_at, copy.confidence = uuid.uuid4(), NOON, confidence
        copies.append(copy)
    Drawing.objects.all().delete()
    Drawing.objects.bulk_create(copies)


FIELDS = Drawing._meta.concrete_fields


def walk(caller: Caller, link: str, way: str = "next") -> list[list[str]]:
    """Return the ids on each page, to the end."""
    pages = []
    url: str | None = link
    while url:
        answer = caller.get(url)
        assert answer.status_code == 200, answer.content
        pages.append([drawing["id"] for drawing in answer.json()["results"]])
        url = answer.json()[way]
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    """Put pages together."""
    return [pk for page in pages for pk in page]


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_drawings_come_in_the_order_asked_for(visitor: Caller, ordering: str) -> None:
    for digit in (1, 8, 3):
        visitor.draw(digit)
    expected = Drawing.objects.order_by(*ORDERINGS[ordering]).values_list("pk", flat=True)
    assert flat(walk(visitor, f"{DRAWINGS}?ordering={ordering}")) == list(map(str, expected))


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_pages_of_rows_that_are_alike_leave_none_out_and_bring_none_twice(
    visitor: Caller, ordering: str
) -> None:
    fill(visitor.draw(1)["id"], [0.25] * 13 + [1.0] * 1100)
    pages = walk(visitor, f"{DRAWINGS}?ordering={ordering}&page_size=100")
    expected = list(Drawing.objects.order_by(*ORDERINGS[ordering]).values_list("pk", flat=True))
    assert flat(pages) == list(map(str, expected))
    assert [len(page) for page in pages] == [100] * 11 + [13]


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_the_way_back_has_the_same_pages(visitor: Caller, ordering: str) -> None:
    fill(visitor.draw(1)["id"], [0.25, 0.5, 0.5, 0.5, 0.5, 0.75, 1.0])
    url = f"{DRAWINGS}?ordering={ordering}&page_size=2"
    forward = walk(visitor, url)
    while following := visitor.get(url).json()["next"]:
        url = following
    assert walk(visitor, url, "previous")[::-1] == forward


def test_what_is_deleted_or_drawn_meanwhile_moves_no_other_row(visitor: Caller) -> None:
    fill(visitor.draw(1)["id"], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    rows = list(Drawing.objects.order_by("confidence"))
    first = visitor.get(DRAWINGS, {"ordering": "confidence", "page_size": 2}).json()
    rows[1].delete()
    Drawing.objects.filter(pk=rows[5].pk).update(confidence=0.15)
    rest = flat(walk(visitor, first["next"]))
    assert rest == [str(row.pk) for row in rows[2:5]]


def test_a_page_whose_rows_were_deleted_leads_back(visitor: Caller) -> None:
    fill(visitor.draw(1)["id"], [0.1, 0.2, 0.3, 0.4])
    link = visitor.get(DRAWINGS, {"ordering": "confidence", "page_size": 2}).json()["next"]
    Drawing.objects.filter(confidence__gt=0.25).delete()
    page = visitor.get(link).json()
    assert (page["results"], page["next"]) == ([], None)
    assert len(visitor.get(page["previous"]).json()["results"]) == 1


def test_a_filter_goes_with_an_order(visitor: Caller) -> None:
    fill(visitor.draw(1)["id"], [0.1, 0.2, 0.3])
    Drawing.objects.filter(confidence=0.2).update(prediction=9)
    answer = visitor.get(DRAWINGS, {"ordering": "-confidence", "prediction": 1})
    assert [drawing["confidence"] for drawing in answer.json()["results"]] == [0.3, 0.1]


@pytest.mark.parametrize("value", ["confidences", "label", "--confidence", "confidence,id", "?"])
def test_an_unknown_order_is_refused_with_those_that_there_are(visitor: Caller, value: str) -> None:
    answer = visitor.get(DRAWINGS, {"ordering": value})
    assert_problem(answer, 400, "invalid-request", "ordering")
    for known in ORDERINGS:
        assert known in answer.json()["detail"]


@pytest.mark.parametrize("name", ["labels", "order", "format", "visitor", "created_at"])
def test_an_unknown_parameter_is_named(visitor: Caller, name: str) -> None:
    answer = visitor.get(DRAWINGS, {name: "1"})
    assert_problem(answer, 400, "invalid-request", name)
    assert "correct, cursor, label" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["corect", "page_size", "cursor"])
def test_a_typing_error_deletes_nothing(visitor: Caller, name: str) -> None:
    visitor.draw(1)
    answer = visitor.client.delete(f"{DRAWINGS}?{name}=5", headers={"X-CSRFToken": visitor.token})
    assert_problem(answer, 400, "invalid-request", name)
    assert Drawing.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mine", "perhaps"),
        ("model", "1.5"),
        ("page_size", "0"),
        ("page_size", "-1"),
        ("page_size", "many"),
        ("page_size", ""),
        ("page_size", "9" * 5000),
    ],
)
def test_a_value_without_meaning_is_refused(visitor: Caller, name: str, value: str) -> None:
    assert_problem(visitor.get(DRAWINGS, {name: value}), 400, "invalid-request", name)


@pytest.mark.parametrize("cursor", ["p=0.5", "p=0.5|seven", "p=x|y", "p=0.5|1|2", "p=", "r=x"])
def test_a_forged_position_is_no_page(visitor: Caller, cursor: str) -> None:
    forged = base64.b64encode(cursor.encode()).decode()
    answer = visitor.get(DRAWINGS, {"ordering": "confidence", "cursor": forged})
    assert_problem(answer, 404, "not-found")


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("name", ["visitor", "staff"])
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells its plan in these words")
def test_every_page_is_read_from_an_index(
    request: pytest.FixtureRequest, name: str, ordering: str
) -> None:
    caller: Caller = request.getfixturevalue(name)
    fill(caller.draw(1)["id"], [0.5] * 5)
    link = caller.get(DRAWINGS, {"ordering": ordering, "page_size": 2}).json()["next"]
    plans: list[str] = []
    with connection.execute_wrapper(_explain(plans)):
        assert caller.get(link).status_code == 200
    (plan,) = plans
    assert "USING INDEX" in plan
    assert "SEARCH" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"review": "approved"}, "drawing_reviewed_sure"),
        ({"label": "3"}, "drawing_labeled_sure"),
        ({"source": "api"}, "drawing_sent_sure"),
        ({"correct": "false"}, "drawing_wrong_sure"),
    ],
    ids=str,
)
@pytest.mark.parametrize("ordering", ["confidence", "-confidence"])
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells its plan in these words")
def test_a_filtered_list_by_confidence_is_not_sorted(
    staff: Caller, query: dict[str, str], index: str, ordering: str
) -> None:
    plans: list[str] = []
    with connection.execute_wrapper(_explain(plans)):
        assert staff.get(DRAWINGS, {**query, "ordering": ordering}).status_code == 200
    (plan,) = plans
    assert f"USING INDEX {index}" in plan
    assert "TEMP B-TREE" not in plan


def _explain(plans: list[str]) -> Any:
    """Ask how each list of drawings would be read."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "recognizer_drawing"' in sql and "ORDER BY" in sql:
            context["cursor"].cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%s', '?')}", params)
            plans.append(" ".join(str(row[-1]) for row in context["cursor"].cursor.fetchall()))
        return run(sql, params, many, context)

    return execute

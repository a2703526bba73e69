"""GET /api/v1/drawings/{id}/explanation/: what happens inside the model."""

from __future__ import annotations

import uuid
from dataclasses import replace

import numpy as np
import pytest

from recognizer.models import Drawing
from recognizer.services.drawings import explaining
from recognizer.services.versions import registry
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, assert_problem

pytestmark = pytest.mark.any_database


def test_it_gives_what_the_model_makes_of_the_digit(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    body = visitor.get(f"{DRAWINGS}{drawing['id']}/explanation/").json()
    assert (body["prediction"], body["confidence"]) == (7, drawing["confidence"])
    assert body["model"] == 1
    shapes = {name: np.shape(value) for name, value in body.items()}
    assert shapes["digit"] == (28, 28)
    assert shapes["edges"] == (8, 9, 9)
    assert (shapes["units"], shapes["votes"]) == ((32,), (32, 11))
    assert (shapes["answers"], shapes["covered"]) == ((11,), (14, 14, 11))
    assert np.argmax(body["answers"]) == 7
    shares = [*np.multiply(drawing["probabilities"], 1 - drawing["strangeness"])]
    assert body["answers"][:10] == pytest.approx(shares, abs=0.0001)
    assert body["covered"][0][0] == body["answers"]  # there is no ink
    assert min(row[7] for place in body["covered"] for row in place) < body["answers"][7]


@pytest.mark.parametrize("name", ["other_visitor", "stranger"])
def test_it_is_for_those_who_see_the_drawing(
    request: pytest.FixtureRequest, visitor: Caller, staff: Caller, name: str
) -> None:
    url = f"{DRAWINGS}{visitor.draw(7)['id']}/explanation/"
    assert_problem(request.getfixturevalue(name).get(url), 404, "not-found")
    assert staff.get(url).status_code == 200


def test_there_is_none_of_nothing(visitor: Caller) -> None:
    assert_problem(visitor.get(f"{DRAWINGS}{uuid.uuid4()}/explanation/"), 404, "not-found")


def test_a_browser_that_has_it_is_not_sent_it_again(visitor: Caller) -> None:
    url = f"{DRAWINGS}{visitor.draw(7)['id']}/explanation/"
    first = visitor.get(url)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = visitor.client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_another_model_gets_an_explanation_of_its_own(
    visitor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{DRAWINGS}{visitor.draw(7)['id']}/explanation/"
    tag = visitor.get(url).headers["ETag"]
    other = replace(registry.active_model(), version=2, sha256="of another file")
    monkeypatch.setattr(explaining, "active_model", lambda: other)
    answer = visitor.client.get(url, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.json()["model"] == 2


def test_a_digit_that_is_drawn_on_gets_another_explanation(visitor: Caller) -> None:
    chosen = str(uuid.uuid4())
    visitor.draw(7, id=chosen)
    url = f"{DRAWINGS}{chosen}/explanation/"
    tag = visitor.get(url).headers["ETag"]
    visitor.post(DRAWINGS, {"id": chosen, "strokes": SEVEN})
    answer = visitor.client.get(url, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag
    assert Drawing.objects.count() == 1

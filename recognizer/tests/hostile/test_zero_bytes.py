"""A zero byte, which PostgreSQL cannot store in texts, is refused or dropped in every input."""

from __future__ import annotations

import pytest
from django.test import Client

from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN

# A quoted cookie may spell any byte out.
QUOTED = '"aaaaaaaaaaaaaaaaaaaaaaaa\\000aaaaaaa"'


@pytest.mark.parametrize("cookie", ["sessionid", "visitor", "csrftoken", "django_language"])
@pytest.mark.parametrize("path", ["/", "/history/", DRAWINGS, "/admin/", "/admin/login/"])
def test_a_cookie_with_a_zero_byte_is_dropped(model: object, path: str, cookie: str) -> None:
    answer = Client().get(path, headers={"Cookie": f"{cookie}={QUOTED}"})
    assert answer.status_code in {200, 302}


@pytest.mark.parametrize("header", ["X-CSRFToken", "Authorization"])
def test_a_header_with_a_zero_byte_is_refused_or_nothing(stranger: Caller, header: str) -> None:
    answer = stranger.post(
        DRAWINGS, {"strokes": SEVEN}, headers={header: "Bearer aaaaaaaaaaaaaaaaaaaa\0aaaaaaaaaa"}
    )
    assert answer.status_code in {201, 400, 401}


@pytest.mark.parametrize(
    "name", ["correct", "label", "model", "review", "source", "mine", "cursor", "page_size"]
)
def test_a_filter_with_a_zero_byte_is_refused_or_nothing(visitor: Caller, name: str) -> None:
    assert visitor.get(f"{DRAWINGS}?{name}=1%00").status_code in {200, 400, 404}


@pytest.mark.parametrize(
    "query",
    ["q=%00", "label__exact=%00", "source__exact=%00", "queue=%00", "id__exact=%00", "p=%00"],
)
@pytest.mark.parametrize("table", ["drawing", "trainedmodel", "trainingrun", "apikey"])
def test_a_search_of_the_admin_with_a_zero_byte_finds_nothing(
    staff: Caller, table: str, query: str
) -> None:
    answer = staff.client.get(f"/admin/recognizer/{table}/?{query}")
    assert answer.status_code in {200, 302, 400}


def test_a_log_in_with_a_zero_byte_is_refused(db: None) -> None:
    answer = Client().post("/admin/login/", {"username": "boss\0", "password": "a\0"})
    assert answer.status_code == 200


def test_an_address_with_a_zero_byte_leads_nowhere(staff: Caller, drawing: Drawing) -> None:
    admin = "/admin/recognizer/drawing/%00/change/"
    for path in ("/%00", f"{DRAWINGS}%00/", "/problems/%00/", admin):
        assert staff.get(path).status_code in {302, 404}


def test_a_source_with_a_zero_byte_is_refused(stranger: Caller) -> None:
    for name in ("source", "id", "image"):
        answer = stranger.post(DRAWINGS, {"strokes": SEVEN, name: "\0"})
        assert answer.status_code == 400

"""Rules for every address of the site, including addresses that are added later."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.addresses import addresses
from recognizer.tests.kit.drawings import SEVEN

# One of them is a report, which measures a version.
pytestmark = pytest.mark.usefixtures("small_training")
WRITING = ["POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def own(staff: Caller) -> Drawing:
    """Return a drawing of the browser in which somebody of the staff is logged in."""
    return Drawing.objects.get(pk=staff.draw(7)["id"])


@pytest.mark.parametrize("method", WRITING)
def test_nothing_is_written_without_the_token_that_goes_with_the_cookies(
    staff: Caller, own: Drawing, method: str
) -> None:
    statuses = {
        path: staff.client.generic(method, path, b"{}", "application/json").status_code
        for path in addresses(own)
    }
    assert {path: s for path, s in statuses.items() if s not in {403, 404, 405}} == {}
    assert sum(status == 403 for status in statuses.values()) >= 20
    assert list(Drawing.objects.values_list("pk", "label")) == [(own.pk, None)]
    assert staff.get("/admin/").status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "get", "PROPFIND"])
def test_methods_without_a_use_change_nothing_at_any_address(
    staff: Caller, own: Drawing, method: str
) -> None:
    for path in addresses(own):
        answer = staff.client.generic(method, path, headers={"X-Secret": "do-not-echo"})
        assert answer.status_code < 500, path
        assert b"do-not-echo" not in answer.getvalue()
    assert Drawing.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-HTTP-Method": "DELETE"},
        {"X-Method-Override": "DELETE"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_header_makes_a_method_another_one(
    visitor: Caller, method: str, headers: dict[str, str]
) -> None:
    drawing = visitor.draw(7)
    for path in (DRAWINGS, f"{DRAWINGS}{drawing['id']}/"):
        headers = {**headers, "X-CSRFToken": visitor.token}
        visitor.client.generic(
            method, f"{path}?_method=DELETE", b"{}", "application/json", headers=headers
        )
    assert Drawing.objects.count() == 1


@pytest.mark.parametrize("name", ["visitor", "staff"])
def test_no_cache_gives_one_persons_page_to_another(
    request: pytest.FixtureRequest, name: str
) -> None:
    caller: Caller = request.getfixturevalue(name)
    drawing = Drawing.objects.get(pk=caller.draw(7)["id"])
    for path in addresses(drawing):
        answer = caller.get(path)
        if answer.status_code != 200:
            continue
        control = answer.headers.get("Cache-Control", "")
        varies = {part.strip() for part in answer.headers.get("Vary", "").split(",")}
        is_private = "private" in control or "no-store" in control
        assert is_private or "Cookie" in varies, path
        if path.startswith(("/api/", "/predict")):
            assert is_private, path
            assert {"Authorization", "Cookie"} <= varies, path
        if answer.cookies:
            assert "public" not in control, path
        if answer.headers["Content-Type"].startswith("text/html"):
            is_english = path.startswith("/admin/")
            assert is_english or is_private or "Accept-Language" in varies, path


UNKEYED = ["X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-URL", "X-Rewrite-URL"]


def test_no_header_that_a_cache_ignores_is_in_an_answer(staff: Caller) -> None:
    drawing = Drawing.objects.get(pk=staff.draw(7)["id"])
    for path in addresses(drawing):
        answer = staff.client.get(path, headers=dict.fromkeys(UNKEYED, "evil.example"))
        assert "evil.example" not in str(answer.headers)
        assert "evil.example" not in answer.getvalue().decode("latin-1"), path


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil"])
def test_no_address_answers_to_another_host(staff: Caller, host: str) -> None:
    drawing = Drawing.objects.get(pk=staff.draw(7)["id"])
    # Health checks name machines, not sites, and are answered before.
    for path in set(addresses(drawing)) - {"/healthz", "/readyz"}:
        answer = staff.client.get(path, headers={"Host": host})
        assert answer.status_code == 400, path


def test_nothing_but_pages_and_data_is_open_to_everybody(drawing: Drawing) -> None:
    answers = {path: Client().get(path) for path in addresses(drawing)}
    seen = {
        path
        for path, answer in answers.items()
        if answer.status_code == 200 and path.startswith("/admin/")
    }
    assert seen == {"/admin/login/", "/admin/jsi18n/"} & seen


def test_a_user_who_is_not_staff_sees_nothing_of_the_admin(
    drawing: Drawing, django_user_model: type[User]
) -> None:
    client = Client()
    client.force_login(django_user_model.objects.create_user("somebody"))
    for path in addresses(drawing):
        if path.startswith("/admin/") and path != "/admin/login/":
            assert client.get(path).status_code in {302, 403, 404}, path


@pytest.mark.parametrize("name", ["visitor", "stranger"])
@pytest.mark.parametrize("method", ["GET", *WRITING])
def test_no_caller_reaches_the_drawing_of_another_visitor(
    request: pytest.FixtureRequest, other_visitor: Caller, name: str, method: str
) -> None:
    drawing = Drawing.objects.get(pk=other_visitor.draw(7)["id"])
    other_visitor.put(f"{DRAWINGS}{drawing.pk}/feedback/", {"label": 3})
    caller: Caller = request.getfixturevalue(name)
    before = Drawing.objects.values().get()
    for path in addresses(drawing):
        if str(drawing.pk) not in path or not path.startswith("/api/"):
            continue
        answer: Any = caller.client.generic(
            method,
            path,
            b'{"label": 1}',
            "application/json",
            headers={"X-CSRFToken": caller.token},
        )
        refusals = {403, 405} if "/reviews/" in path else {404, 405}
        assert answer.status_code in refusals, path
    fields = {"id": str(drawing.pk), "strokes": SEVEN}
    assert caller.post(DRAWINGS, fields).status_code == 409
    assert Drawing.objects.values().get() == before

"""Who may see and change which drawing, and who needs a CSRF token."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from recognizer.models import Drawing
from recognizer.tests.conftest import DRAWINGS, Caller, make_key, open_page
from recognizer.tests.kit.drawings import assert_problem, data_url, png_of

CALLERS = ["stranger", "visitor", "other_visitor", "staff"]


@pytest.mark.parametrize("url", ["/", "/history/"])
def test_a_page_gives_the_browser_a_safe_cookie(stranger: Caller, url: str) -> None:
    cookie = stranger.get(url).cookies["visitor"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == timedelta(days=365).total_seconds()
    assert not cookie["secure"]


def test_the_cookie_is_for_https_only_where_the_page_is(stranger: Caller) -> None:
    assert stranger.client.get("/", secure=True).cookies["visitor"]["secure"]


def test_a_known_browser_keeps_its_id_for_another_year(stranger: Caller) -> None:
    first = stranger.get("/").cookies["visitor"]
    again = stranger.get("/").cookies["visitor"]
    assert again.value.split(":")[0] == first.value.split(":")[0]
    assert again["max-age"] == 365 * 24 * 60 * 60


def test_the_api_gives_no_cookie(stranger: Caller) -> None:
    stranger.draw(7)
    stranger.get(DRAWINGS)
    stranger.post("/predict", {"image": data_url(png_of(7))})
    assert not stranger.client.cookies


def test_a_drawing_belongs_to_the_browser_that_drew_it(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    assert [listed["id"] for listed in visitor.get(DRAWINGS).json()["results"]] == [drawing["id"]]


NOBODY = "bf3cd7ad-3752-4cb7-adfb-e2ba3f957953"


@pytest.mark.parametrize("value", ["", "x", NOBODY, f"{NOBODY}:1xVpsc:forged", "%00"])
def test_a_forged_cookie_names_no_visitor(visitor: Caller, value: str) -> None:
    drawing = visitor.draw(7)
    visitor.client.cookies["visitor"] = value
    assert visitor.get(DRAWINGS).json()["results"] == []
    assert_problem(visitor.get(f"{DRAWINGS}{drawing['id']}/"), 404, "not-found")


def attempt(caller: Caller, drawing: dict[str, Any], what: str) -> Any:
    """Do one thing to a drawing."""
    url = f"{DRAWINGS}{drawing['id']}/"
    match what:
        case "see":
            return caller.get(url)
        case "see as drawn":
            return caller.get(f"{url}image/")
        case "correct":
            return caller.put(f"{url}feedback/", {"label": 1})
    return caller.delete(url)


@pytest.mark.parametrize("what", ["see", "see as drawn", "correct", "delete"])
@pytest.mark.parametrize("owner", ["visitor", "stranger"])
@pytest.mark.parametrize("name", CALLERS)
def test_a_visitors_drawing_is_for_the_visitor_and_the_staff(
    request: pytest.FixtureRequest, name: str, owner: str, what: str
) -> None:
    caller: Caller = request.getfixturevalue(name)
    drawing = request.getfixturevalue(owner).draw(7)
    answer = attempt(caller, drawing, what)
    # A drawing of a caller without a cookie is for every caller who knows its id.
    if owner == "stranger" or name in {"visitor", "staff"}:
        assert answer.status_code == (204 if what == "delete" else 200)
    else:
        assert_problem(answer, 404, "not-found")
        assert Drawing.objects.get().label is None


@pytest.mark.parametrize("name", ["stranger", "visitor"])
def test_an_imported_drawing_is_for_the_staff(
    request: pytest.FixtureRequest, drawing: Drawing, name: str
) -> None:
    Drawing.objects.update(source="import")
    caller: Caller = request.getfixturevalue(name)
    assert_problem(caller.get(f"{DRAWINGS}{drawing.pk}/"), 404, "not-found")


def test_a_deleted_drawing_is_gone(visitor: Caller) -> None:
    drawing = visitor.draw(7)
    assert attempt(visitor, drawing, "delete").status_code == 204
    assert_problem(attempt(visitor, drawing, "see"), 404, "not-found")
    assert_problem(attempt(visitor, drawing, "delete"), 404, "not-found")


@pytest.mark.parametrize("what", ["create", "predict", "batch", "correct", "delete"])
@pytest.mark.parametrize("name", ["visitor", "staff"])
def test_a_browser_needs_the_token_to_change_anything(
    request: pytest.FixtureRequest, name: str, what: str
) -> None:
    caller: Caller = request.getfixturevalue(name)
    drawing = caller.draw(7)
    caller.token = ""
    picture = {"image": data_url(png_of(1))}
    match what:
        case "create":
            answer = caller.post(DRAWINGS, picture)
        case "predict":
            answer = caller.post("/predict", picture)
        case "batch":
            answer = caller.post("/api/v1/predictions/", {"images": [data_url(png_of(1))]})
        case _:
            answer = attempt(caller, drawing, what)
    assert_problem(answer, 403, "forbidden")
    assert Drawing.objects.count() == 1
    assert Drawing.objects.get().label is None


def test_a_forged_cookie_does_not_do_without_the_token(stranger: Caller) -> None:
    stranger.client.cookies["visitor"] = "forged"
    answer = stranger.post(DRAWINGS, {"image": data_url(png_of(7))})
    assert_problem(answer, 403, "forbidden")


def test_a_token_of_another_browser_is_refused(visitor: Caller, other_visitor: Caller) -> None:
    visitor.token = other_visitor.token
    answer = visitor.post(DRAWINGS, {"image": data_url(png_of(7))})
    assert_problem(answer, 403, "forbidden")


def test_a_user_who_is_not_staff_sees_own_drawings_only(
    stranger: Caller, django_user_model: Any
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_user("somebody"))
    somebody = open_page(Caller(client))
    stranger.draw(7)
    own = somebody.draw(1)
    assert [listed["id"] for listed in somebody.get(DRAWINGS).json()["results"]] == [own["id"]]


def test_a_user_who_was_locked_out_is_a_stranger(staff: Caller, django_user_model: Any) -> None:
    staff.draw(7)
    django_user_model.objects.update(is_active=False)
    staff.client.cookies["visitor"] = ""
    assert staff.get(DRAWINGS).json()["results"] == []


def networks_of(stranger: Caller, *addresses: str) -> list[str]:
    """Draw from each address; return what is stored of it."""
    for address in addresses:
        stranger.client.defaults["REMOTE_ADDR"] = address
        stranger.draw(7)
    return list(Drawing.objects.order_by("created_at").values_list("network", flat=True))


@pytest.mark.parametrize(
    ("one", "neighbor", "other"),
    [
        ("203.0.113.7", "203.0.113.250", "203.0.114.7"),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::9", "2001:db8:2:2::3"),
        ("203.0.113.7", "::ffff:203.0.113.9", "::ffff:203.0.114.7"),
    ],
)
def test_a_drawing_keeps_a_keyed_hash_of_the_network_and_not_the_address(
    stranger: Caller, settings: Settings, one: str, neighbor: str, other: str
) -> None:
    first, second, third = networks_of(stranger, one, neighbor, other)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first == second != third
    settings.SECRET_KEY = "another"
    assert networks_of(stranger, one)[-1] not in {first, third}
    row = Drawing.objects.order_by("created_at").values().first()
    assert one not in str(row)


def test_an_api_key_is_a_hand_of_its_own_wherever_it_is_used(stranger: Caller) -> None:
    _, text = make_key("predict")
    body = {"image": data_url(png_of(7))}
    stranger.post(DRAWINGS, body, headers={"Authorization": f"Bearer {text}"})
    assert Drawing.objects.get().network == ""

"""Logging in and out: planted sessions are replaced, and no redirect leads to another site."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.signing import get_cookie_signer
from django.test import Client

from recognizer.access.visitors import COOKIE_SALT
from recognizer.tests.conftest import DRAWINGS, Caller, open_page

PASSWORD = "four words are better"
LOG_IN, LOG_OUT = "/admin/login/", "/admin/logout/"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "http:///evil.example/",
    "javascript:alert(1)",
    "data:text/html,hi",
    "\thttps://evil.example/",
    " https://evil.example/",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
]


@pytest.fixture
def boss(db: None, django_user_model: type[User]) -> User:
    """Return somebody who may log in."""
    return django_user_model.objects.create_superuser("boss", password=PASSWORD)


def log_in(client: Client, **fields: str) -> Any:
    """Send the form."""
    return client.post(LOG_IN, {"username": "boss", "password": PASSWORD, **fields})


def test_a_log_in_replaces_a_planted_session(boss: User) -> None:
    planter, victim = Client(), Client()
    planter.session.save()
    planted = planter.session
    planted["mine"] = "yes"
    planted.save()
    victim.cookies["sessionid"] = planter.cookies["sessionid"] = str(planted.session_key)
    assert log_in(victim).status_code == 302
    assert victim.cookies["sessionid"].value != planted.session_key
    assert not Session.objects.filter(pk=planted.session_key).exists()
    assert planter.get("/admin/").status_code == 302


def test_a_made_up_session_is_not_accepted(boss: User) -> None:
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    assert log_in(client).status_code == 302
    assert client.cookies["sessionid"].value != "a" * 32


def test_the_csrf_token_changes_at_log_in(boss: User) -> None:
    client = Client()
    client.get(LOG_IN)
    before = client.cookies["csrftoken"].value
    log_in(client)
    assert client.cookies["csrftoken"].value != before


def test_a_session_that_was_logged_out_opens_nothing(boss: User) -> None:
    client, thief = Client(), Client()
    log_in(client)
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert thief.get("/admin/").status_code == 200
    client.post(LOG_OUT)
    assert thief.get("/admin/").status_code == 302


def test_a_new_password_ends_the_other_sessions(boss: User) -> None:
    client = Client()
    log_in(client)
    boss.set_password("another four words")
    boss.save()
    assert client.get("/admin/").status_code == 302


def test_a_visitor_stays_the_same_through_log_in_and_log_out(
    visitor: Caller, other_visitor: Caller, boss: User
) -> None:
    own = visitor.draw(7)["id"]
    other_visitor.draw(1)
    cookie = visitor.client.cookies["visitor"].value.partition(":")[0]
    client = visitor.client
    client.handler.enforce_csrf_checks = False
    log_in(client)
    assert len(client.get(DRAWINGS).json()["results"]) == 2
    client.post(LOG_OUT)
    assert client.cookies["visitor"].value.partition(":")[0] == cookie
    assert [one["id"] for one in client.get(DRAWINGS).json()["results"]] == [own]


def test_cookies_of_the_staff_are_not_for_scripts(boss: User) -> None:
    cookies = log_in(Client()).cookies
    assert all(cookie["httponly"] and cookie["samesite"] == "Lax" for cookie in cookies.values())
    assert {"sessionid", "csrftoken"} <= set(cookies)


def test_what_was_signed_for_another_use_names_no_visitor(visitor: Caller) -> None:
    visitor.draw(7)
    own = visitor.client.cookies["visitor"].value.partition(":")[0]
    client = Client()
    for salt in ("visitor", "django.contrib.messages", COOKIE_SALT, "other" + COOKIE_SALT):
        client.cookies["visitor"] = get_cookie_signer(salt=salt).sign(own)
        assert client.get(DRAWINGS).json()["results"] == []


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_log_in_leads_nowhere_else(boss: User, target: str) -> None:
    answer = log_in(Client(), next=target)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    answer = Client().post(
        LOG_IN, {"username": "boss", "password": PASSWORD}, query_params={"next": target}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_choice_of_language_leads_nowhere_else(visitor: Caller, target: str) -> None:
    for headers in ({}, {"Referer": target.strip()}):
        fields = {"language": "de", "csrfmiddlewaretoken": visitor.token}
        if not headers:
            fields["next"] = target
        answer = visitor.client.post("/language/", fields, headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("path", ["//evil.example/history", "//evil.example/%2e%2e/history"])
def test_a_missing_slash_leads_nowhere_else(db: None, path: str) -> None:
    for client in (Client(), open_page(Caller(Client())).client):
        location = client.get("/", PATH_INFO=path).headers.get("Location", "/")
        assert location.startswith("/")
        assert not location.startswith("//")

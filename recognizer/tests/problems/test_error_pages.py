"""What a person sees where there is no page: the site's own look, a sentence, a way on."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from recognizer.pages import views


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.MonkeyPatch:
    """Return what breaks views; their tracebacks in the log are expected."""
    caplog.set_level(logging.CRITICAL)
    return monkeypatch


def fail_with(error: Exception) -> HttpResponse:
    raise error


def test_an_unknown_address_leads_back_to_the_page(client: Client) -> None:
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.text
    assert '<a class="button" href="/">Draw a digit</a>' in answer.text


def test_an_unknown_address_has_a_german_page(client: Client) -> None:
    answer = client.get("/nowhere/", headers={"Accept-Language": "de"})

    assert "<h1>Hier ist nichts</h1>" in answer.text
    assert '<html lang="de">' in answer.text


def test_a_forbidden_page_is_explained(client: Client, broken: pytest.MonkeyPatch) -> None:
    broken.setattr(views, "_draw", lambda *_: fail_with(PermissionDenied()))
    answer = client.get("/")

    assert answer.status_code == 403
    assert "<h1>This is not allowed</h1>" in answer.text


def test_a_suspicious_request_is_explained(client: Client, broken: pytest.MonkeyPatch) -> None:
    broken.setattr(views, "_draw", lambda *_: fail_with(SuspiciousOperation()))
    answer = client.get("/")

    assert answer.status_code == 400
    assert "<h1>The request cannot be read</h1>" in answer.text


def test_a_form_without_its_token_is_explained(client: Client) -> None:
    answer = Client(enforce_csrf_checks=True).post("/language/", {"language": "de"})

    assert answer.status_code == 403
    assert "<h1>This form is too old</h1>" in answer.text


def test_a_fault_is_explained(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(views, "_draw", lambda *_: fail_with(RuntimeError("a secret")))
    answer = Client(raise_request_exception=False).get("/", headers={"Accept-Language": "de"})

    assert answer.status_code == 500
    assert "<h1>Hier ist etwas schiefgegangen</h1>" in answer.text
    assert "a secret" not in answer.text


@pytest.mark.django_db
def test_a_fault_is_explained_without_a_database(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(views, "_draw", lambda *_: fail_with(RuntimeError()))
    with connection.execute_wrapper(lambda *_: pytest.fail("It asked the database.")):
        answer = Client(raise_request_exception=False).get("/")

    assert answer.status_code == 500


@pytest.mark.parametrize("url", ["/nowhere/", "/problems/none/"])
def test_every_error_page_has_the_content_security_policy(url: str, client: Client) -> None:
    assert "default-src 'self'" in client.get(url).headers["Content-Security-Policy"]

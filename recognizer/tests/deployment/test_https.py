"""HTTPS=yes: the site as strangers on the internet reach it, and as it is without."""

from __future__ import annotations

import os
import runpy
from typing import Any
from unittest.mock import patch

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from recognizer.tests.kit.live import PROJECT

KEY = "a key of more than fifty characters, of which many differ: 0123456789"


def read_settings(**environment: str) -> dict[str, Any]:
    """Return the settings with no other variables than these."""
    with patch.dict(os.environ, environment, clear=True):
        return runpy.run_path(f"{PROJECT}/digitsite/settings.py")


def use(settings: Settings, **environment: str) -> None:
    """Have what this environment changes of the settings."""
    plain, changed = (
        read_settings(SECRET_KEY="another"),
        read_settings(SECRET_KEY=KEY, **environment),
    )
    for name in filter(str.isupper, changed):
        if changed[name] != plain.get(name):
            setattr(settings, name, changed[name])


def check_deployment() -> list[CheckMessage]:
    """Return what `manage.py check --deploy` would say."""
    return [each for each in run_checks(include_deployment_checks=True) if not each.is_silenced()]


def test_the_check_for_deployment_has_nothing_to_say(settings: Settings) -> None:
    use(settings, HTTPS="yes")
    assert check_deployment() == []


def test_learning_from_labels_that_nobody_approved_is_a_warning(settings: Settings) -> None:
    use(settings, HTTPS="yes", RETRAIN_REVIEWED_ONLY="no")
    (warned,) = check_deployment()
    assert warned.id == "recognizer.W001"
    assert "RETRAIN_REVIEWED_ONLY is off" in warned.msg


def test_the_secret_key_has_to_be_set() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY must be set where HTTPS is\."):
        read_settings(HTTPS="yes")


@pytest.mark.parametrize("name", ["HTTPS", "TRUST_X_FORWARDED_PROTO"])
def test_a_value_that_is_no_yes_and_no_no_is_refused_by_name(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} must be true or false"):
        read_settings(SECRET_KEY=KEY, **{name: "perhaps"})


def test_it_means_secure_cookies_a_redirect_and_hsts_and_trusts_no_header() -> None:
    expected = {
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "RETRAIN_REVIEWED_ONLY": True,
    }
    read = read_settings(HTTPS="yes", SECRET_KEY=KEY)
    assert {name: read[name] for name in expected} == expected
    assert read.get("SECURE_PROXY_SSL_HEADER") is None


def test_a_plain_site_has_none_of_it_and_trusts_a_header_only_when_told() -> None:
    expected = {
        "SESSION_COOKIE_SECURE": False,
        "CSRF_COOKIE_SECURE": False,
        "SECURE_SSL_REDIRECT": False,
        "SECURE_HSTS_SECONDS": 0,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "RETRAIN_REVIEWED_ONLY": False,
    }
    read = read_settings(SECRET_KEY=KEY, TRUST_X_FORWARDED_PROTO="yes")
    assert {name: read[name] for name in expected} == expected


def test_whoever_comes_by_http_is_sent_to_https_but_probes_are_answered(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    answer = Client().get("/about/")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/about/"
    assert Client().get("/healthz").status_code == 200
    secure = Client().get("/problems/not-found/", secure=True)
    assert secure.headers["Strict-Transport-Security"] == "max-age=60"


def test_no_page_may_use_camera_microphone_or_place() -> None:
    policy = Client().get("/problems/not-found/").headers["Permissions-Policy"]
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))

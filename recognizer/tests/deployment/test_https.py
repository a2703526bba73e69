"""HTTPS=yes: the site as strangers on the internet reach it, and as it is without."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.test import Client
from pytest_django import Settings

from recognizer.tests.kit.live import PROJECT

KEY = "a key of more than fifty characters, of which many differ: 0123456789"


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with no other variables than these."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "TZ": "UTC", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_for_deployment_has_nothing_to_say() -> None:
    checked = manage(
        "check", "--deploy", "--fail-level=WARNING", HTTPS="yes", SECRET_KEY=KEY, DEBUG="no"
    )
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


def test_learning_from_labels_that_nobody_approved_is_a_warning() -> None:
    environment = {"HTTPS": "yes", "SECRET_KEY": KEY, "RETRAIN_REVIEWED_ONLY": "no"}
    warned = manage("check", "--deploy", "--fail-level=WARNING", **environment)
    assert warned.returncode == 1
    assert "recognizer.W001" in warned.stderr
    assert "RETRAIN_REVIEWED_ONLY is off" in warned.stderr


def test_the_secret_key_has_to_be_set() -> None:
    refused = manage("check", HTTPS="yes")
    assert refused.returncode != 0
    assert "SECRET_KEY must be set where HTTPS is." in refused.stderr


@pytest.mark.parametrize("name", ["HTTPS", "TRUST_X_FORWARDED_PROTO"])
def test_a_value_that_is_no_yes_and_no_no_is_refused_by_name(name: str) -> None:
    refused = manage("check", SECRET_KEY=KEY, **{name: "perhaps"})
    assert f"{name} must be true or false" in refused.stderr


SHOW = """
from django.conf import settings
for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
             "SECURE_HSTS_SECONDS", "SECURE_PROXY_SSL_HEADER", "RETRAIN_REVIEWED_ONLY"):
    print(name, getattr(settings, name))
"""


def test_it_means_secure_cookies_a_redirect_and_hsts_and_trusts_no_header() -> None:
    shown = manage("shell", "--no-imports", "-c", SHOW, HTTPS="yes", SECRET_KEY=KEY)
    assert shown.stdout.splitlines() == [
        "SESSION_COOKIE_SECURE True",
        "CSRF_COOKIE_SECURE True",
        "SECURE_SSL_REDIRECT True",
        "SECURE_HSTS_SECONDS 31536000",
        "SECURE_PROXY_SSL_HEADER None",
        "RETRAIN_REVIEWED_ONLY True",
    ]


def test_a_plain_site_has_none_of_it_and_trusts_a_header_only_when_told() -> None:
    shown = manage(
        "shell", "--no-imports", "-c", SHOW, SECRET_KEY=KEY, TRUST_X_FORWARDED_PROTO="yes"
    )
    assert shown.stdout.splitlines() == [
        "SESSION_COOKIE_SECURE False",
        "CSRF_COOKIE_SECURE False",
        "SECURE_SSL_REDIRECT False",
        "SECURE_HSTS_SECONDS 0",
        "SECURE_PROXY_SSL_HEADER ('HTTP_X_FORWARDED_PROTO', 'https')",
        "RETRAIN_REVIEWED_ONLY False",
    ]


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

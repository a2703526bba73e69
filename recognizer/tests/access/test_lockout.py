"""The admin's log-in: an address with too many wrong passwords is locked out, and no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.settings import api_settings

LOG_IN = "/admin/login/"
PASSWORD = "right and long enough"


@pytest.fixture
def keeper(db: None, django_user_model: type[User]) -> User:
    """Return a member of the staff."""
    return django_user_model.objects.create_superuser("keeper", password=PASSWORD)


def log_in(password: str, *, username: str = "keeper", **place: Any) -> Any:
    """Send the form."""
    return Client().post(LOG_IN, {"username": username, "password": password}, **place)


def guess(times: int = 6, **place: Any) -> Any:
    """Send wrong passwords; return the last answer."""
    return [log_in(f"wrong {number}", **place) for number in range(times)][-1]


def test_six_wrong_passwords_lock_and_the_right_one_does_not_open_then(keeper: User) -> None:
    assert guess().status_code == 429
    answer = log_in(PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 15 * 60
    assert "sessionid" not in answer.cookies
    assert b"15 minutes" in answer.content
    assert "admin/locked_out.html" in [template.name for template in answer.templates]


def test_four_wrong_passwords_do_not_lock_and_the_right_one_ends_the_count(keeper: User) -> None:
    for _ in range(2):
        assert guess(4).status_code == 200
        assert log_in(PASSWORD).status_code == 302


def test_names_that_do_not_exist_count_as_well(keeper: User) -> None:
    for number in range(6):
        log_in("wrong", username=f"name{number}")
    assert log_in(PASSWORD).status_code == 429


def test_passwords_that_a_clock_ahead_noted_lock_no_longer(keeper: User) -> None:
    assert guess().status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() + timedelta(days=365))
    assert guess(4).status_code == 200
    AccessAttempt.objects.update(attempt_time=timezone.now() + timedelta(days=365))
    assert log_in(PASSWORD).status_code == 302


def test_others_are_not_locked_out(keeper: User) -> None:
    guess()
    assert log_in(PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_the_lock_ends_by_itself(keeper: User) -> None:
    guess()
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - PAUSE)
    assert log_in(PASSWORD).status_code == 302


def test_an_operator_ends_the_lock_by_a_command(keeper: User) -> None:
    guess()
    call_command("axes_reset")
    assert log_in(PASSWORD).status_code == 302


def test_addresses_of_one_ipv6_network_are_one(keeper: User) -> None:
    for number in range(1, 7):
        log_in("wrong", REMOTE_ADDR=f"2001:db8::{number}")
    assert log_in(PASSWORD, REMOTE_ADDR="2001:db8::99").status_code == 429
    assert log_in(PASSWORD, REMOTE_ADDR="2001:db8:0:1::1").status_code == 302


def test_addresses_of_ipv4_are_not_one_where_the_socket_listens_for_both_kinds(
    keeper: User,
) -> None:
    guess(REMOTE_ADDR="::ffff:203.0.113.5")
    assert log_in(PASSWORD, REMOTE_ADDR="::ffff:203.0.113.5").status_code == 429
    assert log_in(PASSWORD, REMOTE_ADDR="::ffff:203.0.113.6").status_code == 302


@pytest.mark.parametrize("sent", ["203.0.113.{}", "nonsense{}", "203.0.113.{}, 198.51.100.1"])
def test_without_num_proxies_x_forwarded_for_does_not_change_the_address(
    keeper: User, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 0)
    for number in range(6):
        log_in("wrong", headers={"X-Forwarded-For": sent.format(number)})
    assert log_in(PASSWORD).status_code == 429


def test_behind_a_stated_proxy_the_last_address_counts(
    keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)
    for number in range(6):
        log_in("wrong", headers={"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.5"})
    assert log_in(PASSWORD, headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 429
    assert log_in(PASSWORD, headers={"X-Forwarded-For": "203.0.113.6"}).status_code == 302


PAUSE = timedelta(minutes=16)


def test_passwords_that_lock_no_longer_are_deleted(keeper: User) -> None:
    for number in range(3):
        log_in("wrong", username=f"name{number}")
    AccessAttempt.objects.update(attempt_time=timezone.now() - PAUSE)
    log_in("wrong")
    assert AccessAttempt.objects.get().username == "keeper"

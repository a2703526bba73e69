"""The answer to too many wrong passwords, which django-axes counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from recognizer.access import addresses

SLACK = timedelta(minutes=1)
"""Difference between the clocks of two processes that is no fault."""


class LockOuts(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts no wrong password of the future: the clock was ahead when it was noted."""

    def get_user_attempts(self, request: HttpRequest, credentials: Any = None) -> list[Any]:
        latest = timezone.now() + SLACK
        attempts = super().get_user_attempts(request, credentials)
        return [found.filter(attempt_time__lte=latest) for found in attempts]

    def clean_expired_user_attempts(self, request: Any = None, credentials: Any = None) -> int:
        AccessAttempt.objects.filter(attempt_time__gt=timezone.now() + SLACK).delete()
        expired: int = super().clean_expired_user_attempts(request, credentials)
        return expired


def address_of(request: HttpRequest) -> str | None:
    """Return the address that wrong passwords are counted by."""
    address = addresses.address_of(request)
    return None if address is None else str(address)


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """Answer with a page of the admin, whether or not the last password was right."""
    pause = get_cool_off(request)
    assert pause is not None
    context = {
        **admin.site.each_context(request),
        "title": "Too many wrong passwords",
        "minutes": round(pause.total_seconds() / 60),
    }
    page = render(request, "admin/locked_out.html", context, status=429)
    page.headers["Retry-After"] = str(round(pause.total_seconds()))
    return page

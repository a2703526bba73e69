"""The answer to too many wrong passwords, which django-axes counts."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_cool_off
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from recognizer.access import addresses


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

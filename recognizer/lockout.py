"""What happens to whoever guesses passwords: django-axes counts, and this answers."""

from __future__ import annotations

import ipaddress
from typing import Any

from axes.helpers import get_cool_off
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.throttling import BaseThrottle

IPV6_NETWORK_BITS = 64
"""So much of an address is given out at once; the rest its owner may choose."""


def address_of(request: HttpRequest) -> str | None:
    """Return whence a request comes, behind as many proxies as NUM_PROXIES states."""
    text = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # nonsense of a proxy, or none: a socket of this machine has no address
        return request.META.get("REMOTE_ADDR") or None
    if address.version == 6:
        network = ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False)
        return str(network.network_address)
    return text


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """Say to wait, in the look of the admin, whether or not the last password was right."""
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

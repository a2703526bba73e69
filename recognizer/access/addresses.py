"""Whence a request comes, as far as it is known: by it, limits and lock-outs go."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

IPV6_NETWORK_BITS = 64
"""So much of an address of IPv6 is given out at once; the rest its owner may choose."""


def address_of(request: HttpRequest | Request) -> IPv4Address | IPv6Address | None:
    """Return the address that a request comes from; of IPv6, the first one of its network.

    What X-Forwarded-For says counts only for as many proxies as NUM_PROXIES states, as anybody can
    send the header; where a proxy writes nonsense into it, its own address counts. A socket of
    this machine has none.
    """
    stated = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    for text in (stated, request.META.get("REMOTE_ADDR", "")):
        with contextlib.suppress(ValueError):
            return _network_of(ip_address(text))
    return None


def _network_of(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if address.version == 4 or address.is_loopback:
        return address
    # A socket that listens for both kinds spells every IPv4 address in one network of IPv6.
    if address.ipv4_mapped:
        return address.ipv4_mapped
    return ip_network((address, IPV6_NETWORK_BITS), strict=False).network_address

"""The client's address, as rate limits and lock-outs use it."""

from __future__ import annotations

import contextlib
import functools
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

SITE_BITS = {4: 24, 6: 48}
"""Bits of an address that many addresses of one provider, or of one organization, share."""
ADDRESS = "recognizer.address"
"""Name under which a request keeps its client's address; a header's would be in capitals."""
IPV6_NETWORK_BITS = 64
"""Bits of an IPv6 address that a provider assigns; its customer chooses the rest."""


def address_of(request: HttpRequest | Request) -> IPv4Address | IPv6Address | None:
    """Return the client's address; for IPv6, the first address of its network.

    Anybody can send X-Forwarded-For, so only its last NUM_PROXIES entries count. If a proxy writes
    nonsense there, its own address counts. A request through a Unix socket has no address.
    """
    if ADDRESS not in request.META:  # it is asked for several times
        request.META[ADDRESS] = _find_address(request)
    address: IPv4Address | IPv6Address | None = request.META[ADDRESS]
    return address


def _find_address(request: HttpRequest | Request) -> IPv4Address | IPv6Address | None:
    stated = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    for text in (stated, request.META.get("REMOTE_ADDR", "")):
        with contextlib.suppress(ValueError):
            return _read(text)
    return None


def site_of(address: IPv4Address | IPv6Address) -> str:
    """Return the network that shares a part of the archive: /24 of IPv4, /48 of IPv6."""
    return str(ip_network((address, SITE_BITS[address.version]), strict=False))


def hash_site(request: HttpRequest | Request) -> str:
    """Return a keyed hash of the client's network, which does not reveal it; empty if unknown."""
    address = address_of(request)
    if address is None:
        return ""
    keyed = salted_hmac("recognizer.network", site_of(address), algorithm="sha256")
    return keyed.hexdigest()[:32]


@functools.lru_cache(1000)  # a drawing is counted by several limits
def _read(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    if address.version == 4 or address.is_loopback:
        return address
    # A socket that listens for both versions maps every IPv4 address into one IPv6 network.
    if address.ipv4_mapped:
        return address.ipv4_mapped
    return ip_network((address, IPV6_NETWORK_BITS), strict=False).network_address

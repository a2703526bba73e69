"""Rate limits: of one caller, and of all callers together."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from recognizer.access.addresses import address_of
from recognizer.access.callers import action_of
from recognizer.access.visitors import visitor_of
from recognizer.models import ApiKey
from recognizer.services.drawings import recognition
from recognizer.services.site import throttling
from recognizer.services.site.throttling import Limit

if TYPE_CHECKING:  # it imports this module, by the name in the settings
    from rest_framework.views import APIView

REQUESTS_PER_DRAWING = 5
"""Requests of the page for one drawing: a reading after each of four strokes, and feedback."""
DAY_SECONDS = 24 * 60 * 60


class CallerThrottle(BaseThrottle):
    """Counts the requests of a key, a visitor, or an address without either, and of all together.

    Safe methods are not counted, except those that a view lists as `costly`: to count is to write,
    and a reader must not wait for the database's writers.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        is_costly = action_of(request, view) in getattr(view, "costly", ())
        if request.method not in SAFE_METHODS or is_costly:
            everybody = Limit("everybody", "requests", settings.THROTTLE_ALL)
            _refuse_excess([*self._own_limits(request, view), everybody])
        return True

    def _own_limits(self, request: Request, view: APIView) -> Iterable[Limit]:
        if isinstance(key := request.auth, ApiKey):
            rate = settings.THROTTLE_KEY if key.rate is None else key.rate
            yield Limit(f"key {key.pk}", "requests", rate)
            return
        if visitor := visitor_of(request):
            rate = settings.THROTTLE_VISITOR * REQUESTS_PER_DRAWING
            yield Limit(f"visitor {visitor}", "requests", rate)
        address = counted_address_of(request)
        if not address:
            return
        # Requests that no page sends are counted by address even with a cookie: cookies are free.
        if not visitor or getattr(view, "is_for_programs", False):
            yield Limit(f"address {address}", "requests", settings.THROTTLE_ADDRESS)
        if action_of(request, view) == "explanation":
            yield Limit(f"address {address}", "explanations", settings.THROTTLE_EXPLAINED)


def count_drawing(request: Request, drawing_id: uuid.UUID | None) -> None:
    """Count a drawing before it is stored; a further state of a stored one does not count."""
    if isinstance(request.auth, ApiKey):
        return
    visitor = visitor_of(request)
    limits = []
    if visitor:
        limits.append(Limit(f"visitor {visitor}", "drawings", settings.THROTTLE_VISITOR))
    if address := counted_address_of(request):
        limits.append(
            Limit(f"address {address}", "drawings", settings.THROTTLE_STORED, DAY_SECONDS)
        )
    if drawing_id is None or not recognition.is_kept(drawing_id, visitor):
        _refuse_excess(limits)


def counted_address_of(request: Request) -> str:
    """Return the address to count by; empty for a program on this machine.

    Such a program's requests come from the loopback, and no proxy has forwarded them.
    """
    address = address_of(request)
    if address is None or (address.is_loopback and "HTTP_X_FORWARDED_FOR" not in request.META):
        return ""
    return str(address)


def _refuse_excess(limits: Iterable[Limit]) -> None:
    if excess := throttling.count_hits(limits):
        raise Throttled(excess.wait_seconds, f"More than {excess.limit}.")

"""Rate limits: of one caller, and of all callers together."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from recognizer.access.addresses import address_of, site_of
from recognizer.access.callers import action_of
from recognizer.access.visitors import visitor_of
from recognizer.models import ApiKey
from recognizer.problems.kinds import QuotaUsedUp
from recognizer.services.drawings import recognition
from recognizer.services.metrics import count_throttled
from recognizer.services.site import throttling
from recognizer.services.site.throttling import Excess, Limit

if TYPE_CHECKING:  # it imports this module, by the name in the settings
    from rest_framework.views import APIView

REQUESTS_PER_DRAWING = 5
"""Requests of the page for one drawing: a reading after each of four strokes, and feedback."""
BYTES_A_UNIT = 50_000
"""Bytes of a body that take as long to parse as an ordinary drawing takes to be read."""
DRAFT_BYTES = 10_000
"""Bytes of a drawing that is read on the way; the page simplifies longer ones."""
DRAFTS_OF_ALL = 4
"""How many addresses may use up their limit of drafts at the same time."""
UNIT_SECONDS = 0.005
"""Processor time of a unit of work; an ordinary drawing takes less."""
LEAST_UNITS = 10
"""Least work that is counted afterwards: to count is a write."""
KEY_UNITS = 100
"""Units of work that a key has for each request that it may send."""
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
            work = _limits_of_work(request, 1 + _body_bytes(request) // BYTES_A_UNIT)
            _refuse_excess([*self._own_limits(request, view), *work, everybody])
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


class DraftThrottle(CallerThrottle):
    """Counts a small request with `?draft=true` in this process alone: no row, no write.

    At five a second from each pad, to count them for all processes would cost more than they do.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not is_draft(request):
            return super().allow_request(request, view)
        limits = [Limit("everybody", "drafts", DRAFTS_OF_ALL * settings.THROTTLE_DRAFTS)]
        if address := counted_address_of(request):
            limits.append(Limit(f"address {address}", "drafts", settings.THROTTLE_DRAFTS))
        _refuse(throttling.count_here(limits))
        return True


def is_draft(request: Request) -> bool:
    """Check for a reading on the way; a larger request, or one with a key, counts as any other."""
    is_asked = request.query_params.get("draft") == "true"
    is_key = isinstance(request.auth, ApiKey)
    return is_asked and not is_key and _body_bytes(request) <= DRAFT_BYTES


def count_work(request: Request, units: int, *, is_done: bool = False) -> None:
    """Count work that only the body shows, in ordinary drawings; refuse it if it is not done.

    A limit that is used up refuses the next request before its body is read.
    """
    if is_done:
        throttling.count_hits(_limits_of_work(request, units))
    elif units:
        _refuse_excess(_limits_of_work(request, units))


@contextmanager
def count_time(request: Request, counted: int) -> Iterator[None]:
    """Count what took much longer than it seemed to, by `counted` units: a photo of paper does."""
    began = time.thread_time()
    try:
        yield
    finally:
        units = int((time.thread_time() - began) / UNIT_SECONDS) - counted
        if units >= LEAST_UNITS:
            count_work(request, units, is_done=True)


def _limits_of_work(request: Request, units: int) -> list[Limit]:
    """Return the limit of an address, whatever cookies come from it, or of a key."""
    what = "units of work"
    if isinstance(key := request.auth, ApiKey):
        rate = settings.THROTTLE_KEY if key.rate is None else key.rate
        return [Limit(f"key {key.pk}", what, KEY_UNITS * rate, cost=units)]
    address = counted_address_of(request)
    most = settings.THROTTLE_WORK
    return [Limit(f"address {address}", what, most, cost=units)] if address else []


def _body_bytes(request: Request) -> int:
    return int(request.META.get("CONTENT_LENGTH") or 0)


def check_quota(request: Request) -> None:
    """Refuse to store anything for a network whose bytes of today are used up."""
    for limit in _limits_of_bytes(request, 0):
        if excess := throttling.find_full(limit):
            count_throttled(limit.caller, limit.what)
            raise QuotaUsedUp(limit.most, excess.wait_seconds)


def count_bytes(request: Request, stored: int) -> None:
    """Count the bytes of a drawing that was stored, also of one that overwrote another."""
    throttling.count_hits(_limits_of_bytes(request, stored))


def _limits_of_bytes(request: Request, stored: int) -> list[Limit]:
    if isinstance(request.auth, ApiKey) or not counted_address_of(request):
        return []
    address = address_of(request)
    assert address is not None
    kilobytes = -(-stored // 1000)
    most = 1000 * settings.THROTTLE_STORED_MB
    return [Limit(f"network {site_of(address)}", "kB stored", most, DAY_SECONDS, kilobytes)]


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
    _refuse(throttling.count_hits(limits))


def _refuse(excess: Excess | None) -> None:
    if excess:
        count_throttled(excess.limit.caller, excess.limit.what)
        raise Throttled(excess.wait_seconds, f"More than {excess.limit}.")

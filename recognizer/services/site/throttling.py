"""Limits of requests, counted by all workers together, or by each where a count is to be free."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.core.cache import cache, caches
from django.core.cache.backends.db import DatabaseCache
from django.db import DatabaseError, connection
from django.utils.crypto import salted_hmac

from recognizer.models import HitCount

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 10_000
"""Most full buckets that a process remembers."""
_full: dict[str, int] = {}
_here: dict[tuple[str, int], int] = {}
_taken: dict[str, tuple[int, int]] = {}
_counting = threading.Lock()
SHARE_TAKEN = 100
"""A process takes a hundredth of a limit at once, and counts that itself, without a write."""
MOST_SECONDS = 24 * 60 * 60
"""The longest window."""
PAUSE_SECONDS = 10
"""Pause after counting failed, so that requests do not wait for it in vain."""


class _Pause:
    """When this process may count again."""

    until = 0.0


_pause = _Pause()


@dataclass(frozen=True)
class Limit:
    """How much a caller may do within each window of some seconds; 0 is unlimited."""

    who: str
    what: str
    most: int
    seconds: int = 60
    cost: int = 1  # of this hit

    @cached_property
    def bucket(self) -> str:
        """A hash that names the counter, so that addresses and visitors are not stored."""
        return salted_hmac("recognizer.throttling", f"{self.what} {self.who}").hexdigest()[:32]

    @property
    def caller(self) -> str:
        """The kind of caller: visitor, key, address, network or everybody."""
        return self.who.partition(" ")[0]

    @property
    def share(self) -> int:
        """How many hits a process takes at once, this one included."""
        return max(self.cost, self.most // SHARE_TAKEN)

    def ends(self, now: float) -> int:
        """Return the end of the current window."""
        return (int(now) // self.seconds + 1) * self.seconds

    def __str__(self) -> str:
        span = {60: "a minute", 86_400: "a day"}[self.seconds]
        return f"{self.most:,} {self.what} {span}"


@dataclass(frozen=True)
class Excess:
    """A limit that is used up, and for how long."""

    limit: Limit
    wait_seconds: float


def find_full(limit: Limit) -> Excess | None:
    """Return a limit that is known to be used up, without counting."""
    if not limit.most:
        return None
    now = time.time()
    ends = _full.get(limit.bucket, 0)
    # A later end is of a clock that was ahead.
    return Excess(limit, ends - now) if now < ends <= limit.ends(now) else None


def forget_full() -> None:
    """Forget what this process remembers: full limits, its own counts, and that counting failed."""
    _full.clear()
    _taken.clear()
    _here.clear()
    _pause.until = 0.0


def count_hits(limits: Iterable[Limit]) -> Excess | None:
    """Count a hit on each limit and return one that is exceeded, if any is.

    A refused hit is not counted again, so that a flood costs no writes and uses up no other
    caller's share of a common limit.
    """
    limits = [limit for limit in limits if limit.most]
    now = time.time()
    for limit in limits:
        if excess := find_full(limit):
            return excess
    if time.monotonic() < _pause.until:
        return None
    limits = [limit for limit in limits if not _use_taken(limit, now)]
    amounts = {limit: _choose_amount(limit, now) for limit in limits}
    try:
        hits = _count(amounts, now) if limits else {}
    except _counting_errors() as error:
        # A site that cannot count still reads digits.
        logger.warning("Requests cannot be counted and are not limited: %s", error)
        _pause.until = time.monotonic() + PAUSE_SECONDS
        return None
    for limit in limits:
        left = limit.most - (hits[limit.bucket] - amounts[limit])
        if left < limit.cost:
            ends = limit.ends(now)
            _remember_full(limit.bucket, ends, now)
            return Excess(limit, ends - now)
        _keep_taken(limit, min(left, amounts[limit]) - limit.cost, now)
    return None


def _counting_errors() -> tuple[type[Exception], ...]:
    """Return what the cache in use raises: the package of Redis is loaded by its cache alone."""
    redis = sys.modules.get("redis")
    return (DatabaseError,) if redis is None else (DatabaseError, redis.RedisError)


def _use_taken(limit: Limit, now: float) -> bool:
    """Count on what this process has taken before, if that is enough."""
    with _counting:
        ends, left = _taken.get(limit.bucket, (0, 0))
        if ends != limit.ends(now) or left < limit.cost:
            return False
        _taken[limit.bucket] = ends, left - limit.cost
        return True


def _choose_amount(limit: Limit, now: float) -> int:
    """Return how many hits to take: no more than this one where the rest could not be kept."""
    with _counting:
        if limit.bucket in _taken or len(_taken) < MOST_REMEMBERED:
            return limit.share
        for old in [bucket for bucket, (end, _) in _taken.items() if end <= now]:
            del _taken[old]
        return limit.share if len(_taken) < MOST_REMEMBERED else limit.cost


def _keep_taken(limit: Limit, more: int, now: float) -> None:
    """Keep what was taken beyond this hit."""
    if not more:
        return
    with _counting:
        ends, left = _taken.get(limit.bucket, (0, 0))
        left = left if ends == limit.ends(now) else 0
        _taken[limit.bucket] = limit.ends(now), left + more


def count_here(limits: Iterable[Limit]) -> Excess | None:
    """Count a hit in this process alone, without a write, and return a limit that is exceeded."""
    now = time.time()
    with _counting:
        if len(_here) >= MOST_REMEMBERED:
            for old in [bucket for bucket in _here if bucket[1] <= now]:
                del _here[old]
        counts = {limit: (limit.bucket, limit.ends(now)) for limit in limits if limit.most}
        for limit, bucket in counts.items():
            if _here.get(bucket, 0) >= limit.most or len(_here) >= MOST_REMEMBERED:
                return Excess(limit, bucket[1] - now)
        for bucket in counts.values():
            _here[bucket] = _here.get(bucket, 0) + 1
    return None


def _count(amounts: dict[Limit, int], now: float) -> dict[str, int]:
    """Return what was counted in each bucket, including what is taken now."""
    if isinstance(caches["default"], DatabaseCache):
        return _count_in_database(amounts, now)
    hits = {}
    for limit, amount in amounts.items():
        end = limit.ends(now)
        key = f"hits:{limit.bucket}:{end}"
        cache.add(key, 0, end - now + 60)
        try:
            hits[limit.bucket] = cache.incr(key, amount)
        except ValueError:  # the cache is full and dropped the entry
            hits[limit.bucket] = amount
    return hits


def _count_in_database(amounts: dict[Limit, int], now: float) -> dict[str, int]:
    """Count in one statement, which is atomic.

    Django's database cache reads and writes in turn: it loses hits, and takes ten times as long
    (docs/decisions/throttles.md).
    """
    # In one order, so that two requests do not wait for each other.
    rows = sorted((limit.bucket, limit.ends(now), amount) for limit, amount in amounts.items())
    table = connection.ops.quote_name(HitCount._meta.db_table)
    values = ", ".join(["(%s, %s, %s)"] * len(rows))
    # Names and placeholders of our own.
    statement = (
        f"INSERT INTO {table} (bucket, ends, hits) VALUES {values} ON CONFLICT (bucket) DO UPDATE "  # nosec B608
        f"SET hits = CASE WHEN {table}.ends = excluded.ends THEN {table}.hits + excluded.hits "
        "ELSE excluded.hits END, "
        "ends = excluded.ends RETURNING bucket, hits"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])
        hits = dict(cursor.fetchall())
    if any(hits[bucket] == amount for bucket, _, amount in rows):  # a window begins
        # Later ones are of a clock that was ahead.
        HitCount.objects.exclude(ends__range=(now, now + MOST_SECONDS)).delete()
    return hits


def _remember_full(bucket: str, ends: int, now: float) -> None:
    if len(_full) >= MOST_REMEMBERED:
        for old in [old for old, end in list(_full.items()) if end <= now]:
            _full.pop(old, None)
    if len(_full) < MOST_REMEMBERED:
        _full[bucket] = ends

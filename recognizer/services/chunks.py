"""Many rows, a few at a time, so that other requests do not wait long for the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

CHUNK = 500
Item = TypeVar("Item")


def in_chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield lists of at most CHUNK items."""
    remaining = iter(items)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk

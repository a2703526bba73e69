"""Requests that their callers named: done once, however often they arrive."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ml.errors import InvalidDrawing
from recognizer.models import Drawing, RequestKey
from recognizer.services.errors import ServiceError

KEPT = timedelta(hours=24)
"""How long a key is remembered."""


class KeyReused(ServiceError):
    """The key names another request."""


class DrawingGone(ServiceError):
    """What the request made was deleted."""


@dataclass(frozen=True)
class Recognized:
    """A drawing that was read and kept, and whether the request that asks is what made its row.

    The repetition of a named request counts as that request.
    """

    drawing: Drawing
    is_new: bool


@dataclass(frozen=True)
class NamedRequest:
    """A request with the name that its caller gave it: digests of who and what, and of the body."""

    digest: str
    fingerprint: str


def name_request(key: str, visitor: uuid.UUID | None, fields: dict[str, Any]) -> NamedRequest:
    """Name a request that makes a drawing of these fields.

    A key is its caller's own. Callers who are nobody share theirs, which is why a name alone is
    no key to anything: the fields have to be the same, too.
    """
    try:
        body = json.dumps(fields, sort_keys=True, default=_name_value)
    except RecursionError as error:
        raise InvalidDrawing("The drawing is nested too deeply.") from error
    return NamedRequest(_digest(f"{visitor or 'nobody'} {key}"), _digest(body))


def find_made(request: NamedRequest) -> Recognized | None:
    """Return what a request made when it came first, as it was answered; None if it is new."""
    row = RequestKey.objects.filter(pk=request.digest, created_at__gt=_oldest()).first()
    return None if row is None else _answer(row, request)


def claim(request: NamedRequest, drawing_id: uuid.UUID) -> Recognized | None:
    """Take the name for a drawing that is made in the same transaction.

    Where somebody was quicker, the database lets one of both through; the other one waits for the
    first to be done, and gets what that made.
    """
    RequestKey.objects.filter(created_at__lte=_oldest()).delete()
    row, is_first = RequestKey.objects.get_or_create(
        digest=request.digest,
        defaults={"fingerprint": request.fingerprint, "drawing_id": drawing_id},
    )
    return None if is_first else _answer(row, request)


def note_answer(request: NamedRequest, recognized: Recognized) -> None:
    """Remember how a request is answered that made no row; the transaction is that of the claim."""
    RequestKey.objects.filter(pk=request.digest).update(
        is_new=recognized.is_new,
        label=recognized.drawing.label,
        review=recognized.drawing.review,
    )


def _answer(row: RequestKey, request: NamedRequest) -> Recognized:
    if row.fingerprint != request.fingerprint:
        raise KeyReused("This key was sent before, with another drawing; choose a new one.")
    drawing = Drawing.objects.without_blobs().filter(pk=row.drawing_id).first()
    if drawing is None:
        raise DrawingGone("The drawing that this request made was deleted.")
    # The same answer, although somebody may have answered for the drawing since.
    drawing.label = row.label
    drawing.review = row.review
    return Recognized(drawing, row.is_new)


def _oldest() -> datetime:
    return timezone.now() - KEPT


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _name_value(value: object) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)

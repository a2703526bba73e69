"""API keys: made, recognized, and taken back."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from recognizer.models import ApiKey, ApiKeyQuerySet
from recognizer.services.errors import ServiceError

logger = logging.getLogger(__name__)

SECRET_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a key is known; noting each use would cost a write a request."""
_KEY = re.compile(r"(dk_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")


class InvalidKey(ServiceError):
    """A key that opens nothing; the sentence says why."""


def issue_key(key: ApiKey) -> str:
    """Store a new key and return its text, which nobody can ever read again.

    The text holds 256 random bits, so that a plain SHA-256 keeps it: there is nothing to guess
    that a slow hash would have to slow down.
    """
    key.prefix = f"dk_{secrets.token_hex(4)}"
    text = f"{key.prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key.digest = _digest_of(text)
    key.save(force_insert=True)
    return text


def find_key(text: str) -> ApiKey:
    """Return the key of this text, and note that it was used."""
    match = _KEY.fullmatch(text)
    key = ApiKey.objects.filter(prefix=match[1]).first() if match else None
    if key is None or not constant_time_compare(key.digest, _digest_of(text)):
        raise InvalidKey("There is no such API key.")
    # Whoever holds the whole key may know what became of it.
    if key.revoked_at is not None:
        raise InvalidKey("This API key was revoked.")
    now = timezone.now()
    if key.expires_at is not None and key.expires_at <= now:
        raise InvalidKey("This API key has expired.")
    if key.last_used_at is None or key.last_used_at <= now - NOTED_EVERY:
        _note_use(key)
    return key


def revoke_keys(keys: ApiKeyQuerySet) -> int:
    """Let keys open nothing from now on; return how many still did."""
    return keys.unrevoked().update(revoked_at=timezone.now())


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    try:
        # Asked again in the same statement: of requests at the same moment only one writes.
        stale = ApiKey.objects.unused_since(now - NOTED_EVERY)
        stale.filter(pk=key.pk).update(last_used_at=now)
    except DatabaseError:
        logger.warning("The use of key %s could not be noted.", key.prefix, exc_info=True)


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

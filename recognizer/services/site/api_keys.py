"""API keys: made, checked, revoked."""

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
"""Precision of a key's last use; to note each use would cost a write for each request."""
_KEY = re.compile(r"(dk_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")


class InvalidKey(ServiceError):
    """A key that is not valid; the text says why."""


def issue_key(key: ApiKey) -> str:
    """Store a new key and return its text, which cannot be read again.

    The text holds 256 random bits, so that a plain SHA-256 is enough: a slow hash protects
    secrets that can be guessed.
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
    # The caller has the whole key, so its state is no secret.
    if key.revoked_at is not None:
        raise InvalidKey("This API key was revoked.")
    now = timezone.now()
    if key.expires_at is not None and key.expires_at <= now:
        raise InvalidKey("This API key has expired.")
    if key.last_used_at is None or not now - NOTED_EVERY < key.last_used_at <= now:
        _note_use(key)
    return key


def revoke_keys(keys: ApiKeyQuerySet) -> int:
    """Revoke keys; return how many were valid until now."""
    return keys.unrevoked().update(revoked_at=timezone.now())


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    try:
        # Checked again in the statement: of requests at the same moment only one writes.
        stale = ApiKey.objects.exclude(last_used_at__gt=now - NOTED_EVERY, last_used_at__lte=now)
        stale.filter(pk=key.pk).update(last_used_at=now)
    except DatabaseError:
        logger.warning("The use of key %s could not be noted.", key.prefix, exc_info=True)


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

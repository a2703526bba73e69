"""Model files on object storage that speaks S3, in the bucket that the settings name."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.utils import validate_file_name

from digitsite.environment import AWSKey, Bucket
from ml.errors import ArtifactError

CONNECT_SECONDS = 3
READ_SECONDS = 5
"""Seconds without a byte; each request is tried twice."""
DOWNLOAD_SECONDS = 30
"""Seconds for all of a file, however slowly its bytes come."""
REST_SECONDS = 30
"""Seconds for which a bucket that failed is not asked again, so that few requests wait for it."""
CHUNK_BYTES = 64 * 1024
MISSING = {"NoSuchKey", "404"}


class StorageUnreachable(ArtifactError):
    """The bucket does not answer, or refuses; the cause may name hosts, the text does not."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The model files on object storage cannot be reached ({reason}).")


class BucketStorage(Storage):
    """Objects of a bucket under a prefix. An object is there whole or not at all, by itself."""

    def __init__(self) -> None:
        self._client: Any = None
        self._process = 0
        self._making = threading.Lock()
        self._refusal: tuple[float, str, Exception] | None = None

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Let a file replace one of the same name, which may be damaged."""
        return name

    def exists(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        return int(self._head(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        modified: datetime = self._head(name)["LastModified"]
        return modified

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone already is no error."""
        with self._asking(name) as (client, place):
            client.delete_object(**place)

    def forget_failure(self) -> None:
        """Ask the bucket again, without waiting for the end of the pause."""
        self._refusal = None

    def _open(self, name: str, mode: str = "rb") -> ContentFile[bytes]:
        with self._asking(name) as (client, place):
            ends = time.monotonic() + DOWNLOAD_SECONDS
            parts = []
            with closing(client.get_object(**place)["Body"]) as body:
                for part in body.iter_chunks(CHUNK_BYTES):
                    parts.append(part)
                    if time.monotonic() > ends:
                        raise TimeoutError(f"{name} took more than {DOWNLOAD_SECONDS} seconds.")
            return ContentFile(b"".join(parts), name)

    def _save(self, name: str, content: Any) -> str:
        with self._asking(name) as (client, place):
            client.put_object(**place, Body=content.read())
        return name

    def _head(self, name: str) -> dict[str, Any]:
        with self._asking(name) as (client, place):
            answer: dict[str, Any] = client.head_object(**place)
            return answer

    @contextmanager
    def _asking(self, name: str) -> Iterator[tuple[Any, dict[str, str]]]:
        """Give a client and an object's place; turn what fails into errors of the services."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._refusal is not None and time.monotonic() < self._refusal[0]:
            raise StorageUnreachable(self._refusal[1]) from self._refusal[2]
        bucket = _bucket()
        validate_file_name(name)
        key = f"{bucket.prefix}/{name}" if bucket.prefix else name
        try:
            yield self._open_client(), {"Bucket": bucket.name, "Key": key}
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "no reason"))
            if code in MISSING:
                raise FileNotFoundError(f"There is no {key} in {bucket.name}.") from error
            raise self._refuse(code, error) from error
        except (BotoCoreError, TimeoutError) as error:
            raise self._refuse(type(error).__name__, error) from error
        self._refusal = None

    def _refuse(self, reason: str, error: Exception) -> StorageUnreachable:
        self._refusal = time.monotonic() + REST_SECONDS, reason, error
        return StorageUnreachable(reason)

    def _open_client(self) -> Any:
        """Return this process's client: one from before a fork has the connections of another."""
        with self._making:
            if self._process != os.getpid():
                self._client, self._process = make_client(), os.getpid()
            return self._client


def make_client() -> Any:
    """Return a client for the bucket; its import takes longer than to see that none is needed."""
    from boto3.session import Session
    from botocore.config import Config

    bucket, aws = _bucket(), settings.AWS_KEY or AWSKey()
    session = Session(
        aws_access_key_id=aws.key_id or None,
        aws_secret_access_key=aws.secret or None,
        aws_session_token=aws.token or None,
        # Servers other than Amazon's take any.
        region_name=aws.region or ("us-east-1" if bucket.endpoint_url else None),
    )
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2},
        # Not every server knows the newer checksums; digests are checked here anyway.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "payload_signing_enabled": True,
            **({"addressing_style": bucket.addressing_style} if bucket.addressing_style else {}),
        },
    )
    return session.client("s3", endpoint_url=bucket.endpoint_url or None, config=config)


def _bucket() -> Bucket:
    """Return what the settings say; without it, they choose another storage."""
    bucket: Bucket | None = settings.ARTIFACTS_URL
    assert bucket is not None
    return bucket

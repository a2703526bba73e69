"""A real S3 server for tests: moto's, in a process of its own, with one empty bucket."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

import pytest
from boto3.session import Session
from django.core.files.storage import storages
from pytest_django import Settings

from digitsite import environment
from recognizer.tests.kit.live import Server

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "only for tests"}
# Keeps and activates a version, as a retraining elsewhere does.
ANOTHER_VERSION = """
from pathlib import Path
from django.conf import settings
from ml import artifacts
from recognizer.models import TrainedModel
from recognizer.services.versions import artifact_files
source = Path(settings.BUNDLED_MODEL)
name = artifact_files.keep_retrained(artifacts.read(source), artifacts.read_manifest(source))
row = TrainedModel.objects.get(version=1)
TrainedModel.objects.update(active=False)
row.version, row.active, row.origin, row.artifact = {version}, True, "retrained", name
row.save(force_insert=True)
print(name)
"""
BACKEND = "recognizer.services.versions.object_storage.BucketStorage"


class ObjectStore:
    """An S3 server, what is in its bucket, and what may happen to it."""

    def __init__(self, port: int = 0) -> None:
        # It looks for the role of a machine where it has no key.
        surroundings = {**os.environ, **CREDENTIALS, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        sign = r"Running on (http://127\S+)"
        self._server = Server(command, sign=sign, env=surroundings)
        self.endpoint = self._server.wait_for_address()
        self.url = f"s3://models/digits?endpoint_url={self.endpoint}"
        self.environment = {"ARTIFACTS_URL": self.url, **CREDENTIALS}
        self.client = self.connect("s3")
        self.client.create_bucket(Bucket="models")

    @property
    def pid(self) -> int:
        return self._server.pid

    def connect(self, service: str) -> Any:
        session = Session(*CREDENTIALS.values(), region_name="us-east-1")
        return session.client(service, endpoint_url=self.endpoint)

    @contextmanager
    def guarded(self) -> Iterator[dict[str, str]]:
        """Let it take one key alone, which is given as the environment has it."""
        users = self.connect("iam")
        users.create_user(UserName="site")
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        users.put_user_policy(UserName="site", PolicyName="all", PolicyDocument=policy)
        key = users.create_access_key(UserName="site")["AccessKey"]
        self._check_keys_after("0")
        try:
            yield dict(zip(CREDENTIALS, (key["AccessKeyId"], key["SecretAccessKey"]), strict=True))
        finally:
            self._check_keys_after("inf")
            users.delete_access_key(UserName="site", AccessKeyId=key["AccessKeyId"])
            users.delete_user_policy(UserName="site", PolicyName="all")
            users.delete_user(UserName="site")

    def _check_keys_after(self, requests: str) -> None:
        address = f"{self.endpoint}/moto-api/reset-auth"
        kind = {"Content-Type": "text/plain"}
        urlopen(Request(address, requests.encode(), kind, method="POST")).close()

    def names(self) -> set[str]:
        """List the files of the site."""
        listed = self.client.list_objects_v2(Bucket="models", Prefix="digits/")
        return {entry["Key"].removeprefix("digits/") for entry in listed.get("Contents", [])}

    def read(self, name: str) -> bytes:
        content: bytes = self.client.get_object(Bucket="models", Key=f"digits/{name}")[
            "Body"
        ].read()
        return content

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket="models", Key=f"digits/{name}", Body=content)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket="models", Key=f"digits/{name}")

    def empty(self) -> None:
        for name in self.names():
            self.delete(name)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it accept connections and say nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        self._server.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """Return a server that the tests of a process share; they stop none but their own."""
    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def bucket(
    object_store: ObjectStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    """Keep model files in an empty bucket."""
    object_store.empty()
    use_bucket(object_store, settings, monkeypatch)
    return object_store


def use_bucket(
    store: ObjectStore, settings: Settings, monkeypatch: pytest.MonkeyPatch, **key: str
) -> None:
    """Have the settings that this environment would lead to."""
    for name, value in {**store.environment, **key}.items():
        monkeypatch.setenv(name, value)
    settings.ARTIFACTS_URL = environment.read_bucket("ARTIFACTS_URL")
    settings.AWS_KEY = environment.read_aws_key()
    settings.STORAGES = {**settings.STORAGES, "artifacts": {"BACKEND": BACKEND}}
    assert type(storages["artifacts"]).__name__ == "BucketStorage"

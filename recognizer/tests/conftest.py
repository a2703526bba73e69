"""What the app's tests share: a real database, a small real model, and callers."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.conf import settings as site_settings
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client, override_settings
from pytest_django import Settings
from sklearn.exceptions import ConvergenceWarning

from ml import artifacts
from ml.artifacts import deserialize as unpack
from ml.labeled.digits import LabeledDigits
from ml.measuring.evaluation import evaluate
from ml.pipeline import NOT_A_DIGIT, build_pipeline
from ml.writing.augmentation import augment
from ml.writing.non_digits import write_scribbles
from recognizer.models import ApiKey, Drawing, TrainedModel
from recognizer.services.site import api_keys
from recognizer.services.versions import registry
from recognizer.tests.kit.browsing import browser as browser
from recognizer.tests.kit.browsing import chromium as chromium
from recognizer.tests.kit.browsing import page as page
from recognizer.tests.kit.browsing import window as window
from recognizer.tests.kit.buckets import bucket as bucket
from recognizer.tests.kit.buckets import object_store as object_store
from recognizer.tests.kit.drawings import data_url, digits_of_one_face, png_of
from recognizer.tests.kit.live import migrated_file, migrated_template, tested_server
from recognizer.tests.kit.live import own_site as own_site
from recognizer.tests.kit.live import share_folder as share_folder
from recognizer.tests.kit.live import site as site
from recognizer.tests.kit.live import static_files as static_files
from recognizer.tests.kit.small_training import letters as letters
from recognizer.tests.kit.small_training import small_training as small_training
from recognizer.tests.kit.small_training import typefaces as typefaces

DRAWINGS = "/api/v1/drawings/"


ASK_A_DATABASE = {"db", "transactional_db", "static_files"}
"""The fixtures that bring a database: the test's own, or that of a live site."""
DRIVE_A_BROWSER = {"browser", "page", "engine"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what could go otherwise on another database, and what a browser does."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        asks = fixtures & ASK_A_DATABASE or item.get_closest_marker("django_db")
        if asks and not item.get_closest_marker("any_database"):
            item.add_marker("database")
        if fixtures & DRIVE_A_BROWSER:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Begin with a copy of a migrated database, as the live sites do: migrating takes seconds.

    SQLite's is a file: write-ahead log and locks are real only there.
    """
    test = connections["default"].settings_dict["TEST"]
    if server := tested_server():
        test["TEMPLATE"] = migrated_template(server)
        return
    path = tmp_path_factory.mktemp("database") / "db.sqlite3"
    path.write_bytes(migrated_file())
    test["NAME"] = str(path)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """Have Django take the file that is there; pytest removes it."""
    return django_db_keepdb or not tested_server()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small model on one face, in a second, and return its file."""
    digits = digits_of_one_face()  # (10, 28, 28)
    labels = np.arange(10, dtype=np.uint8)
    copies, others = 60, 120
    images = np.concatenate([augment(digits, copies, seed=0), write_scribbles(others, seed=0)])
    classes = np.concatenate([np.repeat(labels, copies), np.full(others, NOT_A_DIGIT, np.uint8)])
    pipeline = build_pipeline(hidden_units=32).set_params(advisedperceptron__max_iter=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline.fit(images.reshape(len(images), -1), classes)
    report = evaluate(pipeline, LabeledDigits(digits, labels, np.array(["face"] * 10)))
    data = artifacts.serialize(pipeline)
    path = tmp_path_factory.mktemp("bundle") / "model.joblib"
    metrics = {"typefaces": report.as_dict(), "corrections": None}
    artifacts.save(path, data, artifacts.describe(data, {"seed": 0}, {"corrections": 0}, metrics))
    return path


NO_THROTTLES = dict.fromkeys(
    (
        "THROTTLE_VISITOR",
        "THROTTLE_KEY",
        "THROTTLE_ADDRESS",
        "THROTTLE_EXPLAINED",
        "THROTTLE_ALL",
        "THROTTLE_STORED",
        "THROTTLE_STORED_MB",
        "THROTTLE_WORK",
        "THROTTLE_DRAFTS",
    ),
    0,
)
"""The tests ask as fast as they can."""
QUICK_PASSWORDS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Passwords are hashed at once: that guessing takes long is Django's own to test."""
FILES_AS_THEY_ARE = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(scope="session", autouse=True)
def settings_of_all_tests(django_test_environment: None) -> Iterator[None]:
    """Change settings once: changing and restoring a dozen is much of what a quick test does."""
    storages = {**site_settings.STORAGES, "staticfiles": FILES_AS_THEY_ARE}
    with override_settings(**NO_THROTTLES, PASSWORD_HASHERS=QUICK_PASSWORDS, STORAGES=storages):
        yield


@pytest.fixture(autouse=True)
def site_folders(settings: Settings, tmp_path: Path) -> None:
    """Give each test its own folders."""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Stop the clock of the throttles, at a minute's begin; its only element moves it."""
    now = [1_800_000_000.0]  # no day begins then
    monkeypatch.setattr(
        "recognizer.services.site.throttling.time",
        SimpleNamespace(time=lambda: now[0], monotonic=lambda: now[0]),
    )
    return now


@functools.lru_cache(maxsize=8)
def unpacked(data: bytes, sha256: str) -> Any:
    """Unpack a model file once: its digest was checked, and no test changes what it loaded."""
    return unpack(data, sha256)


@pytest.fixture
def model(
    db: None, bundle: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> TrainedModel:
    """Register the small model as version 1."""
    monkeypatch.setattr(artifacts, "deserialize", unpacked)
    registry.forget_model()
    settings.BUNDLED_MODEL = bundle
    return registry.register_bundled_model()


class Caller:
    """Somebody who speaks to the API."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.token = ""

    def post(self, url: str, body: Any = None, **options: Any) -> Any:
        """Send JSON."""
        return self._send("post", url, body, **options)

    def put(self, url: str, body: Any, **options: Any) -> Any:
        """Send JSON."""
        return self._send("put", url, body, **options)

    def delete(self, url: str) -> Any:
        """Delete."""
        return self.client.delete(url, headers=self._headers())

    def get(self, url: str, query: dict[str, Any] | None = None) -> Any:
        """Ask."""
        return self.client.get(url, query)

    def draw(self, digit: int = 7, **fields: Any) -> dict[str, Any]:
        """Send a digit and return it as it is kept, without the place where it was found."""
        answer = self.post(DRAWINGS, {"image": data_url(png_of(digit)), **fields})
        assert answer.status_code == 201, answer.content
        return {**answer.json(), "found": None, "set_aside": None}

    def _send(self, method: str, url: str, body: Any, **options: Any) -> Any:
        options.setdefault("content_type", "application/json")
        options["headers"] = {**self._headers(), **options.pop("headers", {})}
        return getattr(self.client, method)(url, body, **options)

    def _headers(self) -> dict[str, str]:
        return {"X-CSRFToken": self.token} if self.token else {}


def make_member(*groups: str) -> User:
    """Store a member of the staff with the permissions of these groups alone."""
    if not Group.objects.exists():  # A transactional test deleted what the migration brought.
        migration = import_module("recognizer.migrations.0013_groups")
        migration.add_groups(apps, SimpleNamespace(connection=connections["default"]))
    user = User.objects.create_user(f"member {User.objects.count()}", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def make_key(*scopes: str, **fields: Any) -> tuple[ApiKey, str]:
    """Store an API key of a superuser with these scopes and return it with its text."""
    if "owner" not in fields:
        defaults = {"is_staff": True, "is_superuser": True}
        fields["owner"], _ = User.objects.get_or_create(username="owner", defaults=defaults)
    named = {f"may_{scope}": scope in scopes for scope in ApiKey.Scope.values}
    key = ApiKey(name="test", **named, **fields)
    return key, api_keys.issue_key(key)


def open_page(caller: Caller, url: str = "/") -> Caller:
    """Open a page as a browser does: it brings the cookie and the token."""
    answer = caller.client.get(url)
    assert answer.status_code == 200
    caller.token = str(answer.context["csrf_token"])
    return caller


@pytest.fixture
def stranger(model: TrainedModel) -> Caller:
    """Return a client without cookies."""
    return Caller(Client(enforce_csrf_checks=True))


@pytest.fixture
def visitor(model: TrainedModel) -> Caller:
    """Return a browser that opened the page."""
    return open_page(Caller(Client(enforce_csrf_checks=True)))


@pytest.fixture
def other_visitor(model: TrainedModel) -> Caller:
    """Return another browser that opened the page."""
    return open_page(Caller(Client(enforce_csrf_checks=True)))


@pytest.fixture
def staff(model: TrainedModel, django_user_model: type[User]) -> Caller:
    """Return a browser in which a member of the staff is logged in."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("reviewer"))
    return open_page(Caller(client))


@pytest.fixture
def drawing(stranger: Caller) -> Drawing:
    """Return a stored drawing without a visitor."""
    return Drawing.objects.get(pk=stranger.draw()["id"])

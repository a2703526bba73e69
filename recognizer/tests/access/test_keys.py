"""API keys: made in the admin, shown once, kept as a digest, taken back."""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import serializers
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recognizer.models import ApiKey, ApiKeyQuerySet, Drawing, TrainedModel
from recognizer.tests.conftest import DRAWINGS, Caller, make_key, make_member
from recognizer.tests.kit.drawings import SEVEN, assert_problem, data_url, png_of

KEYS = "/admin/recognizer/apikey/"
STATS = "/api/v1/stats/"


@pytest.fixture
def keeper(db: None) -> Client:
    """Return a member of the staff who may do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    return client


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def create_in_the_admin(keeper: Client, **fields: Any) -> tuple[str, str]:
    """Fill in the form; return the key and the page that shows it."""
    body = {"name": "A kiosk", "may_predict": "on", **fields}
    answer = keeper.post(f"{KEYS}add/", body)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    page = answer.content.decode()
    match = re.search(r'<code id="key">(\S+)</code>', page)
    assert match, page
    return match[1], page


def test_a_key_that_was_made_in_the_admin_lets_a_program_in(
    keeper: Client, model: TrainedModel
) -> None:
    text, _ = create_in_the_admin(keeper)
    answer = Client().post(
        DRAWINGS, {"strokes": SEVEN}, content_type="application/json", headers=bearer(text)
    )
    assert answer.status_code == 201
    assert Drawing.objects.get().visitor == ApiKey.objects.get().visitor


def test_a_key_is_shown_once_and_kept_nowhere(keeper: Client) -> None:
    text, page = create_in_the_admin(keeper)
    assert page.count(text) == 1
    key = ApiKey.objects.get()
    assert key.digest == hashlib.sha256(text.encode()).hexdigest()

    secret = text.removeprefix(f"{key.prefix}_")  # which may have such a line in it as well
    later = [keeper.get(KEYS), keeper.get(f"{KEYS}{key.pk}/change/"), keeper.get("/admin/")]
    for answer in later:
        assert secret not in answer.content.decode()
    rows = [*ApiKey.objects.all(), *LogEntry.objects.all(), *Session.objects.all()]
    assert secret not in serializers.serialize("json", rows)
    sessions = [session.get_decoded() for session in Session.objects.all()]
    assert secret not in str(sessions)
    assert secret not in keeper.cookies.output()


def test_a_key_without_a_scope_is_not_made(keeper: Client) -> None:
    answer = keeper.post(f"{KEYS}add/", {"name": "A kiosk"})
    assert "Choose at least one scope." in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_change_in_the_admin_leaves_the_key_as_it_is(keeper: Client) -> None:
    key, text = make_key("predict")
    body = {"name": "Another name", "may_read": "on"}
    assert keeper.post(f"{KEYS}{key.pk}/change/", body).status_code == 302
    assert Client().get(DRAWINGS, headers=bearer(text)).status_code == 200


def test_a_key_has_the_permissions_of_who_gave_it_the_scope_admin(keeper: Client) -> None:
    create_in_the_admin(keeper, may_admin="on")
    key = ApiKey.objects.get()
    assert str(key.owner) == "keeper"

    operator = make_member("Operator")
    keeper.force_login(operator)
    change = f"{KEYS}{key.pk}/change/"
    assert keeper.post(change, {"name": "New", "may_admin": "on"}).status_code == 302
    key.refresh_from_db()
    assert str(key.owner) == "keeper"
    keeper.post(change, {"name": "New", "may_predict": "on"})
    keeper.post(change, {"name": "New", "may_admin": "on"})
    key.refresh_from_db()
    assert key.owner == operator


def test_a_key_from_before_belongs_to_who_made_it_by_the_log(keeper: Client) -> None:
    create_in_the_admin(keeper)
    orphan, _ = make_key("admin", owner=None)
    ApiKey.objects.update(owner=None)
    migration = import_module("recognizer.migrations.0013_groups")
    migration.find_owners(apps, SimpleNamespace(connection=connection))
    assert [str(key.owner) for key in ApiKey.objects.exclude(pk=orphan.pk)] == ["keeper"]
    orphan.refresh_from_db()
    assert orphan.owner is None


def test_a_key_is_revoked_in_the_admin(keeper: Client) -> None:
    key, text = make_key("read")
    body = {"action": "revoke", "_selected_action": [key.pk]}
    assert "1 revoked." in keeper.post(KEYS, body, follow=True).content.decode()
    answer = Client().get(STATS, headers=bearer(text))
    assert_problem(answer, 401, "invalid-key")
    assert answer.json()["detail"] == "This API key was revoked."
    assert "revoked" in keeper.get(KEYS).content.decode()


def test_keys_are_not_deleted(keeper: Client) -> None:
    key, _ = make_key("read")
    assert keeper.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_key_expires(db: None) -> None:
    _, text = make_key("read", expires_at=timezone.now() + timedelta(days=1))
    assert Client().get(STATS, headers=bearer(text)).status_code == 200
    ApiKey.objects.update(expires_at=timezone.now())
    answer = Client().get(STATS, headers=bearer(text))
    assert_problem(answer, 401, "invalid-key")
    assert answer.json()["detail"] == "This API key has expired."


@pytest.mark.parametrize(
    "value", ["", "dk_", "dk_0123abcd_", "x" * 5000, "dk_0123abcd_" + "A" * 43, "\xff\x00", "a b"]
)
def test_an_invalid_key_is_refused(value: str, db: None) -> None:
    answer = Client().get(STATS, headers=bearer(value))
    assert_problem(answer, 401, "invalid-key")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_the_beginning_of_a_key_is_not_enough(db: None) -> None:
    key, text = make_key("read")
    _, other = make_key("read")
    forged = key.prefix + other[len(key.prefix) :]
    assert len(forged) == len(text)
    assert_problem(Client().get(STATS, headers=bearer(forged)), 401, "invalid-key")


def test_other_authorization_schemes_are_ignored(db: None) -> None:
    assert Client().get(STATS, headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_a_missing_scope_is_named(visitor: Caller) -> None:
    _, text = make_key("predict")
    answer = Client().get(DRAWINGS, headers=bearer(text))
    assert_problem(answer, 403, "missing-scope")
    assert "“read”" in answer.json()["detail"]
    challenge = 'Bearer error="insufficient_scope", scope="read"'
    assert answer.headers["WWW-Authenticate"] == challenge


def test_a_key_sees_what_it_drew_and_no_more(visitor: Caller) -> None:
    foreign = visitor.draw(7)
    client = Client(headers=bearer(make_key("predict", "read", "feedback")[1]))
    body = {"strokes": SEVEN}
    own = client.post(DRAWINGS, body, content_type="application/json").json()
    assert [listed["id"] for listed in client.get(DRAWINGS).json()["results"]] == [own["id"]]
    assert client.get(f"{DRAWINGS}{own['id']}/image/").status_code == 200
    assert_problem(client.get(f"{DRAWINGS}{foreign['id']}/"), 404, "not-found")
    assert_problem(client.delete(f"{DRAWINGS}{foreign['id']}/"), 404, "not-found")
    assert client.delete(DRAWINGS).json() == {"deleted": 1}
    assert [str(drawing.pk) for drawing in Drawing.objects.all()] == [foreign["id"]]


def test_what_one_key_drew_is_not_for_another(model: TrainedModel) -> None:
    one, other = (Client(headers=bearer(make_key("predict", "read")[1])) for _ in range(2))
    drawing = one.post(DRAWINGS, {"strokes": SEVEN}, content_type="application/json").json()
    assert_problem(other.get(f"{DRAWINGS}{drawing['id']}/"), 404, "not-found")


def test_cookies_beside_a_key_are_ignored(staff: Caller) -> None:
    drawing = staff.draw(7)
    _, text = make_key("read")
    answer = staff.client.get(DRAWINGS, headers=bearer(text))
    assert answer.json()["results"] == []
    url = f"{DRAWINGS}{drawing['id']}/"
    assert_problem(staff.client.get(url, headers=bearer(text)), 404, "not-found")


def test_the_last_use_is_known_to_the_minute_at_the_cost_of_one_write(db: None) -> None:
    key, text = make_key("read")
    client = Client(headers=bearer(text))
    client.get(STATS)
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    with CaptureQueriesContext(connection) as queries:
        client.get(STATS)
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]

    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    client.get(STATS)
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at >= first


def test_a_use_that_cannot_be_noted_is_answered(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OperationalError("disk full")

    key, text = make_key("read")
    monkeypatch.setattr(ApiKeyQuerySet, "update", fail)
    assert Client().get(STATS, headers=bearer(text)).status_code == 200
    assert key.prefix in caplog.text


def test_no_log_names_a_key(
    model: TrainedModel, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError

    caplog.set_level(logging.DEBUG)
    _, text = make_key("predict")
    client = Client(headers=bearer(text), raise_request_exception=False)
    client.post(DRAWINGS, {"strokes": SEVEN}, content_type="application/json")
    client.get(DRAWINGS)
    Client(headers=bearer(text + "A")).get(STATS)
    monkeypatch.setattr("recognizer.services.drawings.statistics.count_drawings", fail)
    assert client.get(STATS).status_code == 500
    ApiKey.objects.update(revoked_at=timezone.now())
    client.get(STATS)
    assert len(caplog.records) >= 3
    assert text[12:] not in caplog.text


def test_a_prediction_by_a_key_is_of_the_api(model: TrainedModel) -> None:
    _, text = make_key("predict")
    body = {"image": data_url(png_of(7))}
    answer = Client().post("/predict", body, content_type="application/json", headers=bearer(text))
    assert answer.status_code == 200
    assert Drawing.objects.get().source == "api"

"""Nothing that anybody can store runs in the browser of somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from recognizer.models import ApiKey, Drawing, TrainedModel, TrainingRun
from recognizer.tests.conftest import Caller
from recognizer.tests.kit.addresses import addresses
from recognizer.tests.kit.drawings import copy_model

SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = "\"'><img src=x onerror=alert(1)>"
EVIL = f"{SCRIPT}{ATTRIBUTE}{{{{ 7|add:7 }}}}"
FIXED = {"password", "artifact", "sha256"}
"""Texts without which the site would not get as far as its pages."""


def fill_with_evil(row: models.Model) -> set[str]:
    """Write the script into every text of a row that has room; return the names of the columns."""
    values: dict[str, Any] = {}
    for field in row._meta.fields:
        old = getattr(row, field.name, None)
        is_text = isinstance(field, models.CharField | models.TextField)
        if isinstance(field, models.JSONField):
            evil = {EVIL: [EVIL, {EVIL: EVIL}]}
            values[field.name] = {**old, **evil} if isinstance(old, dict) else [EVIL]
        elif is_text and not field.choices and not field.primary_key and field.name not in FIXED:
            most = (field.max_length or 1000) - 9
            values[field.name] = EVIL[:most] + (str(row.pk)[:9] if field.unique else "")
    type(row)._default_manager.filter(pk=row.pk).update(**values)
    return set(values)


@pytest.fixture
def evil_site(staff: Caller, model: TrainedModel, small_training: None) -> Drawing:
    """Fill every table that the admin shows, and return a drawing."""
    drawing = Drawing.objects.get(pk=staff.draw(7)["id"])
    user = User.objects.create_user("other", email="other@example.com")
    run = TrainingRun.objects.create(state="failed", finished_at=timezone.now())
    rows: list[models.Model] = [
        copy_model(model, gate={"against": 1}),
        model,
        drawing,
        user,
        User.objects.get(username="reviewer"),
        Group.objects.create(name="group"),
        run,
        ApiKey.objects.create(name="key", prefix="prefix", digest="0" * 64),
    ]
    filled = {type(row).__name__: fill_with_evil(row) for row in rows}
    assert {"username", "first_name", "email"} <= filled["User"]
    assert {"log", "outcome", "options", "phase", "host"} <= filled["TrainingRun"]
    assert {"parameters", "data", "metrics", "gate"} <= filled["TrainedModel"]
    assert {"strokes", "probabilities"} <= filled["Drawing"]
    # The admin makes a table of numbers of them; only the recognizer writes them.
    Drawing.objects.update(probabilities=[0.1] * 10)
    for row in rows:
        LogEntry.objects.create(
            user=User.objects.get(pk=user.pk),
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=EVIL[:200],
            action_flag=2,
            change_message=EVIL,
        )
    return drawing


def test_no_page_runs_what_is_stored(staff: Caller, evil_site: Drawing) -> None:
    escaped = 0
    pages = [*addresses(evil_site), "/admin/recognizer/trainedmodel/2/change/"]
    pages += [f"/admin/auth/user/{user.pk}/change/" for user in User.objects.all()]
    for path in pages:
        answer = staff.get(path)
        if answer.streaming or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        assert SCRIPT not in page, path
        assert "<img src=x" not in page, path
        escaped += "&lt;script&gt;alert(1)" in page
    # Lists, pages of rows, questions before a deletion, histories, the report and its file.
    assert escaped >= 20


def test_an_answer_in_json_is_never_taken_for_a_page(staff: Caller, evil_site: Drawing) -> None:
    # Health checks are answered before, with a word of our own.
    for path in set(addresses(evil_site)) - {"/healthz", "/readyz"}:
        answer = staff.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        policy = answer.headers.get("Content-Security-Policy", "")
        assert "default-src 'self'" in policy, path
        assert "unsafe-inline" not in policy, path


@pytest.mark.parametrize("query", [f"?answer={EVIL}", f"?queue={EVIL}", f"?o={EVIL}", f"?p={EVIL}"])
def test_the_admin_repeats_no_script_of_an_address(staff: Caller, query: str) -> None:
    staff.draw(7)
    page = staff.client.get(f"/admin/recognizer/drawing/{query}", follow=True).content.decode()
    assert SCRIPT not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    "path", [f"/{EVIL}", f"/history/?{EVIL}", f"/problems/{EVIL}/", f"/admin/{EVIL}"]
)
def test_no_page_repeats_a_script_of_its_address(visitor: Caller, path: str) -> None:
    page = visitor.client.get(path, follow=True).content.decode()
    assert SCRIPT not in page
    assert "<img src=x" not in page

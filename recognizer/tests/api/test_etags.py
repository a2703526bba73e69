"""If-None-Match on models and stats: nothing is sent twice that has not changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recognizer.models import Drawing, TrainedModel
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem, copy_model

MODELS, MODEL, STATS = "/api/v1/models/", "/api/v1/models/1/", "/api/v1/stats/"


def ask_again(caller: Caller, url: str, tag: str) -> Any:
    """Ask for what is known already."""
    return caller.client.get(url, headers={"If-None-Match": tag})


@pytest.mark.parametrize("url", [MODELS, MODEL, STATS])
def test_what_has_not_changed_is_not_sent_again(stranger: Caller, url: str) -> None:
    tag = stranger.get(url).headers["ETag"]
    answer = ask_again(stranger, url, tag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert ask_again(stranger, url, f'"other", W/{tag}').status_code == 304
    assert ask_again(stranger, url, '"other"').status_code == 200


@pytest.mark.parametrize("url", [MODELS, MODEL, STATS])
def test_a_cache_must_ask_each_time(stranger: Caller, url: str) -> None:
    answer = stranger.get(url)
    for headers in (answer.headers, ask_again(stranger, url, answer.headers["ETag"]).headers):
        assert set(headers["Cache-Control"].split(", ")) == {"private", "no-cache"}


def draw(caller: Caller) -> None:
    caller.draw(7)


def confirm(caller: Caller) -> None:
    drawing = Drawing.objects.get()
    caller.put(f"{DRAWINGS}{drawing.pk}/feedback/", {"correct": True})


def delete(caller: Caller) -> None:
    caller.delete(f"{DRAWINGS}{Drawing.objects.get().pk}/")


def add_version(caller: Caller) -> None:
    copy_model(TrainedModel.objects.get(version=1))


def activate(caller: Caller) -> None:
    add_version(caller)
    TrainedModel.objects.filter(version=1).update(active=False)
    TrainedModel.objects.filter(version=2).update(active=True)


def judge(caller: Caller) -> None:
    TrainedModel.objects.update(metrics={"typefaces": {"accuracy": 0.5}})


@pytest.mark.parametrize(
    ("url", "change"),
    [
        (STATS, draw),
        (STATS, confirm),
        (STATS, delete),
        (STATS, activate),
        (MODELS, add_version),
        (MODELS, activate),
        (MODELS, judge),
        (MODEL, activate),
        (MODEL, judge),
    ],
)
def test_changed_content_is_sent_again(
    stranger: Caller, drawing: Drawing, url: str, change: Callable[[Caller], None]
) -> None:
    first = stranger.get(url)
    change(stranger)
    answer = ask_again(stranger, url, first.headers["ETag"])
    assert answer.status_code == 200
    assert answer.json() != first.json()


def test_an_unknown_version_is_404_even_with_an_etag(stranger: Caller) -> None:
    url = "/api/v1/models/9/"
    assert_problem(ask_again(stranger, url, "*"), 404, "not-found")


def test_an_etag_does_not_prevent_a_change(staff: Caller) -> None:
    tag = staff.get(MODEL).headers["ETag"]
    answer = staff.post(f"{MODEL}activate/", headers={"If-None-Match": tag})
    assert answer.status_code == 200

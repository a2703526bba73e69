"""Every address by every kind of caller: one table, held against the URL configuration."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from recognizer.models import ApiKey, Drawing, TrainedModel
from recognizer.tests.conftest import Caller, make_key, make_member, open_page
from recognizer.tests.kit.drawings import data_url, png_of

CALLERS = [
    "anonymous",
    "owner",  # of the drawing that is asked for; for a key, this is the key itself
    "other visitor",
    "forged cookie",
    "owner without token",
    "user",  # logged in, not of the staff
    "superuser",
    "superuser without token",
    "staff without permissions",
    "Reviewer",
    "Trainer",
    "Operator",
    "key: predict",
    "key: feedback",
    "key: read",
    "key: admin",
    "revoked key",
    "expired key",
    "wrong key",
]

# anonymous
# |   owner
# |   |   other visitor
# |   |   |   forged cookie
# |   |   |   |   owner without token
# |   |   |   |   |   user
# |   |   |   |   |   |   superuser
# |   |   |   |   |   |   |   superuser without token
# |   |   |   |   |   |   |   |   staff without permissions
# |   |   |   |   |   |   |   |   |   Reviewer
# |   |   |   |   |   |   |   |   |   |   Trainer
# |   |   |   |   |   |   |   |   |   |   |   Operator
# |   |   |   |   |   |   |   |   |   |   |   |   key: predict
# |   |   |   |   |   |   |   |   |   |   |   |   |   key: feedback
# |   |   |   |   |   |   |   |   |   |   |   |   |   |   key: read
# |   |   |   |   |   |   |   |   |   |   |   |   |   |   |   key: admin
# |   |   |   |   |   |   |   |   |   |   |   |   |   |   |   |   revoked, expired, wrong key
TABLE = """
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /history/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /about/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /problems/<slug:slug>/
302 302 302 302 302 302 302 302 302 302 302 302 302 302 302 302 302 GET /favicon.ico
403 302 302 403 403 302 302 403 302 302 302 302 403 403 403 403 403 POST /language/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /words.js
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /healthz
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /readyz
403 403 403 403 403 403 200 200 403 403 403 200 403 403 403 403 403 GET /metrics
302 302 302 302 302 302 200 200 403 403 403 200 302 302 302 302 302 GET /admin/board/
200 200 200 403 403 200 200 403 200 200 200 200 200 403 403 200 401 POST /predict
200 200 200 200 200 200 200 200 200 200 200 200 403 403 200 200 401 GET /api/v1/drawings/
201 201 201 403 403 201 201 403 201 201 201 201 201 403 403 201 401 POST /api/v1/drawings/
200 200 200 403 403 200 200 403 200 200 200 200 403 200 403 200 401 DELETE /api/v1/drawings/
200 200 200 403 403 200 200 403 200 200 200 200 403 200 403 200 401 DELETE /api/v1/drawings/memory/
200 200 200 403 403 200 200 403 200 200 200 200 200 403 403 200 401 DELETE /api/v1/drawings/license/
200 200 200 200 200 200 200 200 200 200 200 200 403 403 200 200 401 GET /api/v1/drawings/gain/
404 200 404 404 200 404 200 200 404 200 200 200 403 403 200 200 401 GET /api/v1/drawings/<uuid:pk>/
404 204 404 403 403 404 204 403 404 404 404 204 403 204 403 204 401 DELETE /api/v1/drawings/<uuid:pk>/
404 200 404 403 403 404 200 403 404 200 404 404 403 200 403 200 401 PUT /api/v1/drawings/<uuid:pk>/feedback/
404 200 404 404 200 404 200 200 404 200 200 200 403 403 200 200 401 GET /api/v1/drawings/<uuid:pk>/image/
404 200 404 404 200 404 200 200 404 200 200 200 403 403 200 200 401 GET /api/v1/drawings/<uuid:pk>/strokes/
404 200 404 404 200 404 200 200 404 200 200 200 403 403 200 200 401 GET /api/v1/drawings/<uuid:pk>/explanation/
200 200 200 200 200 200 200 200 200 200 200 200 403 403 200 200 401 GET /api/v1/drawings/export/<slug:ending>/
200 200 200 403 403 200 200 403 200 200 200 200 200 403 403 200 401 POST /api/v1/predictions/
403 403 403 403 403 403 200 200 403 200 403 403 403 403 403 200 401 GET /api/v1/reviews/
403 403 403 403 403 403 200 403 403 200 403 403 403 403 403 200 401 PUT /api/v1/reviews/<uuid:pk>/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401 GET /api/v1/models/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401 GET /api/v1/models/<int:pk>/
403 403 403 403 403 403 200 403 403 403 200 200 403 403 403 200 401 POST /api/v1/models/<int:pk>/activate/
403 403 403 403 403 403 200 200 403 200 200 200 403 403 403 200 401 GET /api/v1/exports/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401 GET /api/v1/stats/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401 GET /api/schema/
200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 GET /api/docs/
404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 GET /api/
"""  # noqa: E501
PICTURE = {"image": data_url(png_of(7))}
BODIES: dict[str, Any] = {
    "POST /predict": PICTURE,
    "POST /api/v1/drawings/": PICTURE,
    "POST /api/v1/predictions/": {"images": [data_url(png_of(7))]},
    "PUT /api/v1/drawings/<uuid:pk>/feedback/": {"label": 3},
    "PUT /api/v1/reviews/<uuid:pk>/": {"review": "approved", "label": 3},
}
MEMBERS = ["staff without permissions", "Reviewer", "Trainer", "Operator"]
"""Members of the staff, named by their group; the first one is in none."""
METHODS_OF_FUNCTIONS = {"/language/": ["POST"]}
"""Of views that are functions; the others are read by GET."""
OPEN_IN_THE_ADMIN = {"/admin/login/", "/admin/logout/"}


def read_table() -> dict[str, dict[str, int]]:
    """Return the expected status by endpoint and caller."""
    rows = {}
    for line in TABLE.strip().splitlines():
        *statuses, method, route = line.split()
        numbers = [*map(int, statuses), *[int(statuses[-1])] * 2]  # of the three bad keys
        rows[f"{method} {route}"] = dict(zip(CALLERS, numbers, strict=True))
    return rows


def walk(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Find every address of the site; those of the admin have a test of their own."""
    for pattern in patterns:
        route = prefix + re.sub(r"[\^$]|\(\?P|\)", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from walk(pattern.url_patterns, route)
        else:
            yield route, pattern


def methods_of(route: str, view: Any) -> list[str]:
    """Return the methods that a view answers, but for those that Django adds."""
    if actions := getattr(view, "actions", None):
        return [method.upper() for method in actions if method != "head"]
    if cls := getattr(view, "cls", None):
        names = [name for name in cls.http_method_names if name not in {"options", "head"}]
        return [name.upper() for name in names if hasattr(cls, name)] or ["GET"]
    return METHODS_OF_FUNCTIONS.get(route, ["GET"])


@pytest.fixture
def key_texts(db: None) -> dict[str, str]:
    """Return the key of each kind of caller that has one."""
    texts = {f"key: {scope}": make_key(scope)[1] for scope in ApiKey.Scope.values}
    texts["revoked key"] = make_key("admin", revoked_at=timezone.now())[1]
    texts["expired key"] = make_key("admin", expires_at=timezone.now() - timedelta(seconds=1))[1]
    wrong = make_key("admin")[1]
    texts["wrong key"] = wrong[:-1] + ("A" if wrong[-1] != "A" else "B")
    return texts


@dataclass
class Cast:
    """All callers, who come when they are called, and the drawing that each of them asks for."""

    owner: Caller
    drawing: Drawing
    key_texts: dict[str, str]
    others: dict[str, Caller] = field(default_factory=dict)

    def headers_of(self, name: str) -> dict[str, str]:
        """Return what goes with each request of a caller."""
        if name in self.key_texts:
            return {"Authorization": f"Bearer {self.key_texts[name]}"}
        token = self._caller(name).token
        return {"X-CSRFToken": token} if token and "without token" not in name else {}

    def client_of(self, name: str) -> Client:
        """Return the browser of a caller; a key comes along with the cookies of somebody else."""
        return self._caller("other visitor" if name in self.key_texts else name).client

    def drawing_for(self, name: str) -> Drawing:
        """Make a drawing of the owner, or of the caller's key; admin is asked for a foreign one."""
        drawing = copy(self.drawing)
        drawing.pk = uuid.uuid4()
        if name in self.key_texts and name != "key: admin":
            drawing.visitor = ApiKey.objects.get(prefix=self.key_texts[name][:11]).visitor
        drawing.save(force_insert=True)
        return drawing

    def _caller(self, name: str) -> Caller:
        if name.startswith("owner"):
            return self.owner
        name = name.removesuffix(" without token")
        if name not in self.others:
            self.others[name] = self._call(name)
        return self.others[name]

    def _call(self, name: str) -> Caller:
        caller = Caller(Client(enforce_csrf_checks=True))
        if name == "forged cookie":
            caller.client.cookies["visitor"] = f"{uuid.uuid4()}:1xVpsc:forged"
        if name == "other visitor":
            return open_page(caller)
        if name in {"anonymous", "forged cookie"}:
            return caller
        if name == "user":
            user = User.objects.create_user("somebody")
        elif name == "superuser":
            user = User.objects.create_superuser("reviewer")
        else:
            user = make_member(name)
        caller.client.force_login(user)
        return open_page(caller, "/problems/not-found/")  # the quickest that brings a token


@pytest.fixture
def cast(visitor: Caller, key_texts: dict[str, str]) -> Cast:
    return Cast(visitor, Drawing.objects.get(pk=visitor.draw(7)["id"]), key_texts)


def test_the_table_has_a_row_for_each_endpoint_and_no_other() -> None:
    endpoints = [
        f"{method} {route}"
        for route, pattern in walk(get_resolver().url_patterns)
        for method in methods_of(route, pattern.callback)
    ]
    assert sorted(set(endpoints)) == sorted(read_table())


@pytest.mark.parametrize("endpoint", read_table())
def test_each_caller_gets_what_the_table_says(endpoint: str, cast: Cast) -> None:
    method, route = endpoint.split()
    answers = {}
    for name in CALLERS:
        drawing = cast.drawing_for(name)
        path = (
            route.replace("<uuid:pk>", str(drawing.pk))
            .replace("<int:pk>", "1")
            .replace("<slug:ending>", "csv")
            .replace("<slug:slug>", "not-found")
        )
        before = written()
        client = cast.client_of(name)
        if name == "anonymous":
            client.cookies.clear()
        answer: Any = client.generic(
            method,
            path,
            json.dumps(BODIES.get(endpoint, {})),
            content_type="application/json",
            headers=cast.headers_of(name),
        )
        answers[name] = answer.status_code
        if answer.status_code >= 400:
            assert written() == before, f"{name} was refused, and yet something changed."
            if route.startswith(("/api/", "/predict")):
                assert answer.headers["Content-Type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
            assert answer.json()["type"] == "/problems/invalid-key/"
    assert answers == read_table()[endpoint]


def written() -> Any:
    """Return what a refused request must not change."""
    drawings = Drawing.objects.order_by("pk").values_list("pk", "visitor", "label", "source")
    return list(drawings), list(TrainedModel.objects.active().values_list("version"))


@pytest.mark.parametrize(
    "name",
    [name for name in CALLERS if not name.startswith(("superuser", "owner", *MEMBERS))],
)
def test_the_admin_is_for_the_staff_alone(name: str, cast: Cast) -> None:
    admin = next(
        pattern
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLResolver) and pattern.app_name == "admin"
    )
    routes = {route for route, _ in walk(admin.url_patterns, "/admin/")} - OPEN_IN_THE_ADMIN
    assert len(routes) > 20
    for route in routes:
        path = re.sub("<[^>]*>", "1", route)
        answer = cast.client_of(name).get(path, headers=cast.headers_of(name))
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/admin/login/"), path


PAGES_OF_THE_ADMIN = """
403 200 200 200 recognizer/drawing/
403 200 200 200 recognizer/drawing/{drawing}/change/
403 403 403 200 recognizer/drawing/{drawing}/delete/
403 403 200 200 recognizer/trainedmodel/
403 403 200 200 recognizer/trainedmodel/1/report/
403 403 200 200 recognizer/trainingrun/
403 403 403 200 recognizer/apikey/
403 403 403 200 recognizer/apikey/add/
403 403 403 403 auth/user/
403 403 403 403 auth/group/
"""


@pytest.mark.usefixtures("small_training")
def test_each_group_sees_its_pages_of_the_admin(drawing: Drawing) -> None:
    clients = [Client() for _ in MEMBERS]
    for client, name in zip(clients, MEMBERS, strict=True):
        client.force_login(make_member(name))
    for line in PAGES_OF_THE_ADMIN.strip().splitlines():
        *statuses, page = line.split()
        path = f"/admin/{page.format(drawing=drawing.pk)}"
        assert [str(client.get(path).status_code) for client in clients] == statuses, path


@pytest.mark.parametrize(
    ("group", "expected"),
    [("none", "404 404 403 403"), ("Reviewer", "200 404 200 403"), ("Operator", "200 204 200 200")],
)
def test_a_key_with_the_scope_admin_may_what_its_owner_may(
    drawing: Drawing, visitor: Caller, group: str, expected: str
) -> None:
    foreign = f"/api/v1/drawings/{visitor.draw(7)['id']}/"
    owner = make_member(group)
    client = Client(headers={"Authorization": f"Bearer {make_key('admin', owner=owner)[1]}"})
    answers = [
        client.get(foreign),
        client.delete(foreign),
        client.get("/api/v1/exports/"),
        client.post("/api/v1/models/1/activate/"),
    ]
    assert " ".join(str(answer.status_code) for answer in answers) == expected
    User.objects.update(is_active=False)
    refused = client.post("/api/v1/models/1/activate/")
    assert refused.status_code == 403
    assert "recognizer.change_trainedmodel" in refused.json()["detail"]
    User.objects.all().delete()
    assert client.post("/api/v1/models/1/activate/").status_code == 403

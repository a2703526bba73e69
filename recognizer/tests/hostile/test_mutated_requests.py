"""Whatever a client sends, the answer is no 5xx, and below /api/ what is wrong is a problem."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.tests.kit.fuzzing import Parser, Seed
from ml.tests.kit.hostile import npy, npz_of, with_right_checksums
from ml.tests.kit.labeled import idx, tmnist_text
from recognizer.models import ApiKey, Drawing
from recognizer.services.site import api_keys
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import SEVEN, digits_of_one_face, png_of

Check = Callable[[Parser], None]

BOUNDARY = "boundary"
ENOUGH = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Refused(Exception):
    """The answer was a 4xx."""


def judge(answer: Any) -> None:
    """Tell refused requests from accepted ones; anything else fails."""
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        if answer.headers["Content-Type"] != "text/html; charset=utf-8":
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert json.loads(answer.content)["status"] == answer.status_code
        raise Refused


def as_image(name: str) -> Callable[[bytes], bytes]:
    """Return what wraps a picture into the JSON of a request."""

    def wrap(png: bytes) -> bytes:
        return json.dumps({name: base64.b64encode(png).decode()}).encode()

    return wrap


def in_form(picture: bytes) -> bytes:
    """Wrap a picture into a form."""
    head = 'Content-Disposition: form-data; name="image"; filename="../a.png"'
    return (
        f"--{BOUNDARY}\r\n{head}\r\nContent-Type: image/png\r\n\r\n".encode()
        + picture
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )


BATCH_URL = "/api/v1/predictions/"
DIGITS = digits_of_one_face()
TMNIST = tmnist_text("A").encode()
PIXELS = [0] * 300 + [255] * 40 + [0] * 444
PNG = png_of(7, 60)
JSON = "application/json"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
STROKES = json.dumps({"strokes": SEVEN, "pen_width": 18, "source": "canvas"}).encode()
BATCH = json.dumps({"strokes": [SEVEN, SEVEN]}).encode()
BODIES = {
    "drawing in JSON": (
        DRAWINGS,
        JSON,
        [
            Seed(STROKES),
            Seed(json.dumps({"pixels": PIXELS}).encode()),
            Seed(as_image("image")(PNG)),
            Seed(with_right_checksums(PNG), as_image("image")),
        ],
    ),
    "drawing in a form": (DRAWINGS, FORM, [Seed(PNG, in_form), Seed(in_form(PNG))]),
    "/predict": ("/predict", JSON, [Seed(PNG, as_image("image")), Seed(as_image("image")(PNG))]),
    "batch": (
        BATCH_URL,
        JSON,
        [Seed(BATCH), Seed(json.dumps({"pixels": [PIXELS] * 3}).encode())],
    ),
    "batch as csv": (BATCH_URL, "text/csv", [Seed(TMNIST), Seed(TMNIST, gzip.compress)]),
    "batch as npz": (BATCH_URL, "application/zip", [Seed(npy(DIGITS), lambda x: npz_of(x))]),
    "batch as IDX": (
        BATCH_URL,
        "application/octet-stream",
        [Seed(idx(10, 28, 28, data=DIGITS.tobytes()))],
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_mutated_body_is_read_or_refused(
    assert_withstands: Check, stranger: Caller, kind: str
) -> None:
    url, content_type, seeds = BODIES[kind]

    def send(body: bytes) -> None:
        judge(stranger.post(url, body, content_type=content_type))

    assert_withstands(Parser(kind, seeds, send, (Refused,)))


def test_a_mutated_answer_is_read_or_refused(assert_withstands: Check, drawing: Drawing) -> None:
    url = f"{DRAWINGS}{drawing.pk}/feedback/"
    seeds = [Seed(b'{"correct": true}'), Seed(b'{"label": 3}'), Seed(b'{"label": null}')]

    def send(body: bytes) -> None:
        judge(Client().put(url, body, content_type=JSON))

    assert_withstands(Parser("feedback", seeds, send, (Refused,)))


def test_a_mutated_cookie_names_no_visitor(assert_withstands: Check, visitor: Caller) -> None:
    visitor.draw(7)
    cookies = {name: morsel.value for name, morsel in visitor.client.cookies.items()}
    own = cookies["visitor"].encode()
    whole = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()

    def ask(cookie: bytes) -> None:
        answer = Client().get(DRAWINGS, HTTP_COOKIE=cookie.decode("latin-1"))
        judge(answer)
        if not answer.json()["results"]:
            raise Refused
        assert own in cookie

    assert_withstands(Parser("visitor cookie", [Seed(whole)], ask, (Refused,)))


def test_a_mutated_cursor_is_read_or_refused(assert_withstands: Check, visitor: Caller) -> None:
    visitor.draw(7)
    visitor.draw(1)
    url = visitor.get(DRAWINGS, {"page_size": 1}).json()["next"]
    cursor = url.partition("cursor=")[2].partition("&")[0].replace("%3D", "=").encode()
    seeds = [
        Seed(base64.b64decode(cursor), lambda text: quote(base64.b64encode(text)).encode()),
        Seed(cursor, lambda text: quote(text).encode()),
    ]

    def ask(text: bytes) -> None:
        query = f"page_size=1&cursor={text.decode('latin-1')}"
        judge(visitor.client.get(DRAWINGS, QUERY_STRING=query))

    assert_withstands(Parser("cursor", seeds, ask, (Refused,)))


FILTERS = (
    b"correct=true&label=7&prediction=3&model=1&review=approved&source=api&mine=true&page_size=5"
)


def test_a_mutated_filter_is_read_or_refused(assert_withstands: Check, visitor: Caller) -> None:
    visitor.draw(7)
    seeds = [Seed(FILTERS), *(Seed(part) for part in FILTERS.split(b"&"))]

    def ask(query: bytes) -> None:
        judge(visitor.client.get(DRAWINGS, QUERY_STRING=query.decode("latin-1")))

    assert_withstands(Parser("filters", seeds, ask, (Refused,)))


def test_a_mutated_address_leads_somewhere_or_nowhere(
    assert_withstands: Check, drawing: Drawing
) -> None:
    seeds = [
        Seed(path.encode())
        for path in (
            f"{DRAWINGS}{drawing.pk}/explanation/",
            f"{DRAWINGS}export/csv/",
            "/api/v1/models/1/",
            "/problems/not-found/",
            "/history/",
            "/admin/recognizer/drawing/",
        )
    ]

    def ask(path: bytes) -> None:
        judge(Client().get("/", PATH_INFO=path.decode("latin-1")))

    assert_withstands(Parser("address", seeds, ask, (Refused,)))


HEADERS = {
    "CONTENT_TYPE": JSON,
    "HTTP_ACCEPT": "text/html, application/json;q=0.9",
    "HTTP_ACCEPT_LANGUAGE": "de-DE, de;q=0.9, en;q=0.5",
    "HTTP_HOST": "testserver:80",
    "HTTP_ORIGIN": "http://testserver",
    "HTTP_IF_NONE_MATCH": 'W/"abc", "def"',
    "HTTP_IF_MODIFIED_SINCE": "Thu, 26 Nov 2026 12:00:00 GMT",
    "HTTP_ACCEPT_ENCODING": "gzip, br;q=0.5",
    "HTTP_X_FORWARDED_FOR": "127.0.0.1, 10.0.0.1",
    "HTTP_RANGE": "bytes=0-10",
    "HTTP_IDEMPOTENCY_KEY": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", DRAWINGS), ("GET", "/"), ("GET", "/words.js")]
)
def test_a_mutated_header_is_read_or_refused(
    assert_withstands: Check, model: Any, method: str, path: str
) -> None:
    key = api_keys.issue_key(ApiKey(name="mutated", may_predict=True))
    headers = {**HEADERS, "HTTP_AUTHORIZATION": f"Bearer {key}"}
    seeds = [Seed(f"{name}: {value}".encode()) for name, value in headers.items()]

    def ask(line: bytes) -> None:
        name, _, value = line.decode("latin-1").partition(": ")
        header = {name if name in headers else "HTTP_COOKIE": value}
        judge(Client().generic(method, path, STROKES, JSON, **header))  # type: ignore[arg-type]

    assert_withstands(Parser(f"headers of {method} {path}", seeds, ask, (Refused,)))


def test_a_mutated_query_of_the_admin_is_read_or_refused(
    assert_withstands: Check, staff: Caller
) -> None:
    staff.draw(7)
    queries = (
        b"answer=wrong&queue=unreviewed&prediction__exact=7&model__version__exact=1&o=1&p=0&q=a",
        b"label__isnull=True&source__exact=api&all=&_facets=True&_popup=1&_to_field=id",
    )

    def ask(query: bytes) -> None:
        answer = staff.client.get(
            "/admin/recognizer/drawing/", QUERY_STRING=query.decode("latin-1")
        )
        judge(answer)
        if answer.status_code == 302:
            raise Refused

    seeds = [Seed(query) for query in queries]
    assert_withstands(Parser("query of the admin", seeds, ask, (Refused,)))


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/language/", {"language": "de", "next": "/history/"}),
        ("/admin/login/", {"username": "reviewer", "password": "secret", "next": "/admin/"}),
    ],
)
def test_a_mutated_form_is_read_or_refused(
    assert_withstands: Check, visitor: Caller, path: str, fields: dict[str, str]
) -> None:
    token = {"csrfmiddlewaretoken": visitor.token}

    def send(body: bytes) -> None:
        form = urlencode(token).encode() + b"&" + body
        answer = visitor.client.post(path, form, "application/x-www-form-urlencoded")
        judge(answer)
        assert not answer.headers.get("Location", "/").startswith(("//", "http", "\\", "/\\"))
        if b"&next=/history/" not in body and b"username=reviewer" not in body:
            raise Refused

    seeds = [Seed(urlencode(fields, safe="/").encode())]
    assert_withstands(Parser(f"form of {path}", seeds, send, (Refused,)))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
FIELDS = ["image", "strokes", "pixels", "pen_width", "source", "id", "correct", "label"]


@ENOUGH
@given(body=JSON_VALUES | st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=4))
def test_any_json_gets_an_answer(stranger: Caller, drawing: Drawing, body: Any) -> None:
    for method, url in (
        ("POST", DRAWINGS),
        ("POST", "/predict"),
        ("POST", "/api/v1/predictions/"),
        ("PUT", f"{DRAWINGS}{drawing.pk}/feedback/"),
    ):
        answer = stranger.client.generic(method, url, json.dumps(body).encode(), JSON)
        assert answer.status_code in {200, 201, 400, 409}


@ENOUGH
@given(
    name=st.sampled_from(
        ["correct", "label", "prediction", "model", "review", "source", "mine", "cursor"]
    ),
    value=st.text() | st.integers().map(str) | st.floats().map(str),
)
def test_any_text_as_a_filter_gets_an_answer(visitor: Caller, name: str, value: str) -> None:
    query = urlencode({name: value}, errors="replace")
    answer = visitor.client.get(DRAWINGS, QUERY_STRING=query)
    assert answer.status_code in {200, 400, 404}


@ENOUGH
@given(value=st.text())
def test_no_text_as_a_cookie_names_a_visitor(visitor: Caller, value: str) -> None:
    header = f"visitor={value}".encode("utf-8", "replace").decode("latin-1")
    answer = Client().get(DRAWINGS, HTTP_COOKIE=header)
    assert answer.status_code == 200
    assert answer.json()["results"] == []

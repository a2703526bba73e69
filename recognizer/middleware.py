"""What happens to every request before anything looks at it."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware
from django.urls import resolve, reverse
from django.utils import translation

from recognizer.problems.kinds import problem_response, speaks_json
from recognizer.problems.pages import method_not_allowed

CHARSETS = {"utf-8", "ascii", "iso8859-1"}
PROBES = {"/healthz", "/readyz"}
MOST_DRAINED_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


def answer_probes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer whether the site is well before anybody asks for its name or for TLS.

    A container engine or a load balancer asks a server by its address, not by its public name.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return get_response(request)
        view, arguments, named = resolve(request.path_info)
        answer: HttpResponse = view(request, *arguments, **named)
        return _explain_refused_method(request, answer)

    return middleware


def explain_refused_methods(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Say what is wrong where Django answers 405 without a word."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return _explain_refused_method(request, get_response(request))

    return middleware


def _explain_refused_method(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    if isinstance(answer, HttpResponseNotAllowed):
        return method_not_allowed(request, answer.headers["Allow"])
    return answer


class PageLocaleMiddleware(LocaleMiddleware):
    """Lets the pages speak the visitor's language: the chosen one, else the browser's.

    The API and the admin stay English: a program reads the same sentences wherever it runs, and
    half of what the admin says would be German otherwise.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of the answer."""
        if speaks_json(request) or request.path.startswith(reverse("admin:index")):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)


class Readable(Protocol):
    """A request, or the stream below it."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""


def check_body(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a body that is longer than any valid one, or of unknown length, and odd charsets.

    Python knows codecs that are no text, such as zlib; a form must not be decoded by them.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return problem_response("malformed-body", "The Content-Length is not a number.")
        if request.encoding is not None and codecs.lookup(request.encoding).name not in CHARSETS:
            return problem_response("unsupported-media-type", "Send the body in UTF-8.")
        if "HTTP_TRANSFER_ENCODING" in request.META:  # WSGI would give the view an empty body
            _drain(request.META["wsgi.input"], MOST_DRAINED_BYTES)
            return problem_response("length-required", "Send the body with a Content-Length.")
        if length <= settings.MAX_BODY_BYTES:
            return get_response(request)
        _drain(request, min(length, MOST_DRAINED_BYTES))
        megabytes = settings.MAX_BODY_BYTES // 2**20
        return problem_response(
            "body-too-large", f"The body has {length:,} bytes; at most {megabytes} MB are read."
        )

    return middleware


def refuse_zero_bytes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Refuse a zero byte in a query, and forget a cookie with one: no text of PostgreSQL holds it.

    A quoted cookie may spell any byte out, and that of a session is looked up as it is.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\0" in query:
            return problem_response("invalid-request", "The query holds a zero byte.")
        if any("\0" in value for value in request.COOKIES.values()):
            cookies = request.COOKIES.items()
            request.COOKIES = {name: value for name, value in cookies if "\0" not in value}
        return get_response(request)

    return middleware


def _drain(body: Readable, left: int) -> None:
    """Read a body and drop it: a client that is still sending would never see the answer."""
    while left > 0:
        try:
            chunk = body.read(min(left, CHUNK_BYTES))
        except OSError:
            return
        if not chunk:
            return
        left -= len(chunk)

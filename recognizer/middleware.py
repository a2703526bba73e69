"""Middleware: probes, refused methods, languages, caches, and limits of bodies and queries."""

from __future__ import annotations

import codecs
import functools
import logging
from collections.abc import Callable
from typing import Protocol

from csp.utils import build_policy
from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.middleware.locale import LocaleMiddleware
from django.urls import get_script_prefix, resolve, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from recognizer.problems.kinds import problem_response, speaks_json
from recognizer.problems.pages import bad_request, method_not_allowed

logger = logging.getLogger(__name__)

CHARSETS = {"utf-8", "ascii", "iso8859-1"}
OWN_ADMIN_PAGES = ("admin:desk", "board")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PROBES = {"/healthz", "/readyz"}
IDLE_ON_FILES = (
    *("ETag", "Last-Modified", "X-Request-ID"),
    *("Cross-Origin-Opener-Policy", "Referrer-Policy"),
)
"""Headers that say nothing about a file that is named by its hash and is no document."""
MOST_DRAINED_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


def answer_probes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer health checks before host name and TLS are checked.

    A container engine or a load balancer asks a server by its address, not by its public name.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return get_response(request)
        view, arguments, named = resolve(request.path_info)
        answer: HttpResponse = view(request, *arguments, **named)
        return _explain_refused_method(request, answer)

    return middleware


def lighten_static_files(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Leave idle headers off the files that never change: a first view loads some twenty."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        if "immutable" in answer.headers.get("Cache-Control", ""):
            for name in IDLE_ON_FILES:
                answer.headers.pop(name, None)
        return answer

    return middleware


def restrict_content(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Send the content security policy; as all answers have the same one, it is written once.

    Django's own pages about errors, which only developers see, have styles that it forbids.
    """
    policy = build_policy()

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        if not (settings.DEBUG and answer.status_code in {404, 500}):
            answer.headers.setdefault("Content-Security-Policy", policy)
        return answer

    return middleware


def refuse_unknown_methods(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse methods that no address has, before they are counted: a stranger can invent many."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in METHODS:
            return get_response(request)
        answer = problem_response("method-not-allowed", "No address of this site has this method.")
        answer.headers["Allow"] = ", ".join(METHODS)
        return answer

    return middleware


def explain_refused_methods(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Replace the empty body of Django's 405 by an explanation."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return _explain_refused_method(request, get_response(request))

    return middleware


def _explain_refused_method(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    if isinstance(answer, HttpResponseNotAllowed):
        return method_not_allowed(request, answer.headers["Allow"])
    return answer


def keep_private(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Keep the API's answers out of caches: they differ by API key and cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        if request.path_info == "/predict" or request.path_info.startswith("/api/"):
            patch_vary_headers(answer, ["Authorization", "Cookie"])
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer

    return middleware


class AdminFiltersMiddleware:
    """Answers 400 where an address of the admin holds a number or date that no column can."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not request.path.startswith(reverse("admin:index")):
            return None
        is_filter = isinstance(error, ValueError) and request.GET and request.method == "GET"
        if not (is_filter or isinstance(error, OverflowError | DataError)):
            return None
        logger.warning("%s is refused: %s", request.get_full_path(), error, exc_info=error)
        return bad_request(request, error)


class PageLocaleMiddleware(LocaleMiddleware):
    """Shows the pages in the visitor's language: the chosen one, or else the browser's.

    The API and the admin stay English, except for pages of the admin that are our own: programs get
    the same sentences everywhere, and the admin's lists and forms would mix two languages.
    """

    def process_request(self, request: HttpRequest) -> None:
        admin, own = _admin_addresses(get_script_prefix())
        is_admin = request.path.startswith(admin)
        is_own = is_admin and request.path.startswith(own)
        if not is_own and (is_admin or speaks_json(request)):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)


@functools.cache
def _admin_addresses(prefix: str) -> tuple[str, tuple[str, ...]]:
    """Where the admin's pages lie under the prefix of the site, and those that are our own."""
    return reverse("admin:index"), tuple(map(reverse, OWN_ADMIN_PAGES))


class Readable(Protocol):
    """A request, or the stream that it reads from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; b"" at the end."""


def check_body(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse bodies that are too long or of unknown length, and unusual charsets.

    Python has codecs that decompress, such as zlib; a form must not be decoded by them.
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
    """Refuse a query with a zero byte, and drop cookies with one: PostgreSQL cannot store it.

    A quoted cookie may contain any byte, and Django looks a session up by its cookie unchanged.
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
    """Read a body and drop it: a client that is still sending would not read the answer."""
    while left > 0:
        try:
            chunk = body.read(min(left, CHUNK_BYTES))
        except OSError:
            return
        if not chunk:
            return
        left -= len(chunk)

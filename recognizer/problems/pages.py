"""Errors outside of the API's views: a page for people, a problem for programs."""

from __future__ import annotations

import logging
import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.log import log_response
from django.utils.translation import gettext as _

from recognizer.problems.kinds import PROBLEMS, problem_response, speaks_json
from recognizer.problems.outages import find_outage

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 where the body was too large to be read."""
    if isinstance(exception, RequestDataTooBig):
        return _answer("body-too-large", request)
    return _answer(
        "malformed-body",
        request,
        detail="The request cannot be read.",
        title=_("The request cannot be read"),
        sentence=_("The browser sent something odd."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 to a caller who may not see a page."""
    return _answer(
        "forbidden",
        request,
        detail="This is not allowed.",
        sentence=_("This page is for others, or you have to log in."),
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without the CSRF token of its page."""
    return _answer(
        "forbidden",
        request,
        detail="The CSRF token is missing or wrong.",
        title=_("This form is too old"),
        sentence=_(
            "Go back, reload the page and send it again. The site has to be allowed its cookies."
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 where there is no view."""
    return _answer("not-found", request, detail="There is nothing at this address.")


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """Answer 405 with a body, which Django's own lacks."""
    answer = _answer("method-not-allowed", request)
    answer.headers["Allow"] = allowed
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 to an unexpected exception, or 503 or 507 to an outage.

    Django calls this while it handles the exception, of a page, of the API or of a middleware.
    """
    error = sys.exc_info()[1]
    slug = find_outage(error)
    if slug is None:
        detail = "The request could not be answered."
        return _answer("server-error", request, detail=detail, is_broken=True)
    answer = _answer(slug, request, is_broken=True)
    log_response("%s: %s", slug, str(error), response=answer, request=request, logger=logger)
    return answer


def _answer(
    slug: str,
    request: HttpRequest,
    *,
    detail: str = "",
    title: str = "",
    sentence: str = "",
    is_broken: bool = False,
) -> HttpResponse:
    """Answer in the words of the kind of problem, or in others where these fit better."""
    problem = PROBLEMS[slug]
    if speaks_json(request):
        return problem_response(slug, detail or problem.explanation)
    context = {"title": title or _(problem.title), "sentence": sentence or _(problem.explanation)}
    # A broken request may make this page fail too: its user is looked up in the database.
    page = render_to_string("recognizer/error.html", context, None if is_broken else request)
    return HttpResponse(page, status=problem.status, headers=problem.headers)

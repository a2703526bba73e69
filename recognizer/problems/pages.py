"""Errors as a page for people, or as a problem for programs."""

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
    """Answer 400 where no view could; 413 where the body was what could not be read."""
    if isinstance(exception, RequestDataTooBig):
        return _refusal("body-too-large", request)
    if speaks_json(request):
        return problem_response("malformed-body", "The request cannot be read.")
    return _error_page(
        400, _("The request cannot be read"), _("The browser sent something odd."), request
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 where a page is not for everybody."""
    if speaks_json(request):
        return problem_response("forbidden", "This is not allowed.")
    return _error_page(
        403, _("This is not allowed"), _("This page is for others, or you have to log in."), request
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that lacks the token of the page that it came from."""
    if speaks_json(request):
        return problem_response("forbidden", "The CSRF token is missing or wrong.")
    return _error_page(
        403,
        _("This form is too old"),
        _("Go back, reload the page and send it again. The site has to be allowed its cookies."),
        request,
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 where there is no view."""
    if speaks_json(request):
        return problem_response("not-found", "There is nothing at this address.")
    return _error_page(
        404,
        _("There is nothing here"),
        _("The address is wrong, or what stood here is gone."),
        request,
    )


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """Answer 405 with more than Django's empty body."""
    answer = _refusal("method-not-allowed", request)
    answer.headers["Allow"] = allowed
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, and the log has the traceback; or what an outage is answered with.

    Whatever nobody expected comes here, from pages, from the API and from what stands before
    them; Django calls this while it handles the exception.
    """
    error = sys.exc_info()[1]
    if slug := find_outage(error):
        answer = _outage(slug, request)
        log_response("%s: %s", slug, str(error), response=answer, request=request, logger=logger)
        return answer
    if speaks_json(request):
        return problem_response("server-error", "The request could not be answered.")
    # Without the request: what made the view fail must not make this page fail too.
    return _error_page(
        500,
        _("Something went wrong here"),
        _("This is a fault of the site, not yours. Please try again in a moment."),
    )


def _outage(slug: str, request: HttpRequest) -> HttpResponse:
    problem = PROBLEMS[slug]
    if speaks_json(request):
        return problem_response(slug, problem.explanation)
    # Without the request, which may ask the database who looks at the page.
    page = _error_page(problem.status, _(problem.title), _(problem.explanation))
    for name, value in problem.headers.items():
        page.headers[name] = value
    return page


def _refusal(slug: str, request: HttpRequest) -> HttpResponse:
    """Tell a program by a problem, and a person by a page of the same words."""
    problem = PROBLEMS[slug]
    if speaks_json(request):
        return problem_response(slug, problem.explanation)
    return _error_page(problem.status, _(problem.title), _(problem.explanation), request)


def _error_page(
    status: int, title: str, sentence: str, request: HttpRequest | None = None
) -> HttpResponse:
    context = {"title": title, "sentence": sentence}
    page = render_to_string("recognizer/error.html", context, request)
    return HttpResponse(page, status=status)

"""The pages: drawing, history, the kinds of problems; and whether the site is well."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import conditional_page, require_safe
from django.views.i18n import JavaScriptCatalog
from prometheus_client import CONTENT_TYPE_LATEST

from recognizer.descriptions import describe_healthz, describe_metrics, describe_readyz
from recognizer.outages import find_outage
from recognizer.problems import PROBLEMS, problem_response, speaks_json
from recognizer.services import metrics as metrics_module
from recognizer.services.versions import registry
from recognizer.visitors import remember_visitor

logger = logging.getLogger(__name__)


@require_safe
@never_cache
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    """Show the drawing page."""
    return _visitor_page(request, "recognizer/draw.html")


@require_safe
@never_cache
@ensure_csrf_cookie
def history(request: HttpRequest) -> HttpResponse:
    """Show what the visitor drew."""
    return _visitor_page(request, "recognizer/history.html")


@require_safe
@never_cache
@ensure_csrf_cookie
def docs(request: HttpRequest) -> HttpResponse:
    """Show what the API can do, to be tried out as the visitor."""
    return _visitor_page(request, "recognizer/docs.html")


@require_safe
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain one kind of API error."""
    if slug not in PROBLEMS:
        raise Http404
    return render(request, "recognizer/problem.html", {"problem": PROBLEMS[slug]})


@require_safe
@cache_control(private=True, no_cache=True)
@conditional_page
def words(request: HttpRequest) -> HttpResponseBase:
    """Bring the scripts what they say, in the language of the page."""
    return JavaScriptCatalog.as_view(packages=["recognizer"])(request)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Send browsers that ask for the icon by its ancient address to the one there is."""
    return redirect(static("favicon.svg"))


@describe_healthz
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "alive"})


@describe_readyz
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and a model is loaded."""
    try:
        model = registry.active_model()
    except registry.NoModel as error:
        return problem_response("no-model", str(error))
    except (DatabaseError, InterfaceError) as error:
        # The reason may name hosts and users, which are nobody's business out there.
        logger.error("The database does not answer: %s", error)
        return problem_response("no-database", "The database does not answer.")
    return JsonResponse({"status": "ready", "model": model.version})


@describe_metrics
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell Prometheus how it goes: by METRICS_TOKEN, or to a member of the staff.

    Nobody is let in for where the request comes from: behind a proxy, all come from there.
    """
    token = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    is_known = settings.METRICS_TOKEN and constant_time_compare(given, token)
    if not (is_known or (request.user.is_active and request.user.is_staff)):
        return problem_response("forbidden", "Metrics are for the staff, or by METRICS_TOKEN.")
    return HttpResponse(metrics_module.tell_metrics(), content_type=CONTENT_TYPE_LATEST)


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


def _visitor_page(request: HttpRequest, template: str) -> HttpResponse:
    context: dict[str, Any] = {"api": {"drawings": reverse("drawing-list")}}
    response = render(request, template, context)
    remember_visitor(request, response)
    return response

"""The pages: drawing, history, the API to try out, kinds of problems, scripts' sentences."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import conditional_page, require_safe
from django.views.i18n import JavaScriptCatalog

from recognizer.access.visitors import remember_visitor
from recognizer.problems.kinds import PROBLEMS


@require_safe
@never_cache
@ensure_csrf_cookie
def draw(request: HttpRequest) -> HttpResponse:
    return _visitor_page(request, "recognizer/draw.html")


@require_safe
@never_cache
@ensure_csrf_cookie
def history(request: HttpRequest) -> HttpResponse:
    """Show the visitor's drawings."""
    return _visitor_page(request, "recognizer/history.html")


@require_safe
@never_cache
@ensure_csrf_cookie
def docs(request: HttpRequest) -> HttpResponse:
    """Show the API, to try it out as the visitor."""
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
    """Return the scripts' sentences in the language of the page."""
    return JavaScriptCatalog.as_view(packages=["recognizer"])(request)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that ask for /favicon.ico."""
    return redirect(static("favicon.svg"))


def _visitor_page(request: HttpRequest, template: str) -> HttpResponse:
    context: dict[str, Any] = {"api": {"drawings": reverse("drawing-list")}}
    response = render(request, template, context)
    remember_visitor(request, response)
    return response

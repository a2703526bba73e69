"""The pages: drawing, history, the API to try out, kinds of problems, scripts' sentences."""

from __future__ import annotations

from collections.abc import Callable
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


def _visitor_page(template: str) -> Callable[[HttpRequest], HttpResponse]:
    """Make the view of a page whose scripts use the API as the visitor."""

    @require_safe
    @never_cache
    @ensure_csrf_cookie
    def view(request: HttpRequest) -> HttpResponse:
        context: dict[str, Any] = {"api": {"drawings": reverse("drawing-list")}}
        response = render(request, template, context)
        remember_visitor(request, response)
        return response

    return view


draw = _visitor_page("recognizer/draw.html")
history = _visitor_page("recognizer/history.html")
docs = _visitor_page("recognizer/docs.html")


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

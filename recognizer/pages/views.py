"""The pages: drawing, history, the API to try out, kinds of problems, scripts' sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext, pgettext
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import conditional_page, require_safe
from django.views.i18n import JavaScriptCatalog

from recognizer.access.visitors import read_visitor, remember_visitor
from recognizer.api.views import DrawingViewSet
from recognizer.models import NO_DIGIT
from recognizer.pages import sentences
from recognizer.problems.kinds import PROBLEMS
from recognizer.services.drawings import statistics
from recognizer.services.versions import registry

_create_drawing = DrawingViewSet.as_view({"post": "create"}, detail=False, basename="drawing")


def _visitor_page(
    template: str, more: Callable[[HttpRequest], dict[str, Any]] = lambda request: {}
) -> Callable[[HttpRequest], HttpResponse]:
    """Make the view of a page whose scripts use the API as the visitor."""

    @require_safe
    @never_cache
    @ensure_csrf_cookie
    def view(request: HttpRequest) -> HttpResponse:
        response = render(request, template, more(request))
        remember_visitor(request, response)
        return response

    return view


def _count_drawings(request: HttpRequest) -> dict[str, Any]:
    total, right, wrong = statistics.count_of_visitor(read_visitor(request))
    return {
        "licensed": statistics.count_licensed(read_visitor(request)),
        "counts": {"right": right, "answered": right + wrong},
        "filters": [
            ("", pgettext("drawings", "All"), total),
            ("true", pgettext("drawings", "Right"), right),
            ("false", pgettext("drawings", "Wrong"), wrong),
            ("open", pgettext("drawings", "Open"), total - right - wrong),
        ],
    }


def _draw_context(request: HttpRequest) -> dict[str, Any]:
    """Return the license of the site, and the version that a known visitor may not have met."""
    context: dict[str, Any] = {"license": settings.DATASET_LICENSE}
    if read_visitor(request):
        with suppress(DatabaseError):  # the page needs no database
            context["model"] = registry.find_active_version()
    return context


_draw = _visitor_page("recognizer/draw.html", _draw_context)
history = _visitor_page("recognizer/history.html", _count_drawings)
docs = _visitor_page("recognizer/docs.html")


def draw(request: HttpRequest) -> HttpResponse:
    """Show the drawing page; a browser without scripts sends a picture to it, which is read."""
    if request.method != "POST":
        return _draw(request)
    response = _create_drawing(request)
    drawing = response.data
    if response.status_code >= 400:
        kind = PROBLEMS[drawing["type"].split("/")[-2]]
        title, sentence = gettext(kind.title), gettext(kind.explanation)
    else:
        shown = drawing["personal"] or drawing
        shares = sentences.share_of_each(shown["probabilities"], shown["strangeness"] or 0.0)
        title, sentence = sentences.describe_answer(
            shown["prediction"],
            is_digit=shown["is_digit"],
            shares=shares,
            own=drawing["prediction"] if drawing["is_digit"] else NO_DIGIT,
        )
    page = {"title": title, "sentence": sentence}
    return render(request, "recognizer/error.html", page, status=response.status_code)


@require_safe
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain one kind of API error."""
    if slug not in PROBLEMS:
        raise Http404
    return render(request, "recognizer/problem.html", {"problem": PROBLEMS[slug]})


class WordsView(JavaScriptCatalog):
    """The scripts' sentences in the language of the page; static/js/words.js looks them up."""

    packages = ["recognizer"]

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        catalog = json.dumps(context["catalog"], ensure_ascii=False, separators=(",", ":"))
        plural = context["plural"] or "n != 1"
        script = f"globalThis.catalog={catalog};globalThis.plural=n=>+({plural})"
        return HttpResponse(script, content_type="text/javascript; charset=utf-8")


words = require_safe(
    cache_control(private=True, no_cache=True)(conditional_page(WordsView.as_view()))
)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect browsers that ask for /favicon.ico."""
    return redirect(static("favicon.svg"))

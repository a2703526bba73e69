"""Every address that the site has, found by walking its resolver, with arguments that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from recognizer.models import Drawing

ARGUMENTS = {
    "app_label": "recognizer",
    "content_type_id": "1",
    "ending": "csv",
    "first": "1",
    "group": "00000000-0000-4000-8000-000000000007",
    "id": "1",
    "object_id": "1",
    "pk": "1",
    "second": "2",
    "slug": "not-found",
    "url": "nowhere",
    "version": "1",
}


def addresses(drawing: Drawing) -> list[str]:
    """Return each of them once; whatever is about a drawing is about this one."""
    found = sorted(set(_walk(get_resolver().url_patterns, "/", str(drawing.pk))))
    # So that the walk cannot lose its way unnoticed.
    assert {"/", "/predict", "/language/", "/admin/login/", "/api/v1/stats/"} <= set(found)
    assert f"/api/v1/drawings/{drawing.pk}/feedback/" in found
    assert f"/admin/recognizer/drawing/{drawing.pk}/delete/" in found
    return found


def _walk(patterns: list[URLPattern | URLResolver], base: str, drawing: str) -> Iterator[str]:
    for pattern in patterns:
        here = base + _fill(str(pattern.pattern), base, drawing)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, here, drawing)
        else:
            yield here


def _fill(route: str, base: str, drawing: str) -> str:
    route = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).removeprefix("^")
    route = route.removesuffix("\\Z").removesuffix("$")
    is_drawing = any(word in base + route for word in ("drawing", "reviews"))

    def argument(match: re.Match[str]) -> str:
        name = match[1].rpartition(":")[2]
        return drawing if is_drawing and name in {"object_id", "pk"} else ARGUMENTS[name]

    return re.sub(r"<([\w:]+)>", argument, route)

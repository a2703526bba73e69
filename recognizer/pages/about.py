"""The page that explains the recognizer in pictures, on the visitor's own last drawing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recognizer.access.visitors import read_visitor
from recognizer.models import NO_DIGIT, Drawing, TrainedModel
from recognizer.pages import sentences
from recognizer.services.drawings import explaining, statistics
from recognizer.services.versions import registry
from recognizer.wording import png_url

# In which direction ink grows on each map, in the model's order; and the order of a compass.
ARROWS = "→↘↓↙←↖↑↗"
COMPASS = "↖↑↗←·→↙↓↘"


@require_safe
@never_cache
def about(request: HttpRequest) -> HttpResponse:
    """Show a drawing's way through the model, step by step."""
    drawing = Drawing.objects.of_visitor(read_visitor(request)).first()
    try:
        walk = explaining.walk_through(drawing)
    except registry.NoModel:
        return render(request, "recognizer/about.html", _count_month())
    maps = dict(zip(ARROWS, map(png_url, walk.directions), strict=True))
    prediction = walk.prediction
    shares = sentences.share_of_each(prediction.probabilities, prediction.strangeness)
    answer = prediction.digit if prediction.is_digit else NO_DIGIT
    sentence, detail = sentences.describe_answer(
        prediction.digit, is_digit=prediction.is_digit, shares=shares
    )
    context = {
        "drawing": drawing,
        "model": walk.model,
        "drawn": png_url(walk.drawn),
        "canonical": png_url(walk.canonical),
        "upright": png_url(walk.upright),
        "compass": [(arrow, maps.get(arrow)) for arrow in COMPASS],
        "answer": answer,
        "sentence": sentence,
        "detail": detail,
        "bars": [(round(80 * share, 1), sentences.short_percent(share)) for share in shares],
        "inside": walk.inside and asdict(walk.inside),
        **_count_month(),
        **_describe(registry.get_model(walk.model)),
    }
    return render(request, "recognizer/about.html", context)


def _count_month() -> dict[str, Any]:
    """Return how often people said this month that it was right."""
    month = statistics.count_this_month()
    # Rounded down: 100.0% is for those who were never wrong.
    percent = number_format(1000 * month["correct"] // max(month["labeled"], 1) / 10, 1)
    return {"month": month, "month_percent": _("%(percent)s%%") % {"percent": percent}}


def _describe(model: TrainedModel) -> dict[str, Any]:
    """Return what a version learned from and how good it is, by its own records."""
    names = {
        "typefaces": _("digits of typefaces"),
        "pens": _("digits of a synthetic pen"),
        "others": _("letters and scribbles, to know what is not a digit"),
        "corrections": _("corrections by people"),
    }
    return {
        "learned": [(name, model.data[key]) for key, name in names.items() if model.data.get(key)],
        "measured": [
            (
                _("%(pictures)s that it never saw") % {"pictures": name},
                report["n"],
                100 * report["accuracy"],
            )
            for key, name in names.items()
            if (report := model.metrics.get(key) or {}).get("accuracy") is not None
        ],
    }

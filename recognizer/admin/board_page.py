"""The operators' board: whether all is as usual, and how right the site reads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from recognizer.admin.charts import draw_pairs, draw_weeks
from recognizer.models import NO_DIGIT
from recognizer.services.daily_counts import SOURCES
from recognizer.services.drift import FIRST, LEAST_NOW, NOTABLE, WARNING, Drift
from recognizer.services.site import board as figures
from recognizer.wording import say_percent

SOURCE_NAMES: Final = {
    "": gettext_lazy("All sources"),
    "canvas": gettext_lazy("Drawn here"),
    "upload": gettext_lazy("Uploads"),
    "api": gettext_lazy("API"),
}
FROM_SOURCE: Final = {
    "canvas": gettext_lazy("drawn here"),
    "upload": gettext_lazy("from uploads"),
    "api": gettext_lazy("from the API"),
}
UNSURE: Final = "0.7"


def show_board(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("recognizer.view_metrics"):
        raise PermissionDenied
    days, source = _read_range(request)
    board = figures.read_board(days, source)
    drift = board.drift
    context = {
        **admin.site.each_context(request),
        "title": _("Board"),
        "headline": _sum_up(board, source),
        "numbers": _list_numbers(board, days),
        "ranges": [
            (str(each or "all"), _name_range(each), each == days) for each in figures.RANGES
        ],
        "sources": [(each, name, each == source) for each, name in SOURCE_NAMES.items()],
        "days": str(days or "all"),
        "source": source,
        "weeks": draw_weeks(board.weeks, board.versions),
        "confusion": _tabulate(board, source),
        "drift": drift,
        "changes": _compare(drift) if drift and drift.now.drawn and drift.before.drawn else [],
        "traffic": board.traffic,
        "p95_ms": board.traffic.p95_seconds and round(1000 * board.traffic.p95_seconds),
        "first": FIRST,
    }
    return TemplateResponse(request, "admin/recognizer/board.html", context)


board_view = admin.site.admin_view(never_cache(show_board))


def _read_range(request: HttpRequest) -> tuple[int | None, str]:
    choices = {str(each or "all"): each for each in figures.RANGES}
    days, source = request.GET.get("days", "7"), request.GET.get("source", "")
    if days not in choices:
        raise BadRequest(f"days is one of: {', '.join(choices)}.")
    if source not in ("", *SOURCES):
        raise BadRequest(f"source is one of: {', '.join(SOURCES)}; or leave it out.")
    return choices[days], source


def _name_range(days: int | None) -> str:
    return _("%(days)d days") % {"days": days} if days else _("All")


def _sum_up(board: figures.Board, source: str) -> dict[str, str]:
    """Return one sentence about whether all is as usual, why, and where to look."""
    drift = board.drift
    if drift is None:
        return {"kind": "warning", "strong": _("No version answers."), "text": ""}
    if not drift.is_known:
        needs = _(
            "Model %(version)d is compared with its first %(first)d drawings once %(more)d more "
            "have followed; now it has %(before)d and %(now)d."
        ) % {
            "version": drift.version,
            "first": FIRST,
            "more": LEAST_NOW,
            "before": drift.before.drawn,
            "now": drift.now.drawn,
        }
        return {"kind": "early", "strong": _("Too early to tell."), "text": needs}
    indexes = drift.indexes()
    name = next((name for name in indexes if indexes[name] >= WARNING), "")
    if not name:
        index = max(indexes.values())
        text = _describe_unsure(drift, indexes["confidence"])
        more = drift.more_than_usual()
        if more == "unsure":
            strong = _("More unsure than usual.")
        elif more:
            strong, text = _("More refusals than usual."), _describe_refused(drift, indexes[more])
        else:
            strong = _("All is as usual.") if index < NOTABLE else _("Nearly as usual.")
        return {"kind": "calm", "strong": strong, "text": text}
    index = indexes[name]
    since = None
    query: dict[str, object] = {"model__version__exact": drift.version}
    if name == "confidence":
        is_less = drift.now.unsure_share > drift.before.unsure_share
        since = drift.less_sure_since() if is_less else None
        strong = _("Less sure than usual") if is_less else _("Surer than usual")
        text = f"{_describe_unsure(drift, index)} {_describe_most(board, drift)}"
        query["confidence__lt" if is_less else "confidence__gte"] = UNSURE
    elif name == "digits":
        strong, text = _("Other digits than usual"), f"PSI {_decimal(index)}."
    else:
        strong = _("Other refusals than usual")
        text = _describe_refused(drift, index)
        query["answer__exact"] = NO_DIGIT
    if since:
        strong = _("%(what)s since %(day)s.") % {
            "what": strong,
            "day": _name_day(since, board.today),
        }
    else:
        strong = f"{strong}."
    return {
        "kind": "warning",
        "strong": strong,
        "text": text.strip(),
        "link": _link(source, since or board.begin, **query),
    }


def _describe_unsure(drift: Drift, index: float) -> str:
    return _("Share of answers below 70%%: %(now)s, was %(before)s (PSI %(psi)s).") % {
        "now": say_percent(drift.now.unsure_share),
        "before": say_percent(drift.before.unsure_share),
        "psi": _decimal(index),
    }


def _describe_refused(drift: Drift, index: float) -> str:
    return _("Share of drawings read as no digit: %(now)s, was %(before)s (PSI %(psi)s).") % {
        "now": say_percent(drift.now.answers[NO_DIGIT] / drift.now.drawn),
        "before": say_percent(drift.before.answers[NO_DIGIT] / drift.before.drawn),
        "psi": _decimal(index),
    }


def _describe_most(board: figures.Board, drift: Drift) -> str:
    """Name the answers with most unsure ones beyond the usual, and the source with most."""
    scale = drift.now.drawn / drift.before.drawn
    excess = {
        answer: now - scale * before
        for answer, (now, before) in enumerate(
            zip(drift.now.unsure, drift.before.unsure, strict=True)
        )
    }
    most = sorted((answer for answer in excess if excess[answer] > 0), key=excess.__getitem__)[-2:]
    if not most:
        return ""
    names = [_("no digit") if answer == NO_DIGIT else str(answer) for answer in sorted(most)]
    answers = _(" and ").join(names)
    if len(board.by_source) < 2:
        return _("Mostly %(answers)s.") % {"answers": answers}
    source = max(board.by_source, key=lambda name: sum(board.by_source[name].unsure))
    return _("Mostly %(answers)s, %(source)s.") % {
        "answers": answers,
        "source": FROM_SOURCE[source],
    }


def _list_numbers(board: figures.Board, days: int | None) -> list[tuple[str, str, str]]:
    """Return titles, numbers and notes."""
    sums, before, queue = board.sums, board.before, board.queue
    share, interval = "-", ""
    if sums.labeled:
        share = say_percent(sums.right / sums.labeled, 1)
        low, high = figures.interval(sums.right, sums.labeled)
        interval = _("%(low)s to %(high)s, without imports") % {
            "low": say_percent(low, 1),
            "high": say_percent(high, 1),
        }
    growth = ""
    if days and before.drawn:
        growth = _("%(change)s on the %(days)d days before") % {
            "change": "+" * (sums.drawn >= before.drawn)
            + say_percent(sums.drawn / before.drawn - 1),
            "days": days,
        }
    waiting = []
    if queue.count:
        waiting = [_("%(count)s suspicious") % {"count": _count(queue.suspicious)}]
    if queue.count and queue.oldest:
        age = (board.today - queue.oldest).days
        oldest = ngettext("oldest %(days)d day", "oldest %(days)d days", age)
        waiting.append(oldest % {"days": age})
    return [
        (
            _("Drawn, last %(days)d days") % {"days": days} if days else _("Drawn"),
            _count(sums.drawn),
            growth,
        ),
        (
            _("Answered by people"),
            say_percent(sums.labeled / sums.drawn) if sums.drawn else "-",
            ngettext("%(count)s answer", "%(count)s answers", sums.labeled)
            % {"count": _count(sums.labeled)},
        ),
        (_("Right, as people say"), share, interval),
        (_("Waiting for review"), _count(queue.count), " · ".join(waiting)),
        *_describe_version(board),
    ]


def _describe_version(board: figures.Board) -> list[tuple[str, str, str]]:
    if board.model is None:
        return [(_("No version answers."), "-", "")]
    corrections = int(board.model.data.get("corrections", 0))
    notes = [
        ngettext("%(count)s correction", "%(count)s corrections", corrections)
        % {"count": _count(corrections)}
    ]
    if board.approved is not None:
        notes.append(
            _("next run at %(wanted)d approvals: %(approved)d")
            % {"wanted": settings.RETRAIN_AFTER, "approved": board.approved}
        )
    made = _("made %(day)s") % {"day": date_format(board.model.created_at, _("j M"))}
    begun = board.answers_since and localtime(board.answers_since)
    if begun:
        notes.insert(0, made)
    return [
        (
            _("Model %(version)d answers") % {"version": board.model.version},
            _("since %(day)s") % {"day": date_format(begun, _("j M"))} if begun else made,
            " · ".join(notes),
        )
    ]


def _tabulate(board: figures.Board, source: str) -> list[dict[str, Any]]:
    """Return the confusion matrix by label: cells with answer, count, shade and address."""
    confusion = board.sums.confusion
    mistakes = [count for (label, answer), count in confusion.items() if label != answer]
    most = max(mistakes, default=1)
    return [
        {
            "label": _name(label),
            "cells": [
                {
                    "answer": _name(answer),
                    "count": count,
                    "kind": "right" if label == answer else f"wrong-{-(-3 * count // most)}",
                    "url": _link(
                        source,
                        board.begin,
                        label__exact=label,
                        answer__exact=answer,
                        review__in="unreviewed,approved",
                    ),
                }
                for answer in range(NO_DIGIT + 1)
                for count in [confusion[label, answer]]
            ],
        }
        for label in range(NO_DIGIT + 1)
    ]


def _compare(drift: Drift) -> list[dict[str, Any]]:
    """Return the charts of the version's first drawings and those of now."""
    indexes = drift.indexes()
    bins = [str(10 * number) for number in range(10)]
    return [
        {
            "title": _("How sure: now and before"),
            "column": _("Percent sure, from"),
            "pairs": draw_pairs(bins, drift.before.confidences, drift.now.confidences),
            "psi": indexes["confidence"] if drift.is_known else None,
            "is_other": indexes["confidence"] >= WARNING,
        },
        {
            "title": _("What is read: now and before"),
            "column": _("Answer"),
            "pairs": draw_pairs(
                [_name(answer) for answer in range(NO_DIGIT + 1)],
                drift.before.answers,
                drift.now.answers,
            ),
            "psi": max(indexes["digits"], indexes["refusals"]) if drift.is_known else None,
            "is_other": max(indexes["digits"], indexes["refusals"]) >= WARNING,
        },
    ]


def _link(source: str, since: date, **query: object) -> str:
    """Return the address of the list with the drawings that were counted."""
    if since > date.min:
        query["created_at__gte"] = f"{since:%Y-%m-%d}T00:00:00Z"
    query["source__in"] = source or ",".join(SOURCES)
    return reverse("admin:recognizer_drawing_changelist", query=query)


def _name(answer: int) -> str:
    return "∅" if answer == NO_DIGIT else str(answer)


def _name_day(day: date, today: date) -> str:
    if today - day < timedelta(7):
        return date_format(day, "l")
    return date_format(day, "MONTH_DAY_FORMAT" if today - day < timedelta(300) else "DATE_FORMAT")


def _count(number: int) -> str:
    return number_format(number, force_grouping=True)


def _decimal(number: float) -> str:
    return number_format(round(number, 2), 2)

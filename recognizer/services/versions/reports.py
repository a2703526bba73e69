"""Reports of a version: its mistakes, its calibration, and the learning curve of all versions."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from ml.drawing.pictures import encode_png
from ml.errors import MLError
from ml.labeled.digits import LabeledDigits, as_presented, load_tmnist, split_by_group
from ml.measuring.evaluation import Report, likeliest
from ml.measuring.evaluation import report as measure
from ml.measuring.holdouts import is_new_to, pen_holdout
from ml.pipeline import read
from recognizer.models import NO_DIGIT, DailyCount, TrainedModel
from recognizer.services.daily_counts import add_up, read_counts
from recognizer.services.stored_digits import read_newest_corrections, read_pixels
from recognizer.services.versions.gate import explain_losses
from recognizer.services.versions.registry import get_model, load_pipeline
from recognizer.wording import (
    HOLDOUTS,
    by_holdout,
    data_url,
    describe_facts,
    png_url,
    say_answer,
    say_percent,
)

MISTAKES = 12
"""Mistakes shown of each holdout."""
CORRECTIONS = 5_000
"""Most corrections kept aside that are read, the newest ones."""
FORMAT = 4
"""Version of the cached panels; goes up when they are made differently."""


@dataclass(frozen=True)
class Mistake:
    """A digit that was misread, as the model saw it; that of a drawing is read when it is shown."""

    picture: str
    label: str
    answer: str
    confidence: float
    source: str
    drawing: uuid.UUID | None

    @property
    def sure(self) -> str:
        return say_percent(min(self.confidence, 0.999), 1)


@dataclass(frozen=True)
class Panel:
    """The results of a version on one holdout; pictures are data: addresses."""

    title: str
    report: Report
    confusion: str
    calibration: str
    mistakes: tuple[Mistake, ...]
    hidden: int = 0
    """Mistakes whose drawing was deleted or rejected since, or may not be seen."""

    @property
    def heading(self) -> str:
        names = {_title(name): name for name in HOLDOUTS}
        return _say_title(names.get(self.title, self.title))

    @property
    def accuracy(self) -> str:
        return say_percent(self.report.accuracy, 2)


@dataclass(frozen=True)
class VersionReport:
    """The whole report; where the model's file cannot be used, `fault` says why."""

    model: TrainedModel
    made_at: datetime
    panels: tuple[Panel, ...]
    fault: str
    curve: str
    facts: dict[str, dict[str, object]]
    measured: tuple[dict[str, object], ...]


def make_report(
    version: int | None = None, note: Callable[[str, float], None] = lambda phase, share: None
) -> VersionReport:
    """Report on a version, by default the active one.

    Typefaces and pens kept aside never change, so each version reads them once, as long as the
    cache keeps that; corrections kept aside are the present ones.
    """
    model = get_model(version)
    panels: tuple[Panel, ...] = ()
    fault = ""
    try:
        panels = tuple(_panels(model, note))
    except MLError as error:
        fault = str(error)
    note(gettext_noop("drawing the learning curve"), 0.9)
    panels = tuple(_with_drawings(panels))
    return _describe(model, timezone.now(), panels, fault, _learning_curve())


def as_content(report: VersionReport) -> dict[str, Any]:
    """Return what is stored of a report, for JSON: neither its version's row nor drawings."""
    panels = [asdict(panel) for panel in report.panels]
    for mistake in (each for panel in panels for each in panel["mistakes"] if each["drawing"]):
        mistake["picture"] = ""
    return {"panels": panels, "fault": report.fault, "curve": report.curve}


def from_content(
    model: TrainedModel, made_at: datetime, content: dict[str, Any], *, with_drawings: bool
) -> VersionReport:
    panels = tuple(
        Panel(
            **{
                **panel,
                "report": Report(**panel["report"]),
                "mistakes": tuple(Mistake(**mistake) for mistake in panel["mistakes"]),
            }
        )
        for panel in content["panels"]
    )
    shown = tuple(_with_drawings(panels, may_see=with_drawings))
    return _describe(model, made_at, shown, content["fault"], content["curve"])


def _with_drawings(panels: tuple[Panel, ...], *, may_see: bool = True) -> Iterator[Panel]:
    """Yield panels with the pictures of drawings, without the mistakes of which there is none."""
    ids = [one.drawing for panel in panels for one in panel.mistakes if one.drawing]
    pixels = read_pixels(ids) if may_see else {}
    pictures = {
        id: png_url(encode_png(np.frombuffer(canonical, np.uint8).reshape(28, 28)))
        for id, canonical in pixels.items()
    }
    for panel in panels:
        shown = tuple(
            replace(one, picture=pictures[str(one.drawing)]) if one.drawing else one
            for one in panel.mistakes
            if one.drawing is None or str(one.drawing) in pictures
        )
        hidden = panel.hidden + len(panel.mistakes) - len(shown)
        yield replace(panel, mistakes=shown, hidden=hidden)


def _describe(
    model: TrainedModel, made_at: datetime, panels: tuple[Panel, ...], fault: str, curve: str
) -> VersionReport:
    return VersionReport(
        model=model,
        made_at=made_at,
        panels=panels,
        fault=fault,
        curve=curve,
        facts=_facts(model),
        measured=tuple(
            {
                "name": _say_title(name),
                "n": metrics["n"],
                "accuracy": say_percent(metrics["accuracy"], 2),
                "calibration_error": _calibration(metrics["calibration_error"]),
            }
            for name, metrics in by_holdout(model.metrics)
            if metrics and "recall" in metrics
        ),
    )


def _panels(model: TrainedModel, note: Callable[[str, float], None]) -> Iterator[Panel]:
    note(gettext_noop("preparing the pictures kept aside"), 0.0)
    frozen = _cache_key("frozen", model.sha256)
    kept: tuple[Panel, ...] | None = cache.get(frozen)
    pipeline = None
    if kept is None:
        pipeline = load_pipeline(model)
        _, faces = split_by_group(load_tmnist(settings.BASE_DATASET))
        parts = {"typefaces": as_presented(faces), "pens": pen_holdout()}
        kept = tuple(_panel(pipeline, name, part) for name, part in parts.items() if len(part))
        cache.set(frozen, kept, timeout=None)
    yield from kept
    note(gettext_noop("reading corrections"), 0.7)
    corrections = read_newest_corrections(CORRECTIONS, held_out=True)
    corrections = corrections.select(is_new_to(model.data, corrections.digits))
    if not (corrections.digits.labels != NO_DIGIT).any():
        return
    content = hashlib.sha256(corrections.digits.labels.tobytes())
    content.update(" ".join(map(str, corrections.ids)).encode())
    current = _cache_key("corrections", model.sha256, content.hexdigest())
    panel: Panel | None = cache.get(current)
    if panel is None:
        panel = _panel(
            pipeline or load_pipeline(model), "corrections", corrections.digits, corrections.ids
        )
        cache.set(current, panel)
    yield panel


def _panel(
    pipeline: Any, name: str, digits: LabeledDigits, drawings: NDArray[np.object_] | None = None
) -> Panel:
    from ml.measuring import plots  # 34 MB, needed for reports only

    reading = read(pipeline, digits.images)
    answers = likeliest(reading, digits.labels)
    confidence = reading.probabilities.max(axis=1)
    right = answers == digits.labels
    is_digit = digits.labels != NO_DIGIT
    wrong = np.flatnonzero(~right)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MISTAKES]
    return Panel(
        title=_title(name),
        report=measure(reading, digits.labels),
        confusion=data_url(
            plots.draw_confusion(digits.labels[is_digit], answers[is_digit]), "svg+xml"
        ),
        calibration=data_url(
            plots.draw_calibration(confidence[is_digit], right[is_digit]), "svg+xml"
        ),
        mistakes=tuple(
            Mistake(
                picture=png_url(encode_png(digits.images[index])) if drawings is None else "",
                label=say_answer(digits.labels[index]),
                answer=say_answer(answers[index]),
                confidence=float(confidence[index]),
                source=str((digits.groups if drawings is None else drawings)[index]),
                drawing=None if drawings is None else drawings[index],
            )
            for index in worst
        ),
    )


def _learning_curve() -> str:
    from ml.measuring import plots  # as above

    versions = list(TrainedModel.objects.order_by("version").only("version", "data", "metrics"))
    points: dict[str, list[tuple[int, float, int]]] = {}
    for name in ("typefaces", "pens", "corrections"):
        measured = [(one.version, one.metrics[name]) for one in versions if one.metrics.get(name)]
        points[HOLDOUTS[name]] = [(version, got["accuracy"], got["n"]) for version, got in measured]
    points["live: drawings that people answered for"] = [
        (version, right / count, count) for version, count, right in _count_answered()
    ]
    curves = [plots.Curve(name, *zip(*line, strict=True)) for name, line in points.items() if line]
    numbers = [one.version for one in versions]
    corrections = [int(one.data.get("corrections", 0)) for one in versions]
    key = _cache_key("curve", repr((numbers, corrections, curves)))
    drawn: str | None = cache.get(key)
    if drawn is None:
        drawn = data_url(plots.draw_learning_curve(numbers, corrections, curves), "svg+xml")
        cache.set(key, drawn)
    return drawn


def _count_answered() -> Sequence[tuple[int, int, int]]:
    """Count for each version the answers of people, and those that it was right.

    By the daily counts, without imported and rejected drawings.
    """
    by_version: defaultdict[int, list[DailyCount]] = defaultdict(list)
    for one in read_counts():
        by_version[one.model_id].append(one)
    sums = ((version, add_up(counts)) for version, counts in sorted(by_version.items()))
    return [(version, one.labeled, one.right) for version, one in sums if one.labeled]


def _facts(model: TrainedModel) -> dict[str, dict[str, object]]:
    """Return the facts of a version by heading and name."""
    seconds, size = model.training_seconds, number_format(model.size_bytes, force_grouping=True)
    return {
        _("Version"): {
            _("origin"): _(str(model.get_origin_display())),
            _("parent"): _("Model %(version)s") % {"version": model.parent_id}
            if model.parent_id
            else _("none"),
            _("created"): f"{model.created_at:%Y-%m-%d %H:%M} UTC",
            _("training took"): f"{seconds:.0f} s" if seconds else "-",
            _("file"): model.artifact,
            _("size"): _("%(count)s bytes") % {"count": size},
            "SHA-256": model.sha256,
        },
        **_against(model),
        _("Data"): dict(describe_facts(model.data)),
        _("Parameters"): dict(describe_facts(model.parameters)),
        _("Libraries"): {
            "Python": model.python_version,
            "scikit-learn": model.sklearn_version,
            "NumPy": model.numpy_version,
            "SciPy": model.scipy_version or _("not recorded"),
            "Pillow": model.pillow_version or _("not recorded"),
        },
    }


def _against(model: TrainedModel) -> dict[str, dict[str, object]]:
    """Return what the gate said, and for each holdout the digit that lost most."""
    digits = model.gate.get("digits")
    if not digits:
        return {}
    facts: dict[str, object] = {
        _("verdict"): _("accepted") if model.gate["accepted"] else _("refused"),
        _("reason"): model.gate["reason"] or " ".join(explain_losses(model.gate)) or "-",
    }
    for name, by_digit in by_holdout(digits):
        digit, most = max(by_digit.items(), key=lambda item: item[1]["points_lost"])
        said = _("most lost by the %(digit)s: %(points)s points")
        lost = most["points_lost"]
        points = "+" * (lost >= 0) + number_format(lost, 2)
        facts[_(HOLDOUTS[name])] = said % {"digit": digit, "points": points}
    return {_("Against Model %(version)s") % {"version": model.gate["against"]}: facts}


def _calibration(error: float | None) -> str:
    return "-" if error is None else number_format(error, 4)


def _title(name: str) -> str:
    return HOLDOUTS.get(name, name).capitalize()


def _say_title(name: str) -> str:
    return capfirst(_(HOLDOUTS.get(name, name)))


def _cache_key(*parts: str) -> str:
    return f"report:{FORMAT}:{hashlib.sha256(':'.join(parts).encode()).hexdigest()}"

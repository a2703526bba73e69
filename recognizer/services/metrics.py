"""Metrics for Prometheus: the counts of this server's processes, and those of the archive."""

from __future__ import annotations

import logging
import os
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from math import inf

from django.db.models import Sum
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from ml.pipeline import Prediction
from recognizer.models import DailyCount, TrainedModel
from recognizer.services.daily_counts import add_up, counted_at
from recognizer.services.drift import find_drift, read_earlier
from recognizer.wording import NONE

logger = logging.getLogger(__name__)

PREDICTIONS = Counter("digits_predictions", "Drawings that were read.", ["digit", "version"])
FEEDBACK = Counter("digits_feedback", "Answers to a prediction.", ["version", "outcome"])
"""Live accuracy of a version is the share of its answers that say "right"."""

THROTTLED = Counter("digits_throttled", "Requests refused by a limit.", ["caller", "limited"])
"""By whose limit (visitor, key, address, network, everybody), and of what, such as requests."""


def count_predictions(predictions: Iterable[Prediction], version: int) -> None:
    answers = Tally(one.digit if one.is_digit else NONE for one in predictions)
    for answer, drawings in answers.items():
        PREDICTIONS.labels(answer, version).inc(drawings)


def count_feedback(version: int, *, is_right: bool) -> None:
    """Count an answer to a prediction; a changed answer counts again."""
    FEEDBACK.labels(version, "right" if is_right else "wrong").inc()


def count_throttled(caller: str, limited: str) -> None:
    """Count a request that a limit refused."""
    THROTTLED.labels(caller, limited).inc()


@dataclass(frozen=True)
class Traffic:
    """What this server's processes counted since it started."""

    requests: int
    failed: int
    """Answers of 500 and above, such as of a busy database."""
    throttled: int
    p95_seconds: float | None
    """What 95 % of the requests stayed below, within the bounds of the histogram."""


def read_traffic() -> Traffic:
    buckets: Tally[float] = Tally()
    answers: Tally[str] = Tally()
    throttled = 0.0
    for family in _Counted().collect():
        for sample in family.samples:
            match sample.name:
                case "django_http_requests_latency_seconds_by_view_method_bucket":
                    buckets[float(sample.labels["le"])] += int(sample.value)
                case "django_http_responses_total_by_status_total":
                    answers[sample.labels["status"]] += int(sample.value)
                case "digits_throttled_total":
                    throttled += sample.value
    failed = sum(count for status, count in answers.items() if status >= "500")
    return Traffic(answers.total(), failed, int(throttled), _quantile(buckets, 0.95))


def _quantile(buckets: Tally[float], share: float) -> float | None:
    """Interpolate within a bucket, as Prometheus's `histogram_quantile` does."""
    wanted = share * max(buckets.values(), default=0)
    low, below = 0.0, 0
    for bound in sorted(buckets):
        if buckets[bound] >= wanted > 0:
            if bound == inf:
                return low
            return low + (bound - low) * (wanted - below) / (buckets[bound] - below)
        low, below = bound, buckets[bound]
    return None


def format_metrics() -> bytes:
    """Return all metrics in Prometheus's text format."""
    return generate_latest(_Counted()) + generate_latest(_Archive())


class _Counted(CollectorRegistry):
    """The counts of all processes; none, if a file of them is damaged."""

    def collect(self) -> Iterator[Metric]:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # which gunicorn's configuration makes
            yield from REGISTRY.collect()
            return
        registry = CollectorRegistry()
        try:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            families = list(registry.collect())
        except Exception as error:  # of whatever kind a damaged file causes
            logger.error("The counts of requests cannot be read: %s", error)
            return
        yield from families


class _Archive(CollectorRegistry):
    """Queries the active version and the daily counts when it is scraped.

    The counts are those that the worker keeps: Prometheus asks too often to count anew.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        model = TrainedModel.objects.active().only("version", "created_at").first()
        version = None if model is None else model.version
        since = timezone.now().astimezone(UTC).date() - timedelta(6)
        week = list(DailyCount.objects.filter(day__gte=since).order_by("day"))
        age = _gauge("model_age_seconds", "Time since the active model was trained.", "version")
        if model is not None:
            seconds = (timezone.now() - model.created_at).total_seconds()
            age.add_metric([str(version)], seconds)
        yield age
        yield from _count_week(week)
        drift = _gauge(
            "drift_psi",
            "Population stability index of the last 7 days against the version's first drawings.",
            *("version", "of"),
        )
        if version is not None:
            found = find_drift(version, [*read_earlier(version, since), *week], since)
            for name, index in found.indexes().items() if found.is_known else ():
                drift.add_metric([str(version), name], index)
        yield drift
        yield from _count_queue()


def _count_week(counts: list[DailyCount]) -> Iterator[GaugeMetricFamily]:
    drawings = _gauge("week_drawings", "Drawings of the last 7 days.", "source", "version")
    unsure = _gauge(
        "week_unsure", "Those of them with a confidence below 70 %.", "source", "version"
    )
    answers = _gauge(
        "week_answers",
        "Answers of people to them, without rejected ones.",
        *("source", "version", "outcome"),
    )
    for source, version in sorted({(one.source, one.model_id) for one in counts}):
        sums = add_up(one for one in counts if (one.source, one.model_id) == (source, version))
        labels = [source, str(version)]
        drawings.add_metric(labels, sums.drawn)
        unsure.add_metric(labels, sum(sums.unsure))
        answers.add_metric([*labels, "right"], sums.right)
        answers.add_metric([*labels, "wrong"], sums.labeled - sums.right)
    yield from (drawings, unsure, answers)


def _count_queue() -> Iterator[GaugeMetricFamily]:
    kept = DailyCount.objects.aggregate(waiting=Sum("waiting"))
    waiting = _gauge("waiting", "Answers that wait for a review.")
    waiting.add_metric([], kept["waiting"] or 0)
    yield waiting
    counted = _gauge("counted_timestamp_seconds", "When the worker counted the drawings last.")
    if last := counted_at():
        counted.add_metric([], last.timestamp())
    yield counted


def _gauge(name: str, description: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"digits_{name}", description, labels=labels)

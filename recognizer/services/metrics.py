"""Metrics for Prometheus: the counts of this server's processes, and the age of the model."""

from __future__ import annotations

import logging
import os
from collections import Counter as Tally
from collections.abc import Iterable, Iterator

from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from ml.pipeline import Prediction
from recognizer.models import TrainedModel
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


def format_metrics() -> bytes:
    """Return all metrics in Prometheus's text format."""
    return _format_counts() + generate_latest(_ActiveModel())


def _format_counts() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # which gunicorn's configuration makes
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    except Exception as error:  # of whatever kind a damaged file causes
        logger.error("The counts of requests cannot be read: %s", error)
        return b""


class _ActiveModel(CollectorRegistry):
    """Queries the active version when it is scraped."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        age = GaugeMetricFamily(
            "digits_model_age_seconds",
            "Time since the active model was trained.",
            labels=["version"],
        )
        model = TrainedModel.objects.active().only("version", "created_at").first()
        if model is not None:
            seconds = (timezone.now() - model.created_at).total_seconds()
            age.add_metric([str(model.version)], seconds)
        yield age

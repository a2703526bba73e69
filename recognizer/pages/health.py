"""Whether the site is well: for load balancers, containers and Prometheus."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from recognizer.api.operations import describe_healthz, describe_metrics, describe_readyz
from recognizer.problems.kinds import problem_response
from recognizer.services.metrics import format_metrics
from recognizer.services.site.counting import resume_counting
from recognizer.services.versions import registry

logger = logging.getLogger(__name__)


@describe_healthz
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while this process lives."""
    return JsonResponse({"status": "alive"})


@describe_readyz
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Check that the database answers and a model is loaded."""
    try:
        model = registry.active_model()
    except registry.NoModel as error:
        return problem_response("no-model", str(error))
    except (DatabaseError, InterfaceError) as error:
        # The reason may name hosts and users, which are not for strangers.
        logger.error("The database does not answer: %s", error)
        return problem_response("no-database", "The database does not answer.")
    answer: dict[str, object] = {"status": "ready", "model": model.version}
    refusal = registry.find_refusal()
    if refusal is not None:
        answer |= {"instead_of": refusal.version, "reason": refusal.reason}
    return JsonResponse(answer)


@describe_metrics
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics, to METRICS_TOKEN or to a user with the permission.

    The address is no proof: behind a proxy, every request comes from this machine.
    """
    token = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    is_known = settings.METRICS_TOKEN and constant_time_compare(given, token)
    if not (is_known or request.user.has_perm("recognizer.view_metrics")):
        detail = "This needs METRICS_TOKEN or the permission “recognizer.view_metrics”."
        return problem_response("forbidden", detail)
    resume_counting()
    return HttpResponse(format_metrics(), content_type=CONTENT_TYPE_LATEST)

"""Errors of the API as RFC 9457 problem details: the kinds, and how exceptions map to them."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.urls import reverse

# Marked for translation on the pages; programs get the English text.
from django.utils.translation import gettext_noop as _
from django_guid import get_guid
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from recognizer.services.drawings import recognition, room
from recognizer.services.errors import (
    ArtifactError,
    BlankDrawing,
    DatasetError,
    ImageTooLarge,
    InvalidBox,
    InvalidDrawing,
    InvalidImage,
    InvalidPixels,
    InvalidStrokes,
    NothingFound,
    SeveralDigits,
)
from recognizer.services.versions import registry

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
PROGRAM_PATHS = {"/predict", "/healthz", "/readyz", "/metrics"}


@dataclass(frozen=True)
class Problem:
    """One kind of error: its status, and what it means."""

    status: int
    title: str
    explanation: str
    retry_after_seconds: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every answer with this problem."""
        seconds = self.retry_after_seconds
        return {} if seconds is None else {"Retry-After": str(seconds)}


PROBLEMS = {
    "invalid-request": Problem(
        400,
        _("The request is not valid"),
        _(
            "A field is missing, unknown in this combination, or has a value that is not allowed. "
            "“field” names the first one, “errors” lists all of them."
        ),
    ),
    "malformed-body": Problem(
        400,
        _("The body cannot be read"),
        _(
            "The body is not what its Content-Type says: broken JSON, nesting without end, or a "
            "broken multipart form."
        ),
    ),
    "blank-drawing": Problem(
        400,
        _("Nothing is drawn"),
        _("The picture, the strokes or the pixels hold no ink that stands out from the paper."),
    ),
    "nothing-found": Problem(
        400,
        _("No digit was found"),
        _(
            "Something is on the picture, but nothing looks like the strokes of a digit. A picture "
            "that shows the digit larger, on plain paper and in even light, is read best."
        ),
    ),
    "several-digits": Problem(
        400,
        _("There are several digits"),
        _(
            "The drawing holds two or more digits side by side. One at a time is read: cut the "
            "picture, or draw a single digit."
        ),
    ),
    "invalid-image": Problem(
        400,
        _("The image cannot be read"),
        _(
            "The image must be one whole, still PNG, JPEG, WebP, GIF or BMP picture; in JSON as "
            "base64 or as a data: address. Phones that send HEIC can take JPEGs instead: on an "
            "iPhone with Settings, Camera, Formats, Most Compatible."
        ),
    ),
    "invalid-box": Problem(
        400,
        _("The box cannot be used"),
        _(
            "A box is [left, top, right, bottom] in pixels of the upright picture, inside of it "
            "and large enough to hold a digit."
        ),
    ),
    "image-too-large": Problem(
        413,
        _("The image is too large"),
        _(
            "A picture may have 15 MB and 4096 pixels a side, a WebP 2048 of them, a JPEG 64 "
            "megapixels, and must not cost its reader more than others: a PNG of 16 bits, a "
            "lossless WebP or a JPEG of many scans may be refused. 280 pixels are plenty."
        ),
    ),
    "invalid-strokes": Problem(
        400,
        _("The strokes cannot be read"),
        _(
            "Strokes are a list of strokes; each is a list of points [x, y] or [x, y, pressure], "
            "the pressure from 0 to 1; the numbers are finite. At most 200 strokes and 20,000 "
            "points are read."
        ),
    ),
    "invalid-pixels": Problem(
        400,
        _("The pixels cannot be read"),
        _("Pixels are 784 numbers, row by row: from 0 to 255, from 0 to 16 or from 0 to 1."),
    ),
    "invalid-file": Problem(
        400,
        _("The file of digits cannot be read"),
        _(
            "A file of digits is an npz, an IDX file or a csv of images of 28x28, with labels or "
            "without; csv and IDX also packed. It holds at most 1,000 digits."
        ),
    ),
    "length-required": Problem(
        411,
        _("The length of the body is missing"),
        _("Send the body in one piece, with a Content-Length header, not in chunks."),
    ),
    "body-too-large": Problem(
        413,
        _("The request is too large"),
        _("The body has more bytes than any valid request of this site needs."),
    ),
    "invalid-key": Problem(
        401,
        _("This API key opens nothing"),
        _(
            "The Authorization header must be “Bearer” and a whole API key that was neither "
            "revoked nor has expired. Keys are made in the admin."
        ),
    ),
    "missing-scope": Problem(
        403,
        _("The API key is not for this"),
        _(
            "A key may do what its scopes say: predict, feedback, read or admin. “detail” names "
            "the one that is missing here; the operator can add it in the admin."
        ),
    ),
    "forbidden": Problem(
        403,
        _("This is not allowed"),
        _(
            "The request lacks the CSRF token that goes with its cookies, or the caller lacks a "
            "permission."
        ),
    ),
    "not-found": Problem(
        404,
        _("There is nothing here"),
        _("The address is wrong, the thing was deleted, or it belongs to somebody else."),
    ),
    "method-not-allowed": Problem(
        405,
        _("This method is not for this address"),
        _("The Allow header lists the methods that are."),
    ),
    "not-acceptable": Problem(
        406,
        _("No such format"),
        _("The API answers in JSON."),
    ),
    "model-unusable": Problem(
        409,
        _("The model file cannot be used"),
        _(
            "The file of this version is missing, was changed, or is from another version of "
            "scikit-learn. The active model stays as it was."
        ),
    ),
    "id-taken": Problem(
        409,
        _("This id cannot be used"),
        _(
            "A drawing of this id exists already and cannot be replaced: somebody answered for it, "
            "or it is not yours. Send the drawing under another id, or without one."
        ),
    ),
    "unsupported-media-type": Problem(
        415,
        _("The body has the wrong format"),
        _("Send application/json, or multipart/form-data for a file."),
    ),
    "too-many-requests": Problem(
        429,
        _("Slow down, please"),
        _("The Retry-After header says in how many seconds to try again."),
    ),
    "server-error": Problem(
        500,
        _("Something went wrong here"),
        _(
            "This is a fault of the site, not yours; the log has the details. Please try again in "
            "a moment."
        ),
    ),
    "no-model": Problem(
        503,
        _("No model can answer"),
        _(
            "No model is active, or its file cannot be used. The operator should run manage.py "
            "register_bundled_model and look into the log."
        ),
        retry_after_seconds=60,
    ),
    "no-database": Problem(
        503,
        _("The database does not answer"),
        _(
            "The site cannot reach its database; the log has the reason. What was being sent may "
            "have been kept or not: send it again under the same id."
        ),
        retry_after_seconds=5,
    ),
    "database-busy": Problem(
        503,
        _("The database is busy"),
        _(
            "Something else has been writing for too long, and nothing was kept of this request. "
            "Send it again in a few seconds."
        ),
        retry_after_seconds=5,
    ),
    "busy": Problem(
        503,
        _("The site is busy"),
        _(
            "Large pictures are read one after the other, and several came at once. Send this one "
            "again in a moment, or a smaller one."
        ),
        retry_after_seconds=2,
    ),
    "quota-used-up": Problem(
        507,
        _("Your share of the archive is used up for today"),
        _(
            "All drawings from one network may take so many bytes a day, and nothing was kept of "
            "this request. The Retry-After header says in how many seconds a new day begins."
        ),
    ),
    "storage-full": Problem(
        507,
        _("There is no room left"),
        _(
            "The site's disk or its archive is full, and nothing was kept of this request. What is "
            "there can still be read; the operator has to make room."
        ),
        retry_after_seconds=60,
    ),
}

_DRAWING_PROBLEMS: dict[type[InvalidDrawing], str] = {
    BlankDrawing: "blank-drawing",
    NothingFound: "nothing-found",
    SeveralDigits: "several-digits",
    InvalidBox: "invalid-box",
    InvalidImage: "invalid-image",
    ImageTooLarge: "image-too-large",
    InvalidStrokes: "invalid-strokes",
    InvalidPixels: "invalid-pixels",
}
_STATUS_PROBLEMS = {
    400: "malformed-body",
    401: "invalid-key",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "body-too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    507: "quota-used-up",
}


class DrawingProblem(exceptions.APIException):
    """A drawing cannot be read; holds the field that it came in."""

    def __init__(self, error: InvalidDrawing, field: str) -> None:
        self.slug = _DRAWING_PROBLEMS.get(type(error), "invalid-request")
        self.status_code = PROBLEMS[self.slug].status
        self.field = field
        super().__init__(str(error))


class MissingScope(exceptions.PermissionDenied):
    """The API key lacks a scope."""

    def __init__(self, scope: str) -> None:
        self.auth_header = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(f"This API key lacks the scope “{scope}”.")


class QuotaUsedUp(exceptions.APIException):
    """The drawings of a network have taken the bytes that it may take in a day."""

    status_code = PROBLEMS["quota-used-up"].status

    def __init__(self, kilobytes: int, wait_seconds: float) -> None:
        self.wait = wait_seconds
        super().__init__(
            f"The drawings from your network have used up the {kilobytes // 1000} MB that they may "
            "take a day."
        )


class FileProblem(DrawingProblem):
    """A file of digits cannot be read; holds the row at fault, if there is one."""

    def __init__(self, error: DatasetError, field: str) -> None:
        where = f"Line {error.line}: " if error.line else ""
        row = "" if error.row is None else f"[{error.row}]"
        super().__init__(InvalidDrawing(f"{where}{error.message}"), f"{field}{row}")
        self.slug = "invalid-file"


def describe(slug: str, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """Return the body of a problem."""
    problem = PROBLEMS[slug]
    body: dict[str, Any] = {
        "type": reverse("problem", args=[slug]),
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
    }
    if errors:
        body |= {"field": errors[0]["field"], "errors": errors}
    return body


def problem_response(slug: str, detail: str) -> JsonResponse:
    """Return a problem as an answer outside of Django REST framework."""
    problem = PROBLEMS[slug]
    return JsonResponse(
        _with_id(describe(slug, detail)),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPE,
    )


def _with_id(body: dict[str, Any]) -> dict[str, Any]:
    """Add the id under which the log has the request."""
    request_id = get_guid()
    return {**body, "request_id": request_id} if request_id else body


def speaks_json(request: HttpRequest) -> bool:
    """Return whether a program asks: at an address of the API, or for JSON and not for HTML."""
    if request.path_info in PROGRAM_PATHS or request.path_info.startswith("/api/"):
        return True
    return request.accepts("application/json") and not request.accepts("text/html")


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a view's exception into a problem; None leaves unexpected ones to `server_error`."""
    translated = _translate(error)
    if translated is None:
        return None
    body, headers = translated
    return Response(
        _with_id(body), status=body["status"], headers=headers, content_type=CONTENT_TYPE
    )


def _translate(error: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:
    match error:
        case DrawingProblem():
            detail = str(error.detail)
            return describe(error.slug, detail, [{"field": error.field, "detail": detail}]), {}
        case exceptions.ValidationError():
            errors = list(_flatten(error.detail))
            return describe("invalid-request", errors[0]["detail"], errors), {}
        case registry.NoModel():
            return describe("no-model", str(error)), PROBLEMS["no-model"].headers
        case registry.UnknownModel():
            return describe("not-found", str(error)), {}
        case room.ArchiveFull():
            return describe("storage-full", str(error)), PROBLEMS["storage-full"].headers
        case recognition.Busy():
            return describe("busy", str(error)), PROBLEMS["busy"].headers
        case recognition.IdTaken():
            detail = str(error)
            return describe("id-taken", detail, [{"field": "id", "detail": detail}]), {}
        case ArtifactError():
            return describe("model-unusable", str(error)), {}
        case Http404() | ObjectDoesNotExist():
            return describe("not-found", "There is nothing at this address."), {}
        case DjangoPermissionDenied():
            return describe("forbidden", "This is not allowed."), {}
        case RequestDataTooBig():
            return describe("body-too-large", "The body is too large."), {}
        case TooManyFieldsSent() | TooManyFilesSent():
            return describe("malformed-body", "The form has too many fields or files."), {}
        case UnreadablePostError():
            return describe("malformed-body", "The body broke off."), {}
        case SuspiciousOperation():
            return describe("malformed-body", "The body cannot be read."), {}
        case exceptions.APIException() if error.status_code in _STATUS_PROBLEMS:
            slug = _STATUS_PROBLEMS[error.status_code]
            if isinstance(error, MissingScope):
                slug = "missing-scope"
            headers = {}
            if auth_header := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = str(auth_header)
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(math.ceil(wait))
            return describe(slug, str(error.detail)), headers
    return None


def _flatten(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Turn the nested details of a validation error into a list of fields and sentences."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            if name == api_settings.NON_FIELD_ERRORS_KEY:
                yield from _flatten(inner, field)
            elif isinstance(name, int):
                yield from _flatten(inner, f"{field}[{name}]")
            else:
                yield from _flatten(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flatten(inner, field)
    else:
        yield {"field": field, "detail": str(detail)}

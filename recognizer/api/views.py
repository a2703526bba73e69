"""The REST API: HTTP in, a service call, HTTP out."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recognizer.access.callers import user_of
from recognizer.access.throttles import (
    DraftThrottle,
    check_quota,
    count_bytes,
    count_drawing,
    count_time,
    count_work,
    is_draft,
)
from recognizer.access.visitors import network_of, visitor_of
from recognizer.api import operations
from recognizer.api.filters import DrawingFilter, ExportFilter, ReviewFilter
from recognizer.api.pagination import NewestFirst, NewestVersionFirst, PartByPart
from recognizer.api.parsers import BytesParser, CautiousJSONParser, CsvParser, GzipParser, NpzParser
from recognizer.api.schema import describe_api
from recognizer.api.serializers import (
    BatchInput,
    DrawingInput,
    DrawingSerializer,
    ExplanationSerializer,
    FeedbackInput,
    GainAnswer,
    ModelSerializer,
    PredictInput,
    ReviewInput,
    ReviewSerializer,
)
from recognizer.models import ApiKey, Drawing, DrawingQuerySet, TrainedModel
from recognizer.problems.kinds import DrawingProblem, FileProblem
from recognizer.services import errors, waiting
from recognizer.services.drawings import (
    explaining,
    exports,
    lessons,
    recognition,
    remembering,
    reviews,
    room,
    statistics,
)
from recognizer.services.drawings.predictions import (
    FILE_UNITS,
    count_batch,
    predict_draft,
    predict_file,
    predict_images,
    predict_pixels,
    predict_strokes,
)
from recognizer.services.site.counting import resume_counting
from recognizer.services.versions import registry

Scope = ApiKey.Scope

EXPORT_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "npz": "application/zip",
}
OWN_EXPORTS = {"csv", "json", "ndjson"}

SCHEMA_TYPES = {"yaml": "application/yaml", "json": "application/json"}


@operations.describe_drawings
class DrawingViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Drawing],
):
    """The caller's drawings; all of them for users with the permission."""

    tag = "drawings"
    queryset = Drawing.objects.all()
    serializer_class = DrawingSerializer
    pagination_class = NewestFirst
    filterset_class = DrawingFilter
    lookup_value_converter = "uuid"
    scopes = {
        "create": Scope.PREDICT,
        "list": Scope.READ,
        "retrieve": Scope.READ,
        "image": Scope.READ,
        "strokes": Scope.READ,
        "explanation": Scope.READ,
        "export": Scope.READ,
        "feedback": Scope.FEEDBACK,
        "destroy": Scope.FEEDBACK,
        "destroy_all": Scope.FEEDBACK,
        "forget": Scope.FEEDBACK,
        "withdraw": Scope.PREDICT,
        "gain": Scope.READ,
    }
    costly = {"explanation", "export", "gain", "strokes"}
    permissions = {"feedback": "recognizer.change_drawing", "destroy": "recognizer.delete_drawing"}
    """Permissions for the drawings of all; otherwise that to view them."""

    def get_queryset(self) -> DrawingQuerySet:
        """Return the drawings that the caller may see."""
        drawings = cast("DrawingQuerySet", super().get_queryset())
        if self.action not in {"image", "strokes"}:
            drawings = drawings.without_blobs()
        permission = self.permissions.get(self.action, "recognizer.view_drawing")
        if self.request.user.has_perm(permission):
            return drawings
        visitor = visitor_of(self.request)
        return drawings.known_to(visitor) if self.detail else drawings.of_visitor(visitor)

    def create(self, request: Request) -> Response:
        """Read a drawing and keep it.

        Send exactly one of `image`, `strokes` and `pixels`; strokes may accompany an image, and a
        `box` around the digit, where `found` shows that something else was read. The digit may have
        any size, place, pen and color. `prediction` is always the likeliest digit; `is_digit` tells
        whether the drawing looks like a digit at all. Under an `id` of your own, a random UUID, the
        same request sent again leaves one drawing, and a digit that is drawn on replaces its
        earlier state.
        """
        fields = DrawingInput(data=request.data)
        fields.is_valid(raise_exception=True)
        is_upload = bool(request.FILES)
        if "license" in fields.validated_data and visitor_of(request) is None:
            raise ValidationError(
                {"license": "Send a visitor's cookie or an API key, by which it can be taken back."}
            )
        source = Drawing.Source.UPLOAD if is_upload else Drawing.Source.API
        defaults = {"source": source, "personal": _is_browser(request)}
        recognized = _recognize({**defaults, **fields.validated_data}, request)
        drawing = recognized.drawing
        return Response(
            self.get_serializer(drawing).data,
            status=201 if recognized.is_new else 200,
            headers={"Location": f"{request.path}{drawing.pk}/"},
        )

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a drawing.

        With all that was said about it; the next training does without it.
        """
        recognition.delete_drawing(self.get_object())
        return Response(status=204)

    @operations.describe_destroy_all
    def destroy_all(self, request: Request) -> Response:
        """Delete your own drawings.

        All that match the filters; never those of others, whatever the caller's permissions.
        """
        drawings = cast("DrawingQuerySet", self.filter_queryset(self.get_queryset()))
        deleted = recognition.delete_own_drawings(drawings, visitor_of(request))
        return Response({"deleted": deleted})

    @action(detail=True, methods=["put"])
    def feedback(self, request: Request, pk: str) -> Response:
        """Tell whether the answer was right.

        `correct: true`, or as `label` the digit that it really is, or `none`; a `label` of null
        takes it back. Where the answer was that it is no digit, `correct: true` means `none`.
        A later answer replaces an earlier one.
        """
        drawing = self.get_object()
        fields = FeedbackInput(data=request.data, context={"answer": drawing.answer})
        fields.is_valid(raise_exception=True)
        drawing = recognition.give_feedback(drawing, label=fields.validated_data["label"])
        if _is_browser(request):
            recognition.read_again(drawing, visitor_of(request))
        return Response(self.get_serializer(drawing).data)

    @operations.describe_forget
    def forget(self, request: Request) -> Response:
        """Forget your answers for your own readings.

        The drawings and their labels stay; the next readings do without them.
        """
        return Response({"forgotten": remembering.forget(visitor_of(request))})

    @operations.describe_withdraw
    def withdraw(self, request: Request) -> Response:
        """Take back that your drawings may be published.

        All of them, under whatever license; the next release of the data set does without them.
        """
        return Response({"withdrawn": recognition.withdraw_license(visitor_of(request))})

    @operations.describe_gain
    @action(detail=False, pagination_class=None, filterset_class=None)
    def gain(self, request: Request) -> Response:
        """See what the active version learned from you.

        The answers that it learned from, those of them that are yours, and how many of your latest
        200 misread drawings it now reads as you said.
        """
        return Response(GainAnswer(lessons.measure_gain(visitor_of(request))).data)

    @action(detail=True)
    def image(self, request: Request, pk: str) -> HttpResponseBase:
        """Get a drawing as a picture.

        As drawn, as PNG.
        """
        picture = bytes(self.get_object().image)
        return _unless_known(
            request,
            hashlib.sha256(picture).hexdigest(),
            lambda: HttpResponse(picture, content_type="image/png"),
        )

    @action(detail=True, pagination_class=None)
    def strokes(self, request: Request, pk: str) -> HttpResponse:
        """Get a drawing as strokes.

        A list of one drawing, in the format of the whole export, which `import_drawings` reads.
        """
        drawing = self.get_object()
        return HttpResponse(
            exports.drawing_json(drawing),
            content_type="application/json",
            headers=_download(f"drawing-{drawing.pk}.json"),
        )

    @action(detail=True)
    def explanation(self, request: Request, pk: str) -> HttpResponseBase:
        """See what happens inside the model.

        The digit's edges by direction, how strongly each hidden unit responds and what it votes
        for, and the answers while a part of the digit is covered.
        """
        drawing = self.get_object()
        return _unless_known(
            request,
            explaining.explanation_tag(drawing),
            lambda: Response(ExplanationSerializer(explaining.explain(drawing)).data),
        )

    @action(detail=False, url_path="export/<slug:ending>", pagination_class=None)
    def export(self, request: Request, ending: str) -> HttpResponseBase:
        """Download your own labeled drawings.

        What this caller drew and labeled, as a streamed file: TMNIST csv, a list of JSON objects
        with strokes, or one such object a line.
        """
        if ending not in OWN_EXPORTS:
            raise NotFound
        return _labeled_file(Drawing.objects.of_visitor(visitor_of(request)), ending)


@operations.describe_reviews
class ReviewViewSet(viewsets.GenericViewSet[Drawing]):
    """The queue of the reviewers."""

    tag = "reviews"
    queryset = Drawing.objects.without_blobs()
    serializer_class = ReviewSerializer
    pagination_class = PartByPart
    filterset_class = ReviewFilter
    lookup_value_converter = "uuid"
    scopes = {"list": Scope.ADMIN, "update": Scope.ADMIN}
    permission = "recognizer.change_drawing"

    def list(self, request: Request) -> Response:
        """List what waits for a review.

        Needs the permission `recognizer.change_drawing`. In the order of the desk: suspicious
        answers, labels against a confident model, then the least sure first; without what lies on
        another reviewer's desk. Forward only: `previous` is null.
        """
        self.filter_queryset(self.get_queryset())
        queue = waiting.QUEUES[request.query_params.get("queue", waiting.ANSWERS.name)]
        elsewhere = waiting.of_others(user_of(request)).values("drawing")
        parts = (part.exclude(pk__in=elsewhere) for part in queue.parts(apart=True))
        page = self.paginate_queryset([part.defer("image", "strokes") for part in parts])
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def update(self, request: Request, pk: uuid.UUID) -> Response:
        """Review a drawing.

        Needs the permission `recognizer.change_drawing`. Send the `seal` along that came with the
        drawing, so that nothing is decided about a label or ink that came meanwhile. The same
        request sent again changes nothing; `unreviewed` takes a review back, and keeps the label.
        """
        fields = ReviewInput(data=request.data)
        fields.is_valid(raise_exception=True)
        sent = {"label": reviews.KEPT, **fields.validated_data}
        own = waiting.decidable(pk, user_of(request))
        if not own.exists():
            raise NotFound("It was deleted, or another reviewer decided about it or looks at it.")
        if (seal := sent.pop("seal", None)) is not None:
            own = reviews.as_seen(own, user_of(request), {pk: seal})
        decided = reviews.decide(own, user_of(request), **sent)
        if not decided.count and not own.exists():
            message = "Its label or ink changed since; list it again, and send its new seal."
            raise ValidationError({"seal": message})
        if decided.unlabeled:
            message = "It has no label: send the one to approve."
            raise ValidationError({"label": message})
        return Response(self.get_serializer(self.get_object()).data)


@operations.describe_models
@method_decorator([cache_control(private=True, no_cache=True), conditional_page], name="dispatch")
class ModelViewSet(viewsets.ReadOnlyModelViewSet[TrainedModel]):
    """The versions and how good they are."""

    tag = "models"
    queryset = TrainedModel.objects.all()
    serializer_class = ModelSerializer
    pagination_class = NewestVersionFirst
    lookup_value_converter = "int"
    filter_backends: list[Any] = []
    scopes = {"list": None, "retrieve": None, "activate": Scope.ADMIN}
    permission = "recognizer.change_trainedmodel"

    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: int) -> Response:
        """Activate a version.

        Needs the permission `recognizer.change_trainedmodel`. The running site answers with it at
        once.
        """
        return Response(self.get_serializer(registry.activate(pk)).data)


class PredictionsView(APIView):
    """Many drawings read at once, nothing kept."""

    tag = "predictions"
    scopes = {"post": Scope.PREDICT}
    is_for_programs = True
    throttle_classes = [DraftThrottle]
    parser_classes = [
        CautiousJSONParser,
        MultiPartParser,
        CsvParser,
        NpzParser,
        GzipParser,
        BytesParser,
    ]

    @operations.describe_predictions
    def post(self, request: Request) -> Response:
        """Read many drawings and keep none.

        Up to 1,000 at once: one list of `images`, `strokes` or `pixels`, a form with files under
        the name `image`, or a whole file of digits, as the body or under the name `file`: an npz,
        an IDX file or a csv of images of 28x28, with labels or without, the last two also packed.
        The answers come in the order of the drawings; `notices` says what was assumed about a
        file.

        With `draft=true`, one drawing as strokes is read while it is being drawn, for a browser
        with its visitor's own answers; each process of the server limits these for itself.
        """
        fields = BatchInput(data=request.data)
        fields.is_valid(raise_exception=True)
        ((name, drawings),) = fields.validated_data.items()
        self.notices: list[str] = []
        try:
            read = _predict_draft if is_draft(request) else self._predict
            version, predictions = read(name, drawings, request)
        except errors.InvalidItem as error:
            raise DrawingProblem(error.reason, f"{name}[{error.index}]") from error
        except errors.InvalidDrawing as error:
            raise DrawingProblem(error, name) from error
        except errors.DatasetError as error:
            raise FileProblem(error, name) from error
        return Response(
            {
                "model": version,
                "predictions": [
                    {
                        "prediction": prediction.digit,
                        "is_digit": prediction.is_digit,
                        "confidence": prediction.confidence,
                        "strangeness": prediction.strangeness,
                        "probabilities": prediction.probabilities,
                    }
                    for prediction in predictions
                ],
                **({"notices": self.notices} if self.notices else {}),
            }
        )

    def _predict(
        self, name: str, drawings: Any, request: Request
    ) -> tuple[int, list[recognition.Prediction]]:
        if name == "file":
            units = FILE_UNITS
            try:
                answer = predict_file(drawings.file, drawings.name, self.notices.append)
                units = len(answer[1])
            finally:
                count_work(request, units, is_done=True)
            return answer
        units = count_batch(name, drawings)
        count_work(request, units)
        match name:
            case "strokes":
                return predict_strokes(drawings)
            case "pixels":
                return predict_pixels(drawings)
        with count_time(request, units):
            return predict_images(drawings)


class PredictView(APIView):
    """The original contract."""

    tag = "predictions"
    scopes = {"post": Scope.PREDICT}

    @operations.describe_predict
    def post(self, request: Request) -> Response:
        """Read one picture, as the demo did that this site grew from.

        The answer is the digit as text. The drawing is kept.
        """
        fields = PredictInput(data=request.data)
        fields.is_valid(raise_exception=True)
        source = Drawing.Source.CANVAS if _is_browser(request) else Drawing.Source.API
        drawing = _recognize({"source": source, **fields.validated_data}, request).drawing
        return Response({"predictedValue": str(drawing.prediction)})


@method_decorator([cache_control(private=True, no_cache=True), conditional_page], name="dispatch")
class StatsView(APIView):
    """How much was drawn, and how often the answer was right."""

    tag = "models"
    scopes = {"get": None}

    @operations.describe_stats
    def get(self, request: Request) -> Response:
        """Count drawings and right answers.

        In all, for each digit and for none by the label, and of this month's drawings. Imported
        drawings are left out: no one here answered for them. So are answers that a reviewer
        rejected.
        """
        resume_counting()
        return Response(statistics.count_drawings())


class ExportsView(GenericAPIView[Drawing]):
    """The labeled drawings of everybody as one file."""

    tag = "drawings"
    scopes = {"get": Scope.ADMIN}
    permission = "recognizer.view_drawing"
    costly = {"get"}
    queryset = Drawing.objects.all()
    filterset_class = ExportFilter

    @operations.describe_exports
    def get(self, request: Request) -> StreamingHttpResponse:
        """Download everybody's labeled drawings.

        Needs the permission `recognizer.view_drawing`. A streamed file, oldest first, which
        `import_drawings` and `evaluate` read:
        TMNIST csv, one JSON object with strokes a line, or an npz with arrays x (n, 28, 28) and
        y (n,).
        """
        drawings = cast("DrawingQuerySet", self.filter_queryset(self.get_queryset()))
        return _labeled_file(drawings, request.query_params.get("format") or "csv")


class SchemaView(APIView):
    """What the API can do, for programs."""

    tag = "description"
    scopes = {"get": None}

    @operations.describe_schema
    def get(self, request: Request) -> HttpResponseBase:
        """Describe the API.

        This description, OpenAPI 3.1, as YAML unless JSON is asked for. It changes with the site
        alone: ask with `If-None-Match`.
        """
        kind = request.query_params.get("format", "yaml")
        if kind not in SCHEMA_TYPES:
            raise ValidationError({"format": f"A format is one of {', '.join(SCHEMA_TYPES)}."})
        description = describe_api(kind)
        return _unless_known(
            request,
            hashlib.sha256(description).hexdigest(),
            lambda: HttpResponse(description, content_type=SCHEMA_TYPES[kind]),
        )


class NowhereView(APIView):
    """Every other address below /api/: 404 for any method."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


def _predict_draft(
    name: str, drawings: Any, request: Request
) -> tuple[int, list[recognition.Prediction | remembering.Personal]]:
    if name != "strokes" or len(drawings) != 1:
        raise ValidationError({name: "A draft is one drawing: {“strokes”: [[[[x, y], …], …]]}."})
    visitor = visitor_of(request) if _is_browser(request) else None
    version, prediction = predict_draft(drawings[0], visitor)
    return version, [prediction]


def _is_browser(request: Request) -> bool:
    """Check for the visitor's cookie, which only pages give."""
    return isinstance(request.auth, uuid.UUID)


def _labeled_file(drawings: DrawingQuerySet, ending: str) -> StreamingHttpResponse:
    """Stream a file of the labeled drawings."""
    return StreamingHttpResponse(
        exports.stream_labeled(drawings, ending),
        content_type=EXPORT_TYPES[ending],
        headers=_download(f"drawings.{ending}"),
    )


def _download(name: str) -> dict[str, str]:
    """Return the headers of a file that a browser saves instead of showing it."""
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }


def _unless_known(request: Request, tag: str, make: Callable[[], HttpResponse]) -> HttpResponseBase:
    """Answer 304 to a caller who has the content with this tag; make it for others.

    Caches must ask each time: an open drawing may be drawn on, and models change.
    """
    etag = f'"{tag}"'
    answer = get_conditional_response(request._request, etag) or make()
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _recognize(drawing: dict[str, Any], request: Request) -> recognition.Recognized:
    """Read and keep a drawing; turn an invalid one into a problem with its field."""
    read_field = next(name for name in ("image", "pixels", "strokes") if name in drawing)
    try:
        units = recognition.count_units(drawing.get("image"), drawing.get("strokes"))
        count_work(request, units)
        count_drawing(request, drawing.get("id"))
        check_quota(request)
        with count_time(request, 1 + units):
            recognized = recognition.recognize(
                **drawing, visitor=visitor_of(request), network=network_of(request)
            )
        count_bytes(request, room.stored_bytes(recognized.drawing))
        return recognized
    except errors.InvalidStrokes as error:
        raise DrawingProblem(error, "strokes") from error
    except errors.InvalidBox as error:
        raise DrawingProblem(error, "box") from error
    except errors.InvalidDrawing as error:
        raise DrawingProblem(error, read_field) from error

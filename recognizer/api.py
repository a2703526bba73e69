"""The REST API: HTTP in, a service call, HTTP out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import HttpResponse
from django.urls import reverse
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recognizer import services
from recognizer.filters import DrawingFilter
from recognizer.models import Drawing, DrawingQuerySet, TrainedModel
from recognizer.problems import DrawingProblem
from recognizer.serializers import (
    BatchInput,
    DrawingInput,
    DrawingSerializer,
    FeedbackInput,
    ModelSerializer,
    PredictInput,
)
from recognizer.visitors import visitor_of


class NewestFirst(CursorPagination):
    """Pages by position, so that a page costs the same at the end of a long archive."""

    page_size = 24
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering: tuple[str, ...] = ("-created_at", "-id")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return one page; a cursor with a forged position is no cursor."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (DjangoValidationError, ValueError, OverflowError) as error:
            raise NotFound("Invalid cursor") from error


class NewestVersionFirst(NewestFirst):
    """Pages of models."""

    ordering = ("-version",)


class DrawingViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Drawing],
):
    """The caller's drawings; all of them for the staff."""

    serializer_class = DrawingSerializer
    pagination_class = NewestFirst
    filterset_class = DrawingFilter
    lookup_value_converter = "uuid"

    def get_queryset(self) -> DrawingQuerySet:
        """Return what the caller may see."""
        drawings = Drawing.objects.all()
        if self.action != "image":
            drawings = drawings.without_blobs()
        if getattr(self.request.user, "is_staff", False):
            return drawings
        visitor = visitor_of(self.request)
        return drawings.of_visitor(visitor) if self.action == "list" else drawings.known_to(visitor)

    def create(self, request: Request) -> Response:
        """Read a drawing and keep it."""
        fields = DrawingInput(data=request.data)
        fields.is_valid(raise_exception=True)
        is_upload = bool(request.FILES)
        source = Drawing.Source.UPLOAD if is_upload else Drawing.Source.API
        drawing = _recognize({"source": source, **fields.validated_data}, request)
        return Response(
            self.get_serializer(drawing).data,
            status=201,
            headers={"Location": reverse("drawing-detail", args=[drawing.pk])},
        )

    def destroy(self, request: Request, pk: str) -> Response:
        """Forget a drawing."""
        services.delete_drawing(self.get_object())
        return Response(status=204)

    @action(detail=True, methods=["put"])
    def feedback(self, request: Request, pk: str) -> Response:
        """Say whether the answer was right, or which digit it was."""
        drawing = self.get_object()
        fields = FeedbackInput(data=request.data, context={"prediction": drawing.prediction})
        fields.is_valid(raise_exception=True)
        drawing = services.give_feedback(drawing, label=fields.validated_data["label"])
        return Response(self.get_serializer(drawing).data)

    @action(detail=True)
    def image(self, request: Request, pk: str) -> HttpResponse:
        """Return the drawing as drawn."""
        picture = bytes(self.get_object().image)
        # A drawing never changes; only its owner may keep it.
        return HttpResponse(
            picture,
            content_type="image/png",
            headers={"Cache-Control": "private, max-age=31536000, immutable"},
        )


class ModelViewSet(viewsets.ReadOnlyModelViewSet[TrainedModel]):
    """The versions and how good they are."""

    queryset = TrainedModel.objects.all()
    serializer_class = ModelSerializer
    pagination_class = NewestVersionFirst
    lookup_value_converter = "int"
    filter_backends: list[Any] = []

    @action(detail=True, methods=["post"], permission_classes=[IsAdminUser])
    def activate(self, request: Request, pk: int) -> Response:
        """Make this version the one that answers."""
        return Response(self.get_serializer(services.activate(pk)).data)


class PredictionsView(APIView):
    """Many drawings read at once, nothing kept."""

    def post(self, request: Request) -> Response:
        """Read images, strokes or pixels."""
        fields = BatchInput(data=request.data)
        fields.is_valid(raise_exception=True)
        ((name, drawings),) = fields.validated_data.items()
        argument = "image" if name == "images" else name
        sketches = []
        for index, drawing in enumerate(drawings):
            try:
                sketches.append(services.read_sketch(**{argument: drawing}))
            except services.InvalidDrawing as error:
                raise DrawingProblem(error, f"{name}[{index}]") from error
        version, predictions = services.predict(sketches)
        return Response(
            {
                "model": version,
                "predictions": [
                    {
                        "prediction": prediction.digit,
                        "is_digit": prediction.is_digit,
                        "confidence": prediction.confidence,
                        "probabilities": prediction.probabilities,
                    }
                    for prediction in predictions
                ],
            }
        )


class PredictView(APIView):
    """The original contract."""

    def post(self, request: Request) -> Response:
        """Read one picture and answer with its digit, as text."""
        fields = PredictInput(data=request.data)
        fields.is_valid(raise_exception=True)
        source = Drawing.Source.CANVAS if visitor_of(request) else Drawing.Source.API
        drawing = _recognize({"source": source, **fields.validated_data}, request)
        return Response({"predictedValue": str(drawing.prediction)})


class StatsView(APIView):
    """How much was drawn, and how often the answer was right."""

    def get(self, request: Request) -> Response:
        """Count."""
        return Response(services.count_drawings())


class NowhereView(APIView):
    """Every other address below /api/."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say so, whatever the method."""
        raise NotFound


def _recognize(drawing: dict[str, Any], request: Request) -> Drawing:
    """Read and keep a drawing; what is wrong with it is told with the field at fault."""
    read_field = next(name for name in ("image", "pixels", "strokes") if name in drawing)
    try:
        return services.recognize(**drawing, visitor=visitor_of(request))
    except services.InvalidStrokes as error:
        raise DrawingProblem(error, "strokes") from error
    except services.InvalidDrawing as error:
        raise DrawingProblem(error, read_field) from error

"""What the description of the API cannot take from its code: names, answers, problems, links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)

from recognizer.api.serializers import (
    EXAMPLES,
    BatchAnswer,
    BatchInput,
    DeletedAnswer,
    DrawingInput,
    DrawingSerializer,
    ExplanationSerializer,
    FeedbackInput,
    FileItemSerializer,
    ForgottenAnswer,
    GainAnswer,
    ModelSerializer,
    PredictAnswer,
    PredictInput,
    ReviewInput,
    ReviewSerializer,
    StatsAnswer,
    WithdrawnAnswer,
)
from recognizer.problems.outages import OUTAGES

Described = TypeVar("Described", bound=Callable[..., Any])

JSON = "application/json"
FORM = "multipart/form-data"
FILE = {"type": "string", "format": "binary"}
IMAGE_PROBLEMS = [
    "blank-drawing",
    "nothing-found",
    "several-digits",
    "invalid-image",
    "image-too-large",
    "busy",
]
DRAWING_PROBLEMS = [*IMAGE_PROBLEMS, "invalid-strokes", "invalid-pixels"]

LINKS = {
    "getDrawing": "The drawing",
    "giveFeedback": "Tell whether the answer was right",
    "deleteDrawing": "Delete it",
    "getImage": "The drawing as drawn",
    "getStrokes": "The drawing as strokes",
    "explainDrawing": "What happens inside the model",
}
DRAWING_LINKS = {
    name: {"operationId": name, "description": text, "parameters": {"id": "$response.body#/id"}}
    for name, text in LINKS.items()
}
MODEL_LINKS = {
    "getModel": {
        "operationId": "getModel",
        "description": "The newest version",
        "parameters": {"version": "$response.body#/results/0/version"},
    }
}


def _header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, True, description, response=statuses
    )


LOCATION = _header("Location", "Where the drawing is.", 200, 201)
DISPOSITION = _header("Content-Disposition", "To be saved under a name.", 200)
CONDITIONAL = [
    OpenApiParameter(
        "If-None-Match",
        str,
        OpenApiParameter.HEADER,
        description="The `ETag` of an earlier answer: if nothing has changed, 304 without a body.",
    ),
    _header("ETag", "Names this content, for `If-None-Match`.", 200, 304),
]
UNCHANGED = {304: OpenApiResponse(description="Unchanged since the `ETag` of `If-None-Match`.")}


def _operation(
    operation_id: str,
    answers: dict[Any, Any],
    *,
    problems: Sequence[str] = (),
    links: dict[str, Any] | None = None,
    parameters: Sequence[OpenApiParameter] = (),
    conditional: bool = False,
    **more: Any,
) -> Callable[[Described], Described]:
    """Describe a method; its docstring is the summary and the description."""
    return extend_schema(
        operation_id=operation_id,
        parameters=[*parameters, *(CONDITIONAL if conditional else [])],
        responses={**answers, **(UNCHANGED if conditional else {})},
        extensions={"x-problems": problems, "x-links": links or {}},
        **more,
    )


def _answer(
    schema: Any, description: str, example: Any = None, *, external: str = ""
) -> OpenApiResponse:
    shown = {"external_value": external} if external else {"value": example}
    return OpenApiResponse(schema, description, [OpenApiExample("example", **shown)])


def _request(schema: Any, **examples: tuple[str, Any]) -> OpenApiRequest:
    return OpenApiRequest(
        schema,
        examples=[
            OpenApiExample(name, summary=summary, value=value)
            for name, (summary, value) in examples.items()
        ],
    )


def _object(optional: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
    }


CSV_FILE = _answer(str, "The file.", EXAMPLES["csv"])
NDJSON_FILE = _answer(str, "The file.", EXAMPLES["ndjson"])
ANSWERED = {200: _answer(DrawingSerializer, "The drawing.", EXAMPLES["answered"])}

describe_drawings = extend_schema_view(
    list=_operation(
        "listDrawings",
        {200: DrawingSerializer(many=True)},
        summary="List drawings",
        description="The caller's own drawings, newest first; everybody's with the "
        "permission `recognizer.view_drawing`. A page costs the same at the end of a long archive.",
    ),
    create=_operation(
        "createDrawing",
        {
            201: OpenApiResponse(DrawingSerializer, "Read and kept."),
            200: _answer(
                DrawingSerializer,
                "It was kept before, under the `id` that came with it.",
                EXAMPLES["drawing"],
            ),
        },
        request={
            JSON: _request(
                DrawingInput,
                strokes=("Strokes of a 7", {"strokes": EXAMPLES["strokes"]}),
                image=("A picture", {"image": EXAMPLES["picture"]}),
            ),
            FORM: _request(_object(image=FILE)),
        },
        parameters=[LOCATION],
        problems=[*DRAWING_PROBLEMS, "invalid-box", "id-taken", "no-model", "quota-used-up"],
        links={"200": DRAWING_LINKS, "201": DRAWING_LINKS},
    ),
    retrieve=_operation(
        "getDrawing", ANSWERED, summary="Get a drawing", description="As it is answered for now."
    ),
    destroy=_operation("deleteDrawing", {204: OpenApiResponse(description="It is deleted.")}),
    feedback=_operation(
        "giveFeedback",
        ANSWERED,
        request={
            JSON: _request(
                FeedbackInput,
                right=("It was right", {"correct": True}),
                wrong=("It is a 3", {"label": 3}),
                none=("It is no digit", {"label": "none"}),
                withdrawn=("Take it back", {"label": None}),
            )
        },
    ),
    image=_operation(
        "getImage",
        {
            (200, "image/png"): _answer(
                OpenApiTypes.BINARY, "The picture.", external=EXAMPLES["image"]
            )
        },
        conditional=True,
    ),
    strokes=_operation(
        "getStrokes", {200: FileItemSerializer(many=True)}, filters=False, parameters=[DISPOSITION]
    ),
    explanation=_operation(
        "explainDrawing", {200: ExplanationSerializer}, conditional=True, problems=["no-model"]
    ),
    export=_operation(
        "exportDrawings",
        {
            (200, "text/csv"): CSV_FILE,
            (200, JSON): FileItemSerializer(many=True),
            (200, "application/x-ndjson"): NDJSON_FILE,
        },
        filters=False,
        parameters=[
            OpenApiParameter(
                "ending",
                str,
                OpenApiParameter.PATH,
                description="The format of the file.",
                enum=["csv", "json", "ndjson"],
                examples=[OpenApiExample("example", value="csv")],
            ),
            DISPOSITION,
        ],
    ),
)

# extend_schema_view knows the methods of a router alone.
describe_destroy_all = _operation(
    "deleteDrawings",
    {200: DeletedAnswer},
    filters=True,
    parameters=[OpenApiParameter("ordering", exclude=True)],
)

describe_gain = _operation("getGain", {200: GainAnswer}, problems=["no-model"])

describe_forget = _operation("forgetAnswers", {200: ForgottenAnswer})

describe_reviews = extend_schema_view(
    list=_operation("listReviews", {200: ReviewSerializer(many=True)}),
    update=_operation(
        "reviewDrawing",
        {200: ReviewSerializer},
        request={
            JSON: _request(
                ReviewInput,
                relabeled=("It is a 3", {"review": "approved", "label": 3}),
                approved=("The label is right", {"review": "approved"}),
                rejected=("Learn nothing from it", {"review": "rejected"}),
            )
        },
    ),
)

describe_withdraw = _operation("withdrawLicense", {200: WithdrawnAnswer})

describe_models = extend_schema_view(
    list=_operation(
        "listModels",
        {200: ModelSerializer(many=True)},
        summary="List the versions",
        description="What they learned from and how good they are, newest first.",
        conditional=True,
        links={"200": MODEL_LINKS},
    ),
    retrieve=_operation(
        "getModel",
        {200: ModelSerializer},
        summary="Get a version",
        description="What it learned from and how good it is.",
        conditional=True,
    ),
    activate=_operation(
        "activateModel", {200: ModelSerializer}, request=None, problems=["model-unusable"]
    ),
)

describe_predictions = _operation(
    "predict",
    {200: BatchAnswer},
    request={
        JSON: _request(
            BatchInput,
            strokes=(
                "A 7 and a 3",
                {"strokes": [EXAMPLES["strokes"], EXAMPLES["other_strokes"]]},
            ),
        ),
        FORM: {
            "type": "object",
            "properties": {
                "image": {"type": "array", "minItems": 1, "maxItems": 1000, "items": FILE},
                "file": FILE,
            },
            "oneOf": [{"required": ["image"]}, {"required": ["file"]}],
        },
        "text/csv": _request(str, example=("A 7, as an export has it", EXAMPLES["csv"])),
        "application/zip": FILE,
        "application/gzip": FILE,
        "application/octet-stream": FILE,
    },
    problems=[*DRAWING_PROBLEMS, "invalid-file", "no-model"],
)

describe_predict = _operation(
    "predictOne",
    {200: PredictAnswer},
    request={JSON: _request(PredictInput, image=("A picture", {"image": EXAMPLES["picture"]}))},
    problems=[*IMAGE_PROBLEMS, "no-model", "quota-used-up"],
)

describe_stats = _operation("getStats", {200: StatsAnswer}, conditional=True)

describe_exports = _operation(
    "exportAll",
    {
        (200, "text/csv"): CSV_FILE,
        (200, "application/x-ndjson"): NDJSON_FILE,
        (200, "application/zip"): _answer(
            OpenApiTypes.BINARY, "The file.", external="/api/v1/exports/?format=npz"
        ),
    },
    filters=True,
    parameters=[DISPOSITION],
)

DESCRIPTION = _answer(dict, "The description.", {"openapi": "3.1.0"})
describe_schema = _operation(
    "getSchema",
    {(200, "application/yaml"): DESCRIPTION, (200, JSON): DESCRIPTION},
    conditional=True,
    parameters=[OpenApiParameter("format", str, description="Its format.", enum=["yaml", "json"])],
)

ANYBODY: list[dict[str, Any]] = [{}]

describe_healthz = _operation(
    "isAlive",
    {
        200: _answer(
            _object(status={"type": "string", "const": "alive"}), "It does.", {"status": "alive"}
        )
    },
    summary="Ask whether a process answers",
    description="Under any host name, and without TLS: for what restarts the server.",
    auth=ANYBODY,
)

describe_readyz = _operation(
    "isReady",
    {
        200: _answer(
            _object(
                status={"type": "string", "const": "ready"},
                model={"type": "integer", "minimum": 1, "description": "The version that answers."},
                optional={
                    "instead_of": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "The active version, where this process cannot use it.",
                    },
                    "reason": {"type": "string", "description": "Why it cannot."},
                },
            ),
            "They can.",
            {"status": "ready", "model": 1},
        )
    },
    summary="Ask whether drawings can be read",
    description="Whether the database answers and a model is loaded. Under any host name, and "
    "without TLS: for load balancers.",
    auth=ANYBODY,
    problems=["no-model", "no-database"],
)

describe_metrics = _operation(
    "getMetrics",
    {(200, "text/plain"): _answer(str, "The counts.", EXAMPLES["metrics"])},
    summary="Get the counts for Prometheus",
    description="What all processes of this server counted, in Prometheus's text format: with "
    "`METRICS_TOKEN`, or the permission `recognizer.view_metrics`.",
    auth=[{"metrics": []}, {"session": []}],
    problems=["forbidden", *OUTAGES],
)

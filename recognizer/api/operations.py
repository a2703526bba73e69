"""What each operation of the API does, in words and examples: one decorator for each view."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
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

from recognizer.api.filters import ORDERINGS
from recognizer.api.serializers import (
    BatchAnswer,
    BatchInput,
    DeletedAnswer,
    DrawingInput,
    DrawingSerializer,
    ExplanationSerializer,
    FeedbackInput,
    FileItemSerializer,
    ModelSerializer,
    PredictAnswer,
    PredictInput,
    StatsAnswer,
)
from recognizer.problems.outages import OUTAGES

Described = TypeVar("Described", bound=Callable[..., Any])

# Requests and answers as they really were.
EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_bytes())

JSON = "application/json"
FORM = "multipart/form-data"
READING = ["blank-drawing", "invalid-image", "image-too-large", "invalid-strokes", "invalid-pixels"]

LINKS = {
    "getDrawing": "The drawing",
    "giveFeedback": "Say whether the answer was right",
    "deleteDrawing": "Forget it",
    "getImage": "The drawing as drawn",
    "getStrokes": "The drawing as strokes",
    "explainDrawing": "Where the model looked",
}


def _operation(
    operation_id: str,
    tag: str,
    summary: str,
    description: str = "",
    *,
    answers: dict[Any, Any],
    problems: Sequence[str] = (),
    links: dict[str, Any] | None = None,
    **more: Any,
) -> Callable[[Described], Described]:
    return extend_schema(
        operation_id=operation_id,
        tags=[tag],
        summary=summary,
        description=description or f"{summary}.",
        responses=answers,
        # Their parameters are described in words; nothing is to be guessed from models.
        filters=False,
        extensions={"x-problems": problems, "x-links": links or {}},
        **more,
    )


def _answer(
    schema: Any, description: str, example: Any = None, *, external: str = "", name: str = "example"
) -> OpenApiResponse:
    shown = {"external_value": external} if external else {"value": example}
    return OpenApiResponse(schema, description, [OpenApiExample(name, **shown)])


def _request(schema: Any, **examples: tuple[str, Any]) -> OpenApiRequest:
    return OpenApiRequest(
        schema,
        examples=[
            OpenApiExample(name, summary=summary, value=value)
            for name, (summary, value) in examples.items()
        ],
    )


def _header(name: str, description: str, *statuses: int, kind: Any = str) -> OpenApiParameter:
    return OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, True, description, response=statuses
    )


def _links(source: str) -> dict[str, Any]:
    return {
        name: {"operationId": name, "description": text, "parameters": {"id": source}}
        for name, text in LINKS.items()
    }


def _query(name: str, description: str, schema: Any) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


def _path(name: str, description: str, kind: Any, example: Any) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        kind,
        OpenApiParameter.PATH,
        description=description,
        examples=[OpenApiExample("example", value=example)],
    )


FILE = {"type": "string", "format": "binary"}
DIGIT = {"type": "integer", "minimum": 0, "maximum": 9}
FILTERS = [
    _query(
        "correct",
        "Only drawings whose answer was right, was wrong, or that nobody has answered for.",
        {"type": "string", "enum": ["true", "false", "open"]},
    ),
    _query("label", "Only drawings that are this digit, as somebody said.", DIGIT),
    _query("prediction", "Only drawings that were read as this digit.", DIGIT),
    _query(
        "model",
        "Only drawings that this version read.",
        {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    ),
    _query(
        "review",
        "Only drawings that a reviewer approved, rejected, or has not seen.",
        {"type": "string", "enum": ["unreviewed", "approved", "rejected"]},
    ),
    _query(
        "source",
        "Only drawings that came this way.",
        {"type": "string", "enum": ["canvas", "upload", "api", "import"]},
    ),
    _query(
        "mine",
        "For the staff, who see all: only the own ones.",
        {"type": "string", "enum": ["true", "false"]},
    ),
]
ORDER = _query(
    "ordering",
    "Oldest or newest first, or by how sure the answer was; a hyphen turns it round.",
    {"type": "string", "enum": list(ORDERINGS), "default": "-created_at"},
)
PAGES = [
    _query("cursor", "Which page; `next` and `previous` of a page hold whole addresses.", str),
    _query(
        "page_size",
        "How many a page; more than 100 are never given at once.",
        {"type": "integer", "minimum": 1, "default": 24},
    ),
]
DRAWING = _path("id", "The drawing.", OpenApiTypes.UUID, EXAMPLES["id"])
VERSION = _path(
    "version", "The version.", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, 1
)
KNOWN = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of an earlier answer: where nothing has changed, 304 without a body.",
)
ETAG = _header("ETag", "Names this content, for `If-None-Match`.", 200, 304)
UNCHANGED = OpenApiResponse(description="What bears the tag of `If-None-Match` is still the same.")

describe_drawings = extend_schema_view(
    list=_operation(
        "listDrawings",
        "drawings",
        "List drawings",
        "The caller's own drawings, newest first; the staff see everybody's. A page costs the same "
        "at the end of a long archive.",
        parameters=[*FILTERS, ORDER, *PAGES],
        answers={
            200: OpenApiResponse(
                DrawingSerializer(many=True),
                "One page.",
                [OpenApiExample("example", value=EXAMPLES["page"]["results"][0])],
            )
        },
        problems=["invalid-request", "not-found"],
        links=None,
    ),
    create=_operation(
        "createDrawing",
        "drawings",
        "Read a drawing and keep it",
        "Send exactly one of `image`, `strokes` and `pixels`; strokes may accompany an image. The "
        "digit may have any size, place, pen and color. `prediction` is always the likeliest "
        "digit; `is_digit` says whether it is one at all.",
        request={
            JSON: _request(
                DrawingInput,
                strokes=("Strokes of a 7", {"strokes": EXAMPLES["strokes"]}),
                image=("A picture", {"image": EXAMPLES["picture"]}),
            ),
            FORM: _request(
                {
                    "type": "object",
                    "properties": {"image": FILE},
                    "required": ["image"],
                }
            ),
        },
        answers={
            201: _answer(DrawingSerializer, "Read and kept.", EXAMPLES["drawing"]),
            200: _answer(
                DrawingSerializer,
                "It was kept before, under the `id` that came with it.",
                EXAMPLES["drawing"],
            ),
        },
        parameters=[_header("Location", "Where the drawing is.", 200, 201)],
        problems=["invalid-request", *READING, "id-taken", "no-model"],
        links={"200": _links("$response.body#/id"), "201": _links("$response.body#/id")},
    ),
    retrieve=_operation(
        "getDrawing",
        "drawings",
        "Get a drawing",
        parameters=[DRAWING],
        answers={200: _answer(DrawingSerializer, "The drawing.", EXAMPLES["answered"])},
    ),
    destroy=_operation(
        "deleteDrawing",
        "drawings",
        "Forget a drawing",
        "It is gone, with all that was said about it; the next training does without it.",
        parameters=[DRAWING],
        answers={204: OpenApiResponse(description="It is gone.")},
    ),
    feedback=_operation(
        "giveFeedback",
        "drawings",
        "Say whether the answer was right",
        "`correct: true`, or the `label` that it really is; a `label` of null takes it back. It "
        "can be said again and changed.",
        parameters=[DRAWING],
        request={
            JSON: _request(
                FeedbackInput,
                right=("It was right", {"correct": True}),
                wrong=("It is a 3", {"label": 3}),
                withdrawn=("Take it back", {"label": None}),
            )
        },
        answers={200: _answer(DrawingSerializer, "The drawing.", EXAMPLES["answered"])},
        problems=["invalid-request"],
    ),
    image=_operation(
        "getImage",
        "drawings",
        "Get a drawing as a picture",
        "As drawn, as PNG.",
        parameters=[DRAWING, KNOWN, ETAG],
        answers={
            (200, "image/png"): _answer(
                OpenApiTypes.BINARY, "The picture.", external=EXAMPLES["image"]
            ),
            304: UNCHANGED,
        },
    ),
    strokes=_operation(
        "getStrokes",
        "drawings",
        "Get a drawing as strokes",
        "A list of one, as the whole export has it, and as `import_drawings` reads it.",
        parameters=[
            DRAWING,
            _header("Content-Disposition", "To be saved under a name.", 200),
        ],
        answers={
            200: _answer(FileItemSerializer(many=True), "The file.", EXAMPLES["strokes_file"][0])
        },
    ),
    explanation=_operation(
        "explainDrawing",
        "drawings",
        "See where the model looked",
        "28 rows of 28 shares: how far the confidence falls while this place is covered.",
        parameters=[DRAWING, KNOWN, ETAG],
        answers={
            200: _answer(ExplanationSerializer, "The map.", EXAMPLES["explanation"]),
            304: UNCHANGED,
        },
        problems=["no-model"],
    ),
    export=_operation(
        "exportDrawings",
        "drawings",
        "Take the own labeled drawings along",
        "What this caller drew and answered for, as a file that is streamed: TMNIST csv, a list of "
        "JSON objects with strokes, or one such object a line.",
        parameters=[
            OpenApiParameter(
                "ending",
                str,
                OpenApiParameter.PATH,
                description="Which kind of file.",
                enum=["csv", "json", "ndjson"],
                examples=[OpenApiExample("example", value="csv")],
            ),
            _header("Content-Disposition", "To be saved under a name.", 200),
        ],
        answers={
            (200, "text/csv"): _answer(str, "The file.", EXAMPLES["csv"]),
            (200, JSON): _answer(
                FileItemSerializer(many=True), "The file.", EXAMPLES["strokes_file"][0]
            ),
            (200, "application/x-ndjson"): _answer(str, "The file.", EXAMPLES["ndjson"]),
        },
    ),
)

# No method that a router knows, so it is described where it stands.
describe_destroy_all = _operation(
    "deleteDrawings",
    "drawings",
    "Forget the own drawings",
    "All that the caller drew, as far as the filters go; the staff, too, delete only what is "
    "theirs.",
    parameters=FILTERS,
    answers={200: _answer(DeletedAnswer, "How many are gone.", {"deleted": 3})},
    problems=["invalid-request"],
)

describe_models = extend_schema_view(
    list=_operation(
        "listModels",
        "models",
        "List the versions",
        "What they learned from and how good they are, newest first.",
        parameters=[*PAGES, KNOWN, ETAG],
        answers={
            304: UNCHANGED,
            200: OpenApiResponse(
                ModelSerializer(many=True),
                "One page.",
                [OpenApiExample("example", value=EXAMPLES["models"]["results"][0])],
            ),
        },
        problems=["invalid-request", "not-found"],
        links={
            "200": {
                "getModel": {
                    "operationId": "getModel",
                    "description": "The newest version",
                    "parameters": {"version": "$response.body#/results/0/version"},
                }
            }
        },
    ),
    retrieve=_operation(
        "getModel",
        "models",
        "Get a version",
        parameters=[VERSION, KNOWN, ETAG],
        answers={
            200: _answer(ModelSerializer, "It.", EXAMPLES["models"]["results"][0]),
            304: UNCHANGED,
        },
    ),
    activate=_operation(
        "activateModel",
        "models",
        "Let a version answer",
        "For the staff. The running site answers with it at once.",
        parameters=[VERSION],
        request=None,
        answers={200: _answer(ModelSerializer, "It answers.", EXAMPLES["models"]["results"][0])},
        problems=["model-unusable"],
    ),
)

describe_predictions = extend_schema_view(
    post=_operation(
        "predict",
        "predictions",
        "Read many drawings and keep none",
        "Up to 1,000 at once: one list of `images`, `strokes` or `pixels`, a form with files under "
        "the name `image`, or a whole file of digits, as the body or under the name `file`: an "
        "npz with an array x (n, 28, 28), an IDX file, or a csv of TMNIST or MNIST, the last two "
        "also gzipped.",
        request={
            JSON: _request(
                BatchInput,
                strokes=(
                    "A 7 and a 3",
                    {"strokes": [EXAMPLES["strokes"], EXAMPLES["other_strokes"]]},
                ),
            ),
            FORM: _request(
                {
                    "type": "object",
                    "properties": {
                        "image": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 1000,
                            "items": FILE,
                        },
                        "file": FILE,
                    },
                    "oneOf": [{"required": ["image"]}, {"required": ["file"]}],
                }
            ),
            "text/csv": _request(str, example=("A 7, as an export has it", EXAMPLES["csv"])),
            "application/zip": FILE,
            "application/gzip": FILE,
            "application/octet-stream": FILE,
        },
        answers={200: _answer(BatchAnswer, "One answer each, in their order.", EXAMPLES["batch"])},
        problems=["invalid-request", *READING, "invalid-file", "no-model"],
    )
)

describe_predict = extend_schema_view(
    post=_operation(
        "predictOne",
        "predictions",
        "The contract of the demo that this grew from",
        "One picture, its digit as text. The drawing is kept.",
        request={JSON: _request(PredictInput, image=("A picture", {"image": EXAMPLES["picture"]}))},
        answers={200: _answer(PredictAnswer, "The digit.", EXAMPLES["predict"])},
        problems=[
            "invalid-request",
            "blank-drawing",
            "invalid-image",
            "image-too-large",
            "no-model",
        ],
    )
)

describe_stats = extend_schema_view(
    get=_operation(
        "getStats",
        "models",
        "Count drawings and right answers",
        "In all, and by the digit that it really was.",
        parameters=[KNOWN, ETAG],
        answers={200: _answer(StatsAnswer, "The counts.", EXAMPLES["stats"]), 304: UNCHANGED},
    )
)

describe_exports = extend_schema_view(
    get=_operation(
        "exportAll",
        "drawings",
        "Take the labeled drawings of everybody along",
        "For the staff: as a file that is streamed, oldest first. TMNIST csv, one JSON object with "
        "strokes a line, or an npz with arrays x (n, 28, 28) and y (n,).",
        parameters=[
            *FILTERS,
            _query(
                "format",
                "Which kind of file.",
                {"type": "string", "enum": ["csv", "ndjson", "npz"], "default": "csv"},
            ),
            _header("Content-Disposition", "To be saved under a name.", 200),
        ],
        answers={
            (200, "text/csv"): _answer(str, "The file.", EXAMPLES["csv"]),
            (200, "application/x-ndjson"): _answer(str, "The file.", EXAMPLES["ndjson"]),
            (200, "application/zip"): _answer(
                OpenApiTypes.BINARY, "The file.", external="/api/v1/exports/?format=npz"
            ),
        },
        problems=["invalid-request"],
    )
)

describe_schema = extend_schema_view(
    get=_operation(
        "getSchema",
        "description",
        "Describe the API",
        "This description, OpenAPI 3.1. It changes with the site alone: ask with `If-None-Match`.",
        parameters=[
            _query("format", "In which form.", {"type": "string", "enum": ["yaml", "json"]}),
            KNOWN,
            ETAG,
        ],
        answers={
            (200, "application/yaml"): _answer(dict, "The description.", {"openapi": "3.1.0"}),
            (200, JSON): _answer(dict, "The description.", {"openapi": "3.1.0"}),
            304: UNCHANGED,
        },
        problems=["invalid-request"],
    )
)

HEALTH = "health"
ANYBODY: list[dict[str, Any]] = [{}]

describe_healthz = _operation(
    "isAlive",
    HEALTH,
    "Ask whether a process answers",
    "Whatever the name that it is asked by, and without TLS: for whoever starts it anew.",
    auth=ANYBODY,
    answers={
        200: _answer(
            {
                "type": "object",
                "properties": {"status": {"type": "string", "const": "alive"}},
                "required": ["status"],
            },
            "It does.",
            {"status": "alive"},
        )
    },
)

describe_readyz = _operation(
    "isReady",
    HEALTH,
    "Ask whether drawings can be read",
    "Whether the database answers and a model is loaded. Whatever the name that it is asked by, "
    "and without TLS: for whoever sends requests on.",
    auth=ANYBODY,
    answers={
        200: _answer(
            {
                "type": "object",
                "properties": {
                    "status": {"type": "string", "const": "ready"},
                    "model": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "The version that answers.",
                    },
                },
                "required": ["status", "model"],
            },
            "They can.",
            {"status": "ready", "model": 1},
        )
    },
    problems=["no-model", "no-database"],
)

describe_metrics = _operation(
    "getMetrics",
    HEALTH,
    "Tell Prometheus how it goes",
    "What all processes of this server counted, in Prometheus's text format: for whoever has "
    "`METRICS_TOKEN`, and for the staff.",
    auth=[{"metrics": []}, {"session": []}],
    answers={(200, "text/plain"): _answer(str, "The counts.", EXAMPLES["metrics"])},
    problems=["forbidden", *OUTAGES],
)

"""The OpenAPI description of the API: what all operations have in common."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from threading import Lock
from typing import Any, TypeAlias

from django.conf import settings
from django.urls import resolve
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter
from rest_framework import serializers
from rest_framework.views import APIView

from recognizer.access.visitors import COOKIE_NAME
from recognizer.api.filters import MAX_VERSION
from recognizer.api.serializers import EXAMPLES
from recognizer.models import ApiKey
from recognizer.problems.kinds import CONTENT_TYPE, PROBLEMS, describe
from recognizer.problems.outages import OUTAGES

RENDERERS = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}
SAFE = {"GET", "HEAD"}
PLAIN_VIEWS = ["healthz", "readyz", "metrics"]
IN_PATH = [
    OpenApiParameter(
        name,
        schema,
        OpenApiParameter.PATH,
        description=description,
        examples=[OpenApiExample("example", value=example)],
    )
    for name, description, schema, example in (
        ("id", "The drawing.", OpenApiTypes.UUID, EXAMPLES["id"]),
        ("version", "The version.", {"type": "integer", "minimum": 0, "maximum": MAX_VERSION}, 1),
    )
]

_describing = Lock()

Endpoint: TypeAlias = tuple[str, str, str, Any]
"""Path, path as a regular expression, method, and view."""


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField(help_text="Its name, with its place: `strokes[3]`.")
    detail = serializers.CharField(help_text="A sentence for people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request was refused, as RFC 9457 has it."""

    type = serializers.CharField(
        help_text="The kind of problem, as the address of a page about it. Programs compare this."
    )
    title = serializers.CharField(help_text="The kind in words, always the same for a type.")
    status = serializers.IntegerField(help_text="The status of the answer.")
    detail = serializers.CharField(help_text="What is wrong this time, a sentence for people.")
    field = serializers.CharField(required=False, help_text="The first field at fault.")
    errors = FieldErrorSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="All fields at fault."
    )
    request_id = serializers.CharField(
        required=False, help_text="The id of the request in the log and in X-Request-ID."
    )


class Schema(AutoSchema):
    """Describes an operation with its callers, problems and links.

    recognizer/api/operations.py names problems and links by two extensions, which do not appear in
    the description.
    """

    @property
    def scope(self) -> str | None:
        """The scope that an API key needs."""
        action = getattr(self.view, "action", self.method.lower())
        view: Any = self.view
        scope = view.scopes[action]
        return scope and str(scope)

    def get_summary(self) -> str:
        """Return the first line of the method's docstring."""
        return str(super().get_description()).partition("\n")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return the rest of the method's docstring."""
        summary, _, more = str(super().get_description()).partition("\n")
        return " ".join(more.split()) or summary

    def get_tags(self) -> list[str]:
        view: Any = self.view
        return [view.tag]

    def get_override_parameters(self) -> list[Any]:
        return [parameter for parameter in IN_PATH if f"{{{parameter.name}}}" in self.path]

    def get_auth(self) -> list[dict[str, Any]]:
        """Return how callers identify themselves; anonymous where anybody may ask."""
        auth: list[dict[str, Any]] = super().get_auth()
        return auth if self.scope == ApiKey.Scope.ADMIN else [*auth, {}]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        named = operation.pop("x-problems", ())
        operation["responses"].update(self._problems([*named, *self._usual_problems(operation)]))
        for status, links in operation.pop("x-links", {}).items():
            operation["responses"][status]["links"] = links
        return operation

    def _usual_problems(self, operation: dict[str, Any]) -> Iterable[str]:
        parameters = operation.get("parameters", ())
        query = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        if query or "requestBody" in operation:
            yield "invalid-request"
        if "requestBody" in operation:
            yield from (
                "malformed-body",
                "length-required",
                "body-too-large",
                "unsupported-media-type",
            )
        if "{" in self.path or "cursor" in query:
            yield "not-found"
        yield "invalid-key"
        if self.scope is not None:
            yield "missing-scope"
        if self.method not in SAFE or self.scope == ApiKey.Scope.ADMIN:
            yield "forbidden"
        yield from ("too-many-requests", "server-error", *OUTAGES)

    def _problems(self, slugs: Iterable[str]) -> dict[str, Any]:
        problem = self.resolve_serializer(ProblemSerializer, "response").ref
        responses: dict[str, Any] = {}
        for slug in sorted(slugs, key=lambda slug: PROBLEMS[slug].status):
            kind = PROBLEMS[slug]
            answer = responses.setdefault(
                str(kind.status),
                {
                    **_headers(kind.status),
                    "content": {CONTENT_TYPE: {"schema": problem, "examples": {}}},
                    "description": "",
                },
            )
            answer["content"][CONTENT_TYPE]["examples"][slug] = self._example(slug)
            answer["description"] += f"* `{slug}`: {kind.title}\n"
        return responses

    def _example(self, slug: str) -> dict[str, str]:
        example = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=slug,
            type=ResolvedComponent.EXAMPLE,
            object=slug,
            schema={"summary": PROBLEMS[slug].title, "value": _problem(slug)},
        )
        self.registry.register_on_missing(example)
        reference: dict[str, str] = example.ref
        return reference


class PlainSchema(Schema):
    """Describes a view outside of Django REST framework, without API keys and limits."""

    scope = None

    def _usual_problems(self, operation: dict[str, Any]) -> Iterable[str]:
        return ["server-error"]


def add_plain_views(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Add the health checks, a hook of drf-spectacular.

    It finds only views of Django REST framework by itself.
    """
    return [*endpoints, *(_stand_in(name) for name in PLAIN_VIEWS)]


def _stand_in(name: str) -> Endpoint:
    path = f"/{name}"  # as the paths of all others: below SCRIPT_NAME
    members = {"schema": PlainSchema(), "tag": "health", "get": staticmethod(resolve(path).func)}
    view: type[APIView] = type(name, (APIView,), members)
    return path, path, "GET", view.as_view()


class AlternativesSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Describes that one of several fields is required."""

    target_class = "recognizer.api.serializers.Alternatives"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Direction) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, True)
        return {**schema, "anyOf": [{"required": [name]} for name in self.target.alternatives]}


class VisitorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two cookies of a browser, and the CSRF token that an unsafe request needs with either."""

    target_class = "recognizer.access.visitors.VisitorAuthentication"
    name = ["visitor", "session", "csrf"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return the cookies that are accepted; of a log-in alone for the scope admin."""
        token: dict[str, list[str]] = {} if auto_schema.method in SAFE else {"csrf": []}
        session = {"session": [], **token}
        if auto_schema.scope == ApiKey.Scope.ADMIN:
            return [session]
        return [{"visitor": [], **token}, session]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return the schemes in the order of `name`."""
        return [
            {
                "type": "apiKey",
                "in": "cookie",
                "name": COOKIE_NAME,
                "description": "A browser that opened a page: it sees and changes the drawings "
                "that it drew.",
            },
            {
                "type": "apiKey",
                "in": "cookie",
                "name": settings.SESSION_COOKIE_NAME,
                "description": "A user who logged in on /admin/, with that user's permissions.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-CSRFToken",
                "description": "The token of the page (`data-csrf-token`); an unsafe request that "
                "carries a cookie needs it.",
            },
        ]


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "recognizer.access.callers.KeyAuthentication"
    name = "key"

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """Return the required scope; OpenAPI 3.1 allows roles in every scheme."""
        return {"key": [auto_schema.scope] if auto_schema.scope else []}

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made on /admin/: `Authorization: Bearer dk_…`. It sees and "
            "changes the drawings that it sent, as far as its scopes go (`predict`, `read`, "
            "`feedback`); with the scope `admin` it has the permissions of its owner.",
        }


def describe_api(file_format: str) -> bytes:
    """Return the description of the whole API, which is made once per process."""
    with _describing:  # drf-spectacular loads its extensions without a lock of its own
        return _describe_api(file_format)


@functools.cache
def _describe_api(file_format: str) -> bytes:
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    renderer: Any = RENDERERS[file_format]()
    description: bytes = renderer.render(schema, renderer_context={})
    return description


def _problem(slug: str) -> dict[str, Any]:
    detail, field = EXAMPLES["problems"][slug]
    return describe(slug, detail, [{"field": field, "detail": detail}] if field else None)


def _headers(status: int) -> dict[str, Any]:
    later = ("Retry-After", "integer", "In how many seconds to try again.")
    headers = {
        401: ("WWW-Authenticate", "string", "How to say who asks."),
        429: later,
        503: later,
        507: later,
    }
    if status not in headers:
        return {}
    name, kind, description = headers[status]
    header = {"schema": {"type": kind}, "required": True, "description": description}
    return {"headers": {name: header}}

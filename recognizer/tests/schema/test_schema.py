"""The description of the API: whole, true, and committed as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.urls import reverse
from jsonschema import Draft202012Validator, FormatChecker

from recognizer.api.schema import describe_api
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"
COMMAND = ".venv/bin/python manage.py spectacular --file docs/openapi.yaml"
SCHEMA = "/api/schema/"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(describe_api("json"))
    return parsed


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the kinds of bodies that are sent and that come back where all is well."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for status, answer in operation["responses"].items():
        if status < "400":
            yield from answer.get("content", {}).items()


def test_the_committed_file_is_what_the_site_answers() -> None:
    assert COMMITTED.read_bytes() == describe_api("yaml"), f"docs/openapi.yaml is old: {COMMAND}"


def test_it_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "openapi.yaml"
    call_command("spectacular", fail_on_warn=True, validate=True, file=str(file))
    assert file.read_bytes() == describe_api("yaml")


def test_every_operation_and_parameter_has_a_description(description: dict[str, Any]) -> None:
    names = [operation["operationId"] for _path, _method, operation in operations(description)]
    assert len(set(names)) == len(names)
    tags = {tag["name"] for tag in description["tags"]}
    for path, method, operation in operations(description):
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        assert set(operation["tags"]) <= tags, (path, method)
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (path, method, parameter["name"])


def test_every_body_has_an_example(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        for kind, body in bodies(operation):
            is_file = body["schema"].get("format") == "binary" or kind == "multipart/form-data"
            assert body.get("examples") or (is_file and "requestBody" in operation), (
                path,
                method,
                kind,
            )


def test_every_example_fits_its_schema(description: dict[str, Any]) -> None:
    components = description["components"]
    checked = 0
    for path, method, operation in operations(description):
        contents = list(operation.get("requestBody", {}).get("content", {}).items())
        for answer in operation["responses"].values():
            contents += answer.get("content", {}).items()
        for kind, body in contents:
            schema = {**body["schema"], "components": components}
            validator = Draft202012Validator(schema, format_checker=FormatChecker())
            for example in body.get("examples", {}).values():
                if "$ref" in example:
                    example = components["examples"][example["$ref"].rpartition("/")[2]]
                if "value" in example:
                    found = [error.message for error in validator.iter_errors(example["value"])]
                    assert found == [], (path, method, kind)
                    checked += 1
    assert checked > 100


def test_every_problem_is_declared_as_one(description: dict[str, Any]) -> None:
    for path, method, operation in operations(description):
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (path, method)


def test_every_example_of_a_request_is_answered(staff: Caller, description: dict[str, Any]) -> None:
    drawing = staff.draw()["id"]
    sent = 0
    for path, method, operation in operations(description):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        for example in (body or {}).get("examples", {}).values():
            send = {"post": staff.post, "put": staff.put}[method]
            answer = send(path.replace("{id}", drawing), example["value"])
            assert answer.status_code in {200, 201}, (path, method, answer.content)
            sent += 1
    assert sent >= 6


def test_every_link_of_a_stored_drawing_leads_to_an_answer(
    visitor: Caller, description: dict[str, Any]
) -> None:
    operations_by_id = {
        operation["operationId"]: (path, method, operation)
        for path, method, operation in operations(description)
    }
    created = description["paths"][DRAWINGS]["post"]["responses"]["201"]
    assert len(created["links"]) == 6
    for link in created["links"].values():
        assert link["parameters"] == {"id": "$response.body#/id"}
        path, method, operation = operations_by_id[link["operationId"]]
        url = path.replace("{id}", visitor.draw()["id"])
        if method == "put":
            answer = visitor.put(url, {"correct": True})
        else:
            answer = {"get": visitor.get, "delete": visitor.delete}[method](url)
        assert answer.status_code in {200, 204}, (path, method, answer.content)
        assert str(answer.status_code) in operation["responses"]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("", "application/yaml"),
        ("?format=yaml", "application/yaml"),
        ("?format=json", "application/json"),
    ],
)
def test_it_is_given_out_in_the_format_that_is_asked_for(
    stranger: Caller, query: str, kind: str
) -> None:
    answer = stranger.get(SCHEMA + query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == kind
    assert yaml.safe_load(answer.content)["openapi"] == "3.1.0"


def test_a_caller_with_the_current_etag_gets_304(stranger: Caller) -> None:
    tag = stranger.get(SCHEMA).headers["ETag"]
    answer = stranger.client.get(SCHEMA, headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert not answer.content


def test_another_format_is_refused(stranger: Caller) -> None:
    assert_problem(stranger.get(f"{SCHEMA}?format=xml"), 400, "invalid-request", "format")


def test_the_page_of_the_api_is_for_everybody(stranger: Caller) -> None:
    page = stranger.get(reverse("docs"))
    assert page.status_code == 200
    assert f'data-schema-url="{SCHEMA}?format=json"' in page.content.decode()

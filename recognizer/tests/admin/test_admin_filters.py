"""Filters in addresses of the admin: whatever number or date stands there, no answer is a 500."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import models, transaction

from recognizer.tests.conftest import DRAWINGS, Caller

admin.autodiscover()
NUMBERS = ["9" * 20, "-" + "9" * 400]
DATES = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]


def ask(caller: Caller, path: str, query: dict[str, str] | None = None) -> int:
    """Return the status; what PostgreSQL refuses ends the savepoint, not the test's transaction."""
    savepoint = transaction.savepoint()
    status: int = caller.get(path, query).status_code
    transaction.savepoint_rollback(savepoint)
    return status


def queries(model: type[models.Model]) -> list[dict[str, str]]:
    """Return filters with values that no column can hold."""
    found = [{"p": number} for number in NUMBERS]
    for field in model._meta.concrete_fields:
        if isinstance(field, models.DateTimeField):
            found += [{field.name: date} for date in DATES]
            found += [{f"{field.name}__year": "9" * 11}]
        elif isinstance(field, models.IntegerField | models.FloatField | models.ForeignKey):
            lookups = [f"{field.name}__exact", f"{field.name}__gt", f"{field.name}__in"]
            found += [{lookup: number} for lookup in lookups for number in NUMBERS]
    return found


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_no_number_or_date_in_an_address_of_the_admin_is_a_500(
    staff: Caller, model: type[models.Model]
) -> None:
    staff.client.raise_request_exception = False
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    statuses = {str(query): ask(staff, base, query) for query in [{}, *queries(model)]}
    statuses |= {number: ask(staff, f"{base}{number}/change/") for number in NUMBERS}
    assert {query: status for query, status in statuses.items() if status >= 500} == {}
    assert 200 in statuses.values()


@pytest.mark.parametrize("value", [*NUMBERS, *DATES, "1e999", "nan"])
def test_no_number_or_date_in_an_address_of_the_api_is_a_500(staff: Caller, value: str) -> None:
    staff.client.raise_request_exception = False
    drawing = staff.draw(7)
    for name in ("model", "label", "prediction", "page_size", "cursor"):
        assert ask(staff, DRAWINGS, {name: value}) < 500
    for ordering in ("created_at", "-confidence"):
        position = urlencode({"p": f"{value}|{drawing['id']}"}).encode()
        cursor = base64.b64encode(position).decode()
        assert ask(staff, DRAWINGS, {"ordering": ordering, "cursor": cursor}) < 500, ordering
    cursor = base64.b64encode(urlencode({"p": value}).encode()).decode()
    assert ask(staff, "/api/v1/models/", {"cursor": cursor}) < 500
    for path in (f"/api/v1/models/{value}/", f"{DRAWINGS}{value}/"):
        assert ask(staff, path) == 404

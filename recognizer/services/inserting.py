"""Stores a drawing by one statement that commits by itself, and finds one by its id.

Within BEGIN … COMMIT a thread gives up the interpreter at each statement, and may wait for its turn
while it holds SQLite's only write lock. The ORM takes several times as long to write such a
statement as the database to execute it; here each is written once.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from recognizer.models import Drawing

_FIELDS = [field for field in Drawing._meta.local_concrete_fields if not field.generated]
_ADAPTED = [
    (place, field)
    for place, field in enumerate(_FIELDS)
    if isinstance(
        field, models.UUIDField | models.DateTimeField | models.JSONField | models.BinaryField
    )
]
"""Fields whose values a database takes in a form of its own, with their places."""
_values_of = attrgetter(*(field.attname for field in _FIELDS))


def insert(drawing: Drawing) -> None:
    """Do what `drawing.save(force_insert=True)` does, without signals."""
    _execute(_insertion(), drawing)


def insert_if_new(drawing: Drawing) -> bool:
    """Insert a drawing unless there is one of its id; return whether there was none."""
    return _execute(f"{_insertion()} ON CONFLICT (id) DO NOTHING", drawing)


def find_row(pk: uuid.UUID, names: Sequence[str]) -> dict[str, Any]:
    """Return these fields of a drawing; empty if there is none."""
    statement, fields = _selection(tuple(names))
    with connection.cursor() as cursor:
        cursor.execute(statement, [Drawing._meta.pk.get_db_prep_value(pk, connection)])
        row = cursor.fetchone() or ()
    values = {}
    for field, value in zip(fields, row, strict=False):
        column = field.get_col(Drawing._meta.db_table)
        for convert in connection.ops.get_db_converters(column):
            value = convert(value, column, connection)
        values[field.attname] = value
    return values


def insert_or_overwrite(drawing: Drawing, names: Sequence[str]) -> bool:
    """Insert a drawing, or overwrite these fields of its visitor's open one of the same id.

    A license may fall with that, but never comes: what was drawn before it was given is not under
    it. Return whether either happened: the id may be another visitor's, answered or imported.
    """
    return _execute(_upsert(tuple(names)), drawing)


def _execute(statement: str, drawing: Drawing) -> bool:
    values = list(_values_of(drawing))
    database = connections[DEFAULT_DB_ALIAS]  # fields would look it up each time
    for place, field in _ADAPTED:
        if values[place] is not None:
            values[place] = field.get_db_prep_save(values[place], database)
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        is_stored: bool = cursor.rowcount == 1
    drawing._state.adding, drawing._state.db = False, database.alias
    return is_stored


@functools.cache
def _selection(names: tuple[str, ...]) -> tuple[str, list[Any]]:
    fields = [field for field in _FIELDS if field.attname in names]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'SELECT {columns} FROM "{Drawing._meta.db_table}" WHERE id = %s', fields  # nosec B608


@functools.cache
def _insertion() -> str:
    columns = ", ".join(f'"{field.column}"' for field in _FIELDS)
    places = ", ".join(["%s"] * len(_FIELDS))
    # Names of our own, as below.
    return f'INSERT INTO "{Drawing._meta.db_table}" ({columns}) VALUES ({places})'  # nosec B608


@functools.cache
def _upsert(names: tuple[str, ...]) -> str:
    table = f'"{Drawing._meta.db_table}"'
    columns = [field.column for field in _FIELDS if field.attname in names]
    values = {column: f'excluded."{column}"' for column in columns}
    if "license" in values:
        same = f"{table}.license = excluded.license"
        values["license"] = f"CASE WHEN {same} THEN excluded.license ELSE '' END"
    redrawn = f"{table}.canonical <> excluded.canonical"
    values["changed_at"] = (
        f"CASE WHEN {redrawn} THEN excluded.created_at ELSE {table}.changed_at END"
    )
    changes = ", ".join(f'"{column}" = {value}' for column, value in values.items())
    conditions = (
        f"{table}.label IS NULL AND {table}.review = '{Drawing.Review.UNREVIEWED}' "
        f"AND {table}.source <> '{Drawing.Source.IMPORT}' "
        f"AND ({table}.visitor = excluded.visitor "
        f"OR ({table}.visitor IS NULL AND excluded.visitor IS NULL))"
    )
    conflict = f"ON CONFLICT (id) DO UPDATE SET {changes} WHERE {conditions}"  # nosec B608
    return f"{_insertion()} {conflict}"

"""Triggers that mark the days whose drawings change, imports apart, to count them again.

They see each change, whichever code, version or statement makes it.
"""

from __future__ import annotations

from itertools import product

from django.db import connections, transaction

from recognizer.models import DailyCount, Drawing, TouchedDay

COUNTED = (
    *("label", "review", "prediction", "is_digit", "confidence", "model_id", "source"),
    "created_at",
)
"""Columns whose change touches a day."""
EVENTS = {"insert": "INSERT", "delete": "DELETE", "update": f"UPDATE OF {', '.join(COUNTED)}"}
DRAWINGS, MARKS = Drawing._meta.db_table, TouchedDay._meta.db_table
NAME = "recognizer_touch"
# Names of our own tables and columns only.
FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {MARKS} (day)
    SELECT DISTINCT day
    FROM (VALUES ((OLD.created_at AT TIME ZONE 'UTC')::date, OLD.source),
                 ((NEW.created_at AT TIME ZONE 'UTC')::date, NEW.source)) AS touched (day, source)
    WHERE day < (now() AT TIME ZONE 'UTC')::date AND source <> 'import';
    RETURN NULL;
END
$$
"""  # nosec B608
ON_POSTGRESQL = {
    f"{NAME}_{event}": f"CREATE TRIGGER {NAME}_{event} AFTER {clause} ON {DRAWINGS} "
    f"FOR EACH ROW EXECUTE FUNCTION {NAME}()"
    for event, clause in EVENTS.items()
}
# SQLite has one writer, so a mark that is there already is not being removed meanwhile.
ON_SQLITE = {
    f"{NAME}_{event}_{row}": f"""
    CREATE TRIGGER {NAME}_{event}_{row} AFTER {clause} ON {DRAWINGS}
    WHEN substr({row}.created_at, 1, 10) < date('now') AND {row}.source <> 'import'
    BEGIN
        INSERT INTO {MARKS} (day) SELECT substr({row}.created_at, 1, 10)
        WHERE NOT EXISTS (SELECT 1 FROM {MARKS} WHERE day = substr({row}.created_at, 1, 10));
    END
    """  # nosec B608
    for (event, clause), row in product(EVENTS.items(), ("old", "new"))
    if (event, row) not in {("insert", "old"), ("delete", "new")}
}


def watch(using: str) -> None:
    """Create the triggers that are missing; what changed without them is unknown, so recount."""
    connection = connections[using]
    if MARKS not in connection.introspection.table_names():
        return
    is_sqlite = connection.vendor == "sqlite"
    wanted = ON_SQLITE if is_sqlite else ON_POSTGRESQL
    known = "SELECT name FROM sqlite_master" if is_sqlite else "SELECT tgname FROM pg_trigger"
    with transaction.atomic(using), connection.cursor() as cursor:
        cursor.execute(known)
        missing = wanted.keys() - {name for (name,) in cursor.fetchall()}
        if not missing:
            return
        if not is_sqlite:
            cursor.execute(FUNCTION)
        for name in sorted(missing):
            cursor.execute(wanted[name])
        days = DailyCount.objects.using(using).values_list("day", flat=True).distinct()
        TouchedDay.objects.using(using).bulk_create(TouchedDay(day=day) for day in days)


def unwatch(using: str) -> None:
    """Drop the triggers, before the table of marks goes."""
    connection = connections[using]
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for name in ON_SQLITE if is_sqlite else ON_POSTGRESQL:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{'' if is_sqlite else f' ON {DRAWINGS}'}")

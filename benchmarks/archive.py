"""What an archive of a million drawings and more costs, and which of its pages get slow.

python -m benchmarks.archive FOLDER [--rows N] [--only PART ...]

Fills an archive in the folder, unless one is there, and measures it part by part. The folder holds
the model files and the database, unless DATABASE_URL names one (sh .ci/postgresql gives an empty
one). Drawings are copies of some that the synthetic pen wrote, spread over a year: three tenths are
unanswered, four approved, and three wait for a reviewer; a tenth is imported. Answers are whole, in
one process: medians and the slowest by the clock, and the processor time of this process, which
with SQLite is the database's as well.
"""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import django
import numpy as np
from django.core.management import call_command

from benchmarks import kit

if TYPE_CHECKING:
    from django.test import Client

    from recognizer.models import Drawing

DRAWN = 300
"""Different drawings of the synthetic pen; the archive has copies of them."""
IMPORTS = 300
VISITORS = 5_000
SPAN = timedelta(days=365)
ROUNDS = 5
SENT = 200
"""Drawings that are sent one after the other."""
IMPORTED = 20_000
STREAM_SECONDS = 60
OWN = {
    "source": "CASE part WHEN 0 THEN 'import' WHEN 1 THEN 'api' WHEN 2 THEN 'upload' "
    "ELSE 'canvas' END",
    "visitor": "CASE WHEN part > 1 THEN hands.visitor END",
    "network": "CASE WHEN part = 1 THEN hands.network ELSE '' END",
    "imported_with_id": f"CASE WHEN part = 0 THEN number % {IMPORTS} + 1 END",
    "confidence": "1 - 0.7 * doubt * doubt * doubt * doubt",
    "label": "CASE WHEN kind < 300 THEN NULL WHEN odd < 30 THEN odd % 10 ELSE prediction END",
    "feedback_at": "CASE WHEN kind >= 300 THEN moment END",
    "review": "CASE WHEN kind BETWEEN 300 AND 699 THEN 'approved' ELSE 'unreviewed' END",
    "reviewed_at": "CASE WHEN kind BETWEEN 300 AND 699 THEN moment END",
    "suspicious_at": "CASE WHEN kind >= 700 AND odd < 3 THEN moment END",
    "suspected_digit": "CASE WHEN kind >= 700 AND odd < 3 THEN prediction END",
    "suspected_share": "CASE WHEN kind >= 700 AND odd < 3 THEN 0.98 END",
}
"""Columns of a copy that differ from the drawing's. Kind and odd are up to 999, part is up to 9."""
SQLITE = {
    "id": "lower(hex(randomblob(16)))",
    "created_at": "strftime('%Y-%m-%d %H:%M:%S', seconds, 'unixepoch')",
    "indexes": "SELECT type, name, sql FROM sqlite_master "
    "WHERE tbl_name = 'recognizer_drawing' AND type <> 'table' AND sql IS NOT NULL",
    # Without a log, which would be as large as the archive.
    "before": "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000",
    "after": "ANALYZE; PRAGMA journal_mode = WAL",
}
POSTGRESQL = {
    "id": "gen_random_uuid()",
    "created_at": "to_timestamp(seconds)",
    "indexes": "SELECT 'index', indexname, indexdef FROM pg_indexes "
    "WHERE tablename = 'recognizer_drawing' AND indexname <> 'recognizer_drawing_pkey'",
    "before": "SET session_replication_role = replica; SET maintenance_work_mem = '1GB'",
    "after": "VACUUM ANALYZE; CHECKPOINT",
}
COPY = """
WITH RECURSIVE counter (number) AS (
    SELECT CAST(1 AS bigint) UNION ALL SELECT number + 1 FROM counter WHERE number < {rows}
), mixed AS (
    SELECT number, (number * 2654435761) & 4294967295 AS one,
        (number * 2246822519) & 4294967295 AS other, {begin} + number * {step} AS seconds
    FROM counter
), copies AS (
    SELECT number, one % 1000 AS kind, one / 1000 % 1000 AS odd, one / 1000000 % 10 AS part,
        other / 4294967296.0 AS doubt, {created_at} AS moment
    FROM mixed
)
INSERT INTO recognizer_drawing ({names}) SELECT {values}
FROM copies
    JOIN drawn ON drawn.place = number % {drawn}
    JOIN hands ON hands.place = number % {hands}
"""


def open_archive(folder: Path, rows: int, *, has_pictures: bool = True) -> dict[str, str]:
    """Set Django up for the archive in a folder, and fill it if it is empty.

    Return what a server of it needs in its environment.
    """
    folder.mkdir(exist_ok=True)
    environment = {
        "DATABASE_URL": os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/db.sqlite3",
        "ARTIFACTS_DIR": f"{folder}/artifacts",
        "SECRET_KEY": "only for tests",
        "RETRAIN_WORKER": "no",
        "THROTTLE_VISITOR": "off",
        "THROTTLE_ALL": "1000000000",
        "MAX_ARCHIVE": "off",
    }
    os.environ |= environment
    kit.set_up_site()
    from recognizer.models import Drawing
    from recognizer.services.drawings import recognition

    call_command("migrate", verbosity=0)
    call_command("register_bundled_model", verbosity=0)
    if not Drawing.objects.exists():
        for _, strokes in kit.read_drawings(None, written=DRAWN, seed=0):
            recognition.recognize(strokes=strokes)
        django.db.connections.close_all()
        fill(environment["DATABASE_URL"], rows, has_pictures=has_pictures)
    return environment


def fill(url: str, rows: int, *, has_pictures: bool) -> None:
    """Copy the drawings that are there; visitors, times, labels, reviews differ."""
    from recognizer.models import Drawing
    from recognizer.tests.kit.live import connect

    fields = Drawing._meta.local_concrete_fields
    names = [str(field.column) for field in fields if not field.generated]
    words = SQLITE if url.startswith("sqlite") else POSTGRESQL
    begun = datetime.now(UTC)
    own = {**OWN, "id": words["id"], "created_at": "moment"}
    if not has_pictures:
        own |= {"image": "substr(image, 1, 100)", "strokes": "NULL"}
    with connect(url) as database:
        for number in range(1, IMPORTS + 1):
            database.execute(
                "INSERT INTO recognizer_import (name, started_at) "
                f"VALUES ('class {number}', '{begun:%Y-%m-%d %H:%M:%S+00:00}')"
            )
        # Indexes are made at the end: in the order of the rows that takes much longer.
        indexes = database.execute(words["indexes"]).fetchall()
        for kind, name, _ in indexes:
            database.execute(f'DROP {kind} "{name}"')
        for statement in words["before"].split("; "):
            database.execute(statement)
        database.execute(
            "CREATE TEMPORARY TABLE drawn AS "
            "SELECT row_number() OVER () - 1 AS place, * FROM recognizer_drawing"
        )
        database.execute(
            "CREATE TEMPORARY TABLE hands AS SELECT 0 AS place, visitor, network "
            "FROM recognizer_drawing LIMIT 0"
        )
        for number in range(VISITORS):
            visitor, network = f"{number * 7_919:08x}{1:024x}", f"{number * 6_007:08x}{2:024x}"
            database.execute(f"INSERT INTO hands VALUES ({number}, '{visitor}', '{network}')")
        database.execute(
            COPY.format(
                rows=rows - DRAWN,
                begin=(begun - SPAN).timestamp(),
                step=SPAN.total_seconds() / rows,
                created_at=words["created_at"],
                names=", ".join(f'"{name}"' for name in names),
                values=", ".join(own.get(name, f'drawn."{name}"') for name in names),
                drawn=DRAWN,
                hands=VISITORS,
            )
        )
        for _, _, statement in indexes:
            database.execute(statement)
        for statement in words["after"].split("; "):
            database.execute(statement)


def ask(name: str, request: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print the milliseconds of a request: median and slowest, and the median of this process."""
    clock, processor = [], []
    for _ in range(rounds):
        began, spent = time.perf_counter(), time.process_time()
        request()
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - spent))
    kit.print_row(
        name,
        *(round(value, 1) for value in (median(clock), max(clock))),
        round(median(processor), 1),
    )


def get(client: Client, address: str) -> Callable[[], object]:
    """Return the request for an address, which is to be answered."""

    def request() -> Any:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer

    return request


def visit(visitor: uuid.UUID | None = None) -> Client:
    """Return a browser with a visitor's cookie: a new one's, or that of one in the archive."""
    from django.core.signing import get_cookie_signer
    from django.test import Client

    from recognizer.access.visitors import COOKIE_NAME, COOKIE_SALT

    client = Client(SERVER_NAME="localhost")
    client.get("/")
    if visitor is not None:
        signer = get_cookie_signer(salt=COOKIE_NAME + COOKIE_SALT)
        client.cookies[COOKIE_NAME] = signer.sign(str(visitor))
    return client


def log_in() -> Client:
    """Return a browser of a superuser."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(
        User.objects.filter(username="operator").first()
        or User.objects.create_superuser("operator")
    )
    return client


def send(client: Client, strokes: Any) -> str:
    """Send a drawing under an id of its own, as the page does; return the id."""
    name = str(uuid.uuid4())
    plain = [np.asarray(stroke, float).round(1).tolist() for stroke in strokes]
    answer = client.post(
        "/api/v1/drawings/",
        json.dumps({"id": name, "strokes": plain}),
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    return name


def find_middle(**filters: Any) -> Drawing:
    """Return the newest drawing of the older half of the year."""
    from recognizer.models import Drawing

    half = datetime.now(UTC) - SPAN / 2
    found = Drawing.objects.filter(created_at__lt=half, **filters).order_by("-created_at", "-id")
    drawing = found.first()
    assert drawing is not None
    return drawing


def position(*values: object) -> str:
    """Return the cursor of a page that begins behind these values."""
    text = urlencode({"p": "|".join(map(str, values))})
    return base64.b64encode(text.encode()).decode()


def measure_inserts(folder: Path) -> None:
    """Send drawings and answer them, one after the other."""
    client = visit()
    hand = iter(kit.read_drawings(None, written=SENT + 1, seed=1))
    send(client, next(hand)[1])  # warm
    sent = []
    ask("read and keep", lambda: sent.append(send(client, next(hand)[1])), SENT)
    answered = iter(sent)

    def answer() -> None:
        address = f"/api/v1/drawings/{next(answered)}/feedback/"
        put = client.put(address, '{"correct": true}', content_type="application/json")
        assert put.status_code == 200, put.content

    ask("answer", answer, SENT)


def measure_lists(folder: Path) -> None:
    """Ask for lists of the API, of a visitor and of the staff, and for the desk."""
    middle = find_middle(source="canvas")
    own, staff = visit(middle.visitor), log_in()
    listed, deep = (
        "/api/v1/drawings/",
        urlencode({"cursor": position(middle.created_at, middle.pk)}),
    )
    for name, address in {
        "a visitor's page of the history": "/history/",
        "a visitor's list": listed,
        "the same, half a year back": f"{listed}?{deep}",
        "the same by confidence": f"{listed}?ordering=confidence",
    }.items():
        ask(name, get(own, address))
    for name, query in {
        "everybody's list": "",
        "the same, half a year back": deep,
        "by confidence": "ordering=confidence",
        "by confidence, from 0.9 down": urlencode(
            {"ordering": "-confidence", "cursor": position(0.9, middle.pk)}
        ),
        "wrong": "correct=false",
        "wrong, by confidence": "correct=false&ordering=confidence",
        "right, by confidence": "correct=true&ordering=-confidence",
        "open, by confidence": "correct=open&ordering=confidence",
        "approved, by confidence": "review=approved&ordering=confidence",
        "approved, the surest": "review=approved&ordering=-confidence",
        "label 3, by confidence": "label=3&ordering=confidence",
        "label 3, the surest": "label=3&ordering=-confidence",
        "read as 7, by confidence": "prediction=7&ordering=confidence",
        "no digit, by confidence": "prediction=none&ordering=confidence",
        "source api, by confidence": "source=api&ordering=confidence",
        "source import, the surest": "source=import&ordering=-confidence",
        "source canvas, by confidence": "source=canvas&ordering=confidence",
        "unreviewed, by confidence": "review=unreviewed&ordering=confidence",
        "rejected": "review=rejected",
        "rejected, by confidence": "review=rejected&ordering=confidence",
        "version 1": "model=1",
        "version 1, by confidence": "model=1&ordering=confidence",
        "label 3 and wrong": "label=3&correct=false",
        "label 3, wrong, by confidence": "label=3&correct=false&ordering=confidence",
    }.items():
        ask(f"API: {name}", get(staff, f"{listed}?{query}"))
    for name, address in {
        "API: the queue": "/api/v1/reviews/",
        "API: the queue of unsure ones": "/api/v1/reviews/?queue=unsure",
        "the desk": "/admin/recognizer/drawing/desk/",
        "the desk's next cards": "/admin/recognizer/drawing/desk/cards/",
        "the desk, unsure ones": "/admin/recognizer/drawing/desk/?queue=unsure",
    }.items():
        ask(name, get(staff, address))


def measure_admin(folder: Path) -> None:
    """Ask for each search and filter of the admin's list."""
    from recognizer.models import Drawing, Import

    client, some = log_in(), find_middle(source="canvas")
    of_network = Drawing.objects.exclude(network="").first()
    first_import = Import.objects.first()
    assert of_network is not None
    assert first_import is not None
    for name, query in {
        "all": "",
        "page 200": "?p=200",
        "oldest first": "?o=1",
        "search: an id": f"?q={some.pk}",
        "its first six letters": f"?q={str(some.pk)[:6]}",
        "a visitor": f"?q={some.visitor}",
        "a network": f"?q={of_network.network}",
        "no one's": "?q=abcdef123456",
        "a day": f"?q={some.created_at:%Y-%m-%d}",
        "an import's name": "?q=class+7",
        "no import's name": "?q=nonsense",
        "filter: answer wrong": "?answer=wrong",
        "right": "?answer=right",
        "open": "?answer=open",
        "review suspicious": "?queue=suspicious",
        "unreviewed": "?queue=unreviewed",
        "approved": "?queue=approved",
        "rejected": "?queue=rejected",
        "a hand": f"?hand={some.visitor}",
        "one day": f"?day={some.created_at:%Y-%m-%d}",
        "7 days": "?day=week",
        "an import": f"?import={first_import.pk}",
        "answer 7": "?answer__exact=7",
        "no digit": "?answer__exact=10",
        "label 3": "?label__exact=3",
        "model": "?model__version__exact=1",
        "source api": "?source__exact=api",
        "source canvas": "?source__exact=canvas",
        "source import": "?source__exact=import",
        "wrong and label 3": "?answer=wrong&label__exact=3",
        "wrong and a hand": f"?answer=wrong&hand={some.visitor}",
        "approved and answer 7": "?queue=approved&answer__exact=7",
        "wrong, 7 days": "?answer=wrong&day=week",
        "right, import": "?answer=right&source__exact=import",
        "suspicious, import": "?queue=suspicious&source__exact=import",
        "open and answer 7": "?answer=open&answer__exact=7",
        "no digit and label 3": "?answer__exact=10&label__exact=3",
    }.items():
        ask(name, get(client, f"/admin/recognizer/drawing/{query}"))


def measure_figures(folder: Path) -> None:
    """Count the days, then ask for the board, the statistics and the metrics."""
    from recognizer.models import DailyCount
    from recognizer.services import daily_counts

    client = log_in()
    DailyCount.objects.all().delete()
    ask("the worker's first count", lambda: daily_counts.keep_counts(inf), 1)
    ask("a later one", lambda: daily_counts.keep_counts(inf))
    for days in (7, 30, 90, "all"):
        ask(f"the board, {days}", get(client, f"/admin/board/?days={days}"))
    ask("the board, all of the page", get(client, "/admin/board/?days=all&source=canvas"))
    ask("/api/v1/stats/", get(client, "/api/v1/stats/"))
    ask("/metrics", get(client, "/metrics"))


def measure_stream(folder: Path) -> None:
    """Export labeled drawings, the oldest first, until a minute is over."""
    from recognizer.models import Drawing
    from recognizer.services.drawings import exports

    for kind in ("ndjson", "csv"):
        began, spent = time.perf_counter(), time.process_time()
        drawings = size = 0
        first = 0.0
        for piece in exports.stream_labeled(Drawing.objects.all(), kind):
            first = first or time.perf_counter() - began
            drawings += piece.count(b"\n")
            size += len(piece)
            if time.perf_counter() - began > STREAM_SECONDS:
                break
        took, own = time.perf_counter() - began, time.process_time() - spent
        print(
            f"{kind}: {drawings:,} drawings, {size / 1e6:,.0f} MB in {took:.1f} s, the first after "
            f"{first:.2f} s; {1000 * own / drawings:.3f} ms of the processor each; {peak_mb()} MB"
        )


def measure_backup(folder: Path) -> None:
    """Make a backup while drawings are sent, ten a second at most."""
    target = folder / "backup.tar"
    client = visit()
    hand = iter(kit.read_drawings(None, written=2_000, seed=2))
    send(client, next(hand)[1])
    began = time.perf_counter()
    backup = subprocess.Popen([sys.executable, "manage.py", "backup", str(target)], cwd=kit.PROJECT)
    times = []
    while backup.poll() is None:
        sent = time.perf_counter()
        send(client, next(hand, (7, [[(0, 0), (10, 0), (4, 20)]]))[1])
        times.append(1000 * (time.perf_counter() - sent))
        time.sleep(0.1)
    took = time.perf_counter() - began
    assert backup.returncode == 0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    p50, p95, most = np.percentile(times, [50, 95, 100])
    print(
        f"backup: {took:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of the processor, "
        f"{target.stat().st_size / 1e9:.2f} GB, {used.ru_maxrss // 1024} MB at its peak; "
        f"meanwhile {len(times)} drawings were kept in {p50:.0f} ms, {p95:.0f} ms (95 %), "
        f"{most:.0f} ms at most"
    )
    target.unlink()


def measure_training(folder: Path) -> None:
    """Read what a retraining reads."""
    from recognizer.services.retraining import corrections

    before = peak_mb()
    began, spent = time.perf_counter(), time.process_time()
    archive = corrections._read_archive(reviewed_only=False)
    took, own = time.perf_counter() - began, time.process_time() - spent
    count = len(archive.stored)
    print(
        f"retraining reads {count:,} labels in {took:.1f} s, {count / took:,.0f} a second, "
        f"{own:.1f} s of the processor; {before} MB before, {peak_mb()} MB at its peak"
    )


def measure_import(folder: Path) -> None:
    """Import drawings that the archive has under other ids; then the same file once more."""
    from recognizer.models import Drawing
    from recognizer.services.drawings import exports

    path = folder / "import.ndjson"
    left = IMPORTED
    rest = b""
    with path.open("wb") as file:
        for piece in exports.stream_labeled(Drawing.objects.all(), "ndjson"):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines[:left]:
                file.write(
                    re.sub(rb'"id": "[^"]+"', b'"id": "%s"' % str(uuid.uuid4()).encode(), line)
                )
                file.write(b"\n")
            left -= len(lines)
            if left <= 0:
                break
    for _ in range(2):
        began = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "manage.py", "import_drawings", "--quiet", str(path)]
        finished = subprocess.run(command, cwd=kit.PROJECT, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"import: {time.perf_counter() - began:.0f} s, {own:.0f} s of the processor, "
            f"{after.ru_maxrss // 1024} MB: {finished.stdout.decode().splitlines()[-1]}"
        )
    path.unlink()


def peak_mb() -> int:
    """Return the most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure_sizes(folder: Path) -> None:
    """Print what the parts of a drawing take, and table and indexes."""
    from django.db import connection

    names = "image", "strokes", "canonical", "probabilities"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            lengths = ", ".join(f"avg(length(CAST({name} AS BLOB)))" for name in names)
            pages = (
                "SELECT name, sum(pgsize * 1.0) AS size FROM dbstat WHERE aggregate GROUP BY name"
            )
            tables = f"SELECT name, size FROM ({pages}) WHERE size > 1000000 ORDER BY size DESC"
        else:
            lengths = ", ".join(f"avg(pg_column_size({name}))" for name in names)
            tables = (
                "SELECT relname, pg_relation_size(oid) FROM pg_class "
                "WHERE pg_relation_size(oid) > 1000000 ORDER BY 2 DESC"
            )
        cursor.execute(
            f"SELECT {lengths} FROM (SELECT * FROM recognizer_drawing LIMIT 3000) AS part"
        )
        for name, length in zip(names, cursor.fetchone(), strict=True):
            kit.print_row(f"{name}, bytes a drawing", round(length or 0))
        cursor.execute("SELECT count(*) FROM recognizer_drawing")
        rows = cursor.fetchone()[0]
        cursor.execute(tables)
        for name, size in cursor.fetchall():
            kit.print_row(name, f"{size / 1e6:,.1f} MB", f"{size / rows:,.0f} bytes a drawing")


PARTS: dict[str, Callable[[Path], None]] = {
    "inserts": measure_inserts,
    "lists": measure_lists,
    "admin": measure_admin,
    "figures": measure_figures,
    "sizes": measure_sizes,
    "stream": measure_stream,
    "backup": measure_backup,
    "training": measure_training,
    "import": measure_import,
}


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--without-pictures", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    options = parser.parse_args()
    open_archive(options.folder, options.rows, has_pictures=not options.without_pictures)
    for name in options.only:
        print()
        kit.print_head(name, "median ms", "slowest ms", "processor ms")
        PARTS[name](options.folder)


if __name__ == "__main__":
    main()

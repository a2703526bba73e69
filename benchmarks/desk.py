"""How soon the next drawing is on a reviewer's desk, and how many a minute the keyboard decides.

python -m benchmarks.desk [--rows N] [--decisions N] [--pause-ms MS] [--list]

Chromium presses A, digits, R and Space in turn, each a pause after the next drawing was painted.
Time is from the key to the first task after the frame with the next drawing. In the archive, three
tenths are unanswered, four approved, and three wait for a reviewer. With --list, each search and
filter of the admin's list is asked for instead, and answers by median and slowest of five.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks import kit
from recognizer.tests.kit.browsing import FLAGS, find_chromium

if TYPE_CHECKING:
    from recognizer.tests.kit.live import LiveSite

DRAWN = 300
"""Different drawings of the synthetic pen; the archive has copies of them."""
IMPORTS = 300
KEYS = ("a", "7", "Enter", "r", "3", "Space", "a", "x", "a", "0")
ADD_REVIEWER = """
from django.contrib.auth.models import Group, User
user = User.objects.create_user("reviewer", password="only for this", is_staff=True)
user.groups.add(Group.objects.get(name="Reviewer"))
"""
# In the site's own environment; each answer is a whole page.
ASK_LIST = """
import time
from statistics import median
from django.contrib.auth.models import User
from django.test import Client
from recognizer.models import Drawing, Import
client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.create_superuser("operator"))
some = Drawing.objects.exclude(visitor=None).order_by("-created_at")[5_000]
of_network = Drawing.objects.exclude(network="").first()
for name, query in {
    "all": "", "page 200": "?p=200", "oldest first": "?o=1",
    "search: an id": f"?q={some.pk}", "its first six letters": f"?q={str(some.pk)[:6]}",
    "a visitor": f"?q={some.visitor}", "a network": f"?q={of_network.network}",
    "no one's": "?q=abcdef123456", "a day": f"?q={some.created_at:%Y-%m-%d}",
    "an import's name": "?q=class+7", "no import's name": "?q=nonsense",
    "filter: answer wrong": "?answer=wrong", "right": "?answer=right", "open": "?answer=open",
    "review suspicious": "?queue=suspicious", "unreviewed": "?queue=unreviewed",
    "approved": "?queue=approved", "rejected": "?queue=rejected",
    "a hand": f"?hand={some.visitor}", "today": f"?day={some.created_at:%Y-%m-%d}",
    "7 days": "?day=week", "an import": f"?import={Import.objects.first().pk}",
    "answer 7": "?answer__exact=7", "no digit": "?answer__exact=10", "label 3": "?label__exact=3",
    "model": "?model__version__exact=1", "source api": "?source__exact=api",
    "source canvas": "?source__exact=canvas", "source import": "?source__exact=import",
    "wrong and label 3": "?answer=wrong&label__exact=3",
    "wrong and a hand": f"?answer=wrong&hand={some.visitor}",
    "approved and answer 7": "?queue=approved&answer__exact=7",
    "wrong, 7 days": "?answer=wrong&day=week",
    "right, import": "?answer=right&source__exact=import",
    "suspicious, import": "?queue=suspicious&source__exact=import",
}.items():
    times = []
    for _ in range(5):
        began = time.perf_counter()
        answer = client.get("/admin/recognizer/drawing/" + query)
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, (query, answer)
    print("|", name, "|", round(median(times)), "|", round(max(times)), "|", flush=True)
"""
OWN = (
    *("id", "created_at", "source", "visitor", "network", "imported_with_id", "confidence"),
    *("label", "feedback_at", "review", "reviewed_at"),
    *("suspicious_at", "suspected_digit", "suspected_share"),
)
"""Columns of a copy that differ from the drawing's."""
SOURCES = {0: "import", 1: "api", 2: "upload"}
"""Source of a copy by its tenth of the archive; the others are of the page."""
DERIVED_ON_SQLITE = """
SELECT type, name, sql FROM sqlite_master
WHERE tbl_name = 'recognizer_drawing' AND type <> 'table' AND sql IS NOT NULL
"""
DERIVED = """
SELECT 'index', indexname, indexdef FROM pg_indexes
WHERE tablename = 'recognizer_drawing' AND indexname <> 'recognizer_drawing_pkey'
"""
# The page's policy forbids to evaluate strings, so the time stands in an attribute.
NOTE_NEXT = """() => {
    const main = document.querySelector("#main");
    const root = document.documentElement.dataset;
    let began = 0;
    main.addEventListener("keydown", (event) => {
        delete root.painted;
        began = event.timeStamp;
    }, true);
    new MutationObserver(() => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => (root.painted ??= performance.now() - began);
        port2.postMessage(null);
    })).observe(document.querySelector("#cards"), { attributeFilter: ["hidden"], subtree: true });
}"""


def fill(site: LiveSite, rows: int) -> None:
    """Let the pen write some drawings and copy them; visitors, times, labels, reviews differ."""
    from recognizer.models import Drawing
    from recognizer.tests.kit.live import connect

    for _, strokes in kit.read_drawings(None, written=DRAWN, seed=0):
        site.draw_seven(strokes=strokes)
    fields = Drawing._meta.local_concrete_fields
    names = [field.column for field in fields if not field.generated]
    url = site.environment["DATABASE_URL"]
    is_sqlite = url.startswith("sqlite")
    begun = datetime.now(UTC)
    with connect(url) as database:
        for number in range(1, IMPORTS + 1):
            database.execute(
                "INSERT INTO recognizer_import (name, started_at) "
                f"VALUES ('class {number}', '{begun:%Y-%m-%d %H:%M:%S+00:00}')"
            )
        drawn = database.execute("SELECT id, prediction FROM recognizer_drawing").fetchall()
        # Indexes are made at the end: in the order of the rows that takes ten times as long.
        derived = database.execute(DERIVED_ON_SQLITE if is_sqlite else DERIVED).fetchall()
        for kind, name, _ in derived:
            database.execute(f'DROP {kind} "{name}"')
        if not is_sqlite:
            database.execute("SET session_replication_role = replica")  # no triggers
        own = ", ".join(OWN)
        database.execute(
            f"CREATE TEMPORARY TABLE copies AS SELECT id AS one, {own} "
            "FROM recognizer_drawing LIMIT 0"
        )
        copies = vary(drawn, rows - len(drawn), begun)
        if is_sqlite:
            places = ", ".join("?" * (len(OWN) + 1))
            database.execute("BEGIN")
            database.executemany(f"INSERT INTO copies VALUES ({places})", copies)
            database.execute("COMMIT")
        else:
            with database.cursor().copy("COPY copies FROM STDIN") as copying:
                for row in copies:
                    copying.write_row(row)
        # Of the table itself, SQLite would keep all that is inserted elsewhere first.
        database.execute("CREATE TEMPORARY TABLE drawn AS SELECT * FROM recognizer_drawing")
        values = (f'{"copies" if name in OWN else "drawn"}."{name}"' for name in names)
        quoted = ", ".join(f'"{name}"' for name in names)
        database.execute(
            f"INSERT INTO recognizer_drawing ({quoted}) SELECT {', '.join(values)} "
            "FROM copies JOIN drawn ON drawn.id = copies.one"
        )
        for _, _, statement in derived:
            database.execute(statement)
        database.execute("ANALYZE" if is_sqlite else "VACUUM ANALYZE")
        # Else the next writer would pay.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)" if is_sqlite else "CHECKPOINT")


def vary(drawn: list[tuple[Any, int]], count: int, begun: datetime) -> Iterator[tuple[object, ...]]:
    """Yield the id of a drawing, and the columns in `OWN` of its copy."""
    rng = np.random.default_rng(0)
    now = f"{begun:%Y-%m-%d %H:%M:%S}"
    chances = rng.random((count, 4))
    for number, (kind, odd, part, confidence) in enumerate(chances):
        pk, prediction = drawn[number % len(drawn)]
        odd, part = int(1_000 * odd), int(10 * part)
        is_open, is_approved = kind < 0.3, 0.3 <= kind < 0.7
        label = None if is_open else odd % 10 if odd < 30 else prediction
        is_doubtful = kind >= 0.7 and odd < 3
        yield (
            pk,
            uuid.UUID(bytes=rng.bytes(16)).hex,
            f"{begun - timedelta(seconds=30 * number):%Y-%m-%d %H:%M:%S}",
            SOURCES.get(part, "canvas"),
            f"{number % 5_000 * 7_919:08x}{1:024x}" if part > 1 else None,
            f"{number % 5_000 * 6_007:08x}{2:024x}" if part == 1 else "",
            number % IMPORTS + 1 if part == 0 else None,
            1 - 0.7 * confidence**4,
            label,
            None if is_open else now,
            "approved" if is_approved else "unreviewed",
            now if is_approved else None,
            now if is_doubtful else None,
            prediction if is_doubtful else None,
            0.98 if is_doubtful else None,
        )


def decide(page: Page, decisions: int, pause_ms: float) -> tuple[list[float], float]:
    """Press keys; return the milliseconds until each next drawing, and the minutes of all."""
    page.evaluate(NOTE_NEXT)
    painted = page.locator("html[data-painted]")
    times = []
    began = time.monotonic()
    for number in range(decisions):
        page.wait_for_timeout(pause_ms)
        page.keyboard.press(KEYS[number % len(KEYS)])
        times.append(float(painted.get_attribute("data-painted") or "nan"))  # waits
    return times, (time.monotonic() - began) / 60


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--pause-ms", type=float, default=200)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        kit.serve_site(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        fill(site, options.rows)
        if options.list:
            kit.print_head("list", "median ms", "slowest ms")
            print(site.manage("shell", "-c", ASK_LIST).strip())
            return
        site.manage("shell", "-c", ADD_REVIEWER)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(base_url=site.url)
        page.goto("/admin/login/?next=/admin/recognizer/drawing/desk/")
        page.get_by_label("Username").fill("reviewer")
        page.get_by_label("Password").fill("only for this")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("body[data-keys]")).to_be_visible()
        times, minutes = decide(page, options.decisions, options.pause_ms)
        kept = options.decisions - options.decisions // len(KEYS)  # one of them skips
        expect(page.locator("#progress")).to_have_js_property("value", kept)
        browser.close()
    kit.print_head("rows", "decisions", "kept", "a minute", "p50 ms", "p95 ms", "p99 ms")
    kit.print_row(
        f"{options.rows:,}",
        options.decisions,
        kept,
        round(options.decisions / minutes),
        *np.percentile(times, [50, 95, 99]).round(1),
    )


if __name__ == "__main__":
    main()

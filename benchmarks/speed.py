"""How fast the site answers.

python -m benchmarks.speed [--seconds S] [--rounds N] [--rows N] [--postgresql URL]
python -m benchmarks.speed --steps
python -m benchmarks.speed --counts 1000 100000 1000000

The first sends requests to the site with an empty archive, to one with a million rows, and to the
original demo's recipe. Each has a gunicorn of its own with the project's configuration and two
workers. wrk (Debian's package) sends from the same machine, by turns, so that all meet the same
noise; medians of the rounds are printed, then the goals, each beside the median of what it compares
within a round. Pads are PNGs of 280x280 pixels as data: addresses. Small pictures have 28x28
pixels, one or a thousand a call. The synthetic pen writes both. What the page sends is strokes,
with a visitor's cookie: kept under a new id each time, or read while somebody draws. --postgresql
names an empty database for one more site. With the defaults all of it takes less than ten minutes
on two idle cores.

--steps divides the processor time of one answer, on one core. --counts fills archives of a year
and times the daily counts.
"""

from __future__ import annotations

import base64
import io
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import django
import numpy as np
from django.core.management import call_command
from threadpoolctl import threadpool_limits

from benchmarks import kit, original
from benchmarks.hostile import visit
from ml import artifacts
from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_image
from ml.drawing.strokes import draw_png, ink_from_strokes
from ml.pipeline import predict
from ml.writing.pen import write_digits, write_strokes

WORKERS = 2
CONNECTIONS = (4, 64)
PICTURES = 200
BATCH = 1_000
DRAWINGS, PREDICTIONS = "/api/v1/drawings/", "/api/v1/predictions/"

ORIGINAL = "a pad, the original's recipe: `POST /predict`"
NOTHING = "nothing: `GET /favicon.ico`, a redirect"
PAD = f"a pad, kept: `POST {DRAWINGS}`"
STROKES = f"strokes under an id: `POST {DRAWINGS}`"
DRAFT = "strokes while somebody draws, not kept"
PAD_BESIDE_MANY = "a pad, kept, beside many rows"
STROKES_BESIDE_MANY = "strokes under an id, beside many rows"
PREDICT = "a pad, kept: `POST /predict`"
SMALL_KEPT = f"a small picture, kept: `POST {DRAWINGS}`"
SMALL = f"a small picture, not kept: `POST {PREDICTIONS}`"
JSON_BATCH, NPZ_BATCH = f"{BATCH:,} a call, JSON", f"{BATCH:,} a call, npz"
PAD_IN_POSTGRESQL = f"a pad, kept in PostgreSQL: `POST {DRAWINGS}`"
STROKES_IN_POSTGRESQL = "strokes under an id, in PostgreSQL"

ROUNDS_OF_STEPS = 50
# wrk sends the bodies in turn, each from a file; without any, it sends GET. An id
# may be new in each. Times are microseconds.
SCRIPT = """
local bodies, at = {}, 0
for index = 1, %d do
  local file = io.open(string.format("%s.%%d", index), "rb")
  bodies[index] = file:read("*a")
  file:close()
end
local headers = {%s}
request = function()
  if #bodies == 0 then return wrk.format("GET") end
  at = at %% #bodies + 1
  local id = string.format("%%08x-0000-4000-8000-%%012x", math.random(2^31), math.random(2^31))
  return wrk.format("POST", nil, headers, (bodies[at]:gsub("NEW%%-ID", id)))
end
math.randomseed(%d)
done = function(summary, latency)
  local errors = summary.errors
  print(string.format("%%d %%d %%d %%d %%d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Target:
    """What is sent where; without bodies, GET."""

    name: str
    url: str
    bodies: list[bytes]
    content_type: str = "application/json"
    drawings: int = 1  # in each body
    visitor: str | None = None
    """The site whose page was opened before, by its address."""


class Figures(NamedTuple):
    """What wrk counted, or medians of it."""

    drawings_per_second: float
    p50_ms: float
    p99_ms: float
    failed: float


Counted = Mapping[tuple[str, int], Sequence[Figures]]
"""What was counted of a target at so many connections, round by round."""


@dataclass(frozen=True)
class Goal:
    """How one figure of a target is to compare with one of another, or of the same."""

    name: str
    of: tuple[str, str]
    """A target, and the name of one of its figures."""
    to: tuple[str, str]
    least: float | None = None
    most: float | None = None
    connections: tuple[int, ...] = CONNECTIONS

    def compare(self, counted: Counted, connections: int) -> float:
        """Return the median ratio of the rounds."""
        (one, figure), (other, other_figure) = self.of, self.to
        pairs = zip(counted[one, connections], counted[other, connections], strict=True)
        ratios = (getattr(a, figure) / (getattr(b, other_figure) or math.nan) for a, b in pairs)
        return float(statistics.median(ratios))

    @property
    def wanted(self) -> str:
        return f"at least {self.least}" if self.most is None else f"at most {self.most}"

    def is_met(self, ratio: float) -> bool:
        at_least = self.least is None or ratio >= self.least
        return at_least and (self.most is None or ratio <= self.most)


def times(name: str, target: str, least: float, other: str = ORIGINAL, **options: Any) -> Goal:
    """Return a goal of drawings per second."""
    rate = "drawings_per_second"
    return Goal(name, (target, rate), (other, rate), least=least, **options)


GOALS = (
    times("a pad kept, times the original", PAD, 5),
    times("strokes under an id, times the original", STROKES, 6),
    times("strokes while somebody draws, times the original", DRAFT, 8),
    times("a pad kept in PostgreSQL, times the original", PAD_IN_POSTGRESQL, 5),
    times("strokes under an id in PostgreSQL, times the original", STROKES_IN_POSTGRESQL, 6),
    times(f"{BATCH:,} a call as JSON, times one a call", JSON_BATCH, 20, SMALL, connections=(4,)),
    times("a pad kept beside many rows, times without", PAD_BESIDE_MANY, 0.9, PAD),
    times("strokes under an id beside many rows, times without", STROKES_BESIDE_MANY, 0.9, STROKES),
    Goal(
        "a pad kept, p50 in those of the empty view", (PAD, "p50_ms"), (NOTHING, "p50_ms"), most=4
    ),
    *(
        Goal(
            f"{name}, p99 in p50", (target, "p99_ms"), (target, "p50_ms"), most=3, connections=(64,)
        )
        for name, target in (
            ("a pad kept", PAD),
            ("strokes under an id", STROKES),
            ("strokes while somebody draws", DRAFT),
            ("a pad kept in PostgreSQL", PAD_IN_POSTGRESQL),
        )
    ),
)


def load(target: Target, connections: int, seconds: int, folder: Path) -> Figures:
    """Send requests for some seconds, and wait until those that wrk left behind are answered."""
    stem = folder / "body"
    for number, body in enumerate(target.bodies, 1):
        stem.with_suffix(f".{number}").write_bytes(body)
    script = folder / "wrk.lua"
    headers = {"Content-Type": target.content_type}
    if target.visitor is not None:
        headers["Cookie"], headers["X-CSRFToken"] = visit(target.visitor)
    table = ", ".join(
        f"[{json.dumps(name)}] = {json.dumps(text)}" for name, text in headers.items()
    )
    script.write_text(SCRIPT % (len(target.bodies), stem, table, time.time_ns() % 2**31))
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script)]
    wrk = subprocess.run(["wrk", *options, target.url], capture_output=True, text=True, check=True)
    requests, duration, p50, p99, failed = map(int, wrk.stdout.splitlines()[-1].split())
    time.sleep(duration / 1e6 * connections / max(requests, connections))
    return Figures(1e6 * requests * target.drawings / duration, p50 / 1000, p99 / 1000, failed)


def pads() -> list[bytes]:
    """Return request bodies with what a pad of 280x280 pixels holds after a digit."""
    rng = np.random.default_rng(0)
    pictures = [draw_png(write_strokes(number % 10, rng)) for number in range(PICTURES)]
    urls = [f"data:image/png;base64,{base64.b64encode(each).decode()}" for each in pictures]
    return [json.dumps({"image": url}).encode() for url in urls]


def list_targets(site: str, full: str, demo: str, postgresql: str | None) -> list[Target]:
    """Return all that is measured, the original first."""
    small, _ = write_digits(BATCH, seed=0)
    pixels = small.reshape(len(small), -1).tolist()
    packed = io.BytesIO()
    np.savez_compressed(packed, x=small)
    kept = [json.dumps({"pixels": row}).encode() for row in pixels[:PICTURES]]
    read = [json.dumps({"pixels": [row]}).encode() for row in pixels[:PICTURES]]
    together = [json.dumps({"pixels": pixels}).encode()]
    npz = [packed.getvalue()]
    rng = np.random.default_rng(0)
    strokes = [write_strokes(number % 10, rng) for number in range(PICTURES)]
    named = [json.dumps({"strokes": each, "id": "NEW-ID"}).encode() for each in strokes]
    drafts = [json.dumps({"strokes": [each]}).encode() for each in strokes]
    url = f"{site}{PREDICTIONS}"
    targets = [
        Target(ORIGINAL, f"{demo}/predict", pads()),
        Target(NOTHING, f"{site}/favicon.ico", []),
        Target(PAD, site + DRAWINGS, pads()),
        Target(PAD_BESIDE_MANY, full + DRAWINGS, pads()),
        Target(STROKES, site + DRAWINGS, named, visitor=site),
        Target(STROKES_BESIDE_MANY, full + DRAWINGS, named, visitor=full),
        Target(DRAFT, f"{url}?draft=true", drafts, visitor=site),
        Target(PREDICT, f"{site}/predict", pads()),
        Target(SMALL_KEPT, site + DRAWINGS, kept),
        Target(SMALL, url, read),
        Target(JSON_BATCH, url, together, drawings=BATCH),
        Target(NPZ_BATCH, url, npz, "application/zip", BATCH),
    ]
    if postgresql is not None:
        other = postgresql + DRAWINGS
        targets += [
            Target(PAD_IN_POSTGRESQL, other, pads()),
            Target(STROKES_IN_POSTGRESQL, other, named, visitor=postgresql),
        ]
    return targets


@contextmanager
def serve_original(folder: Path) -> Iterator[str]:
    """Serve the original's recipe by the same gunicorn, after `kit.set_up_site`."""
    from recognizer.tests.kit.live import Server

    model = folder / "original.pickle"
    original.write_pickle(kit.TYPEFACES, model)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    command = [*gunicorn, "--bind", "127.0.0.1:0", "benchmarks.original:app"]
    own = {"ORIGINAL_MODEL": str(model), "WEB_CONCURRENCY": str(WORKERS)}
    server = Server(command, cwd=kit.PROJECT, env={**os.environ, **own})
    try:
        yield server.wait_for_address()
    finally:
        server.stop()


def fill(database_url: str, rows: int, seconds: float = 1, **values: str) -> None:
    """Copy the first drawing in a site's archive so often; ids and times differ, and `values`."""
    from recognizer.tests.kit.live import connect

    own = {
        "id": "lower(hex(randomblob(16)))",
        "created_at": f"datetime('now', '-' || (number * {seconds}) || ' seconds')",
        "image": "zeroblob(2000)",
        **values,
    }
    with connect(database_url) as database:
        database.execute("PRAGMA cache_size = -400000")  # KB: the indexes that rows go to at random
        names = [row[1] for row in database.execute("PRAGMA table_info(recognizer_drawing)")]
        database.execute(
            f"""
            WITH RECURSIVE counter(number) AS
                (SELECT 1 UNION ALL SELECT number + 1 FROM counter WHERE number < ?)
            INSERT INTO recognizer_drawing ({", ".join(f'"{name}"' for name in names)})
            SELECT {", ".join(own.get(name, f'one."{name}"') for name in names)}
            FROM counter, (SELECT * FROM recognizer_drawing LIMIT 1) AS one
            """,
            [rows],
        )
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the next writer would pay


def measure_requests(seconds: int, rounds: int, rows: int, postgresql: str | None) -> None:
    """Send to all targets by turns."""
    counted: defaultdict[tuple[str, int], list[Figures]] = defaultdict(list)
    environment = {"WEB_CONCURRENCY": str(WORKERS), "THROTTLE_DRAFTS": "off"}
    os.environ.pop("DATABASE_URL", None)  # of PostgreSQL; the other sites have SQLite
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = stack.enter_context(kit.serve_site(folder / "empty", **environment))
        full = stack.enter_context(kit.serve_site(folder / "full", **environment))
        demo = stack.enter_context(serve_original(folder))
        full.draw_seven()
        fill(full.environment["DATABASE_URL"], rows - 1)
        sites, other = [site, full], None
        if postgresql is not None:
            own = {**environment, "DATABASE_URL": postgresql}
            sites.append(stack.enter_context(kit.serve_site(folder / "other", **own)))
            other = sites[-1].url
        targets = list_targets(site.url, full.url, demo, other)
        for target in targets:
            load(target, CONNECTIONS[0], 1, folder)  # warm
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            for target in targets:
                is_batch = target.drawings > 1  # few of them end within the time
                for connections in CONNECTIONS[:1] if is_batch else CONNECTIONS:
                    one = load(target, connections, (1 + is_batch) * seconds, folder)
                    counted[target.name, connections].append(one)
        log = "".join(each.server.log for each in sites)
    print_figures(counted)
    print()
    print_goals(counted)
    failed = sum(one.failed for figures in counted.values() for one in figures)
    faults = len(re.findall("database is locked|Traceback", log))
    print(f"\nMany rows are {rows:,}. Requests that failed: {failed}.")
    print(f"Tracebacks and locked databases in the logs: {faults}.")
    if failed or faults:
        sys.exit(f"See {kit.SERVER_LOG}.")


def print_figures(counted: Counted) -> None:
    """Print the medians of the rounds."""
    of_original: dict[int, float] = {}
    names = "drawings per second", "times the original", "p50 ms", "p99 ms", "failed"
    kit.print_head("what", "connections", *names)
    for (name, connections), figures in counted.items():
        rate, p50, p99, _ = map(statistics.median, zip(*figures, strict=True))
        times = rate / of_original.setdefault(connections, rate or math.nan)
        failed = sum(one.failed for one in figures)
        cells = f"{rate:,.0f}", f"{times:.1f}", f"{p50:.1f}", f"{p99:.1f}", failed
        kit.print_row(name, connections, *cells)


def print_goals(counted: Counted) -> None:
    """Print each goal of what was measured, and whether it is met."""
    kit.print_head("goal", "connections", "wanted", "seen", "met")
    for goal in GOALS:
        for connections in goal.connections:
            if (goal.of[0], connections) in counted:
                ratio = goal.compare(counted, connections)
                met = "yes" if goal.is_met(ratio) else "**no**"
                kit.print_row(goal.name, connections, goal.wanted, f"{ratio:.2f}", met)


def measure_counts(sizes: Sequence[int]) -> None:
    """Count archives that grew over a year, at first and then again."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/db.sqlite3"
        os.environ |= {"DATABASE_URL": url, "ARTIFACTS_DIR": f"{folder}/artifacts"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "digitsite.settings"
        django.setup()
        from recognizer.models import DailyCount, Drawing
        from recognizer.services import daily_counts
        from recognizer.services.drawings import recognition

        call_command("migrate", verbosity=0)
        call_command("register_bundled_model", verbosity=0)
        recognition.recognize(strokes=write_strokes(7, np.random.default_rng(0)))
        values = {
            "prediction": "abs(random() % 10)",
            "confidence": "abs(random() % 1000) / 1000.0",
            "label": "CASE number % 3 WHEN 0 THEN abs(random() % 11) END",
            "feedback_at": "CASE number % 3 WHEN 0 THEN datetime('now') END",
        }
        steps: dict[str, Callable[[], object]] = {
            "all, by the worker": lambda: daily_counts.keep_counts(math.inf),
            "once more": lambda: daily_counts.keep_counts(math.inf),
            "read, 7 days": lambda: daily_counts.read_counts(date.today() - timedelta(days=7)),
            "read, all": daily_counts.read_counts,
        }
        kit.print_head("drawings", *(f"{name}, ms" for name in steps))
        for size in sizes:
            missing = size - Drawing.objects.count()
            fill(url, missing, 365 * 24 * 60 * 60 / missing, **values)
            DailyCount.objects.all().delete()
            kit.print_row(f"{size:,}", *(f"{_milliseconds(step):,.1f}" for step in steps.values()))


def _milliseconds(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - began)


def measure_steps() -> None:
    """Divide the processor time of one answer."""
    model, _ = artifacts.load(kit.BUNDLE)
    rng = np.random.default_rng(0)
    strokes = [write_strokes(digit, rng) for digit in range(10)]
    pictures = [draw_png(drawing) for drawing in strokes]
    inks = [ink_from_image(picture) for picture in pictures]
    digits = [canonical_digit(ink)[None] for ink in inks]
    rows = [digit.reshape(1, -1) for digit in digits]
    upright = [model[0].transform(row) for row in rows]
    features = [model[1].transform(row) for row in upright]

    def read_png(picture: bytes) -> object:
        return predict(model, canonical_digit(ink_from_image(picture))[None])

    steps: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        "PNG to ink": (ink_from_image, pictures),
        "strokes to ink": (ink_from_strokes, strokes),
        "ink to canonical digit": (canonical_digit, inks),
        "normalization": (model[0].transform, rows),
        "direction maps": (model[1].transform, upright),
        "perceptron, by scikit-learn": (model[2].predict_proba, features),
        "canonical digit to prediction": (lambda digit: predict(model, digit), digits),
        "PNG to prediction": (read_png, pictures),
    }
    kit.print_head("step", f"ms, median of {ROUNDS_OF_STEPS * len(strokes)}")
    with threadpool_limits(1):
        for name, (function, inputs) in steps.items():
            kit.print_row(name, f"{kit.processor_ms(function, ROUNDS_OF_STEPS * list(inputs)):.2f}")


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--counts", type=int, nargs="+", metavar="DRAWINGS")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgresql", metavar="URL")
    options = parser.parse_args()
    if options.steps:
        measure_steps()
    elif options.counts:
        measure_counts(options.counts)
    elif not shutil.which("wrk"):
        parser.error("wrk is missing: apt install wrk")
    else:
        measure_requests(options.seconds, options.rounds, options.rows, options.postgresql)


if __name__ == "__main__":
    main()

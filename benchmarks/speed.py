"""How fast the site answers.

python -m benchmarks.speed [--seconds S] [--rounds N] [--rows N] [--postgresql URL]
python -m benchmarks.speed --steps
python -m benchmarks.speed --counts 1000 100000 1000000

The first sends requests to the site with an empty archive, to one with a million rows, and to the
original demo's recipe. Each has a gunicorn of its own with the project's configuration and two
workers. wrk (Debian's package) sends from the same machine, by turns, so that all meet the same
noise; medians of the rounds are printed. Pads are PNGs of 280x280 pixels as data: addresses. Small
pictures have 28x28 pixels, one or a thousand a call. The synthetic pen writes both. What the page
sends is strokes, with a visitor's cookie: kept under a new id each time, or read while somebody
draws. --postgresql names an empty database for one more site.

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
from collections.abc import Callable, Iterator, Sequence
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


def list_targets(
    site: str, full: str, rows: int, demo: str, postgresql: str | None
) -> list[Target]:
    """Return all that is measured, the original first."""
    drawings, predictions = "/api/v1/drawings/", "/api/v1/predictions/"
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
    others = (
        []
        if postgresql is None
        else [
            Target(f"a pad, kept in PostgreSQL: `POST {drawings}`", postgresql + drawings, pads()),
            Target(
                "strokes under an id, in PostgreSQL",
                postgresql + drawings,
                named,
                visitor=postgresql,
            ),
        ]
    )
    return [
        Target("a pad, the original's recipe: `POST /predict`", f"{demo}/predict", pads()),
        Target("nothing: `GET /favicon.ico`, a redirect", f"{site}/favicon.ico", []),
        Target(f"a pad, kept: `POST {drawings}`", site + drawings, pads()),
        Target(f"strokes under an id: `POST {drawings}`", site + drawings, named, visitor=site),
        Target(
            "strokes while somebody draws, not kept",
            f"{site}{predictions}?draft=true",
            drafts,
            visitor=site,
        ),
        Target(f"a pad, kept, beside {rows:,} rows", full + drawings, pads()),
        Target("a pad, kept: `POST /predict`", f"{site}/predict", pads()),
        Target(f"a small picture, kept: `POST {drawings}`", site + drawings, kept),
        Target(f"a small picture, not kept: `POST {predictions}`", site + predictions, read),
        Target(f"{BATCH:,} a call, JSON", site + predictions, together, drawings=BATCH),
        Target(f"{BATCH:,} a call, npz", site + predictions, npz, "application/zip", BATCH),
        *others,
    ]


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
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = stack.enter_context(kit.serve_site(folder / "empty", **environment))
        full = stack.enter_context(kit.serve_site(folder / "full", **environment))
        demo = stack.enter_context(serve_original(folder))
        full.draw_seven()
        fill(full.environment["DATABASE_URL"], rows - 1)
        other = None
        if postgresql is not None:
            own = {**environment, "DATABASE_URL": postgresql}
            other = stack.enter_context(kit.serve_site(folder / "other", **own)).url
        targets = list_targets(site.url, full.url, rows, demo, other)
        for target in targets:
            load(target, CONNECTIONS[0], 1, folder)  # warm
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            for target in targets:
                for connections in CONNECTIONS if target.drawings == 1 else CONNECTIONS[:1]:
                    one = load(target, connections, seconds, folder)
                    counted[target.name, connections].append(one)
        log = site.server.log + full.server.log
    of_original: dict[int, float] = {}
    names = "drawings per second", "times the original", "p50 ms", "p99 ms", "failed"
    kit.print_head("what", "connections", *names)
    for (name, connections), figures in counted.items():
        rate, p50, p99, _ = map(statistics.median, zip(*figures, strict=True))
        times = rate / of_original.setdefault(connections, rate or math.nan)
        failed = sum(one.failed for one in figures)
        cells = f"{rate:,.0f}", f"{times:.1f}", f"{p50:.1f}", f"{p99:.1f}", failed
        kit.print_row(name, connections, *cells)
    if faults := len(re.findall("database is locked|Traceback", log)):
        sys.exit(f"The sites logged {faults} tracebacks or locked databases: {kit.SERVER_LOG}")


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
    parser.add_argument("--seconds", type=int, default=5)
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

"""How many requests per second the site answers, beside an empty view and the original's recipe.

python -m benchmarks.serve [--seconds S] [--rounds N] [--rows N] [--plot FILE]

The site is asked with an empty archive and with one of a million rows. Each has a gunicorn of its
own with the checked-in configuration and two workers; wrk (Debian's package) sends from the same
machine, by turns, so that all of them meet the same noise. The medians of the rounds are told. The
pictures are PNGs as data: addresses, each a pad of 280x280 pixels on which the synthetic pen drew
a digit. Requests are counted as always, against a limit that nobody reaches.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import django
import numpy as np
from matplotlib.figure import Figure

from benchmarks.accuracy import PROJECT
from ml.drawing.strokes import draw_png
from ml.writing.pen import write_strokes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
django.setup()

# What starts a server for the tests knows the models, which want a Django that is set up.
from recognizer.tests.kit.live import LiveSite, Server, serve  # noqa: E402

WORKERS = 2
CONNECTIONS = (4, 64)
PICTURES = 200
# wrk calls `request` for each request and `done` at the end; times are in microseconds.
SCRIPT = """
local bodies, at = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
request = function()
  at = at %% #bodies + 1
  return wrk.format("%s", nil, {["Content-Type"] = "application/json"}, %s)
end
done = function(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %%d, "duration": %%d, "p50": %%d, "p99": %%d, "refused": %%d, "lost": %%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Figures:
    """What wrk counted."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


def write_bodies(path: Path) -> None:
    """Write a request body in each line: what a pad of 280x280 pixels holds after a digit."""
    rng = np.random.default_rng(0)
    lines = []
    for number in range(PICTURES):
        picture = draw_png(write_strokes(number % 10, rng))
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        lines.append(json.dumps({"image": url}))
    path.write_text("\n".join(lines) + "\n")


def load(url: str, connections: int, seconds: int, bodies: Path, *, get: bool = False) -> Figures:
    """Send requests for some seconds."""
    script = bodies.with_name("get.lua" if get else "post.lua")
    method, body = ("GET", "nil") if get else ("POST", "bodies[at]")
    script.write_text(SCRIPT % (bodies, method, body))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    told = subprocess.run(
        [*command, "-s", str(script), url], capture_output=True, text=True, check=True
    )
    counted = json.loads(told.stdout.splitlines()[-1])
    return Figures(
        1e6 * counted["requests"] / counted["duration"],
        counted["p50"] / 1000,
        counted["p99"] / 1000,
        counted["refused"] + counted["lost"],
    )


def median(figures: list[Figures]) -> Figures:
    """Take the median of each figure, and all failures."""
    return Figures(
        statistics.median(one.per_second for one in figures),
        statistics.median(one.p50_ms for one in figures),
        statistics.median(one.p99_ms for one in figures),
        sum(one.failed for one in figures),
    )


@contextmanager
def serve_original(folder: Path) -> Iterator[str]:
    """Serve the original's recipe by the same gunicorn."""
    pickle = folder / "original.pickle"
    subprocess.run([sys.executable, "-m", "benchmarks.original", str(pickle)], check=True)
    environment = {
        **os.environ,
        "ORIGINAL_MODEL": str(pickle),
        "WEB_CONCURRENCY": str(WORKERS),
    }
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "digitsite/gunicorn.py"]
    command = [*gunicorn, "--bind", "127.0.0.1:0", "benchmarks.original:app"]
    server = Server(command, cwd=PROJECT, env=environment)
    try:
        yield server.wait_for_address()
    finally:
        server.stop()


def fill(site: LiveSite, rows: int, body: bytes) -> None:
    """Send a drawing, and copy it until there are so many rows; ids and times are their own."""
    request = Request(f"{site.url}/api/v1/drawings/", body, {"Content-Type": "application/json"})
    urlopen(request).close()
    path = site.environment["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=60)) as database, database:
        (there,) = database.execute("SELECT count(*) FROM recognizer_drawing").fetchone()
        names = [row[1] for row in database.execute("PRAGMA table_info(recognizer_drawing)")]
        own = {
            "id": "lower(hex(randomblob(16)))",
            "created_at": "datetime('now', '-' || number || ' seconds')",
            "image": "zeroblob(2000)",
        }
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join(own.get(name, f'one."{name}"') for name in names)
        database.execute(
            f"""
            WITH RECURSIVE counter(number) AS
                (SELECT 1 UNION ALL SELECT number + 1 FROM counter WHERE number < ?)
            INSERT INTO recognizer_drawing ({columns})
            SELECT {values} FROM counter, (SELECT * FROM recognizer_drawing LIMIT 1) AS one
            """,
            [max(rows - there, 0)],
        )
    with closing(sqlite3.connect(path)) as database:  # else the first who writes would have to
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def told_in_log(site: LiveSite) -> int:
    """Count what must never be in the log."""
    return site.server.log.count("database is locked") + site.server.log.count("Traceback")


def plot(rows: dict[str, dict[int, Figures]], path: Path) -> None:
    """Draw requests per second and the median latency."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    for axes, field, label in zip(
        figure.subplots(1, 2),
        ("per_second", "p50_ms"),
        ("requests per second", "p50, ms (logarithmic)"),
        strict=True,
    ):
        places = np.arange(len(rows))
        for number, connections in enumerate(CONNECTIONS):
            values = [getattr(figures[connections], field) for figures in rows.values()]
            bars = axes.barh(places + 0.4 * number, values, 0.4, label=f"{connections} connections")
            axes.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=8)
        axes.set_yticks(places + 0.2, list(rows) if field == "per_second" else [])
        axes.set_xlabel(label)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        if field == "p50_ms":
            axes.set_xscale("log")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def main() -> None:
    """Measure all of them side by side."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="drawings in the archive of the second site"
    )
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is missing: apt install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bodies = folder / "bodies.txt"
        write_bodies(bodies)
        sites = []
        for name in ("empty", "full"):
            (folder / name).mkdir()
            running = serve(folder / name, WEB_CONCURRENCY=str(WORKERS), THROTTLE_ALL=str(10**9))
            sites.append(stack.enter_context(running))
        site, full = sites
        original = stack.enter_context(serve_original(folder))
        drawings = "/api/v1/drawings/"
        fill(full, options.rows, bodies.read_bytes().splitlines()[0])
        targets = {
            "nothing: GET /favicon.ico, a redirect": (f"{site.url}/favicon.ico", True),
            f"read and keep: POST {drawings}": (f"{site.url}{drawings}", False),
            f"the same with {options.rows:,} rows": (f"{full.url}{drawings}", False),
            "read and keep: POST /predict": (f"{site.url}/predict", False),
            "the original: POST /predict": (f"{original}/predict", False),
        }
        rows = measure(targets, bodies, options.seconds, options.rounds)
        told = told_in_log(site) + told_in_log(full)
        print(f"\n“database is locked” and tracebacks in the logs: {told}")
    if options.plot:
        plot(rows, options.plot)


def measure(
    targets: dict[str, tuple[str, bool]], bodies: Path, seconds: int, rounds: int
) -> dict[str, dict[int, Figures]]:
    """Load each target in each round, and print the medians."""
    counted: dict[tuple[str, int], list[Figures]] = {}
    for url, get in targets.values():
        load(url, CONNECTIONS[0], 1, bodies, get=get)  # warm
    for _ in range(rounds):
        for name, (url, get) in targets.items():
            for connections in CONNECTIONS:
                one = load(url, connections, seconds, bodies, get=get)
                counted.setdefault((name, connections), []).append(one)
    rows: dict[str, dict[int, Figures]] = {}
    for (name, connections), figures in counted.items():
        one = median(figures)
        rows.setdefault(name, {})[connections] = one
        print(
            f"| {name} | {connections} | {one.per_second:,.0f} | {one.p50_ms:.1f} "
            f"| {one.p99_ms:.1f} | {one.failed} |",
            flush=True,
        )
    return rows


if __name__ == "__main__":
    main()

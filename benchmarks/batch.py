"""How many images per second the API reads, one a call and in batches of a thousand.

python -m benchmarks.batch [--seconds S] [--rounds N] [--connections C] [--faces]

All are sent to one gunicorn with the checked-in configuration and two workers, by wrk (Debian's
package) from the same machine, by turns, so that they meet the same noise; the medians of the
rounds are told. Everything carries the same pictures of 28x28 pixels: digits of the synthetic pen,
or, with --faces, of the bundled typefaces, of which each third has a pen that must be evened.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy import PROJECT
from benchmarks.serve import WORKERS
from ml.drawing.canonical import Digits
from ml.labeled.rows import read_rows
from ml.writing.pen import write_digits
from recognizer.tests.kit.live import serve

BATCH = 1000
SINGLES = 200
# wrk goes round the bodies, each a file of its own.
SCRIPT = """
local bodies, at = {}, 0
for index = 1, %d do
  local file = io.open(string.format("%s.%%d", index), "rb")
  bodies[index] = file:read("*a")
  file:close()
end
request = function()
  at = at %% #bodies + 1
  return wrk.format("POST", nil, {["Content-Type"] = "%s"}, bodies[at])
end
done = function(summary)
  local errors = summary.errors
  print(string.format("%%d answers in %%d us, %%d failed", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Way:
    """One way to send the pictures."""

    name: str
    path: str
    content_type: str
    images_a_call: int
    bodies: list[bytes]


def ways(images: Digits) -> list[Way]:
    """Pack the same pictures in each way."""
    rows = images.reshape(len(images), -1).tolist()
    packed = io.BytesIO()
    np.savez_compressed(packed, x=images)
    predictions, plain = "/api/v1/predictions/", "application/json"
    ones = [json.dumps({"pixels": [row]}).encode() for row in rows[:SINGLES]]
    kept = [json.dumps({"pixels": row}).encode() for row in rows[:SINGLES]]
    all_of_them = json.dumps({"pixels": rows}).encode()
    return [
        Way("one a call: POST /api/v1/predictions/", predictions, plain, 1, ones),
        Way("one a call, kept: POST /api/v1/drawings/", "/api/v1/drawings/", plain, 1, kept),
        Way(f"{BATCH:,} a call, pixels in JSON", predictions, plain, BATCH, [all_of_them]),
        Way(f"{BATCH:,} a call, npz", predictions, "application/zip", BATCH, [packed.getvalue()]),
    ]


def images_per_second(
    way: Way, url: str, connections: int, seconds: int, folder: Path
) -> tuple[float, int]:
    """Send for some seconds; return the images that were read in one, and how many calls failed."""
    stem = folder / re.sub(r"\W+", "-", way.name)
    for index, body in enumerate(way.bodies, start=1):
        stem.with_suffix(f".{index}").write_bytes(body)
    script = stem.with_suffix(".lua")
    script.write_text(SCRIPT % (len(way.bodies), stem, way.content_type))
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s"]
    told = subprocess.run(
        ["wrk", *options, "-s", script, url + way.path],
        capture_output=True,
        text=True,
        check=True,
    )
    answers, duration, failed = map(int, re.findall(r"\d+", told.stdout.splitlines()[-1]))
    return 1e6 * answers * way.images_a_call / duration, failed


def main() -> None:
    """Measure all ways side by side."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--faces", action="store_true")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is missing: apt install wrk")
    if options.faces:
        images = next(read_rows(PROJECT / "fixtures" / "tmnist.csv.gz")).images[:BATCH]
    else:
        images, _ = write_digits(BATCH, seed=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serve(folder, WEB_CONCURRENCY=str(WORKERS), THROTTLE_ALL=str(10**9)) as site:
            figures: dict[str, list[float]] = {}
            lost = 0
            for way in ways(images):
                images_per_second(way, site.url, options.connections, 1, folder)  # warm
            for _ in range(options.rounds):
                for way in ways(images):
                    rate, failed = images_per_second(
                        way, site.url, options.connections, options.seconds, folder
                    )
                    figures.setdefault(way.name, []).append(rate)
                    lost += failed
    medians = {name: statistics.median(rates) for name, rates in figures.items()}
    first = next(iter(medians.values()))
    for name, rate in medians.items():
        print(f"| {name} | {rate:,.0f} | {rate / first:.1f} |")
    print(f"calls that failed: {lost}")


if __name__ == "__main__":
    main()

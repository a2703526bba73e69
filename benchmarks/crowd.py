"""How many people the site bears who do what people do.

sh .ci/postgresql python -m benchmarks.crowd [--users N] [--seconds S] [--workers N]

Two gunicorns answer behind nginx, with one PostgreSQL, one Redis and a folder of model files, as
docs/operations.md has it. Locust plays the visitors, each with an address of its own: the file
benchmarks/visitor.py says what they do. They come within the first quarter of the time. Everything
runs on this machine, Locust too.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks import kit

if TYPE_CHECKING:
    from recognizer.tests.kit.proxies import Proxy

DIGITS = 200


@contextmanager
def run_redis(folder: Path) -> Iterator[str]:
    """Run a Redis on a socket in the folder."""
    program = shutil.which("redis-server") or sys.exit("The crowd needs redis-server.")
    path = folder / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(path), "--save", ""]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    next(line for line in server.stdout if "accept connections at" in line)
    yield f"rediscache://{path}"
    server.terminate()
    server.communicate()


def processor_seconds() -> dict[str, float]:
    """Return the processor seconds so far of all processes of each program."""
    spent = dict.fromkeys(("gunicorn", "postgres", "redis-server", "nginx"), 0.0)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (folder / "cmdline").read_text()
            times = (folder / "stat").read_text().rpartition(") ")[2].split()[11:13]
            for program in spent:
                if program in command:
                    spent[program] += sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)  # Locust, once it is
    return spent | {"locust": ended.ru_utime + ended.ru_stime}


def main() -> None:
    """Let the crowd in, and print a table of what it met."""
    parser = kit.new_parser(__doc__)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--workers", type=int, default=2, help="of each gunicorn")
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        sys.exit("Run it by .ci/postgresql, which starts a PostgreSQL for it.")

    kit.set_up_site()
    from recognizer.tests.kit.proxies import Proxy

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        environment = {
            "DATABASE_URL": os.environ["DATABASE_URL"],
            "ARTIFACTS_DIR": str(folder / "artifacts"),
            "CACHE_URL": stack.enter_context(run_redis(folder)),
            "WEB_CONCURRENCY": str(options.workers),
            "NUM_PROXIES": "1",
            # The servers of the tests count no limits; these are the defaults.
            "THROTTLE_VISITOR": "120",
            "THROTTLE_ALL": "30000",
        }
        sites = [
            stack.enter_context(kit.serve_site(folder / host, **environment))
            for host in ("one", "two")
        ]
        proxy = Proxy(folder, folder)
        servers = [f"server {urlsplit(site.url).netloc};\n" for site in sites]
        (folder / "active.conf").write_text("".join(servers))
        with proxy.run():
            before = processor_seconds()
            play(folder, proxy, options.users, options.seconds)
            spent = {name: now - before[name] for name, now in processor_seconds().items()}
        with (folder / "crowd_stats.csv").open() as file:
            rows = list(csv.DictReader(file))
        with (folder / "crowd_failures.csv").open() as file:
            failures = list(csv.DictReader(file))
    print_tables(rows, spent, options.seconds)
    for failure in failures:
        print(f"\n{failure['Name']}: {failure['Error']} ({failure['Occurrences']} times)")


def play(folder: Path, proxy: Proxy, users: int, seconds: int) -> None:
    """Let Locust play the visitors; what it prints goes to the log of the servers."""
    digits = kit.read_drawings(None, written=DIGITS, seed=0)
    plain = [
        (
            label,
            [
                [[round(float(value), 1) for value in point] for point in stroke]
                for stroke in strokes
            ],
        )
        for label, strokes in digits
    ]
    (folder / "digits.json").write_text(json.dumps(plain))
    command = [
        sys.executable,
        "-m",
        "locust",
        "--locustfile",
        f"{kit.PROJECT}/benchmarks/visitor.py",
    ]
    command += ["--headless", "--only-summary", "--host", proxy.url, "--csv", str(folder / "crowd")]
    command += ["--users", str(users), "--spawn-rate", str(4 * users / seconds)]
    command += ["--run-time", f"{seconds}s", "--stop-timeout", "20"]
    variables = {
        "CROWD_DIGITS": str(folder / "digits.json"),
        "CROWD_CERTIFICATE": str(folder / "fullchain.pem"),
    }
    with kit.SERVER_LOG.open("a") as log:
        # It ends with 1 where a request failed, which the table shows.
        subprocess.run(
            command, env={**os.environ, **variables}, stdout=log, stderr=log, check=False
        )


def print_tables(rows: list[dict[str, str]], spent: dict[str, float], seconds: int) -> None:
    """Print what Locust wrote down of each kind of request, and what each program spent."""
    kit.print_head("request", "how many", "a second", "failed", "p50 ms", "p95 ms", "p99 ms")
    for row in rows:
        rate = f"{float(row['Requests/s']):.1f}"
        shares = (row[share] for share in ("50%", "95%", "99%"))
        kit.print_row(row["Name"], row["Request Count"], rate, row["Failure Count"], *shares)
    print()
    kit.print_head("program", "processor seconds", "of a core")
    for program, processor in spent.items():
        kit.print_row(program, f"{processor:.0f}", f"{processor / seconds:.0%}")


if __name__ == "__main__":
    main()

"""How long until the first answer: seconds after `git clone`, and for a second `make run`.

python benchmarks/start.py
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

PROJECT = Path(__file__).resolve().parent.parent
PORT = "8765"
SEVEN = {"strokes": [[[0, 0], [10, 0], [4, 20]]]}


def ask_first_drawing(clone: Path) -> tuple[str, float]:
    """Run `make run` until it has answered a drawing; return the answer and when it came."""
    process = subprocess.Popen(
        ["make", "run", f"PORT={PORT}"],
        cwd=clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "Listening at" in line:
                break
        else:
            raise SystemExit("make run ended without serving anything.")
        request = Request(
            f"http://127.0.0.1:{PORT}/api/v1/drawings/",
            json.dumps(SEVEN).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request) as answer:
            return str(json.load(answer)["prediction"]), time.monotonic()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", PROJECT, clone], check=True)
        digit, ended = ask_first_drawing(clone)
        print(f"from git clone to the first answer ({digit}): {ended - began:.1f} s")
        began = time.monotonic()
        digit, ended = ask_first_drawing(clone)
        print(f"second make run to its first answer ({digit}): {ended - began:.1f} s")


if __name__ == "__main__":
    main()

"""How many labeled drawings the running page reads right, drawn on it by a real mouse in Chromium.

python -m benchmarks.replay [STROKES.json.gz] [--limit N] [--url URL]

The strokes that the page sent are also sent to the server by a program: both answers must be the
same. Without a file, 20 digits of the synthetic pen are drawn. Without a URL, the site is one of
its own, over an empty archive.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import django
import numpy as np
from playwright.sync_api import sync_playwright

from ml.drawing.strokes import Strokes
from ml.labeled.formats import iter_labeled
from ml.writing.pen import write_strokes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
django.setup()

# What starts a server for the tests knows the models, which want a Django that is set up.
from recognizer.tests.kit.browsing import FLAGS, find_chromium  # noqa: E402
from recognizer.tests.kit.live import gather_static_files, serve  # noqa: E402
from recognizer.tests.kit.replaying import replay  # noqa: E402


def read_drawings(path: Path | None) -> Iterator[tuple[int, Strokes]]:
    """Yield labels and strokes."""
    if path is None:
        rng = np.random.default_rng(0)
        for digit in 2 * list(range(10)):
            yield digit, write_strokes(digit, rng)
        return
    for drawing in iter_labeled(path):
        if drawing.strokes is not None:
            yield drawing.label, drawing.strokes


def main() -> None:
    """Replay all drawings and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--url")
    options = parser.parse_args()
    n = right = same = 0
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        url = options.url
        if not url:
            gather_static_files()
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(serve(folder)).url
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(base_url=url)
        page.goto("/")
        client = playwright.request.new_context(base_url=url)  # without the page's cookies
        for label, strokes in islice(read_drawings(options.path), options.limit):
            shown, told = replay(page, client, strokes)
            n += 1
            right += shown == label
            same += shown == told
        browser.close()
    print(json.dumps({"n": n, "right": right / n, "same_as_json": same / n}))


if __name__ == "__main__":
    main()

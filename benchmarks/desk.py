"""How soon the next drawing is on a reviewer's desk, and how many a minute the keyboard decides.

python -m benchmarks.desk [--rows N] [--decisions N] [--pause-ms MS]

Chromium presses A, digits, R and Space in turn, each a pause after the next drawing was painted.
Time is from the key to the first task after the frame with the next drawing. The archive is that of
benchmarks.archive, which also asks for lists.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks import kit
from benchmarks.archive import open_archive
from recognizer.tests.kit.browsing import FLAGS, find_chromium

KEYS = ("a", "7", "Enter", "r", "3", "Space", "a", "x", "a", "0")
ADD_REVIEWER = """
from django.contrib.auth.models import Group, User
user = User.objects.create_user("reviewer", password="only for this", is_staff=True)
user.groups.add(Group.objects.get(name="Reviewer"))
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
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        kit.serve_site(Path(folder), **open_archive(Path(folder), options.rows)) as site,
        sync_playwright() as playwright,
    ):
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

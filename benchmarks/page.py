"""How well the running page reads drawings, and how soon after pen-up it has painted the answer.

python -m benchmarks.page [--tablet STROKES.json.gz] [--limit N] [--ms-a-point MS]

A mouse draws on the page in Chromium; without a file, what the synthetic pen writes. The strokes
that the page sent are also sent to the server by a program, which must get the same answer. Time is
from the time stamp of the last `pointerup` to the first task after the frame with the answer.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, sync_playwright

from benchmarks import kit
from ml.drawing.strokes import Strokes
from recognizer.tests.kit.browsing import FLAGS, find_chromium
from recognizer.tests.kit.replaying import replay

if TYPE_CHECKING:
    from recognizer.tests.kit.live import LiveSite

# The page's policy forbids to evaluate strings, as waiting for a function would; so the time since
# pen-up stands in an attribute, which can be waited for.
NOTE_ANSWERS = """() => {
    const answer = document.querySelector("#answer");
    const root = document.documentElement.dataset;
    let penUp = null;
    addEventListener("pointerup", (event) => {
        delete root.painted;
        penUp = event.timeStamp;
    }, true);
    new MutationObserver(() => {
        if (penUp === null || !answer.dataset.digit || answer.ariaBusy) return;
        const began = penUp;
        penUp = null;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => (root.painted = performance.now() - began);
            port2.postMessage(null);
        });
    }).observe(answer, { attributeFilter: ["data-digit", "aria-busy"] });
}"""


SAVE_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"


@dataclass(frozen=True)
class Measured:
    """What one page did with all drawings."""

    shown: NDArray[np.int64]
    told: NDArray[np.int64]
    painted_ms: list[float]
    drafts: int
    drawn_seconds: float
    processor_seconds: float


def measure(
    browser: Browser, site: LiveSite, drawings: list[Strokes], ms_a_point: float, *, drafts: bool
) -> Measured:
    """Draw everything on one page, with or without readings on the way."""
    context = browser.new_context(base_url=site.url)
    if not drafts:
        context.add_init_script(SAVE_DATA)
    page = context.new_page()
    page.goto("/")
    page.evaluate(NOTE_ANSWERS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    client = browser.new_context(base_url=site.url).request  # without the page's cookies
    times, answers = [], []
    spent = processor_seconds(site)
    for strokes in drawings:
        answers.append(replay(page, client, strokes, ms_a_point))
        painted = page.locator("html[data-painted]").get_attribute("data-painted")  # waits
        times.append(float(painted or "nan"))
    spent = processor_seconds(site) - spent
    context.close()
    shown, told, seconds = np.array(answers).T
    count = sum(url.endswith("?draft=true") for url in asked)
    return Measured(shown.astype(int), told.astype(int), times, count, seconds.sum(), spent)


def processor_seconds(site: LiveSite) -> float:
    """Return what the processes that answer have used so far."""
    ticks = 0
    for process in site.server.processes():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # user and system
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--ms-a-point", type=float, default=0.0)
    options = parser.parse_args()
    drawings = kit.read_drawings(options.tablet, written=100, seed=0)[: options.limit]
    labels = np.array([label for label, _ in drawings])
    strokes = [each for _, each in drawings]
    with (
        tempfile.TemporaryDirectory() as folder,
        kit.serve_site(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        runs = [
            measure(browser, site, strokes, options.ms_a_point, drafts=drafts)
            for drafts in ((True, False) if options.ms_a_point else (True,))
        ]
        browser.close()
    kit.print_head(
        "readings on the way",
        "drawings",
        "read right",
        "as the server",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "processor ms a second of drawing",
    )
    for seen in runs:
        kit.print_row(
            seen.drafts,
            len(drawings),
            f"{np.mean(seen.shown == labels):.2%}",
            f"{np.mean(seen.shown == seen.told):.2%}",
            *np.percentile(seen.painted_ms, [50, 95, 99]).round(1),
            round(1000 * seen.processor_seconds / seen.drawn_seconds),
        )


if __name__ == "__main__":
    main()

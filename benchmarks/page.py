"""How well the running page reads drawings, and how soon after pen-up it has painted the answer.

python -m benchmarks.page [--tablet STROKES.json.gz] [--limit N]

A mouse draws on the page in Chromium; without a file, what the synthetic pen writes. The strokes
that the page sent are also sent to the server by a program, which must get the same answer. Time is
from the time stamp of the last `pointerup` to the first task after the frame with the answer.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks import kit
from recognizer.tests.kit.browsing import FLAGS, find_chromium
from recognizer.tests.kit.replaying import replay

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


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--tablet", type=Path)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    drawings = kit.read_drawings(options.tablet, written=100, seed=0)[: options.limit]
    right = same = 0
    times = []
    with (
        tempfile.TemporaryDirectory() as folder,
        kit.serve_site(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(base_url=site.url)
        page.goto("/")
        page.evaluate(NOTE_ANSWERS)
        client = playwright.request.new_context(base_url=site.url)  # without the page's cookies
        for label, strokes in drawings:
            shown, told = replay(page, client, strokes)
            right += shown == label
            same += shown == told
            painted = page.locator("html[data-painted]").get_attribute("data-painted")  # waits
            times.append(float(painted or "nan"))
        browser.close()
    kit.print_head("drawings", "read right", "as the server", "p50 ms", "p95 ms", "p99 ms")
    shares = f"{right / len(drawings):.2%}", f"{same / len(drawings):.2%}"
    kit.print_row(len(drawings), *shares, *np.percentile(times, [50, 95, 99]).round(1))


if __name__ == "__main__":
    main()

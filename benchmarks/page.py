"""How smoothly the page inks on a slow machine, and how soon after pen-up its answer is painted.

python -m benchmarks.page [--strokes N] [--digits N]

Chromium draws on the running site. Ink: strokes of 2,000 points arrive at 240 a second, as a good
pen sends them, while the page's processor is throttled to a quarter; the browser's own trace tells
how long scripts ran in each frame. Answers: digits of the synthetic pen by a mouse, unthrottled;
from the time stamp of `pointerup` to the first task after the frame that shows the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import CDPSession, Page, async_playwright

from ml.writing.pen import write_strokes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
django.setup()

# What starts a server for the tests knows the models, which want a Django that is set up.
from recognizer.tests.kit.browsing import FLAGS, find_chromium  # noqa: E402
from recognizer.tests.kit.live import gather_static_files, serve  # noqa: E402

POINTS = 2_000
POINTS_PER_SECOND = 240
SLOWER = 4
SCRIPTS = {"EventDispatch", "FireAnimationFrame", "FunctionCall", "TimerFire", "RunMicrotasks"}
FRAME = "PrePaint"  # what follows the scripts of a frame
NOTE_ANSWERS = """() => {
    window.painted = [];
    let penUp = 0;
    addEventListener("pointerup", (event) => (penUp = event.timeStamp), true);
    new MutationObserver(() => {
        if (!document.querySelector("#answer").dataset.digit) return;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => {
                window.painted.push(performance.now() - penUp);
                document.documentElement.dataset.painted = window.painted.length;
            };
            port2.postMessage(null);
        });
    }).observe(document.querySelector("#answer"), { attributeFilter: ["data-digit"] });
}"""

Points = NDArray[np.float64]  # (points, 2), in the unit square, y downward


def spiral() -> Points:
    """Return a stroke that fills the pad."""
    turn = np.linspace(0, 24 * np.pi, POINTS)
    radius = np.linspace(0.05, 0.45, POINTS)
    return np.asarray(0.5 + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1))


async def on_pad(page: Page, points: Points) -> Points:
    """Move points of the unit square onto the pad."""
    box = await page.locator("#pad").bounding_box()
    assert box is not None
    return np.asarray(np.array([box["x"], box["y"]]) + points * [box["width"], box["height"]])


async def send_stroke(session: CDPSession, points: Points, seconds_between: float) -> None:
    """Send all points at their time, however long the page takes with each."""

    async def send(kind: str, point: NDArray[np.float64]) -> None:
        x, y = map(float, point)
        mouse = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        await session.send("Input.dispatchMouseEvent", mouse)

    await send("mousePressed", points[0])
    clock, under_way = asyncio.get_running_loop(), []
    began = clock.time()
    for number, point in enumerate(points[1:], 1):
        await asyncio.sleep(max(0.0, began + number * seconds_between - clock.time()))
        under_way.append(asyncio.create_task(send("mouseMoved", point)))
    await asyncio.gather(*under_way)
    await send("mouseReleased", points[-1])


async def trace_stroke(session: CDPSession, points: Points) -> list[dict[str, Any]]:
    """Draw a stroke and return the events that the browser traced meanwhile."""
    events: list[dict[str, Any]] = []
    complete = asyncio.Event()
    session.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    session.once("Tracing.tracingComplete", lambda _: complete.set())
    await session.send("Tracing.start", {"categories": "devtools.timeline,blink.user_timing"})
    await send_stroke(session, points, 1 / POINTS_PER_SECOND)
    await session.send("Tracing.end")
    await complete.wait()
    return events


def script_ms_by_frame(events: list[dict[str, Any]]) -> NDArray[np.float64]:
    """Sum up the time of scripts from one frame to the next; what they call counts once."""
    paints = [event for event in events if event["name"] == FRAME]
    thread = paints[0]["pid"], paints[0]["tid"]
    edges = np.array(sorted(event["ts"] for event in paints))
    spent = np.zeros(len(edges) + 1)
    until = 0.0
    for event in sorted(
        (each for each in events if each["name"] in SCRIPTS and each.get("dur")),
        key=lambda each: (each["ts"], -each["dur"]),
    ):
        if (event["pid"], event["tid"]) != thread or event["ts"] < until:
            continue
        until = event["ts"] + event["dur"]
        spent[np.searchsorted(edges, event["ts"], side="right")] += event["dur"] / 1000
    return spent[1:-1]  # whole frames


async def measure_ink(page: Page, strokes: int) -> None:
    """Draw the spiral some times."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    points = await on_pad(page, spiral())
    frames = []
    for _ in range(strokes):
        await page.get_by_role("button", name="Clear", exact=True).click(force=True)
        frames.append(script_ms_by_frame(await trace_stroke(session, points)))
        await page.wait_for_selector("#answer[data-digit]:not([aria-busy])")
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    spent = np.concatenate(frames)
    drawn = spent[spent > 0]
    print(
        json.dumps(
            {
                "points": POINTS,
                "strokes": strokes,
                "frames": len(drawn),
                "script_ms_per_frame": {
                    "p50": round(float(np.median(drawn)), 2),
                    "p95": round(float(np.quantile(drawn, 0.95)), 2),
                },
            }
        ),
        flush=True,
    )


async def measure_answers(page: Page, digits: int) -> None:
    """Write digits, the first stroke of each, and wait for each answer."""
    await page.evaluate(NOTE_ANSWERS)
    session = await page.context.new_cdp_session(page)
    rng = np.random.default_rng(0)
    for number in range(digits):
        stroke = np.array([point[:2] for point in write_strokes(number % 10, rng)[0]], float)
        low, high = stroke.min(axis=0), stroke.max(axis=0)
        points = 0.5 + 0.6 * (stroke - (low + high) / 2) / float((high - low).max())
        await page.get_by_role("button", name="Clear", exact=True).click(force=True)
        await send_stroke(session, await on_pad(page, points), 1 / POINTS_PER_SECOND)
        # The page's policy lets nobody evaluate strings, as waiting for a function would.
        await page.wait_for_selector(f'html[data-painted="{number + 1}"]')
    painted = np.array(await page.evaluate("window.painted"))
    quantiles = {f"p{q}": round(float(np.percentile(painted, q)), 1) for q in (50, 95, 99)}
    print(json.dumps({"digits": digits, "pen_up_to_painted_ms": quantiles}))


async def main() -> None:
    """Measure ink and answers on a site of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strokes", type=int, default=3)
    parser.add_argument("--digits", type=int, default=100)
    options = parser.parse_args()
    gather_static_files()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as site:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            page = await browser.new_page(base_url=site.url)
            await page.goto("/")
            await measure_answers(page, options.digits)
            await measure_ink(page, options.strokes)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())

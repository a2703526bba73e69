"""What the most expensive requests cost, and what they cost others.

python -m benchmarks.hostile
python -m benchmarks.hostile --crowd [--seconds S]

The first sends each request to a gunicorn of one worker, and prints the processor time of that
worker and the most memory that the request added to it.

--crowd lets ten clients of one address send as fast as they are answered to a site of two workers
with its default limits, large pictures or small drawings, without cookies or each with its own,
while another address draws all the time, nearly twice a second.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import statistics
import struct
import tempfile
import time
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
from PIL import Image, ImageDraw

from benchmarks import kit
from ml.tests.kit.drawings import encode
from ml.tests.kit.hostile import PNG_SIGNATURE, png_chunk
from ml.writing.pen import write_digits, write_strokes

DRAWINGS, PREDICTIONS = "/api/v1/drawings/", "/api/v1/predictions/"
JSON = "application/json"
REPEATS = 3
CLIENTS = 10
PAETH = 4
"""The most expensive filter of a PNG's rows."""


def seven(side: int, mode: str = "L") -> Image.Image:
    """Return a digit in the middle of a square."""
    picture = Image.new("L", (side, side), 255)
    points = [(side * x, side * y) for x, y in ((0.3, 0.2), (0.7, 0.2), (0.4, 0.8))]
    ImageDraw.Draw(picture).line(points, 0, max(1, side // 12))
    return picture.convert(mode)


def filtered_png(width: int, height: int, bits: int, kind: int, pixel_bytes: int) -> bytes:
    """Return a PNG whose rows are all filtered."""
    rows = np.zeros((height, 1 + width * pixel_bytes), np.uint8)
    rows[:, 0] = PAETH
    rows[height // 3 : height // 2, width // 3 * pixel_bytes : width // 2 * pixel_bytes] = 3
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + body + png_chunk(b"IEND", b"")


def scanned_jpeg(side: int, more: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan."""
    data = encode(seven(side), "JPEG", progressive=True)
    return data[:-2] + more * data[data.rindex(b"\xff\xda") : -2] + data[-2:]


def noise(side: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))


def photo(width: int, height: int) -> bytes:
    """Return a 7 on a JPEG of nearly as many bytes as are read."""
    rng = np.random.default_rng(0)
    paper = np.asarray(seven(height).resize((width, height)), np.int16) * 7 // 8
    grain = rng.integers(0, 12, (height, width, 3), np.int8)
    return encode(Image.fromarray((paper[:, :, None] + grain).astype(np.uint8)), "JPEG", quality=95)


def dust(side: int) -> Image.Image:
    """Return paper with as many pieces of ink as it can hold."""
    paper = np.full((side, side), 255, np.uint8)
    paper[40:-40:2, 40:-40:2] = 0
    return Image.fromarray(paper)


def zigzag(points: int) -> list[list[list[int]]]:
    return [[[x * 37 % 280, 280 * (x % 2)] for x in range(points)]]


def pictures() -> dict[str, bytes]:
    """Return the most expensive picture of each kind that is still read, and some that are not."""
    return {
        "PNG, RGBA, 3041x3041": filtered_png(3041, 3041, 8, 6, 4),
        "PNG, RGB, 4032x3024": filtered_png(4032, 3024, 8, 2, 3),
        "PNG, RGBA of 16 bits, 2150x2150": filtered_png(2150, 2150, 16, 6, 8),
        "PNG, palette, transparent, 4096x4096": encode(seven(4096, "P"), transparency=b"\0\x80"),
        "PNG, a million pieces": encode(dust(2047)),
        "progressive JPEG, 4096x4096, most scans": scanned_jpeg(4096, 8),
        "progressive JPEG, 1024x1024, 60 scans": scanned_jpeg(1024, 54),
        "progressive JPEG, CMYK, 3100x3100": encode(seven(3100, "CMYK"), "JPEG", progressive=True),
        "JPEG, color, 4096x4096": encode(seven(4096, "RGB"), "JPEG"),
        "JPEG, color, 8160x6120, noise": photo(8160, 6120),
        "progressive JPEG, 5200x5200": encode(seven(5200), "JPEG", progressive=True),
        "GIF, 4096x4096": encode(seven(4096), "GIF"),
        "WebP, noise, 2048x2048": encode(noise(2048), "WEBP", quality=30, method=0),
        "WebP, lossless, 1024x1024": encode(seven(1024, "RGBA"), "WEBP", lossless=True),
        "refused: JPEG of 10,000 scans": scanned_jpeg(1024, 10_000),
        "refused: lossless WebP of noise": encode(noise(1024), "WEBP", lossless=True, method=0),
    }


def requests() -> dict[str, tuple[str, str, bytes]]:
    """Return what is sent: address, type and body."""
    row = ",".join(["7", *["0" * 17 + "1"] * 784]) + "\n"
    digits, _ = write_digits(1_000, seed=0)
    rng = np.random.default_rng(0)
    npz = io.BytesIO()
    np.savez_compressed(npz, x=digits)

    def batch(**fields: object) -> tuple[str, str, bytes]:
        return PREDICTIONS, JSON, json.dumps(fields).encode()

    def kept(**fields: object) -> tuple[str, str, bytes]:
        return DRAWINGS, JSON, json.dumps(fields).encode()

    def file(content: bytes) -> tuple[str, str, bytes]:
        return PREDICTIONS, "application/octet-stream", content

    largest = {name: (DRAWINGS, picture) for name, picture in pictures().items()}
    return {
        **{name: (where, "", picture) for name, (where, picture) in largest.items()},
        "JPEG, color, 6528x4896, noise, in JSON": kept(
            image=base64.b64encode(photo(6528, 4896)).decode()
        ),
        "strokes of 20,000 points": kept(strokes=zigzag(20_000)),
        "refused: 10 drawings of 2,000 points": batch(strokes=[zigzag(2_000)] * 10),
        "refused: 100 drawings of 3,300 points": batch(strokes=[zigzag(3_300)] * 100),
        "refused: JSON of 16 MB of empty lists": (
            DRAWINGS,
            JSON,
            b"[" + b"[]," * 5_500_000 + b"0]",
        ),
        "refused: JSON of 16 MB of one number": (DRAWINGS, JSON, b"[" + b"1" * 16_000_000 + b"]"),
        "refused: JSON of 300,000 objects": (DRAWINGS, JSON, b"[" + b'{"a":1},' * 330_000 + b"0]"),
        "refused: csv.gz of 16 million line ends": file(
            gzip.compress(row.encode() + b"\n" * 2**24)
        ),
        "csv.gz, 1,000 rows, the last one wrong": file(gzip.compress((row * 999 + "x").encode())),
        "1,000 honest digits, npz": file(npz.getvalue()),
        "1,000 honest digits, JSON": batch(pixels=digits.reshape(1_000, -1).tolist()),
        "1,000 honest digits, strokes": batch(
            strokes=[write_strokes(number % 10, rng) for number in range(1_000)]
        ),
    }


def send(
    url: str, content_type: str, body: bytes, address: str = "", cookies: str = "", token: str = ""
) -> int:
    """Return the status; a body without a type is a picture in a form."""
    if not content_type:
        content_type = "multipart/form-data; boundary=edge"
        head = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        body = head + body + b"\r\n--edge--\r\n"
    headers = {"Content-Type": content_type}
    if address:
        headers["X-Forwarded-For"] = address
    if cookies:
        headers |= {"Cookie": cookies, "X-CSRFToken": token}
    try:
        with urlopen(Request(url, body, headers), timeout=300) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def visit(url: str) -> tuple[str, str]:
    """Open the page as a new visitor; return the cookies and the token that it gives."""
    with urlopen(url) as page:
        given = SimpleCookie("; ".join(page.headers.get_all("Set-Cookie")))
    cookies = {name: morsel.value for name, morsel in given.items()}
    return "; ".join(map("=".join, cookies.items())), cookies["csrftoken"]


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int, name: str) -> float:
    """Return VmHWM, the most memory so far, or VmRSS, that of now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def measure_requests() -> None:
    """Send each request alone."""
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        kit.serve_site(Path(folder), WEB_CONCURRENCY="1") as site,
    ):
        (worker,) = site.server.processes()
        site.draw_seven()
        for name, (where, content_type, body) in requests().items():
            seconds, peaks, status = [], [], 0
            for _ in range(REPEATS):
                Path(f"/proc/{worker}/clear_refs").write_text("5")
                before, began = megabytes(worker, "VmRSS"), processor_seconds(worker)
                status = send(site.url + where, content_type, body)
                seconds.append(processor_seconds(worker) - began)
                peaks.append(megabytes(worker, "VmHWM") - before)
            cost = f"{statistics.median(seconds):.2f}", f"{max(peaks):.0f}"
            rows.append((name, f"{len(body):,}", status, *cost))
    kit.print_head("request", "bytes", "answer", "processor seconds", "MB at its peak")
    for row in rows:
        kit.print_row(*row)


def send_until(done: Event, *sent: Any) -> Counter[int]:
    """Send the same again and again, and count the answers."""
    answers: Counter[int] = Counter()
    while not done.is_set():
        answers[send(*sent)] += 1
    return answers


def measure_crowd(seconds: int) -> None:
    """Let many clients of one address send, and one of another."""
    digit = json.dumps({"strokes": zigzag(60)}).encode()
    picture = filtered_png(3041, 3041, 8, 6, 4)
    limits = {
        "NUM_PROXIES": "1",
        "WEB_CONCURRENCY": "2",
        "THROTTLE_VISITOR": "120",
        "THROTTLE_ALL": "30000",
    }
    kit.print_head(
        "ten clients send", "their answers", "the other's p50 ms", "p95 ms", "its answers"
    )
    for name, content_type, body, has_cookies in (
        ("nothing", "", b"", False),
        ("small drawings", JSON, digit, False),
        ("small drawings, each with a cookie", JSON, digit, True),
        ("large pictures", "", picture, False),
        ("large pictures, each with a cookie", "", picture, True),
    ):
        with (
            tempfile.TemporaryDirectory() as folder,
            kit.serve_site(Path(folder), **limits) as site,
            ThreadPoolExecutor(CLIENTS) as pool,
        ):
            url, done = site.url + DRAWINGS, Event()
            waiting = []
            for _ in range(CLIENTS if body else 0):
                visitor = visit(site.url) if has_cookies else ("", "")
                sent = url, content_type, body, "203.0.113.7", *visitor
                waiting.append(pool.submit(send_until, done, *sent))
            times, answers = [], Counter[int]()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                began = time.monotonic()
                answers[send(url, JSON, digit, "198.51.100.7")] += 1
                times.append(1000 * (time.monotonic() - began))
                time.sleep(0.6)  # below the limit of an address without a cookie
            done.set()
            theirs = sum((each.result() for each in waiting), Counter[int]())
        p95 = statistics.quantiles(times, n=20)[-1]
        kit.print_row(
            name, dict(theirs), f"{statistics.median(times):.0f}", f"{p95:.0f}", dict(answers)
        )


def main() -> None:
    parser = kit.new_parser(__doc__)
    parser.add_argument("--crowd", action="store_true")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    if options.crowd:
        measure_crowd(options.seconds)
    else:
        measure_requests()


if __name__ == "__main__":
    main()

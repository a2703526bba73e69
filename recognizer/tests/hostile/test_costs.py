"""What a request may cost: memory of a real worker, and refusals before the work is done."""

from __future__ import annotations

import gzip
import io
import json
import math
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from PIL import Image, ImageDraw

from recognizer.services.drawings import predictions, recognition
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.drawings import assert_problem, data_url, encode
from recognizer.tests.kit.live import START_SECONDS, serve

PREDICTIONS = "/api/v1/predictions/"


def large_webp() -> bytes:
    """Return a digit of some kilobytes that takes 64 MB to decode."""
    picture = Image.new("RGB", (2048, 2048), "white")
    points = [(500, 500), (1500, 500), (800, 1700)]
    ImageDraw.Draw(picture).line(points, "black", 150)
    return encode(picture, "WEBP")


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process had since the last time."""
    status = Path(f"/proc/{pid}/status").read_text()
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def test_eight_large_pictures_at_once_take_the_memory_of_one(
    static_files: None, tmp_path: Path
) -> None:
    body = json.dumps({"image": data_url(large_webp())}).encode()

    def send(url: str) -> int:
        request = Request(url + DRAWINGS, body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=START_SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    with serve(tmp_path, WEB_CONCURRENCY="1") as site:
        (worker,) = site.server.processes()
        site.draw_seven()
        peak_megabytes(worker)
        before = peak_megabytes(worker)
        assert send(site.url) == 201
        one = peak_megabytes(worker) - before
        peak_megabytes(worker)
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(send, [site.url] * 8))
        eight = peak_megabytes(worker) - before
        assert 201 in statuses
        assert set(statuses) <= {201, 503}
        assert one <= 100
        assert eight <= 1.5 * one


def test_a_large_picture_that_waits_too_long_is_told_to_come_again(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "LONGEST_WAIT_SECONDS", 0.01)
    body = {"image": data_url(large_webp())}
    with recognition.alone(is_large=True):
        answer = stranger.post(DRAWINGS, body)
        assert_problem(answer, 503, "busy")
        assert answer.headers["Retry-After"] == "2"
        stranger.draw(7)
    assert stranger.post(DRAWINGS, body).status_code == 201


def test_strokes_of_a_batch_are_bounded_by_what_so_many_drawings_need(stranger: Caller) -> None:
    zigzag = [[[x % 280, 280 * (x % 2)] for x in range(1_900)]]
    for number, most in ((30, 29_000), (12, 11_200)):  # as sent, and as they are read
        answer = stranger.post(PREDICTIONS, {"strokes": [zigzag] * number})
        assert_problem(answer, 400, "invalid-strokes", "strokes")
        assert f"at most {most:,}" in answer.json()["detail"]
    assert stranger.post(PREDICTIONS, {"strokes": [zigzag] * 5}).status_code == 200


def test_pictures_that_take_too_long_together_are_refused(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "MOST_SECONDS", 0.0)
    answer = stranger.post(PREDICTIONS, {"images": [data_url(large_webp())] * 3})
    assert_problem(answer, 413, "image-too-large", "images")
    assert "of these 3 drawings could be read in the time" in answer.json()["detail"]


def test_a_large_picture_comes_as_a_file_and_not_in_json(stranger: Caller) -> None:
    text = "A" * 11_250_001
    for address, body in ((DRAWINGS, {"image": text}), (PREDICTIONS, {"images": [text]})):
        answer = stranger.post(address, body)
        assert answer.status_code == 400
        assert "send this one as a file" in answer.content.decode()


def test_the_stored_strokes_have_the_answer_of_the_sent_ones(stranger: Caller) -> None:
    wave = [[140 + 90.123456 * math.sin(n / 500), 20.98765 + n / 40] for n in range(9_000)]
    drawing = stranger.post(DRAWINGS, {"strokes": [wave]}).json()
    (stored,) = stranger.get(f"{DRAWINGS}{drawing['id']}/strokes/").json()
    assert sum(map(len, stored["strokes"])) < 2_000
    again = stranger.post(DRAWINGS, {"strokes": stored["strokes"]}).json()
    assert again["probabilities"] == drawing["probabilities"]


def test_json_of_countless_lists_is_not_parsed(stranger: Caller) -> None:
    body = b'{"strokes": [' + b"[1,2]," * 351_000 + b"[1,2]]}"
    answer = stranger.client.post(DRAWINGS, body, content_type="application/json")
    assert_problem(answer, 413, "body-too-large")


def test_json_of_more_points_than_its_drawings_may_have_is_not_parsed(stranger: Caller) -> None:
    point = [1, 2]
    answer = stranger.post(PREDICTIONS, {"strokes": [[[point] * 3_300]] * 100})
    assert_problem(answer, 413, "body-too-large")
    assert stranger.post(PREDICTIONS, {"strokes": [[[point] * 300]] * 170}).status_code == 200


def files() -> dict[str, bytes]:
    """Return small files that take seconds to read to their end."""
    row = ",".join(["7", *["0"] * 784]) + "\n"
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(1_001):
            archive.writestr(f"{number}.npy", b"")
    return {
        "line ends": gzip.compress(row.encode() + b"\n" * 16_000_000),
        "a zip of many files": many.getvalue(),
    }


@pytest.mark.parametrize("name", files())
def test_a_file_is_not_read_beyond_what_its_digits_need(stranger: Caller, name: str) -> None:
    body = files()[name]
    answer = stranger.post(PREDICTIONS, body, content_type="application/octet-stream")
    assert_problem(answer, 400, "invalid-file", "file")
    assert "more than" in answer.json()["detail"]

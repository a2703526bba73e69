"""The page beyond drawing: inside, presented, pictures from elsewhere, lost answers, archive."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageOps
from playwright.sync_api import Browser, Locator, Page, Route, expect

from ml.tests.kit.drawings import encode
from recognizer.tests.kit.browsing import UnitStroke, draw, lend, open_page
from recognizer.tests.kit.drawings import blank_png, png_of
from recognizer.tests.kit.live import LiveSite

SEVEN: list[UnitStroke] = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]]
TEN_STROKES: list[UnitStroke] = [
    [(0.3 + 0.04 * step, 0.25), (0.34 + 0.04 * step, 0.25)] for step in range(10)
]


@pytest.fixture
def pad(site: LiveSite, page: Page) -> Page:
    """Return the drawing page of a new visitor."""
    page.goto(site.url)
    return page


def expect_answer(page: Page, digit: int) -> None:
    """Wait until the page shows this digit as its answer."""
    expect(page.locator("#answer")).to_have_attribute("data-digit", str(digit))


def stored(page: Page) -> list[dict[str, Any]]:
    """Return the drawings of the page's visitor."""
    results: list[dict[str, Any]] = page.evaluate(
        "fetch('/api/v1/drawings/').then(answer => answer.json()).then(body => body.results)"
    )
    return results


def choose(page: Page, content: bytes, name: str = "digit.png", kind: str = "image/png") -> None:
    """Choose a file."""
    page.get_by_label("Choose an image").set_input_files(
        {"name": name, "mimeType": kind, "buffer": content}
    )


def hand_over(page: Page, how: str, content: bytes) -> None:
    """Drop or paste a picture."""
    page.evaluate(
        """([how, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "digit.png", { type: "image/png" }));
            const event =
                how === "paste"
                    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
                    : new DragEvent("drop", { dataTransfer: data, bubbles: true });
            document.getElementById("pad").dispatchEvent(event);
        }""",
        [how, base64.b64encode(content).decode()],
    )


def test_ten_strokes_leave_one_row_with_the_time_of_each_point(pad: Page) -> None:
    draw(pad, TEN_STROKES)
    expect(pad.locator("#answer[data-digit]:not([aria-busy])")).to_be_attached()

    (drawing,) = stored(pad)
    strokes = pad.evaluate(
        "id => fetch(`/api/v1/drawings/${id}/strokes/`).then(answer => answer.json())",
        drawing["id"],
    )
    assert len(strokes[0]["strokes"]) == 10
    times = [point[3] for stroke in strokes[0]["strokes"] for point in stroke]
    assert times[0] == 0 < times[-1]
    assert times == sorted(times)


def test_a_lost_answer_leaves_no_row_of_its_own(pad: Page) -> None:
    lost: list[int] = []

    def lose(route: Route) -> None:
        # The server reads and keeps the drawing; the page hears nothing of it but an error.
        lost.append(route.fetch().status)
        route.fulfill(status=200, content_type="text/html", body="gone")

    pad.route("**/api/v1/drawings/", lose, times=1)
    draw(pad, SEVEN)
    pad.get_by_role("button", name="Try again").click()
    expect_answer(pad, 7)

    assert lost == [201]
    assert len(stored(pad)) == 1


def open_inside(page: Page) -> Locator:
    """Draw a seven, look inside, and return the sentence below the pictures."""
    draw(page, SEVEN)
    expect_answer(page, 7)
    page.get_by_text("Inside the model").click()
    told = page.locator("#inside > p")
    expect(told).to_contain_text("It reads 7.")
    return told


def test_a_covered_part_changes_the_answer_inside(pad: Page) -> None:
    told = open_inside(pad)
    painted = "canvas => canvas.getContext('2d').getImageData(0, 0, 29, 29).data.some(Boolean)"
    for canvas in pad.locator("#inside canvas").all():
        assert canvas.evaluate(painted)
    digit = pad.get_by_role("slider", name="Covered part")
    box = digit.bounding_box()
    assert box is not None
    digit.scroll_into_view_if_needed()
    digit.hover(position={"x": 0.6 * box["width"], "y": 0.25 * box["height"]})

    expect(told).to_contain_text("With this part covered: ")
    expect(digit).to_have_attribute("aria-valuenow", str(14 * 3 + 8 + 1))
    pad.get_by_role("heading", name="Your latest drawings").hover()
    expect(told).to_have_text(re.compile("^It reads 7"))


def test_a_unit_tells_by_keys_what_it_votes_for(pad: Page) -> None:
    told = open_inside(pad)
    units = pad.get_by_role("slider", name="Hidden unit")
    units.press("ArrowRight")

    expect(told).to_have_text(re.compile(r"^Unit \d+ speaks for 0.*, against .*\. Here it is "))
    expect(units).to_have_attribute("aria-valuetext", told.inner_text())
    units.press("Escape")
    expect(told).to_have_text(re.compile("^It reads 7"))


def digit_inside(page: Page) -> str:
    """Return the rows of the digit inside, with # for ink."""
    rows: str = page.locator("#inside canvas").first.evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
            return data.filter((_, index) => index % 4 === 3).join(" ");
        }"""
    )
    signs = ["#" if int(alpha) > 127 else " " for alpha in rows.split()]
    return "\n".join("".join(signs[row : row + 28]).rstrip() for row in range(0, 784, 28))


def digit_seen(page: Page) -> str:
    """Return the rows of the digit that the page shows as what it saw."""
    content = page.locator("#seen").get_attribute("src") or ""
    digit = np.asarray(Image.open(io.BytesIO(base64.b64decode(content.partition(",")[2]))))
    return "\n".join("".join("#" if ink > 127 else " " for ink in row).rstrip() for row in digit)


def test_inside_follows_the_drawing(pad: Page) -> None:
    told = open_inside(pad)
    seven = digit_inside(pad)
    assert seven == digit_seen(pad)
    with pad.expect_response("**/explanation/"):
        draw(pad, [[(0.35, 0.5), (0.65, 0.5)]])
    expect(told).to_have_text(re.compile("^(It|A) .*[.]$"))
    assert seven != digit_inside(pad) == digit_seen(pad)
    # The server fails, which a browser does not note as an error.
    pad.route("**/explanation/", lambda route: route.fulfill(status=200, body="gone"))
    draw(pad, [[(0.4, 0.7), (0.6, 0.7)]])
    expect(pad.get_by_role("button", name="Try again")).to_be_visible()
    assert not digit_inside(pad).strip()
    pad.get_by_role("button", name="Clear").click()

    expect(told).to_have_text("Draw any digit, your way")


def test_keys_of_inside_judge_nothing(pad: Page) -> None:
    requests: list[str] = []
    pad.on("request", lambda request: requests.append(request.method))
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    pad.locator("summary").press("Enter")
    slider = pad.get_by_role("slider", name="Covered part")
    for key in ("Enter", "3", "x", "Delete"):
        slider.press(key)

    assert "PUT" not in requests
    expect(slider).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
def test_pad_and_answer_are_presented_alone(pad: Page, width: int, height: int) -> None:
    pad.set_viewport_size({"width": width, "height": height})
    pad.get_by_role("link", name="Present").click()
    draw(pad, SEVEN)
    expect_answer(pad, 7)

    box = pad.locator("#pad").bounding_box()
    assert box is not None
    assert box["width"] == box["height"] > 0.9 * height
    assert pad.evaluate("document.documentElement.scrollHeight") == height
    assert pad.evaluate("document.documentElement.scrollWidth") == width
    assert pad.locator("#answer .written").evaluate("each => each.clientHeight") > height / 3
    for hidden in (pad.get_by_role("navigation"), pad.locator("#bars"), pad.locator("#feedback")):
        expect(hidden.first).to_be_hidden()
    pad.keyboard.press("Escape")
    expect(pad.get_by_role("button", name="Yes, 7")).to_be_visible()
    expect_answer(pad, 7)


def test_a_key_presents_and_leaves(site: LiveSite, browser: Browser) -> None:
    with open_page(browser) as page:  # the history of a window that is kept may be full
        page.goto(site.url)
        draw(page, SEVEN)
        expect_answer(page, 7)
        entries = page.evaluate("history.length")
        for is_alone in (True, False):
            page.keyboard.press("p")
            expect(page.get_by_role("link", name="Leave")).to_be_visible(visible=is_alone)
            expect(page.locator("#bars")).to_be_visible(visible=not is_alone)
        page.get_by_role("link", name="Present").click()
        page.get_by_role("link", name="Leave").click()
        expect(page.locator("#bars")).to_be_visible()
        assert page.evaluate("history.length") == entries
        assert len(stored(page)) == 1


def test_escape_closes_the_list_of_keys_before_it_ends_the_presentation(pad: Page) -> None:
    pad.locator("#pad").press("p")
    pad.keyboard.press("?")
    for is_alone in (True, False):
        pad.keyboard.press("Escape")
        expect(pad.locator("#keys")).to_be_hidden()
        expect(pad.get_by_role("link", name="Leave")).to_be_visible(visible=is_alone)


def test_a_chosen_image_is_shown_and_read(pad: Page) -> None:
    choose(pad, png_of(4))

    expect_answer(pad, 4)
    expect(pad.get_by_alt_text("The picture that you sent")).to_be_visible()
    (drawing,) = stored(pad)
    assert drawing["source"] == "upload"


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_an_image_is_dropped_or_pasted(pad: Page, how: str) -> None:
    hand_over(pad, how, png_of(4))

    expect_answer(pad, 4)


def test_a_huge_photograph_is_made_small_before_it_is_sent(pad: Page) -> None:
    with pad.expect_request("**/api/v1/drawings/") as request:
        choose(pad, png_of(4, 3000))
    expect_answer(pad, 4)

    assert len(request.value.post_data or "") < 60_000


def test_drawing_over_an_image_is_another_digit(pad: Page) -> None:
    choose(pad, png_of(4))
    expect_answer(pad, 4)
    draw(pad, SEVEN)

    expect_answer(pad, 7)
    expect(pad.get_by_alt_text("The picture that you sent")).to_be_hidden()
    assert [drawing["prediction"] for drawing in stored(pad)] == [7, 4]


def test_clear_takes_the_image_away(pad: Page) -> None:
    choose(pad, png_of(4))
    expect_answer(pad, 4)
    pad.get_by_role("button", name="Clear").click()

    expect(pad.get_by_alt_text("The picture that you sent")).to_be_hidden()
    expect(pad.locator("#answer[data-digit]")).not_to_be_attached()


def test_a_file_that_is_no_image_is_told_in_a_sentence(pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    choose(pad, b"Dear diary", "diary.txt", "text/plain")

    expect(pad.locator("#notice")).to_contain_text("This picture cannot be read.")
    expect(pad.get_by_role("button", name="Choose another")).to_be_visible()
    expect_answer(pad, 7)


def test_a_blank_image_is_told_in_a_sentence(site: LiveSite, window: Page) -> None:
    with lend(window, may_lack_answers=True) as page:
        page.goto(site.url)
        choose(page, blank_png())

        expect(page.locator("#notice")).to_contain_text("There is no ink in this drawing.")
        expect(page.get_by_role("button", name="Choose another")).to_be_visible()


def test_the_choice_of_a_file_is_reached_by_the_keyboard(pad: Page) -> None:
    pad.get_by_role("button", name="Pen: medium").focus()
    pad.keyboard.press("Tab")

    expect(pad.get_by_label("Choose an image")).to_be_focused()
    assert pad.locator("label.tool").evaluate("label => getComputedStyle(label).outlineStyle") == (
        "solid"
    )


@pytest.fixture
def history(pad: Page, site: LiveSite) -> Page:
    """Return the history of a visitor who confirmed a seven and left a four open."""
    choose(pad, png_of(4))
    expect_answer(pad, 4)
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    with pad.expect_response("**/feedback/"):
        pad.get_by_role("button", name="Yes, 7").click()
    pad.goto(f"{site.url}/history/")
    expect(pad.locator("#drawings li")).to_have_count(2)
    return pad


def download(page: Page, name: str) -> bytes:
    """Follow a link to a file."""
    with page.expect_download() as started:
        page.get_by_role("link", name=name).click()
    return Path(started.value.path()).read_bytes()


def test_the_drawings_are_taken_along(history: Page) -> None:
    rows = list(csv.reader(download(history, "Pixels (csv)").decode().splitlines()))
    strokes = json.loads(download(history, "Strokes (JSON)"))

    assert [row[1] for row in rows] == ["labels", "7"]
    assert [drawing["label"] for drawing in strokes] == [7]


def test_one_drawing_is_taken_along(history: Page) -> None:
    history.locator("#drawings li button").first.click()

    assert download(history, "Picture (PNG)").startswith(b"\x89PNG")
    dialog = history.get_by_role("dialog")
    with history.expect_download() as started:
        dialog.get_by_role("link", name="Strokes (JSON)").click()
    assert json.loads(Path(started.value.path()).read_bytes())[0]["label"] == 7


def test_all_drawings_are_deleted_once_that_is_confirmed(history: Page) -> None:
    history.get_by_role("button", name="Delete all …").click()
    expect(history.get_by_text("Delete all your 2 drawings?")).to_be_visible()
    expect(history.get_by_role("button", name="Cancel")).to_be_focused()
    history.keyboard.press("Enter")
    expect(history.locator("#drawings li")).to_have_count(2)
    history.get_by_role("button", name="Delete all …").click()
    history.get_by_role("button", name="Delete all", exact=True).click()

    expect(history.get_by_text("Nothing here yet.")).to_be_visible()
    expect(history.locator("#voice")).to_have_text("2 drawings are deleted.")
    assert stored(history) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_explaining_page_is_not_wider_than_the_window(
    site: LiveSite, browser: Browser, language: str
) -> None:
    with open_page(browser, locale=language) as page:
        page.goto(f"{site.url}/about/")
        shown = "images => images.every(image => image.complete && image.naturalWidth > 0)"
        lines = """links => links.map(link => {
            const range = document.createRange();
            range.selectNodeContents(link);
            return link.getBoundingClientRect().left < 0 ? 0 : range.getClientRects().length;
        })"""
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("img").evaluate_all(shown)
            assert page.locator("header nav a").evaluate_all(lines) == [1, 1, 1], width


def test_the_explaining_page_shows_inside_the_last_drawing(site: LiveSite, pad: Page) -> None:
    draw(pad, SEVEN)
    expect_answer(pad, 7)
    pad.goto(f"{site.url}/about/")

    expect(pad.locator("#inside .note")).to_contain_text("It reads 7.")
    assert digit_inside(pad).strip()


def test_a_webp_is_turned_as_its_camera_says(pad: Page) -> None:
    before = ""
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = Image.new("L", (300, 200), 255)
        picture.paste(0, (80, 30, 180, 44))
        picture.paste(0, (166, 30, 180, 170))
        data = encode(picture, "WEBP", lossless=True, exif=exif)
        choose(pad, data, "a.webp", "image/webp")
        pad.wait_for_function(
            "before => document.getElementById('picture').src !== before", arg=before
        )
        before = pad.locator("#picture").get_attribute("src") or ""
        sent = Image.open(io.BytesIO(base64.b64decode(before.partition(",")[2]))).convert("L")
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
        assert sent.size == upright.size
        most = np.asarray(ImageChops.difference(sent, upright)).max()
        assert most < 60, orientation

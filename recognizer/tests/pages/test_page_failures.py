"""The page when things go wrong: the drawing stays, one sentence tells, and it goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from recognizer.tests.kit.browsing import (
    SEVEN,
    draw,
    expect_answer,
    lend,
    open_page,
    open_window,
    press,
)
from recognizer.tests.kit.drawings import png_of
from recognizer.tests.kit.live import LiveSite

SLOW_3G = {  # bytes a second, as Chromium's developer tools have it
    "offline": False,
    "latency": 2000,  # milliseconds
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}


@pytest.fixture(scope="module")
def window_with_a_clock(browser: Browser) -> Iterator[Page]:
    """Return a window whose clock the tests move on."""
    with open_window(browser) as window:
        window.clock.install()
        yield window


@pytest.fixture
def failing(site: LiveSite, window_with_a_clock: Page) -> Iterator[Page]:
    """Return the drawing page, some of whose requests will fail."""
    with lend(window_with_a_clock, may_lack_answers=True) as page:
        page.goto(site.url)
        yield page


def refuse(page: Page, status: int, headers: dict[str, str] | None = None) -> None:
    """Answer the next drawing as an unwell server does; the one after that goes through."""
    body = json.dumps({"type": "about:blank", "detail": "For programs."})

    def answer(route: Route) -> None:
        route.fulfill(
            status=status, headers=headers, body=body, content_type="application/problem+json"
        )

    page.route("**/api/v1/drawings/", answer, times=1)


def expect_drawing_kept(page: Page) -> None:
    """See that there is ink, and that it can be taken back."""
    expect(page.locator("#hint")).to_be_hidden()
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "false")


@pytest.mark.parametrize(
    ("status", "headers", "sentence", "seconds"),
    [
        (500, {}, "The server had a problem. Nothing is lost.", 2),
        (503, {"Retry-After": "5"}, "The server had a problem. Nothing is lost.", 5),
        (429, {"Retry-After": "46"}, "That was a lot at once. Nothing is lost.", 46),
    ],
)
def test_what_may_pass_is_sent_again_by_itself(
    status: int, headers: dict[str, str], sentence: str, seconds: int, failing: Page
) -> None:
    refuse(failing, status, headers)
    draw(failing, SEVEN)
    expect(failing.locator("#notice")).to_contain_text(sentence)
    expect(failing.locator("#notice")).to_contain_text(re.compile(r"It goes on in \d+ seconds?\."))
    expect_drawing_kept(failing)
    failing.clock.run_for(1000 * seconds)

    expect_answer(failing, 7)
    expect(failing.locator("#notice button")).to_be_hidden()
    expect(failing.locator("#pad")).to_be_focused()  # the button that had the focus is gone


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (413, "This drawing is too large to send. Undo a stroke or start a new one."),
        (400, "Something went wrong. Nothing is lost: try again."),
    ],
)
def test_a_refused_drawing_stays_and_is_sent_again_by_a_button(
    status: int, sentence: str, failing: Page
) -> None:
    refuse(failing, status)
    draw(failing, SEVEN)
    expect(failing.locator("#notice")).to_contain_text(sentence)
    expect_drawing_kept(failing)
    press(failing, "Try again")

    expect_answer(failing, 7)
    expect(failing.locator("#notice button")).to_be_hidden()


def test_without_a_network_the_drawing_waits_for_it(failing: Page) -> None:
    failing.context.set_offline(True)
    draw(failing, SEVEN)
    expect(failing.locator("#notice")).to_contain_text("You are offline.")
    expect_drawing_kept(failing)
    failing.context.set_offline(False)

    expect_answer(failing, 7)


def test_a_server_that_is_gone_is_told(failing: Page) -> None:
    refused = "connectionrefused"
    failing.route("**/api/v1/drawings/", lambda route: route.abort(refused), times=1)
    draw(failing, SEVEN)
    expect(failing.locator("#notice")).to_contain_text("The server cannot be reached.")
    expect_drawing_kept(failing)
    failing.clock.run_for(2000)

    expect_answer(failing, 7)


def test_a_slow_answer_is_announced_after_a_moment(failing: Page) -> None:
    held: list[Route] = []
    failing.route("**/api/v1/drawings/", lambda route: held.append(route), times=1)
    draw(failing, SEVEN)
    failing.clock.run_for(400)
    expect(failing.locator("#answer")).to_contain_text("Reading …")
    held[0].continue_()

    expect_answer(failing, 7)


def test_the_next_stroke_is_another_way_to_try_again(failing: Page) -> None:
    refuse(failing, 500)
    draw(failing, SEVEN)
    expect(failing.locator("#notice button")).to_be_visible()
    draw(failing, [[(0.38, 0.55), (0.68, 0.55)]])

    expect_answer(failing, 7)
    expect(failing.locator("#notice button")).to_be_hidden()


def test_a_page_with_a_stale_token_is_loaded_anew_with_its_drawing(failing: Page) -> None:
    refuse(failing, 403)
    draw(failing, SEVEN)
    expect(failing.locator("#notice")).to_contain_text("The server no longer accepts this page.")
    press(failing, "Reload the page")

    expect_answer(failing, 7)


def test_another_language_keeps_the_drawing(site: LiveSite, page: Page) -> None:
    page.goto(site.url)
    draw(page, SEVEN)
    expect_answer(page, 7)
    press(page, "Deutsch")

    expect(page.get_by_text("Er liest 7")).to_be_visible()


def test_an_answer_of_yes_that_fails_is_given_again(failing: Page) -> None:
    draw(failing, SEVEN)
    expect_answer(failing, 7)
    failing.route("**/feedback/", lambda route: route.fulfill(status=500, body=""), times=1)
    press(failing, "Yes, 7")
    expect(failing.locator("#notice")).to_contain_text("The server had a problem.")
    failing.clock.run_for(2000)

    expect(failing.get_by_text("Thank you: it was right.")).to_be_visible()


def test_a_history_that_does_not_load_is_loaded_again(site: LiveSite, failing: Page) -> None:
    draw(failing, SEVEN)
    expect_answer(failing, 7)
    failing.route("**/api/v1/drawings/*", lambda route: route.fulfill(status=500), times=1)
    failing.goto(f"{site.url}/history/")
    expect(failing.locator("#notice")).to_contain_text("The server had a problem.")
    failing.clock.run_for(2000)

    expect(failing.locator("#drawings li")).to_have_count(1)


def test_a_slow_network_is_only_slow(site: LiveSite, browser: Browser) -> None:
    with open_page(browser) as page:
        page.goto(site.url)
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_3G)
        draw(page, SEVEN)
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "true")

        expect_answer(page, 7)
        expect(page.locator("#answer")).not_to_have_attribute("aria-busy", "true")


def test_a_script_of_another_origin_or_of_the_page_itself_does_not_run(
    site: LiveSite, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(site.url)
    page.evaluate(
        """() => {
          for (const source of ["https://example.com/x.js", ""]) {
            const script = document.createElement("script");
            if (source) script.src = source;
            else script.textContent = "document.body.dataset.injected = true";
            document.body.append(script);
          }
        }"""
    )
    page.wait_for_function("() => document.scripts.length >= 3")

    assert page.locator("body").get_attribute("data-injected") is None
    assert sum("Content Security Policy" in text for text in refused) >= 2
    context.close()


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_the_first_view_weighs_at_most_60_kilobytes(
    language: str, site: LiveSite, browser: Browser
) -> None:
    with open_page(browser, locale=language) as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        weights: list[float] = []
        session.on(
            "Network.loadingFinished", lambda load: weights.append(load["encodedDataLength"])
        )
        page.goto(site.url, wait_until="networkidle")

        assert sum(weights) <= 60 * 1024


def test_what_is_drawn_before_the_scripts_are_there_is_read(
    site: LiveSite, browser: Browser
) -> None:
    with open_page(browser) as page:
        held: list[Route] = []
        page.route("**/draw_page.*js", lambda route: held.append(route))
        page.goto(site.url, wait_until="commit")
        page.wait_for_selector("#pad")
        draw(page, SEVEN)
        held[0].continue_()

        expect_answer(page, 7)


def test_without_scripts_a_picture_is_read(site: LiveSite, browser: Browser) -> None:
    with open_page(browser, may_lack_answers=True, java_script_enabled=False) as page:
        page.goto(site.url)
        page.get_by_label("send a picture").set_input_files(
            {"name": "digit.png", "mimeType": "image/png", "buffer": png_of(4)}
        )
        press(page, "Read it")
        expect(page.get_by_role("heading", level=1)).to_have_text("It reads 4")
        page.goto(site.url)
        page.get_by_label("send a picture").set_input_files(
            {"name": "digit.png", "mimeType": "image/png", "buffer": b"none"}
        )
        press(page, "Read it")
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("It reads")

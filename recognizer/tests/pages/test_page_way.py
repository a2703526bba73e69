"""What the page says unasked: a reading while the pen is down, and what a new version learned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from recognizer.tests.kit.browsing import (
    MOVES_BETWEEN_POINTS,
    SEVEN,
    draw,
    expect_answer,
    lend,
    open_page,
    press,
)
from recognizer.tests.kit.live import LiveSite

DRAFTS = "**/api/v1/predictions/?draft=true"


# A busy machine is no slow network.
PATIENT = """const { timeout } = AbortSignal;
    AbortSignal.timeout = () => timeout.call(AbortSignal, 60_000);"""


def put_pen_down(page: Page) -> None:
    """Draw a seven and leave the pen on it."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN[0]]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=MOVES_BETWEEN_POINTS)


@pytest.fixture
def patient(browser: Browser) -> Iterator[Page]:
    """Return a page that waits for readings however busy the machine is."""
    with open_page(browser) as page:
        page.add_init_script(PATIENT)
        yield page


def test_while_the_pen_is_down_the_digit_is_in_pencil(site: LiveSite, patient: Page) -> None:
    patient.goto(site.url)
    answer = patient.locator("#answer")
    before = answer.get_by_role("status").inner_text()
    put_pen_down(patient)

    expect(answer).to_have_attribute("data-draft", "")
    expect(answer.locator("[data-part=digit]")).to_have_text("7")
    assert answer.get_attribute("data-digit") is None
    assert answer.get_by_role("status").inner_text() == before  # heard at pen-up only
    gray = answer.locator(".written").evaluate("it => getComputedStyle(it).color")
    assert patient.evaluate("fetch('/api/v1/drawings/').then(r => r.json())")["results"] == []

    patient.mouse.up()
    expect_answer(patient, 7)
    assert answer.get_attribute("data-draft") is None
    assert answer.locator(".written").evaluate("it => getComputedStyle(it).color") != gray
    expect(answer.get_by_role("status")).to_contain_text("It reads 7")


def test_a_draft_that_fails_is_silent(site: LiveSite, window: Page) -> None:
    with lend(window, may_lack_answers=True) as page:
        page.goto(site.url)
        page.route(DRAFTS, lambda route: route.fulfill(status=429, body="{}"))
        page.evaluate(
            """() => {
                window.openings = 0;
                new MutationObserver(() => (window.openings += 1)).observe(
                    document.querySelector("#notice"), {attributeFilter: ["data-open"]});
            }"""
        )
        with page.expect_response(DRAFTS):
            put_pen_down(page)
        page.mouse.up()
        expect_answer(page, 7)
        assert page.evaluate("window.openings") == 0


@pytest.mark.parametrize("saves", [True, False])
def test_a_visitor_who_saves_data_is_asked_nothing_on_the_way(
    saves: bool, site: LiveSite, patient: Page
) -> None:
    patient.add_init_script(
        "Object.defineProperty(navigator, 'connection', "
        f"{{value: {{saveData: {str(saves).lower()}}}}})"
    )
    asked: list[str] = []
    patient.on("request", lambda request: asked.append(request.url.partition("/api/v1")[2]))
    patient.goto(site.url)
    put_pen_down(patient)
    if not saves:
        expect(patient.locator("#answer[data-draft]")).to_be_attached()
    patient.mouse.up()
    expect_answer(patient, 7)

    assert ("/predictions/?draft=true" in asked) is not saves


def test_a_returning_visitor_hears_once_what_a_new_version_learned(
    site: LiveSite, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    gain = {"model": 2, "learned": 569, "own": 54, "misread": 8, "mended": 3}
    page.route("**/api/v1/drawings/gain/", lambda route: route.fulfill(json=gain))
    page.goto(site.url)
    draw(page, SEVEN)
    expect_answer(page, 7)
    page.reload()
    expect(page.locator("#drawings li")).to_have_count(1)
    assert not any(url.endswith("/gain/") for url in asked)  # it is the same version

    def renew(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace('data-model="1"', 'data-model="2"')
        )

    page.route(f"{site.url}/", renew)
    for _ in range(2):  # the feedback to the restored drawing stands where it would be told
        page.reload()
        expect(page.locator("#drawings li")).to_have_count(1)
        page.wait_for_load_state("networkidle")
    press(page, "Clear")
    welcome = page.locator("#welcome")
    expect(welcome).to_have_text(
        "Model 2 learned from 569 answers, 54 of them yours. "
        "Of your last 8 misread drawings it now reads 3 right."
    )
    page.reload()
    expect(page.locator("#drawings li")).to_have_count(1)
    expect(welcome).to_contain_text("It says what it reads after every stroke.")
    assert sum(url.endswith("/gain/") for url in asked) == 2

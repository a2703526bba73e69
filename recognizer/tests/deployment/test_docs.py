"""The page of the API: Swagger UI from our own origin, under the policy of every page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from recognizer.tests.kit.live import LiveSite


def open_docs(page: Page, site: LiveSite) -> None:
    answer = page.goto(f"{site.url}/api/docs/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    expect(page.locator(".opblock")).not_to_have_count(0)


def try_out(page: Page, operation_id: str) -> None:
    operation = page.locator(f"[id$='-{operation_id}']")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()


def test_it_shows_every_operation(page: Page, site: LiveSite) -> None:
    open_docs(page, site)
    description = page.request.get(f"{site.url}/api/schema/?format=json").json()
    operations = [
        operation["operationId"]
        for methods in description["paths"].values()
        for operation in methods.values()
    ]
    for operation_id in operations:
        expect(page.locator(f"[id$='-{operation_id}']")).to_be_visible()
    expect(page.locator(".opblock")).to_have_count(len(operations))


def test_a_question_can_be_tried_out(page: Page, site: LiveSite) -> None:
    open_docs(page, site)
    with page.expect_response(f"{site.url}/api/v1/stats/") as answer:
        try_out(page, "getStats")
    assert answer.value.ok


def test_a_drawing_can_be_sent_as_the_visitor(page: Page, site: LiveSite) -> None:
    open_docs(page, site)
    with page.expect_response(f"{site.url}/api/v1/drawings/") as answer:
        try_out(page, "createDrawing")
    assert answer.value.status == 201
    drawing = answer.value.json()
    assert drawing["prediction"] == 7
    # It belongs to this browser: cookie and token went along.
    mine = page.request.get(f"{site.url}/api/v1/drawings/").json()
    assert [each["id"] for each in mine["results"]] == [drawing["id"]]

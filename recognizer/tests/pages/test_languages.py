"""What people read on the pages: every sentence in every language, and who is shown which."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils.translation import templatize

from recognizer.models import Drawing
from recognizer.problems.kinds import PROBLEMS
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.live import PROJECT

TRANSLATED = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
FUNCTIONS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
}
# One sentence with its plural and its context, as a catalog knows it.
Key = tuple[str, str | None]

every_catalog = pytest.mark.parametrize("domain", ["django", "djangojs"])
every_language = pytest.mark.parametrize("language", TRANSLATED)


def path_of(language: str, domain: str, ending: str) -> Path:
    return PROJECT / "recognizer" / "locale" / language / "LC_MESSAGES" / f"{domain}.{ending}"


def catalog(language: str, domain: str) -> Catalog:
    with path_of(language, domain, "po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def strings_of(message: Message) -> list[str]:
    """Return the translation, or one for each plural form."""
    if isinstance(message.string, str):
        return [message.string]
    return [string or "" for string in message.string or ()]


def key_of(message: Message) -> Key:
    one = message.id if isinstance(message.id, str) else message.id[0]
    return one, message.context


def sources(domain: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of every file that may hold sentences for people."""
    if domain == "djangojs":
        for path in (PROJECT / "static" / "js").glob("*.js"):
            yield "javascript", path.read_text()
        return
    for path in (PROJECT / "recognizer").rglob("*.py"):
        if "tests" not in path.parts:
            yield "python", path.read_text()
    for path in (PROJECT / "templates").rglob("*.html"):
        # Django turns a template into something like Python; its lines are indented as they come.
        yield "python", re.sub(r"^[ \t]+", "", templatize(path.read_text()), flags=re.MULTILINE)


def sentences(domain: str) -> set[Key]:
    """Return every sentence of the sources that is marked to be translated."""
    found = set()
    for kind, text in sources(domain):
        extracted = extract(kind, io.BytesIO(text.encode()), keywords=FUNCTIONS)
        for _, message, _, context in extracted:
            found.add((message if isinstance(message, str) else message[0], context))
    return found


def visible_text(html: str) -> str:
    """Return what a person reads of a page or has read out."""
    attributes = " ".join(re.findall(r'(?:alt|aria-label|content|title)="([^"]*)"', html))
    text = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "\n", text)) + attributes


@every_catalog
@every_language
def test_every_sentence_of_the_sources_is_in_the_catalog(language: str, domain: str) -> None:
    known = {key_of(message) for message in catalog(language, domain) if message.id}

    assert sentences(domain) == known, "Run `make messages` and translate what is new."


@every_catalog
@every_language
def test_every_sentence_is_translated(language: str, domain: str) -> None:
    messages = [message for message in catalog(language, domain) if message.id]

    assert messages
    for message in messages:
        assert all(strings_of(message)), f"{message.id} is not translated."
        assert not message.fuzzy, f"{message.id} is translated by a guess."


@every_catalog
@every_language
def test_a_translation_has_the_placeholders_of_its_sentence(language: str, domain: str) -> None:
    def placeholders(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s|</?\w+>", text))

    for message in catalog(language, domain):
        ids = [message.id] if isinstance(message.id, str) else message.id
        for text in strings_of(message) if message.id else []:
            assert placeholders(text) == placeholders(ids[-1]), message.id


@every_catalog
@every_language
def test_the_compiled_catalog_is_that_of_the_text(language: str, domain: str) -> None:
    with path_of(language, domain, "mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    expected = {}
    for message in catalog(language, domain):
        one, context = key_of(message)
        key = f"{context}\x04{one}" if context else one
        for form, string in enumerate(strings_of(message)):
            expected[key if isinstance(message.id, str) else (key, form)] = string
    found: dict[Any, str] = vars(compiled)["_catalog"]
    assert {**found, "": ""} == {**expected, "": ""}, "Run `make messages`."


PAGES = ["/", "/history/", "/nowhere/", "/about/", *(f"/problems/{slug}/" for slug in PROBLEMS)]


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.django_db
def test_no_english_is_left_on_a_german_page(url: str, client: Client) -> None:
    messages = catalog("de", "django")
    translations = {message.string for message in messages}
    page = client.get(url, headers={"Accept-Language": "de"})
    text = visible_text(page.text)

    assert '<html lang="de">' in page.text
    assert any(str(message.string) in text for message in messages if message.id)
    for message in messages:
        # A short word may be a part of a German one.
        if isinstance(message.id, str) and len(message.id) > 6 and message.id not in translations:
            assert not re.search(rf"\b{re.escape(message.id)}\b", text)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr,de;q=0.5", "de"),
        ("en-GB,de;q=0.5", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("", "en"),
        ("x" * 1000, "en"),
    ],
)
@pytest.mark.django_db
def test_the_browser_tells_the_language(accepted: str, language: str, client: Client) -> None:
    page = client.get("/", headers={"Accept-Language": accepted})

    assert f'<html lang="{language}">' in page.text
    assert page.headers["Content-Language"] == language


@pytest.mark.django_db
def test_a_visitor_chooses_a_language(client: Client) -> None:
    answer = client.post("/language/", {"language": "de", "next": "/history/"}, follow=True)

    assert answer.redirect_chain == [("/history/", 302)]
    assert '<html lang="de">' in answer.text
    assert '<html lang="de">' in client.get("/", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.django_db
def test_a_language_calls_itself_as_it_does_at_home(language: str, client: Client) -> None:
    page = client.get("/", headers={"Accept-Language": language})

    assert re.findall(r"<button[^>]*lang=[^>]*>(.*)</button>", page.text) == ["English", "Deutsch"]


@pytest.mark.django_db
def test_a_choice_of_language_never_leads_elsewhere(client: Client) -> None:
    answer = client.post("/language/", {"language": "de", "next": "https://example.com/"})

    assert answer.headers["Location"] == "/"


@pytest.mark.django_db
def test_a_language_that_does_not_exist_changes_nothing(client: Client) -> None:
    client.post("/language/", {"language": "xx"})

    assert '<html lang="en">' in client.get("/").text


def test_the_scripts_speak_the_language_of_the_page(client: Client) -> None:
    german = client.get("/words.js", headers={"Accept-Language": "de"})
    english = client.get("/words.js", headers={"Accept-Language": "en"})

    assert "Danke: Das war richtig." in german.text
    assert "Danke" not in english.text
    assert german.headers["Content-Type"].startswith("text/javascript")


def test_the_words_are_sent_once(client: Client) -> None:
    first = client.get("/words.js")
    again = client.get("/words.js", headers={"If-None-Match": first.headers["ETag"]})

    assert "no-cache" in first.headers["Cache-Control"]
    assert again.status_code == 304


def test_the_api_stays_english(stranger: Caller) -> None:
    answer = stranger.post(DRAWINGS, {"pen_width": "x"}, headers={"Accept-Language": "de"})

    assert answer.json()["detail"] == "A valid number is required."
    assert answer.headers["Content-Language"] == "en"


def test_the_admin_stays_english(staff: Caller, drawing: Drawing) -> None:
    staff.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"

    assert "Log out" in staff.get("/admin/").text

"""README and docs: their links lead somewhere, and their tables list what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from recognizer.tests.kit.live import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(
    r"`((?:benchmarks|digitsite|fixtures|jstests|ml|recognizer|static|templates)/[\w./-]*)`"
)


def leads_to(page: Path, anchor: str) -> bool:
    """Check that a page has a heading with this anchor, as GitHub makes it."""
    if not anchor:
        return True
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return anchor in anchors


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of a table that begins with code."""
    return re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    broken = []
    for page in PAGES:
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            if "://" not in link and not (target.exists() and leads_to(target, anchor)):
                broken.append((page.name, link))
    assert broken == []


def test_every_path_of_code_that_is_named_exists() -> None:
    missing = [
        (page.name, path)
        for page in PAGES
        for path in PATH.findall(page.read_text(encoding="utf-8"))
        if not (PROJECT / path).exists()
    ]
    assert missing == []


def test_the_page_of_settings_names_exactly_the_variables_that_the_site_reads() -> None:
    source = (PROJECT / "digitsite" / "settings.py").read_text(encoding="utf-8")
    read = re.findall(r'\bread_\w+\(\s*"([A-Z_]+)"', source)
    readers = (PROJECT / "digitsite" / "environment.py").read_text(encoding="utf-8")
    read += {*re.findall(r'"(AWS_[A-Z_]+)"', readers)}  # all that belongs to one key at once
    documented = first_cells((PROJECT / "docs" / "settings.md").read_text(encoding="utf-8"))
    assert sorted(documented) == sorted(f"`{name}`" for name in read)


def test_the_readme_repeats_four_settings_as_they_are_documented() -> None:
    documented = first_cells((PROJECT / "docs" / "settings.md").read_text(encoding="utf-8"))
    named = first_cells((PROJECT / "README.md").read_text(encoding="utf-8"))
    assert set(named) & set(documented) == {
        "`SECRET_KEY`",
        "`HTTPS`",
        "`ALLOWED_HOSTS`",
        "`DATABASE_URL`",
    }


def test_the_page_of_the_api_names_exactly_the_operations_of_its_description() -> None:
    description = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
    described = {
        f"{method.upper()} {path}"
        for path, methods in description["paths"].items()
        for method in methods
    }
    rows = first_cells((PROJECT / "docs" / "api.md").read_text(encoding="utf-8"))
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted(described)


def test_the_readme_is_short() -> None:
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 110
    assert max(map(len, lines)) <= 120

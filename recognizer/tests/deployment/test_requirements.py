"""The requirements files: whole, with hashes, and what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import distribution
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from recognizer.tests.kit.live import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
FILES = {
    "requirements.txt": None,
    "requirements-cluster.txt": "cluster",
    "requirements-s3.txt": "s3",
    "requirements-dev.txt": "dev",
}


@dataclass(frozen=True)
class Pin:
    """One version of a package, for the machines that its marker means."""

    requirement: Requirement
    hashes: list[str]

    @property
    def version(self) -> str:
        """The one version."""
        return str(self.requirement.specifier).removeprefix("==")

    @property
    def is_meant(self) -> bool:
        """Whether it is for this machine."""
        return self.requirement.marker is None or self.requirement.marker.evaluate()


def read_pins(name: str) -> dict[str, list[Pin]]:
    """Return what a file pins, by package."""
    text = re.sub(r"^\s*#.*\n", "", (PROJECT / name).read_text(), flags=re.MULTILINE)
    pins: dict[str, list[Pin]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        wanted, *hashes = re.split(r"\s--hash=", line)
        pin = Pin(Requirement(wanted), [text.strip() for text in hashes])
        pins.setdefault(canonicalize_name(pin.requirement.name), []).append(pin)
    return pins


def asked_for(group: str | None) -> list[Requirement]:
    """Return what pyproject.toml asks for: the site's own, and those of a group."""
    asked: list[Any] = list(PYPROJECT["project"]["dependencies"])
    if group:
        asked += PYPROJECT["dependency-groups"][group]
    requirements: list[Requirement] = []
    for entry in asked:
        if isinstance(entry, dict):
            requirements += asked_for(entry["include-group"])
        else:
            requirements.append(Requirement(entry))
    return requirements


def find_needed(requirements: list[Requirement]) -> dict[str, list[Requirement]]:
    """Return all that these need on this machine, by package, as the packages themselves say."""
    needed: dict[str, list[Requirement]] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        needed.setdefault(name, []).append(requirement)
        for wanted in ["", *requirement.extras]:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                further = distribution(name).requires or []
                waiting += [(Requirement(text), wanted) for text in further]
    return needed


@pytest.mark.parametrize("name", FILES)
def test_every_package_has_one_version_and_hashes(name: str) -> None:
    pins = [pin for pins in read_pins(name).values() for pin in pins]
    loose = [
        str(pin.requirement)
        for pin in pins
        if not re.fullmatch(r"==[^*,]+", str(pin.requirement.specifier))
        or not pin.hashes
        or not all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in pin.hashes)
    ]
    assert pins
    assert loose == []


@pytest.mark.parametrize(("name", "group"), FILES.items())
def test_what_pyproject_asks_for_is_pinned_so(name: str, group: str | None) -> None:
    pins = read_pins(name)
    missing = [
        str(requirement)
        for requirement in asked_for(group)
        if not any(
            pin.is_meant and requirement.specifier.contains(pin.version)
            for pin in pins.get(canonicalize_name(requirement.name), [])
        )
    ]
    assert missing == [], "pyproject.toml was changed: make lock"


@pytest.mark.parametrize(("name", "group"), FILES.items())
def test_all_that_is_needed_is_pinned_and_nothing_else(name: str, group: str | None) -> None:
    pinned = {
        package: pin.version
        for package, pins in read_pins(name).items()
        for pin in pins
        if pin.is_meant
    }
    needed = find_needed(asked_for(group))
    installed = {package: distribution(package).version for package in needed}
    unfit = [
        str(requirement)
        for package, requirements in needed.items()
        for requirement in requirements
        if not requirement.specifier.contains(pinned.get(package, ""), prereleases=True)
    ]

    assert pinned.keys() == needed.keys()
    assert unfit == []
    assert installed == pinned, "The environment is not the one that is pinned: make check"


def test_the_files_agree_with_each_other() -> None:
    site = read_pins("requirements.txt")
    for name in FILES:
        pins = read_pins(name)
        assert {package: pins[package] for package in site} == site


def test_one_image_can_have_both_groups() -> None:
    cluster, s3 = read_pins("requirements-cluster.txt"), read_pins("requirements-s3.txt")
    shared = cluster.keys() & s3.keys()
    assert {name: cluster[name] for name in shared} == {name: s3[name] for name in shared}


def test_no_file_says_where_its_packages_come_from() -> None:
    for name in FILES:
        assert not re.search(r"://|--(extra-)?index-url|--find-links", (PROJECT / name).read_text())

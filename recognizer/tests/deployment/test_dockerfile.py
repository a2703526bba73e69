"""What can be read in the Dockerfile; test_image runs what it builds."""

from __future__ import annotations

import re

from recognizer.tests.kit.live import PROJECT

DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def test_its_base_is_pinned_to_a_version_of_python_and_of_debian() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert [base for base in bases if not re.fullmatch(r"python:3\.\d+-slim-[a-z]+", base)] == []


def test_a_container_runs_as_a_user_who_is_given_by_number() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"

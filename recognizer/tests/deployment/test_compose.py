"""compose.yaml: what it asks for, and how it fences services in; test_image runs its commands."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from recognizer.tests.kit.live import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
GIVEN = {"SECRET_KEY": "s" * 50, "POSTGRES_PASSWORD": "p" * 50, "ALLOWED_HOSTS": "digits.example"}


class Missing(Exception):
    """A variable has no value and no default."""


def fill(value: Any, variables: dict[str, str]) -> Any:
    """Return what Compose would read where these variables are set."""

    def look_up(match: re.Match[str]) -> str:
        name, rule, text = match.groups()
        if found := variables.get(name):
            return found
        if rule != ":-":
            raise Missing(name)
        return str(text)

    if isinstance(value, dict):
        return {key: fill(part, variables) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, variables) for part in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", look_up, value)
    return value


def environment_of(service: str, **variables: str) -> dict[str, str]:
    """Return the environment of a service; what has no value there is given or left out."""
    variables = {**GIVEN, **variables}
    filled = fill(SERVICES[service]["environment"], variables)
    filled |= {name: variables.get(name) for name, value in filled.items() if value is None}
    return {name: value for name, value in filled.items() if value is not None}


@pytest.mark.parametrize("name", GIVEN)
def test_what_has_no_good_default_is_asked_for(name: str) -> None:
    variables = {other: value for other, value in GIVEN.items() if other != name}
    with pytest.raises(Missing, match=name):
        fill(SERVICES, variables)


def test_no_secret_is_written_down() -> None:
    secrets = [
        value
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if re.search("SECRET|PASSWORD|TOKEN|DATABASE_URL", name) and value is not None
    ]
    assert secrets
    assert [value for value in secrets if "${" not in value] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_fenced_in(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].partition(":")[0] not in {"", "0", "root"}
    assert service["restart"] == "unless-stopped"
    assert {"memory", "pids"} <= limits.keys()


def test_a_service_without_the_site_brings_a_health_check_of_its_own() -> None:
    assert SERVICES["database"]["healthcheck"]["test"][1] == "pg_isready"
    assert SERVICES["redis"]["healthcheck"]["test"][1:] == ["redis-cli", "ping"]


def test_only_the_site_is_reached_from_outside_and_from_this_machine_alone() -> None:
    published = {
        name: fill(service["ports"], {}) for name, service in SERVICES.items() if "ports" in service
    }
    assert published == {"app": ["127.0.0.1:8000:8000"]}


def test_each_volume_is_declared_and_mounted() -> None:
    mounted = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert mounted == COMPOSE["volumes"].keys()


def test_redis_is_left_out_unless_it_is_asked_for() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["redis"]
    assert "CACHE_URL" not in environment_of("app")
    assert environment_of("app", CACHE_URL="redis://redis:6379/0")["CACHE_URL"]


def test_the_password_of_the_database_is_the_one_that_the_site_gives() -> None:
    url = environment_of("app")["DATABASE_URL"]
    database = environment_of("database")
    user, password, name = (database[f"POSTGRES_{part}"] for part in ("USER", "PASSWORD", "DB"))
    assert url == f"postgres://{user}:{password}@database/{name}"


def test_every_variable_is_one_that_the_site_reads() -> None:
    read = (PROJECT / "digitsite" / "settings.py").read_text()
    assert [name for name in SERVICES["app"]["environment"] if f'"{name}"' not in read] == []

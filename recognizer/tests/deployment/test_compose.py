"""compose.yaml: what it asks for, and how it fences services in; test_image runs its commands."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from distributed import Client

from digitsite import environment
from recognizer.tests.kit.live import PROJECT, Server

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
GIVEN = {"SECRET_KEY": "s" * 50, "POSTGRES_PASSWORD": "p" * 50, "ALLOWED_HOSTS": "digits.example"}


ENDS = {"bucket"}
"""Services that end by themselves, when they have done what they are for."""


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
    assert service["restart"] == ("no" if name in ENDS else "unless-stopped")
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


def test_what_few_need_is_left_out_unless_it_is_asked_for() -> None:
    profiles: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for profile in service.get("profiles", []):
            profiles.setdefault(profile, set()).add(name)
    assert profiles == {
        "redis": {"redis"},
        "s3": {"s3", "bucket"},
        "cluster": {"scheduler", "cluster-worker"},
    }
    assert not {"CACHE_URL", "ARTIFACTS_URL", "RETRAIN_CLUSTER"} & environment_of("app").keys()
    assert environment_of("app", CACHE_URL="redis://redis:6379/0")["CACHE_URL"]


def test_the_password_of_the_database_is_the_one_that_the_site_gives() -> None:
    url = environment_of("app")["DATABASE_URL"]
    database = environment_of("database")
    user, password, name = (database[f"POSTGRES_{part}"] for part in ("USER", "PASSWORD", "DB"))
    assert url == f"postgres://{user}:{password}@database/{name}"


def test_every_variable_is_one_that_the_site_reads() -> None:
    read = (PROJECT / "digitsite" / "settings.py").read_text()
    read += (PROJECT / "digitsite" / "environment.py").read_text()  # the key of a bucket
    assert [name for name in SERVICES["app"]["environment"] if f'"{name}"' not in read] == []


COMMENTS = (PROJECT / "compose.yaml").read_text()


def test_the_address_of_the_bucket_is_one_that_the_site_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (address,) = re.findall(r"ARTIFACTS_URL=(\S+)", COMMENTS)
    monkeypatch.setenv("ARTIFACTS_URL", address)
    bucket = environment.read_bucket("ARTIFACTS_URL")
    assert bucket is not None
    assert SERVICES["bucket"]["command"][-1] == f"/data/{bucket.name}"
    assert bucket.endpoint_url.startswith("http://s3:")
    assert bucket.endpoint_url.rpartition(":")[2] in SERVICES["s3"]["healthcheck"]["test"]
    key = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert {*environment_of("s3", **key).values()} == {*key.values()}
    assert key.items() <= environment_of("app", **key).items()


def test_the_cluster_comes_together_where_the_site_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (address,) = re.findall(r"RETRAIN_CLUSTER=(\S+)\.", COMMENTS)
    monkeypatch.setenv("RETRAIN_CLUSTER", address)
    assert environment.read_cluster("RETRAIN_CLUSTER") == "tcp://scheduler:8786"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])

    def start(service: str, *more: str, sign: str) -> Server:
        """Run a service's command in a folder that it may write to, and only there."""
        _, *command = SERVICES[service]["command"]
        moved = [
            word.replace(address, f"tcp://127.0.0.1:{port}").replace("/tmp", str(tmp_path))
            for word in command
        ]
        surroundings = {**environment_of(service), "PATH": "/bin", "HOME": "/nowhere"}
        whole = [sys.executable, *moved, *more]
        return Server(whole, sign=sign, cwd=PROJECT, env=surroundings)

    scheduler = start(
        "scheduler", "--host", "127.0.0.1", "--port", port, sign=r"Scheduler at: +(\S+)"
    )
    try:
        there = scheduler.wait_for_address()
        worker = start("cluster-worker", "--host", "127.0.0.1", sign=r"Registered to: +(\S+)")
        try:
            assert worker.wait_for_address() == there
            with Client(there) as client:  # type: ignore[no-untyped-call]
                client.wait_for_workers(2)
                assert {*client.nthreads().values()} == {1}
        finally:
            worker.stop()
    finally:
        scheduler.stop()

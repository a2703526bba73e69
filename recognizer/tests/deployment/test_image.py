"""Containers of the image that .ci/image builds: they serve, keep what they store, and stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from recognizer.tests.deployment.test_compose import GIVEN, SERVICES, environment_of
from recognizer.tests.kit.buckets import ANOTHER_VERSION, ObjectStore
from recognizer.tests.kit.drawings import SEVEN
from recognizer.tests.kit.live import START_SECONDS, Server, new_database
from recognizer.tests.kit.units import OPERATIONS

pytestmark = pytest.mark.image

MEGABYTE = 1_000_000
# As the options that docs/operations.md gives to Docker: a read-only root but for /data and /tmp.
START = """
set -e
mount --bind "$0" "$0"
mount -o "remount,bind,$1" "$0"
mount --bind "$2" "$0/data"
mount -t tmpfs none "$0/tmp"
mount -t proc none "$0/proc"
mount --rbind /dev "$0/dev"
user=$3
root=$0
shift 3
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" /usr/bin/env -i "$@"
"""
IMPORT_ALL = """
import django, importlib, pkgutil
from matplotlib.figure import Figure
django.setup()
for name in ("ml", "recognizer"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)
figure = Figure()
figure.subplots().plot([1, 2])
figure.savefig("/tmp/plot.svg")
"""


class Image:
    """What was built: its files, its configuration, and what a container of it stores."""

    def __init__(self, data: Path, files: str) -> None:
        self.files = Path(os.environ[files])
        self.data = data
        inspected = json.loads(Path(os.environ["IMAGE_CONFIG"]).read_text())
        self.configuration: dict[str, Any] = inspected["Docker"]["config"]

    def start(self, *command: str, root: str = "ro", **environment: str) -> list[str]:
        """Return the command that becomes this command of a new container."""
        variables = [f"{name}={value}" for name, value in environment.items()]
        return [
            *("unshare", "--mount", "sh", "-c", START, str(self.files), root, str(self.data)),
            *(self.configuration["User"], f"--chdir={self.configuration['WorkingDir']}"),
            *(*self.configuration["Env"], *variables, *command),
        ]

    def run(self, *command: str, **options: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a new container and wait for its end."""
        return subprocess.run(
            self.start(*command, **options), capture_output=True, text=True, check=False
        )

    @contextmanager
    def serve(self, **environment: str) -> Iterator[tuple[Server, str]]:
        """Run the image's own command on a free port; return the server and its address."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        command = [word.replace("8000", port) for word in self.configuration["Cmd"]]
        server = Server(self.start(*command, **environment))
        try:
            server.wait_for_address()
            yield server, f"http://127.0.0.1:{port}"
        finally:
            server.stop()

    def is_healthy(self, address: str, **environment: str) -> bool:
        """Ask a server by the image's own health check, three times as an engine does."""
        kind, *command = self.configuration["Healthcheck"]["Test"]
        assert kind == "CMD"
        asked = [word.replace("http://127.0.0.1:8000", address) for word in command]
        return any(self.run(*asked, **environment).returncode == 0 for _ in range(3))


def make_image(data: Path, files: str = "IMAGE_FILES") -> Image:
    """Return an image with an empty volume, which an engine gives to the image's user."""
    image = Image(data, files)
    owner = (image.files / "data").stat()
    os.chown(data, owner.st_uid, owner.st_gid)
    return image


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """Return the image with a volume of the test's own."""
    return make_image(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a container that several tests ask."""
    with make_image(tmp_path_factory.mktemp("served")).serve() as (_, address):
        yield address


def ask(url: str, body: object = None, **headers: str) -> Any:
    """Return the JSON that the server answers; a body is posted."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    with urlopen(Request(url, data, headers), timeout=START_SECONDS) as answer:
        return json.load(answer)


def test_it_adds_at_most_400_megabytes_to_its_base() -> None:
    added = int(os.environ["IMAGE_BYTES_OVER_BASE"])
    print(f"{added / MEGABYTE:.0f} MB over its base")
    assert added <= 400 * MEGABYTE


def test_it_holds_the_site_and_nothing_else_of_the_project(image: Image) -> None:
    app = image.files / "app"
    needed = "digitsite fixtures manage.py ml recognizer static templates"
    lists = {"requirements.txt", "requirements-cluster.txt", "requirements-s3.txt"}
    made = {"staticfiles", ".secret_key"}
    assert {path.name for path in app.iterdir()} == {*needed.split(), *lists, *made}
    assert list(app.rglob("tests")) == []


def test_it_can_import_and_draw_all_that_serving_retraining_and_reports_need(image: Image) -> None:
    environment = {"SECRET_KEY": "none", "DJANGO_SETTINGS_MODULE": "digitsite.settings"}
    done = image.run("python", "-c", IMPORT_ALL, **environment)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["/", "/api/docs/"])
def test_it_serves_a_page_with_its_style(path: str, served: str) -> None:
    with urlopen(served + path) as answer:
        page = answer.read().decode()
    style = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    with urlopen(served + style) as stylesheet:
        assert "immutable" in stylesheet.headers["Cache-Control"]


def test_what_it_stores_outlives_a_container_and_it_stops_when_asked(image: Image) -> None:
    with image.serve() as (server, address):
        stored = ask(f"{address}/api/v1/drawings/", {"strokes": SEVEN})
        assert server.stop(signal.SIGTERM) == 0
    with image.serve() as (_, address):
        # What was set aside is told in the answer to strokes alone.
        assert ask(f"{address}/api/v1/drawings/{stored['id']}/") == stored | {"set_aside": None}


def test_it_is_healthy_while_it_serves(image: Image, served: str) -> None:
    assert image.is_healthy(served)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    assert not image.is_healthy(address)


def test_it_runs_as_a_user_who_can_change_its_data_but_not_its_code(image: Image) -> None:
    assert image.run("id", "-u").stdout + image.run("id", "-G").stdout == "10001\n10001\n"
    # The user's rights alone must be enough where an engine does not make the root read-only.
    assert image.run("touch", "/app/manage.py", root="rw").returncode != 0
    assert image.run("touch", "/data/mark", root="rw").returncode == 0


def test_its_root_is_read_only_while_these_tests_run_it(image: Image) -> None:
    places = image.run("findmnt", "--noheadings", "--output=OPTIONS", "--target=/").stdout
    assert places.split(",")[0] == "ro"


def test_by_compose_the_site_answers_and_is_healthy(image: Image) -> None:
    environment = composed()
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    headers |= {"Host": GIVEN["ALLOWED_HOSTS"]}
    with image.serve(**environment) as (_, address):
        assert image.is_healthy(address, **environment)
        assert ask(f"{address}/api/v1/drawings/", {"strokes": SEVEN}, **headers)["prediction"] == 7


def test_by_compose_the_worker_waits_for_work_and_ends_when_asked(image: Image) -> None:
    prepared = image.run("python", "manage.py", "migrate", "--verbosity=0", **composed())
    assert prepared.returncode == 0, prepared.stderr
    command = SERVICES["worker"]["command"]
    worker = Server(image.start(*command, **composed()), sign="(Starting) worker")
    try:
        worker.wait_for_address()
    finally:
        status = worker.stop(signal.SIGTERM)
    assert status == 0


def test_two_hosts_share_the_model_files_on_s3_and_postgresql(
    tmp_path: Path, object_store: ObjectStore
) -> None:
    hosts = [tmp_path / "one", tmp_path / "another"]
    for data in hosts:
        data.mkdir()
    one, another = (make_image(data, "IMAGE_WITH_S3_FILES") for data in hosts)
    variables = {"ALLOWED_HOSTS": "127.0.0.1", "HTTPS": "no", **object_store.environment}
    with new_database(tmp_path) as database:
        environment = environment_of("app", **variables) | {"DATABASE_URL": database}
        with one.serve(**environment) as (_, address):
            assert ask(f"{address}/readyz") == {"status": "ready", "model": 1}
        script = ANOTHER_VERSION.format(version=2)
        kept = one.run("python", "manage.py", "shell", "-c", script, **environment)
        assert kept.returncode == 0, kept.stderr
        assert kept.stdout.split()[-1] in object_store.names()
        with another.serve(**environment) as (_, address):
            assert ask(f"{address}/readyz") == {"status": "ready", "model": 2}
            assert ask(f"{address}/api/v1/drawings/", {"strokes": SEVEN})["model"] == 2


def test_compose_and_lightsail_ask_for_what_the_image_gives(image: Image) -> None:
    (port,) = image.configuration["ExposedPorts"]
    (volume,) = image.configuration["Volumes"]
    number = port.partition("/")[0]
    app, worker = SERVICES["app"], SERVICES["worker"]
    assert app["user"] == worker["user"] == image.configuration["User"]
    assert app["volumes"] == worker["volumes"] == [f"data:{volume}"]
    assert app["ports"][0].rpartition(":")[2] == number
    # compose.yaml leaves it to the image whether the site is well, and only the site listens there.
    assert "healthcheck" not in app
    assert worker["healthcheck"] == {"disable": True}
    endpoint = json.loads((OPERATIONS / "lightsail.json").read_text())["publicEndpoint"]
    assert str(endpoint["containerPort"]) == number
    assert endpoint["healthCheck"]["path"] in str(image.configuration["Healthcheck"])


def composed() -> dict[str, str]:
    """Return the environment of compose.yaml, with the PostgreSQL that the Makefile started."""
    return environment_of("app") | {"DATABASE_URL": os.environ["DATABASE_URL"]}

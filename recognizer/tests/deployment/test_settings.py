"""What the environment may change, and that a malformed value is refused by name."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from digitsite import environment
from recognizer.tests.kit.live import PROJECT

FOLDER = Path("/srv/site")
ODD_PICTURES = """
import io
import django
from PIL import Image, ImageDraw
django.setup()
from ml.drawing.pictures import ink_from_image
picture = Image.new("L", (64, 64), 255)
ImageDraw.Draw(picture).line((8, 8, 56, 56), fill=0, width=5)
for tag in (270, 271, 272):
    exif = Image.Exif()
    exif[tag] = "x" * 300
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif.tobytes()[:-200])
    ink_from_image(file.getvalue())
print("read")
"""


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("1", True), ("no", False)])
def test_a_yes_or_a_no_is_read(text: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", text)
    assert environment.read_bool("DEBUG", default=not meant) is meant


def test_a_bool_that_is_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        environment.read_bool("DEBUG", default=False)


def test_a_cluster_is_an_address_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("tcp://scheduler:8786", "tls://[::1]:1", ""):
        monkeypatch.setenv("RETRAIN_CLUSTER", text)
        assert environment.read_cluster("RETRAIN_CLUSTER") == (text or None)
    for text in ("scheduler:8786", "http://scheduler:8786", "tcp://scheduler"):
        monkeypatch.setenv("RETRAIN_CLUSTER", text)
        with pytest.raises(ImproperlyConfigured, match="RETRAIN_CLUSTER must look like"):
            environment.read_cluster("RETRAIN_CLUSTER")


@pytest.mark.parametrize(
    ("text", "meant"), [("", ""), ("/", ""), ("/digits", "/digits"), (" /a/b-1.2/ ", "/a/b-1.2")]
)
def test_a_path_is_read(text: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", text)
    assert environment.read_path("SCRIPT_NAME") == meant


@pytest.mark.parametrize("text", ["digits", "//", "/a//b", "/../x", "/a b", "https://example.org/"])
def test_a_path_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", text)
    with pytest.raises(ImproperlyConfigured, match="SCRIPT_NAME must be a path"):
        environment.read_path("SCRIPT_NAME")


@pytest.mark.parametrize(("text", "meant"), [("0", 0), ("0.25", 0.25), (" 1 ", 1)])
def test_a_share_is_read(text: str, meant: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRAIN_VISITOR_SHARE", text)
    assert environment.read_share("RETRAIN_VISITOR_SHARE", default=0.5) == meant


@pytest.mark.parametrize("text", ["", "a tenth", "10%", "1.5", "-0.1", "nan", "inf"])
def test_a_share_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRAIN_VISITOR_SHARE", text)
    with pytest.raises(ImproperlyConfigured, match="RETRAIN_VISITOR_SHARE"):
        environment.read_share("RETRAIN_VISITOR_SHARE", default=0.5)


def test_hosts_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "digits.example, .example.org,[::1],127.0.0.1")
    hosts = environment.read_hosts("ALLOWED_HOSTS", default=[])
    assert hosts == ["digits.example", ".example.org", "[::1]", "127.0.0.1"]


@pytest.mark.parametrize("text", ["https://digits.example", "a b", "digits.example:8000"])
def test_a_host_with_more_than_a_name_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", text)
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        environment.read_hosts("ALLOWED_HOSTS", default=[])


def test_the_default_database_lies_in_the_project_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    database = environment.read_database(
        "DATABASE_URL", default="sqlite:///db.sqlite3", folder=FOLDER
    )
    assert database["NAME"] == "/srv/site/db.sqlite3"


def test_an_absolute_database_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////data/db.sqlite3")
    database = environment.read_database("DATABASE_URL", default="", folder=FOLDER)
    assert database["NAME"] == "/data/db.sqlite3"


@pytest.mark.parametrize(
    "url", ["", "db.sqlite3", "mysql://host/name", "http://example.org/", "postgres://host:port/x"]
)
def test_a_database_url_of_another_kind_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        environment.read_database("DATABASE_URL", default="", folder=FOLDER)


@pytest.mark.parametrize("url", ["", "cupboard://", "dummycache://", "filecache:///var/tmp"])
def test_a_cache_in_which_nothing_can_be_counted_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="CACHE_URL"):
        environment.read_cache("CACHE_URL", default="locmemcache://")


def test_nobody_waits_long_for_a_redis_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_URL", "redis://cache:6379/1?socket_timeout=3")
    cache = environment.read_cache("CACHE_URL", default="locmemcache://")
    assert cache["LOCATION"] == "redis://cache:6379/1"
    assert cache["OPTIONS"] == {"socket_connect_timeout": 1, "socket_timeout": 3}


def test_a_token_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "x" * 20)
    assert environment.read_token("METRICS_TOKEN") == "x" * 20
    monkeypatch.delenv("METRICS_TOKEN")
    assert environment.read_token("METRICS_TOKEN") == ""


@pytest.mark.parametrize("text", ["short", "x" * 19, "twenty or more letters", "ü" * 20])
def test_a_token_that_is_easily_guessed_or_odd_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_TOKEN", text)
    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN"):
        environment.read_token("METRICS_TOKEN")


def test_an_artifacts_folder_that_is_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARTIFACTS_DIR", str(tmp_path / "file"))
    with pytest.raises(ImproperlyConfigured, match="ARTIFACTS_DIR"):
        environment.read_folder("ARTIFACTS_DIR", default=tmp_path, folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("s3://models", environment.Bucket("models", "", "", "")),
        ("s3://my.models-2/digits/a_b/", environment.Bucket("my.models-2", "digits/a_b", "", "")),
        (
            "s3://models/digits?endpoint_url=http://127.0.0.1:9000",
            environment.Bucket("models", "digits", "http://127.0.0.1:9000", ""),
        ),
        (
            "s3://models?endpoint_url=https%3A%2F%2Fs3.example%2F&addressing_style=virtual",
            environment.Bucket("models", "", "https://s3.example/", "virtual"),
        ),
    ],
)
def test_an_address_of_a_bucket_is_read(
    text: str, bucket: environment.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTIFACTS_URL", text)
    assert environment.read_bucket("ARTIFACTS_URL") == bucket


def test_without_an_address_of_a_bucket_the_folder_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTIFACTS_URL", " ")
    assert environment.read_bucket("ARTIFACTS_URL") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models", "must look like"),
        ("gs://models", "must look like"),
        ("s3:models", "must look like"),
        ("s3://", "must look like"),
        ("s3://m", "must look like"),
        ("s3://Models", "must look like"),
        ("s3://models:9000/digits", "must look like"),
        ("s3://models/../other", "must look like"),
        ("s3://models/a//b", "must look like"),
        ("s3://models/digits#part", "must look like"),
        ("s3://models/ü", "must look like"),
        ("s3://[models", "is not a URL"),
        ("s3://models?endpoint_url", "is not a URL"),
        ("s3://key:secret@models", "must not name a key"),
        ("s3://models?region=eu", "'region' must be one of endpoint_url, addressing_style"),
        ("s3://models?endpoint_url=http://a&endpoint_url=http://b", "endpoint_url' must be one of"),
        ("s3://models?endpoint_url=", "endpoint_url must look like"),
        ("s3://models?endpoint_url=s3.example", "endpoint_url must look like"),
        ("s3://models?endpoint_url=ftp://s3.example", "endpoint_url must look like"),
        ("s3://models?endpoint_url=http://", "endpoint_url must look like"),
        ("s3://models?endpoint_url=http://a:b", "endpoint_url must look like"),
        ("s3://models?endpoint_url=http://a/path", "endpoint_url must look like"),
        ("s3://models?endpoint_url=http://key:secret@a", "must not name a key"),
        ("s3://models?addressing_style=auto", "addressing_style must be path or virtual"),
    ],
)
def test_a_malformed_address_of_a_bucket_is_refused(
    text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTIFACTS_URL", text)
    with pytest.raises(ImproperlyConfigured, match=f"ARTIFACTS_URL.*{told}"):
        environment.read_bucket("ARTIFACTS_URL")


def test_a_bucket_without_its_client_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARTIFACTS_URL", "s3://models")
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install -r requirements-s3\.txt"):
        environment.read_bucket("ARTIFACTS_URL")


def set_aws(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION", "DEFAULT_REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
        if name in values:
            monkeypatch.setenv(f"AWS_{name}", values[name])


def test_the_key_of_a_bucket_is_in_the_variables_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    set_aws(monkeypatch)
    assert environment.read_aws_key() == environment.AWSKey()
    given = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "SESSION_TOKEN": "token"}
    set_aws(monkeypatch, **given, REGION="eu-central-1", DEFAULT_REGION="us-east-1")
    assert environment.read_aws_key() == ("eu-central-1", "key", "secret", "token")
    set_aws(monkeypatch, DEFAULT_REGION="us-east-1")
    assert environment.read_aws_key().region == "us-east-1"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ACCESS_KEY_ID": "key"}, "AWS_SECRET_ACCESS_KEY must be set"),
        ({"SECRET_ACCESS_KEY": "secret"}, "AWS_ACCESS_KEY_ID must be set"),
        ({"SESSION_TOKEN": "token"}, "AWS_SESSION_TOKEN must stand beside"),
        ({"REGION": "eu/central"}, "AWS_REGION must be the name of a region"),
    ],
)
def test_half_a_key_of_a_bucket_is_refused(
    given: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_aws(monkeypatch, **given)
    with pytest.raises(ImproperlyConfigured, match=told):
        environment.read_aws_key()


def test_the_secret_key_is_made_once_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path = tmp_path / ".secret_key"
    key = environment.read_secret_key("SECRET_KEY", path=path)
    assert len(key) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert environment.read_secret_key("SECRET_KEY", path=path) == key


def test_all_who_start_at_once_read_the_same_secret_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path = tmp_path / ".secret_key"
    barrier = Barrier(8)
    keys = []

    def start() -> None:
        barrier.wait()
        keys.append(environment.read_secret_key("SECRET_KEY", path=path))

    threads = [Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert os.listdir(tmp_path) == [".secret_key"]


def test_an_empty_secret_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", " ")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        environment.read_secret_key("SECRET_KEY", path=tmp_path / ".secret_key")


def test_a_malformed_variable_stops_the_start_with_its_name() -> None:
    finished = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "DEBUG": "perhaps"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode != 0
    assert "DEBUG must be true or false, not 'perhaps'." in finished.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1)]
)
def test_sqlite_runs_as_configured(pragma: str, value: object) -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


def test_a_transaction_takes_the_write_lock_when_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///db.sqlite3")
    options = environment.read_database("DATABASE_URL", default="", folder=FOLDER)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20


def test_the_url_says_how_long_a_writer_waits_and_a_connection_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///db.sqlite3?timeout=5&conn_max_age=60")
    database = environment.read_database("DATABASE_URL", default="", folder=FOLDER)
    assert database["OPTIONS"]["timeout"] == 5
    assert database["CONN_MAX_AGE"] == 60
    assert database["NAME"] == "/srv/site/db.sqlite3"


@pytest.mark.parametrize(("query", "meant"), [("", "NORMAL"), ("?synchronous=full", "FULL")])
def test_the_url_says_whether_a_commit_waits_for_the_disk(
    query: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///db.sqlite3{query}")
    options = environment.read_database("DATABASE_URL", default="", folder=FOLDER)["OPTIONS"]
    assert f"synchronous={meant};" in options["init_command"]
    assert "synchronous" not in options


def test_another_way_to_commit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///db.sqlite3?synchronous=off")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        environment.read_database("DATABASE_URL", default="", folder=FOLDER)


def test_connections_to_postgresql_are_kept_in_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://digits:secret@db.example/digits?sslmode=require")
    database = environment.read_database("DATABASE_URL", default="", folder=FOLDER, pool_size=3)
    assert database["OPTIONS"]["pool"]["max_size"] == 3
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["CONN_HEALTH_CHECKS"]


def test_a_pool_of_none_leaves_each_request_a_connection_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://digits:secret@db.example/digits")
    database = environment.read_database("DATABASE_URL", default="", folder=FOLDER, pool_size=0)
    assert "pool" not in database.get("OPTIONS", {})


def test_a_count_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEP_MODELS", " 3 ")
    assert environment.read_count("KEEP_MODELS", default=10) == 3


@pytest.mark.parametrize("text", ["-1", "many", "1.5", ""])
def test_a_count_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEP_MODELS", text)
    with pytest.raises(ImproperlyConfigured, match="KEEP_MODELS"):
        environment.read_count("KEEP_MODELS", default=10)


@pytest.mark.parametrize(("text", "meant"), [("off", 0), (" OFF ", 0), ("0", 0), ("30", 30)])
def test_a_limit_is_read(text: str, meant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROTTLE_VISITOR", text)
    assert environment.read_limit("THROTTLE_VISITOR", default=120) == meant


@pytest.mark.parametrize("text", ["", "-1", "120/minute", "no"])
def test_a_limit_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROTTLE_VISITOR", text)
    with pytest.raises(ImproperlyConfigured, match="THROTTLE_VISITOR"):
        environment.read_limit("THROTTLE_VISITOR", default=120)


@pytest.mark.parametrize("is_old", [False, True])
def test_only_its_owner_reads_the_database(tmp_path: Path, is_old: bool) -> None:
    path = tmp_path / "db.sqlite3"
    if is_old:
        sqlite3.connect(path).close()
        path.chmod(0o644)
    options = environment.read_database(
        "NO_SUCH_VARIABLE", default=f"sqlite:///{path}", folder=tmp_path
    )
    made = sqlite3.connect(str(path), factory=options["OPTIONS"]["factory"])
    made.execute("PRAGMA journal_mode=WAL")
    made.execute("CREATE TABLE kept (id)")
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    made.close()
    assert modes == dict.fromkeys(("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"), 0o600)


def test_odd_pictures_of_clients_fill_no_log() -> None:
    said = subprocess.run(
        [sys.executable, "-c", ODD_PICTURES],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "digitsite.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout + said.stderr == "read\n"


@pytest.mark.parametrize(
    ("text", "meant"), [("off", 0), ("0", 0), ("500MB", 500 * 10**6), (" 20 gb ", 20 * 10**9)]
)
def test_a_size_is_read(text: str, meant: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_ARCHIVE", text)
    assert environment.read_bytes("MAX_ARCHIVE", default="1GB") == meant


@pytest.mark.parametrize("text", ["", "20", "-1GB", "1.5GB", "20GiB", "0GB", "much"])
def test_a_size_without_number_or_unit_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_ARCHIVE", text)
    with pytest.raises(ImproperlyConfigured, match="MAX_ARCHIVE must be a size"):
        environment.read_bytes("MAX_ARCHIVE", default="1GB")


def test_a_license_is_named_by_spdx_or_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASET_LICENSE", "CC-BY-4.0")
    license = environment.read_license("DATASET_LICENSE")
    assert license is not None
    assert license.url == "https://spdx.org/licenses/CC-BY-4.0.html"
    monkeypatch.setenv("DATASET_LICENSE", "Our  terms https://example.org/terms")
    assert environment.read_license("DATASET_LICENSE") == (
        "Our terms https://example.org/terms",
        "Our terms",
        "https://example.org/terms",
    )
    monkeypatch.delenv("DATASET_LICENSE")
    assert environment.read_license("DATASET_LICENSE") is None


@pytest.mark.parametrize("text", ["CC-BY", "Our terms", "https://example.org", "Ours javascript:x"])
def test_a_license_that_no_one_could_look_up_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATASET_LICENSE", text)
    with pytest.raises(ImproperlyConfigured, match="DATASET_LICENSE"):
        environment.read_license("DATASET_LICENSE")

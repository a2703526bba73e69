"""Strict readers of environment variables: a malformed value stops the start and is named."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
import sqlite3
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_HOST = re.compile(r"^(\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])$")
_TOKEN = re.compile(r"^[A-Za-z0-9._~+/=-]{20,}$")
_CLUSTER = re.compile(r"^(tcp|tls)://[A-Za-z0-9_.\[\]:-]+:[0-9]{1,5}$")
_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_PATH = re.compile(r"^(/[A-Za-z0-9._~-]+)*$")
_SIZE = re.compile(r"^([1-9][0-9]{0,5}) ?(MB|GB|TB)$", re.ASCII)
_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
_REDIS = "django.core.cache.backends.redis.RedisCache"
_CACHES = {"django.core.cache.backends.db.DatabaseCache", _MEMORY, _REDIS}
_LICENSES = (
    *("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "PDDL-1.0"),
    *("ODC-By-1.0", "ODbL-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "MIT"),
)
"""By their names at SPDX: licenses that let a collection of drawings be passed on."""
_OTHER_LICENSE = re.compile(r"^([^\s<>][^<>]{0,99}?)\s+(https://[^\s<>\"]{1,90})$")
_BUCKET = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
_PREFIX = re.compile(r"^([A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?$")
_BUCKET_OPTIONS = ("endpoint_url", "addressing_style")
_REGION = re.compile(r"^[A-Za-z0-9-]*$")
_DATABASES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


class License(NamedTuple):
    """A license under which drawings are published; with `text`, consents are to just this one."""

    text: str
    name: str
    url: str


class Bucket(NamedTuple):
    """Where model files are on object storage; "" leaves the choice to the client."""

    name: str
    prefix: str
    endpoint_url: str
    addressing_style: str


class AWSKey(NamedTuple):
    """The standard variables of AWS; "" leaves the choice to the client."""

    region: str = ""
    key_id: str = ""
    secret: str = ""
    token: str = ""


class PrivateConnection(sqlite3.Connection):
    """Opens a database file that its owner alone may read.

    The write-ahead log, which SQLite makes, takes over the mode. The file is never opened here if
    it exists: closing it would end the locks of this process's other connections.
    """

    def __init__(self, database: str, *arguments: Any, **options: Any) -> None:
        if not database.startswith((":", "file:")):
            with contextlib.suppress(OSError):
                os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            for ending in ("", "-wal", "-shm"):  # of a database from before
                with contextlib.suppress(OSError):
                    os.chmod(f"{database}{ending}", 0o600)
        super().__init__(database, *arguments, **options)


def read_bool(name: str, *, default: bool) -> bool:
    """Return a yes or a no; refuse "maybe", which a plain cast would take for a no."""
    value = env.str(name, default="yes" if default else "no").strip().lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in _TRUE


def read_hosts(name: str, *, default: list[str]) -> list[str]:
    """Return host names, comma-separated in the environment, without scheme or port."""
    hosts = [host.strip() for host in env.list(name, default=default)]
    for host in hosts:
        if not _HOST.match(host):
            raise ImproperlyConfigured(
                f"{name} must be host names separated by commas, without scheme or port; "
                f"{host!r} is not one."
            )
    return hosts


def read_path(name: str) -> str:
    """Return the path under which the site stands, such as /digits; "" where it is the whole host.

    A slash at the end is no part of it.
    """
    path = env.str(name, default="").strip().removesuffix("/")
    if not _PATH.match(path) or {".", ".."} & {*path.split("/")}:
        raise ImproperlyConfigured(
            f"{name} must be a path that begins with a slash, such as /digits, not {path!r}."
        )
    return str(path)


def read_database(name: str, *, default: str, folder: Path, pool_size: int = 0) -> dict[str, Any]:
    """Return Django's settings of a database URL; a relative SQLite path starts at ``folder``.

    A process keeps at most ``pool_size`` connections to PostgreSQL and lends them to its requests;
    with 0, each request makes its own.
    """
    url = env.str(name, default=default)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            database: dict[str, Any] = env.db_url_config(url)
        except Exception as error:
            raise ImproperlyConfigured(f"{name} is not a database URL: {error}.") from error
    if database.get("ENGINE") not in _DATABASES or not database.get("NAME"):
        raise ImproperlyConfigured(
            f"{name} must look like sqlite:///db.sqlite3 or postgres://user:password@host/name."
        )
    if database["ENGINE"].endswith("sqlite3"):
        if database["NAME"] != ":memory:":
            database["NAME"] = str(folder / database["NAME"])
        options = database.get("OPTIONS", {})
        synchronous = str(options.pop("synchronous", "normal")).upper()
        if synchronous not in {"NORMAL", "FULL"}:  # docs/decisions/what-a-201-promises.md
            raise ImproperlyConfigured(f"In {name}, synchronous must be normal or full.")
        # A thread keeps its connection: the last one to close deletes the write-ahead log, and on a
        # full disk not even a reader can begin another.
        database.setdefault("CONN_MAX_AGE", None)
        database["OPTIONS"] = {
            # Seconds that a writer waits for another one; `?timeout=5` in the URL changes it.
            "timeout": 20,
            **options,
            "factory": PrivateConnection,
            # A transaction takes the write lock when it begins, so that two that read first and
            # write later wait for each other instead of failing with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};",
        }
        return database
    # A host that accepts and never answers keeps no one waiting; `?connect_timeout=9` changes it.
    database["OPTIONS"] = {"connect_timeout": 5, **database.get("OPTIONS", {})}
    if pool_size:
        database["OPTIONS"] = {
            **database["OPTIONS"],
            # Each process opens its pool when it first asks, which is after gunicorn has forked.
            # An attempt to connect is given up soon, as the next request makes another: the pauses
            # between attempts grow, and would outlast a database that is back.
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 10, "reconnect_timeout": 5},
        }
        # A connection that broke while idle, as by a restart, is replaced.
        database["CONN_HEALTH_CHECKS"] = True
    return database


def read_cache(name: str, *, default: str) -> dict[str, Any]:
    """Return Django's settings of a cache URL: of one in which hits can be counted."""
    try:
        cache: dict[str, Any] = env.cache_url(name, default=default)
    except Exception as error:
        raise ImproperlyConfigured(f"{name} is not a cache URL: {error}.") from error
    if cache.get("BACKEND") not in _CACHES:
        raise ImproperlyConfigured(f"{name} must be dbcache://…, redis://… or locmemcache://.")
    defaults: dict[str, int] = {}
    if cache["BACKEND"] == _REDIS:
        # Requests go on without a Redis that hangs.
        defaults = {"socket_connect_timeout": 1, "socket_timeout": 1}
    elif cache["BACKEND"] == _MEMORY:
        # Django's default of 300 is less than the callers of a minute.
        defaults = {"MAX_ENTRIES": 100_000}
    cache["OPTIONS"] = {**defaults, **cache.get("OPTIONS", {})}
    return cache


def read_count(name: str, *, default: int) -> int:
    """Return a whole number from 0 up."""
    text = env.str(name, default=str(default)).strip()
    if not (text.isascii() and text.isdecimal()):
        raise ImproperlyConfigured(f"{name} must be a whole number, 0 or more, not {text!r}.")
    return int(text)


def read_limit(name: str, *, default: int) -> int:
    """Return how much is allowed; 0, which can also be written "off", is without limit."""
    if env.str(name, default=str(default)).strip().lower() == "off":
        return 0
    return read_count(name, default=default)


def read_bytes(name: str, *, default: str) -> int:
    """Return a size such as 500MB or 20GB; 0, which can also be written "off", is without limit."""
    text = env.str(name, default=default).strip().upper()
    if text in {"0", "OFF"}:
        return 0
    match = _SIZE.match(text)
    if not match:
        raise ImproperlyConfigured(f"{name} must be a size such as 500MB or 20GB, not {text!r}.")
    return int(match[1]) * _UNITS[match[2]]


def read_share(name: str, *, default: float) -> float:
    """Return a share of something, 0 to 1."""
    text = env.str(name, default=str(default)).strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise ImproperlyConfigured(f"{name} must be a number from 0 to 1, not {text!r}.")
    return value


def read_token(name: str) -> str:
    """Return a secret that is long enough not to be guessed; an empty one is never accepted."""
    token = env.str(name, default="").strip()
    if token and not _TOKEN.match(token):
        raise ImproperlyConfigured(
            f"{name} must be 20 or more letters, digits and signs of -._~+/=, or empty."
        )
    return str(token)


def read_cluster(name: str) -> str | None:
    """Return the address of a Dask scheduler; None without one."""
    text = env.str(name, default="").strip()
    if text and not _CLUSTER.match(text):
        raise ImproperlyConfigured(
            f"{name} must look like tcp://scheduler:8786 or tls://scheduler:8786, not {text!r}."
        )
    return text or None


def read_license(name: str) -> License | None:
    """Return the license that is named by SPDX, or by a name and an address; none by default."""
    text = " ".join(env.str(name, default="").split())
    if not text:
        return None
    if text in _LICENSES:
        return License(text, text, f"https://spdx.org/licenses/{text}.html")
    other = _OTHER_LICENSE.match(text)
    if not other:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join(_LICENSES)}, or a name and an address, such as "
            f"“Our terms https://example.org/terms”; {text!r} is neither."
        )
    return License(text, *other.groups())


def read_folder(name: str, *, default: Path, folder: Path) -> Path:
    """Return a folder, which may not exist yet; a relative one starts at ``folder``."""
    path = folder / str(env.str(name, default=str(default)))
    if path.exists() and not path.is_dir():
        raise ImproperlyConfigured(f"{name} must be a folder; {path} is a file.")
    return path


def read_bucket(name: str) -> Bucket | None:
    """Return the bucket that an S3 URL names; None without one."""
    text = env.str(name, default="").strip()
    if not text:
        return None
    try:
        url = urlsplit(text)
        options = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not a URL: {error}.") from error
    if "@" in text:
        raise ImproperlyConfigured(
            f"{name} must not name a key; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    prefix = url.path.strip("/")
    if not (
        url.scheme == "s3"
        and _BUCKET.match(url.netloc)
        and _PREFIX.match(prefix)
        and not url.fragment
    ):
        raise ImproperlyConfigured(
            f"{name} must look like s3://bucket/prefix?endpoint_url=https://host, not {text!r}."
        )
    for option, values in options.items():
        if option not in _BUCKET_OPTIONS or len(values) > 1:
            raise ImproperlyConfigured(
                f"In {name}, {option!r} must be one of {', '.join(_BUCKET_OPTIONS)}, once."
            )
    endpoint, style = (options.get(option, [""])[0] for option in _BUCKET_OPTIONS)
    if "endpoint_url" in options and not _is_endpoint(endpoint):
        raise ImproperlyConfigured(
            f"In {name}, endpoint_url must look like https://host or http://host:9000, "
            f"not {endpoint!r}."
        )
    if "addressing_style" in options and style not in {"path", "virtual"}:
        raise ImproperlyConfigured(
            f"In {name}, addressing_style must be path or virtual, not {style!r}."
        )
    if find_spec("boto3") is None:
        raise ImproperlyConfigured(
            f"{name} needs boto3, which is not installed: pip install -r requirements-s3.txt."
        )
    return Bucket(url.netloc, prefix, endpoint, style)


def read_aws_key() -> AWSKey:
    """Return the key of an object storage; without one, the client asks for the machine's role."""
    key, secret, token = (
        env.str(name, default="").strip()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    )
    if bool(key) != bool(secret):
        missing = "AWS_SECRET_ACCESS_KEY" if key else "AWS_ACCESS_KEY_ID"
        raise ImproperlyConfigured(f"{missing} must be set where the other half of the key is.")
    if token and not key:
        raise ImproperlyConfigured(
            "AWS_SESSION_TOKEN must stand beside AWS_ACCESS_KEY_ID, which is not set."
        )
    region = env.str("AWS_REGION", default=env.str("AWS_DEFAULT_REGION", default="")).strip()
    if not _REGION.match(region):
        raise ImproperlyConfigured(
            f"AWS_REGION must be the name of a region, such as eu-central-1, not {region!r}."
        )
    return AWSKey(region, key, secret, token)


def read_secret_key(name: str, *, path: Path, required_by: str | None = None) -> str:
    """Return the key of the environment, else the one kept in ``path``, made on first use.

    Where another variable requires it, it has to be in the environment.
    """
    key = env.str(name, default=None)
    if key is not None:
        if not key.strip():
            raise ImproperlyConfigured(f"{name} must not be empty.")
        return str(key)
    if required_by:
        raise ImproperlyConfigured(f"{name} must be set where {required_by} is.")
    # In a container it is a link to a volume, where the key outlives the container.
    path = path.resolve()
    if not path.exists():
        _create_secret_key(path)
    key = path.read_text(encoding="ascii").strip()
    if not key:
        raise ImproperlyConfigured(f"{path} is empty; delete it, or set {name}.")
    return key


def _create_secret_key(path: Path) -> None:
    # Written aside and linked into place: a process that starts at the same moment reads a whole
    # key, and the first link wins.
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _is_endpoint(text: str) -> bool:
    try:
        url = urlsplit(text)
        has_host = bool(url.hostname) and url.port != 0
    except ValueError:  # of the port
        return False
    plain = not (url.query or url.fragment or "@" in url.netloc) and url.path in {"", "/"}
    return has_host and plain and url.scheme in {"http", "https"}

"""manage.py backup and restore: the whole archive as one file, and back."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from recognizer.models import Drawing, HitCount, TrainedModel
from recognizer.services.site import snapshots
from recognizer.tests.conftest import DRAWINGS, Caller
from recognizer.tests.kit.live import PROJECT, LiveSite, new_database, serve

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="speaks of SQLite")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")

ALL_IDS = "SELECT id FROM recognizer_drawing"
Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def archive(transactional_db: None, stranger: Caller) -> Caller:
    """Store a drawing, for other connections to see."""
    stranger.draw()
    return stranger


@pytest.fixture
def backup(archive: Caller, tmp_path: Path) -> Path:
    """Back it up."""
    path = tmp_path / "backup.tar"
    call_command("backup", str(path))
    return path


def restore(path: Path) -> None:
    """Put a backup in the place of what is there."""
    call_command("restore", str(path), "--force")


def open_tar(path: Path) -> Members:
    """Return the members of a tar with what they hold."""
    with tarfile.open(path) as tar:
        return [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]


def write_tar(path: Path, members: Members) -> None:
    """Write a tar again, each member as long as its content."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))


def rewrite_manifest(members: Members, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the manifest of a backup says."""
    manifest = json.loads(members[0][1])
    change(manifest)
    content = json.dumps(manifest).encode()
    members[0][0].size = len(content)
    members[0] = (members[0][0], content)


def test_a_restored_archive_is_the_one_that_was_backed_up(backup: Path, archive: Caller) -> None:
    before = list(Drawing.objects.values())
    archive.draw(3)
    restore(backup)
    assert list(Drawing.objects.values()) == before
    assert archive.draw(5)["model"] == 1


def test_only_its_owner_reads_a_backup(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600


def test_a_backup_of_an_older_version_can_be_migrated(archive: Caller, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    call_command("migrate", "recognizer", "0006", verbosity=0)
    call_command("backup", str(path))
    call_command("migrate", verbosity=0)
    restore(path)
    call_command("migrate", verbosity=0)
    assert Drawing.objects.count() == 1
    assert not HitCount.objects.exists()


def test_lost_model_files_come_back(backup: Path, model: TrainedModel) -> None:
    file = Path(settings.ARTIFACTS_DIR) / model.artifact
    content = file.read_bytes()
    file.unlink()
    restore(backup)
    assert file.read_bytes() == content
    assert file.with_suffix(".json").exists()


def test_a_backup_is_a_tar_whose_manifest_has_the_digests(backup: Path) -> None:
    (manifest, text), *parts = open_tar(backup)
    assert manifest.name == "manifest.json"
    told = {name: part["sha256"] for name, part in json.loads(text)["parts"].items()}
    assert told == {part.name: hashlib.sha256(content).hexdigest() for part, content in parts}


def test_a_backup_is_for_its_owner_alone(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_backup_leaves_nothing_else_behind(backup: Path) -> None:
    assert sorted(os.listdir(backup.parent)) == ["artifacts", "backup.tar"]


def test_a_backup_that_fails_leaves_the_earlier_one(
    backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = backup.read_bytes()

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(snapshots, "take_snapshot", fail)
    with pytest.raises(CommandError, match="No space left"):
        call_command("backup", str(backup))
    assert backup.read_bytes() == earlier
    assert sorted(os.listdir(backup.parent)) == ["artifacts", "backup.tar"]


def test_a_damaged_model_file_is_named_and_left_out(
    archive: Caller, model: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(settings.ARTIFACTS_DIR) / model.artifact).write_bytes(b"damaged")
    call_command("backup", str(tmp_path / "backup.tar"))
    assert f"Without {model.artifact}" in capsys.readouterr().err
    names = [member.name for member, _ in open_tar(tmp_path / "backup.tar")]
    assert names == ["manifest.json", "database"]


def test_an_archive_that_is_there_is_not_replaced_unless_that_is_said(backup: Path) -> None:
    with pytest.raises(CommandError, match="--force"):
        call_command("restore", str(backup))
    assert Drawing.objects.count() == 1


def test_an_archive_in_which_nothing_is_kept_may_be_replaced(backup: Path) -> None:
    Drawing.objects.all().delete()
    call_command("restore", str(backup))
    assert Drawing.objects.count() == 1


def link(members: Members, kind: bytes) -> None:
    """Put a link in the place of the database."""
    at = next(n for n, (member, _) in enumerate(members) if member.name == "database")
    other = tarfile.TarInfo("database")
    other.type, other.linkname = kind, "/etc/passwd"
    members[at] = (other, b"")


def rename(members: Members, name: str) -> None:
    """Give a model file another name, in the manifest too."""
    member, _ = members[-1]

    def change(manifest: dict[str, Any]) -> None:
        manifest["parts"][name] = manifest["parts"].pop(member.name)

    rewrite_manifest(members, change)
    member.name = name


def damage(members: Members) -> None:
    """Turn a bit of the database."""
    at = next(n for n, (member, _) in enumerate(members) if member.name == "database")
    member, content = members[at]
    members[at] = (member, content[:-1] + bytes([content[-1] ^ 1]))


def lengthen(members: Members) -> None:
    """Let a part be longer than the manifest says."""
    member, content = members[-1]
    member.size += 1
    members[-1] = (member, content + b"x")


def add(members: Members, name: str) -> None:
    """Add a file of which the manifest says nothing."""
    members.append((tarfile.TarInfo(name), b""))


HOSTILE: dict[str, Callable[[Members], object]] = {
    "a symbolic link": lambda members: link(members, tarfile.SYMTYPE),
    "a hard link": lambda members: link(members, tarfile.LNKTYPE),
    "a device": lambda members: link(members, tarfile.CHRTYPE),
    "a folder": lambda members: link(members, tarfile.DIRTYPE),
    "a way out": lambda members: rename(members, "artifacts/../../escaped"),
    "a place of its own": lambda members: rename(members, "/tmp/escaped"),
    "a hidden file": lambda members: rename(members, "artifacts/.escaped"),
    "another folder": lambda members: rename(members, "artifacts/a/escaped"),
    "another digest": damage,
    "another size": lengthen,
    "one part more": lambda members: add(members, "artifacts/more.joblib"),
    "one part twice": lambda members: members.append(members[-1]),
    "one part less": lambda members: members.pop(),
    "no manifest": lambda members: members.pop(0),
    "a manifest too late": lambda members: members.append(members.pop(0)),
    "a manifest that is none": lambda members: rewrite_manifest(
        members, lambda manifest: manifest.update(parts=[])
    ),
    "no database": lambda members: rewrite_manifest(
        members, lambda manifest: manifest["parts"].pop("database")
    ),
    "a newer format": lambda members: rewrite_manifest(
        members, lambda manifest: manifest.update(format=2)
    ),
    "a newer site": lambda members: rewrite_manifest(
        members, lambda manifest: manifest["migrations"].append(["recognizer", "9999_future"])
    ),
    "another kind of database": lambda members: rewrite_manifest(
        members, lambda manifest: manifest.update(database="oracle")
    ),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_damaged_backup_changes_nothing(
    fault: str, backup: Path, archive: Caller, model: TrainedModel, tmp_path: Path
) -> None:
    later = archive.draw(3)["id"]
    members = open_tar(backup)
    HOSTILE[fault](members)
    write_tar(backup, members)
    (Path(settings.ARTIFACTS_DIR) / "retrain.lock").touch()
    files = sorted(tmp_path.rglob("*"))
    with pytest.raises(CommandError):
        restore(backup)
    assert Drawing.objects.filter(pk=later).exists()
    assert sorted(tmp_path.rglob("*")) == files
    assert not Path("/tmp/escaped").exists()


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 20480])
def test_a_file_that_is_not_a_tar_is_refused(
    content: bytes, archive: Caller, tmp_path: Path
) -> None:
    (tmp_path / "backup.tar").write_bytes(content)
    with pytest.raises(CommandError, match="backup"):
        restore(tmp_path / "backup.tar")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_backup_that_was_cut_off_is_refused(share: float, backup: Path) -> None:
    os.truncate(backup, int(backup.stat().st_size * share))
    with pytest.raises(CommandError, match="whole"):
        restore(backup)
    assert Drawing.objects.count() == 1


def test_a_file_that_is_not_there_is_named(archive: Caller, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.tar"):
        restore(tmp_path / "nothing.tar")


@on_postgresql
def test_it_says_which_program_of_postgresql_is_missing(
    archive: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="pg_dump is not installed"):
        call_command("backup", str(tmp_path / "backup.tar"))


DIES_MIDWAY = """
import os, signal, sqlite3, sys
import django
django.setup()
from django.core.management import call_command
class Dying(sqlite3.Connection):
    def backup(self, target):
        def die(status, left, total):
            if left < total / 2:
                os.kill(os.getpid(), signal.SIGKILL)
        super().backup(target, pages=1, progress=die)
connect = sqlite3.connect
sqlite3.connect = lambda *args, **options: connect(*args, **{**options, "factory": Dying})
call_command("restore", sys.argv[1], "--force")
"""


@on_sqlite
def test_a_restoration_that_is_killed_midway_leaves_the_old_archive(
    backup: Path, archive: Caller
) -> None:
    archive.draw(3)
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "ARTIFACTS_DIR": str(settings.ARTIFACTS_DIR),
        "DJANGO_SETTINGS_MODULE": "digitsite.settings",
    }
    command = [sys.executable, "-c", DIES_MIDWAY, str(backup)]
    killed = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert Drawing.objects.count() == 2
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture(scope="module")
def busy_site(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Return a site of its own."""
    with serve(tmp_path_factory.mktemp("busy")) as site:
        yield site


def draw_meanwhile(site: LiveSite, act: Callable[[], object]) -> set[str]:
    """Let four callers draw until something is done; return what was acknowledged before it."""
    acknowledged: list[str] = []
    stop, enough = Event(), Event()

    def draw_on() -> None:
        try:
            while not stop.wait(0.05):  # a command starts meanwhile, and needs a core as well
                acknowledged.append(site.draw_seven()["id"])
                if len(acknowledged) >= 40:
                    enough.set()
        finally:
            enough.set()

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(draw_on) for _ in range(4)]
        try:
            enough.wait()
            before = set(acknowledged)
            act()
        finally:
            stop.set()
        for caller in callers:
            caller.result()
    assert len(acknowledged) > len(before)
    return before


def test_everything_acknowledged_before_is_in_a_backup_under_load(
    busy_site: LiveSite, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    before = draw_meanwhile(busy_site, lambda: busy_site.manage("backup", str(file)))
    with new_database(tmp_path) as database:
        environment = {"DATABASE_URL": database, "ARTIFACTS_DIR": str(tmp_path / "artifacts")}
        elsewhere = LiveSite("", {**busy_site.environment, **environment}, busy_site.server)
        elsewhere.manage("restore", str(file))
        restored = {str(id).replace("-", "") for (id,) in elsewhere.rows(ALL_IDS)}
        if database.startswith("sqlite"):
            assert elsewhere.rows("PRAGMA integrity_check") == [("ok",)]
    assert restored >= {id.replace("-", "") for id in before}


def test_a_running_site_goes_on_with_what_was_restored(busy_site: LiveSite, tmp_path: Path) -> None:
    kept = busy_site.draw_seven()["id"]
    busy_site.manage("backup", str(tmp_path / "backup.tar"))
    lost = busy_site.draw_seven()["id"]
    busy_site.manage("restore", str(tmp_path / "backup.tar"), "--force")
    listed = {str(id).replace("-", "") for (id,) in busy_site.rows(ALL_IDS)}
    assert kept.replace("-", "") in listed
    assert lost.replace("-", "") not in listed
    with urlopen(f"{busy_site.url}{DRAWINGS}{kept}/") as answer:
        assert json.load(answer)["id"] == kept
    assert busy_site.draw_seven()["model"] == 1

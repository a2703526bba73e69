"""Which model answers: versions are registered, activated, and loaded once in each process."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from ml import artifacts
from ml.errors import ArtifactError, ArtifactMissing
from recognizer.models import Activation, TrainedModel
from recognizer.services.errors import ServiceError
from recognizer.services.versions import artifact_files

logger = logging.getLogger(__name__)

LOOK = "SELECT version, sha256 FROM recognizer_trainedmodel WHERE active"


LOADED = ("version", "sha256", "artifact", "pruned_at", "origin")
"""Fields that loading a version needs."""


class NoModel(ServiceError):
    """There is no active model, or none that can be loaded."""

    def __init__(
        self, text: str = "There is no active model; run manage.py register_bundled_model."
    ) -> None:
        super().__init__(text)


class UnknownModel(ServiceError):
    """There is no such version."""


@dataclass(frozen=True)
class ActiveModel:
    """A version with its estimator, ready to answer."""

    version: int
    sha256: str
    pipeline: Any


@dataclass(frozen=True)
class Refusal:
    """The version that is to answer, but cannot be used by this process, and why."""

    version: int
    signature: tuple[object, ...]
    reason: str


class _Memory:
    """The model that this process has loaded, and the file that it refused last."""

    model: ActiveModel | None = None
    refused: Refusal | None = None


_memory = _Memory()
_loading = threading.Lock()


def active_model() -> ActiveModel:
    """Return the active version; one short query checks whether it has changed.

    A version whose file is missing or not the recorded one is refused, with the reason in the
    log, and the one in memory is kept; a process that has none yet takes the newest other version
    that is whole and that the gate accepted. While one thread loads a new version, the others
    use the old one.
    """
    current = _memory.model
    if current is not None and _look() == (current.version, current.sha256):
        _memory.refused = None
        return current
    wanted = TrainedModel.objects.active().only(*LOADED).first()
    if wanted is None:
        _memory.model = None
        raise NoModel
    if not _loading.acquire(blocking=current is None):
        assert current is not None
        return current
    try:
        current = _memory.model
        if current is None or not _is_loaded(wanted, current):
            current = _memory.model = _load_or_keep(wanted, current)
        return current
    finally:
        _loading.release()


def find_active_version() -> int | None:
    """Return the version that is to answer, without loading it."""
    row = _look()
    return None if row is None else row[0]


def find_refusal() -> Refusal | None:
    """Return why this process answers with another version than the active one, if it does."""
    return _memory.refused


def forget_model() -> None:
    """Empty this process's memory, as a restart would."""
    _memory.model = _memory.refused = None


def load_before_fork() -> None:
    """Load the active version, for the processes that are forked from this one.

    What prevents it is told to those who ask them for an answer. No connection is inherited.
    """
    with suppress(NoModel, ArtifactError, DatabaseFailure):
        active_model()
    connection.close()
    if connection.vendor == "postgresql":
        cast("Any", connection).close_pool()


def forget_outdated() -> None:
    """Forget an inherited version that is not the active one: it must not answer, even briefly."""
    current = _memory.model
    try:
        if current is None or _look() != (current.version, current.sha256):
            forget_model()
    except DatabaseFailure:
        forget_model()
    connection.close()  # the thread that runs this answers no requests


def load_pipeline(row: TrainedModel, *, may_be_copy: bool = True) -> Any:
    """Return the estimator of a version, after a check of the file's digest."""
    check_kept(row)
    if may_be_copy:
        data = artifact_files.read_model(row.artifact, row.sha256)
    else:
        data = artifact_files.read(row.artifact)
    return artifacts.deserialize(data, row.sha256)


def check_kept(row: TrainedModel) -> None:
    """Refuse a version whose file was deleted."""
    if row.pruned_at:
        raise _pruned(row)


def get_model(version: int | None) -> TrainedModel:
    """Return a version, by default the active one."""
    if version is None:
        if row := TrainedModel.objects.active().first():
            return row
        raise NoModel
    if row := TrainedModel.objects.filter(version=version).first():
        return row
    raise UnknownModel(f"There is no model {version}.")


def activate(version: int) -> TrainedModel:
    """Make a version the active one, if its file is whole where every machine finds it."""
    row = get_model(version)
    load_pipeline(row, may_be_copy=False)
    with transaction.atomic():
        make_active(row)
    logger.info("Model %d is active.", row.version)
    return row


def add_version(manifest: artifacts.Manifest, **values: Any) -> TrainedModel:
    """Store the next version of a saved artifact; the caller holds the transaction."""
    _lock_versions()
    newest = TrainedModel.objects.aggregate(newest=Max("version"))["newest"]
    model = describe_version(manifest, version=(newest or 0) + 1, **values)
    model.save(force_insert=True)
    return model


def describe_version(manifest: artifacts.Manifest, **values: Any) -> TrainedModel:
    """Return a version that is not stored, made now."""
    facts = asdict(manifest)
    del facts["created_at"]
    return TrainedModel(**facts, **values)


def make_active(row: TrainedModel, began_at: datetime | None = None) -> None:
    """Make one version the only active one; the caller holds the transaction."""
    is_new = not TrainedModel.objects.active().filter(pk=row.pk).exists()
    TrainedModel.objects.active().exclude(pk=row.pk).update(active=False)
    # Its file may have been pruned since the row was read.
    if not TrainedModel.objects.whole().filter(pk=row.pk).update(active=True):
        raise _pruned(row)
    if is_new:
        Activation.objects.create(model=row, began_at=began_at or timezone.now())
    row.active = True


def list_periods(version: int) -> list[tuple[datetime, datetime | None]]:
    """Return from when to when a version answered, the latest first, as far as that was kept."""
    rows = [*Activation.objects.values_list("model_id", "began_at")]
    ends = [None, *(began_at for _, began_at in rows)]
    return [
        (began_at, end)
        for (model, began_at), end in zip(rows, ends, strict=False)
        if model == version
    ]


def prune(keep: int) -> int:
    """Delete the files of versions that are not active, except the newest ``keep``.

    The rows stay: drawings and later versions refer to them. A row is marked before its file goes,
    so that the next retraining deletes a file whose deletion was interrupted.
    """
    old = TrainedModel.objects.dispensable().order_by("-version").values_list("pk", flat=True)
    pruned = TrainedModel.objects.dispensable().filter(pk__in=list(old[keep:]))
    count = pruned.update(pruned_at=timezone.now())
    remove_orphans()
    return count


def remove_orphans() -> None:
    """Delete the files that no version needs; the caller holds the lock of retraining."""
    artifact_files.remove_orphans(
        set(TrainedModel.objects.whole().values_list("artifact", flat=True))
    )


def register_bundled_model() -> TrainedModel:
    """Make the model that came with the project a version, if it is not one yet.

    On a new site it becomes version 1 and answers. On a site whose active version is a bundled
    one, the newer bundle takes over; a site that has retrained keeps its own active model.
    """
    source = Path(settings.BUNDLED_MODEL)
    manifest = artifacts.read_manifest(source)
    name = f"bundled-{manifest.sha256[:12]}.joblib"
    try:
        if not artifact_files.is_whole(name, manifest.sha256):
            data = artifacts.read(source)
            artifacts.deserialize(data, manifest.sha256)
            name = artifact_files.keep(name, data, manifest)
    except artifact_files.StorageUnreachable as error:
        # A site that has it already needs no object storage for it, and may start.
        if not TrainedModel.objects.bundled().filter(sha256=manifest.sha256).exists():
            raise
        logger.error("Whether %s is kept is not known: %s", name, _with_cause(error))
    with transaction.atomic():
        _lock_versions()
        row = TrainedModel.objects.bundled().filter(sha256=manifest.sha256).first()
        if row is None:
            row = add_version(manifest, origin=TrainedModel.Origin.BUNDLED, artifact=name)
            active = TrainedModel.objects.active().first()
            if active is None or active.origin == TrainedModel.Origin.BUNDLED:
                make_active(row)
        elif row.artifact != name:  # a storage that does not overwrite gave it another name
            row.artifact = name
            row.save(update_fields=["artifact"])
    return row


def _lock_versions() -> None:
    """Keep others from making a version before this transaction ends.

    SQLite has one writer anyway. The table is locked, as there may be no row yet; requests that
    read or store drawings do not wait.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            table = TrainedModel._meta.db_table
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _look() -> tuple[int, str] | None:
    """Return which version is active, in plain SQL, as each request asks and the ORM is slow."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        row: tuple[int, str] | None = cursor.fetchone()
        return row


def _is_loaded(wanted: TrainedModel, current: ActiveModel) -> bool:
    return (wanted.version, wanted.sha256) == (current.version, current.sha256)


def _load_or_keep(wanted: TrainedModel, current: ActiveModel | None) -> ActiveModel:
    """Load a version, or keep the current one or find another where that fails."""
    signature = artifact_files.signature(wanted.artifact, wanted.sha256)
    signature = (wanted.version, wanted.sha256, *signature)
    refused = _memory.refused
    if current is not None and refused is not None and refused.signature == signature:
        return current  # the same file was refused before, and the log says so
    try:
        model = _load(wanted)
    except ArtifactError as error:
        _memory.refused = Refusal(wanted.version, signature, str(error))
        told = f"Model {wanted.version} cannot be used: {_with_cause(error)}"
        if current is not None:
            numbers = current.version, wanted.version
            logger.error("%s Model %d goes on answering instead of Model %d.", told, *numbers)
            return current
        logger.error(told)
        model = _newest_usable(wanted, error)
        logger.error("Model %d answers instead of Model %d.", model.version, wanted.version)
        return model
    _memory.refused = None
    return model


def _with_cause(error: ArtifactError) -> str:
    """Return what the log is told: with names of hosts, which are not for strangers."""
    is_remote = isinstance(error, artifact_files.StorageUnreachable)
    return f"{error} {error.__cause__}" if is_remote else str(error)


def _newest_usable(refused: TrainedModel, reason: ArtifactError) -> ActiveModel:
    for row in TrainedModel.objects.whole().accepted().exclude(pk=refused.pk).only(*LOADED):
        try:
            return _load(row)
        except ArtifactError as error:
            logger.error("Model %d cannot be used either: %s", row.version, _with_cause(error))
    raise NoModel(f"Model {refused.version} cannot be used: {reason}") from reason


def _load(row: TrainedModel) -> ActiveModel:
    try:
        pipeline = load_pipeline(row)
    except ArtifactError as error:
        if row.origin != TrainedModel.Origin.BUNDLED:
            raise
        pipeline = _load_bundled(row, error)
    logger.info("Model %d is loaded.", row.version)
    return ActiveModel(row.version, row.sha256, pipeline)


def _load_bundled(row: TrainedModel, reason: ArtifactError) -> Any:
    """Load a bundled version from the project itself, if that still has the same file."""
    source = Path(settings.BUNDLED_MODEL)
    try:
        pipeline = artifacts.deserialize(artifacts.read(source), row.sha256)
    except ArtifactError:
        raise reason from None
    logger.error("Model %d is read from %s: %s", row.version, source, _with_cause(reason))
    return pipeline


def _pruned(row: TrainedModel) -> ArtifactMissing:
    return ArtifactMissing(
        f"The file of {row} was deleted to make room: only the newest versions that do not answer "
        "are kept (retrain --keep). Choose another version, or retrain."
    )

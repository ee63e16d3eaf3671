"""Takes a set: dump, roles and proof in one snapshot, then manifest, hashes and its name. Leaves nothing where that fails."""

import shutil
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from ops.backup import contents, encryption, files, guards, manifest, programs, sets, tools
from ops.backup.contents import Facts
from ops.backup.database import told
from ops.backup.fingerprint import Fingerprints
from ops.backup.guards import Seen
from ops.backup.manifest import Manifest
from ops.backup.programs import Program
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.snapshot import Snapshot, exported
from ops.backup.stall import Stall
from ops.backup.stopping import undisturbed

ROOT = Path(__file__).resolve().parents[2]
LOOK_SECONDS = 0.05


def no_media() -> None:
    """Name no snapshot of media: the database is backed up by itself."""


def take(
    settings: Settings,
    seen: Seen,
    *,
    despite_lost_rows: bool,
    progress: Progress,
    plain: Path | None = None,
    media: Callable[[], Facts | None] = no_media,
) -> BackupSet:
    """Take a set and give it its name. Raises OperatorError, and then there is none.

    Where sets are encrypted, `plain` is the folder in which what was encrypted stays, for the verification. `media` is called once
    the dump is there; it finishes the snapshot of media that was begun before, and returns what the manifest says of it.
    """
    if settings.recipients and plain is None:
        with encryption.workroom(settings) as room:
            return take(settings, seen, despite_lost_rows=despite_lost_rows, progress=progress, plain=room, media=media)
    folder = sets.folder_of(settings.folder, settings.database.name)
    with files.told("make the set's folder", folder):
        partial = sets.make_partial(folder)
    try:
        written = partial if plain is None else plain
        with told("back up the database"), exported(settings.database) as snapshot:
            facts = dump_and_prove(settings, seen, snapshot, written, progress)
            if not despite_lost_rows:
                guards.rows(facts["tables"], facts["migrations"], seen)
            facts |= write_roles(settings, snapshot, written, progress)
        facts["media"] = media()
        facts["files"] = describe_or_seal(settings, partial, plain, progress)
        with (
            progress.step("write", "Writing the manifest and flushing the files"),
            files.told("write the set", partial),
        ):
            write_manifest(settings, partial, facts, progress)
            return sets.publish(partial)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def dump_and_prove(settings: Settings, seen: Seen, snapshot: Snapshot, partial: Path, progress: Progress) -> Facts:
    """Dump the database, and fingerprint it in the same snapshot meanwhile; return what the manifest says of it."""
    connection = snapshot.connection
    facts: Facts = {
        "snapshot": snapshot.facts,
        "database_bytes": snapshot.database_bytes,
        "versions": {"application": application_version(), **seen.versions},
        "locale": contents.locale(connection),
        "extensions": contents.extensions(connection),
        "migrations": contents.migrations(connection),
        "without_rows": contents.without_rows(connection),
    }
    before = contents.sequences(connection)
    tables = contents.tables(connection)
    with progress.step("dump", f"Dumping {settings.database.name}, and fingerprinting {len(tables)} tables meanwhile"):
        show = progress.portion
        with (
            start_dump(settings, snapshot, partial) as dump,
            Fingerprints(settings.database, tables, snapshot=snapshot.name, show=show) as fingerprints,
        ):
            stall = Stall(settings.database, partial / manifest.DUMP, limit_seconds=settings.stall_seconds)
            watch(dump, fingerprints, stall)
            facts["tables"], facts["large_objects"] = fingerprints.results()
    after = contents.sequences(connection)
    return facts | {"sequences": {key: {"before": before[key], "after": after.get(key, before[key])} for key in before}}


def start_dump(settings: Settings, snapshot: Snapshot, partial: Path) -> Program:
    """Start pg_dump."""
    command = tools.pg_dump(
        settings.database, partial / manifest.DUMP, compression=settings.compression, snapshot=snapshot.name
    )
    hint = "See the disk, the server's log, and DB_BACKUP_COMPRESSION. The sets that were there are as they were."
    return Program(command, what="dump the database", hint=hint, environment=settings.database.environment)


def watch(dump: Program, fingerprints: Fingerprints, stall: Stall) -> None:
    """Wait until both are done; raise at once where one fails, and the other need not go on, or where nothing moves."""
    with undisturbed() as hear:  # a look at a future takes a lock; an error raised in that would leave it taken
        while dump.is_running or fingerprints.is_running:
            fingerprints.raise_failure()
            if not dump.is_running:
                dump.finish()
            stall.look(is_dumping=dump.is_running, fingerprints=fingerprints.done)
            hear()
            time.sleep(LOOK_SECONDS)
    dump.finish()


def write_roles(settings: Settings, snapshot: Snapshot, partial: Path, progress: Progress) -> Facts:
    """Write the server's roles; return what the manifest says of them."""
    connection, database = snapshot.connection, settings.database
    has_passwords = contents.is_superuser(connection)
    with progress.step(
        "roles", "Writing roles" + ("" if has_passwords else ", without their passwords: we are no superuser")
    ):
        command = tools.pg_dumpall_roles(database, partial / manifest.ROLES, has_passwords=has_passwords)
        programs.run(command, what="write the roles", hint="See the server's log.", environment=database.environment)
    return {
        "roles": contents.roles(connection, has_passwords=has_passwords),
        "has_role_passwords": has_passwords,
        "first_superuser": contents.first_superuser(connection),
    }


def describe_or_seal(settings: Settings, partial: Path, plain: Path | None, progress: Progress) -> Facts:
    """Hash the set's files, or encrypt them into it; return what the manifest says of each."""
    names = (manifest.DUMP, manifest.ROLES)
    if plain is None:
        with progress.step("sums", "Hashing the files"), files.told("write the set", partial):
            return {name: described(partial / name) for name in names}
    line = f"Encrypting to {len(settings.recipients)} public keys, and decrypting once, with a key of this moment alone"
    with progress.step("encrypt", line), files.told("encrypt the set", partial):
        return encryption.seal(plain, partial, names, recipients=settings.recipients)


def write_manifest(settings: Settings, partial: Path, facts: Facts, progress: Progress) -> None:
    """Write the manifest, which has the hash of every other file. Raises OSError."""
    written = Manifest(
        id=partial.name.removesuffix(sets.PARTIAL),
        database=settings.database.name,
        compression=settings.compression,
        recipients=list(settings.recipients),
        seconds=dict(progress.seconds),
        **facts,
    )
    manifest.write(partial, written)


def described(path: Path) -> Facts:
    """Return a file's size and hash, once it is on the disk, closed to others. Raises OSError."""
    path.chmod(0o600)
    files.flush(path)
    return {"bytes": path.stat().st_size, "sha256": files.sha256(path)}


def application_version() -> str:
    """Return the version of the application that this belongs to."""
    path = ROOT / "pyproject.toml"
    if not path.exists():
        return "unknown"
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])

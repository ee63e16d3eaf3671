"""Takes a set: dump, roles and proof in one snapshot, then manifest, hashes and its name. Leaves nothing where that fails."""

import shutil
import time
import tomllib
from pathlib import Path

from ops.backup import contents, files, fingerprint, guards, manifest, programs, sets, tools
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

ROOT = Path(__file__).resolve().parents[2]
LOOK_SECONDS = 0.05


def take(settings: Settings, seen: Seen, *, despite_lost_rows: bool, progress: Progress) -> BackupSet:
    """Take a set and give it its name. Raises OperatorError, and then there is none."""
    folder = sets.folder_of(settings.folder, settings.database.name)
    with files.told("make the set's folder", folder):
        partial = sets.make_partial(folder)
    try:
        with told("back up the database"), exported(settings.database) as snapshot:
            facts = dump_and_prove(settings, seen, snapshot, partial, progress)
            if not despite_lost_rows:
                guards.rows(facts["tables"], facts["migrations"], seen.last)
            facts |= write_roles(settings, snapshot, partial, progress)
        with progress.step("write", "Hashing and flushing the files"), files.told("write the set", partial):
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
            facts["large_objects"] = fingerprint.of_large_objects(connection)
            watch(dump, fingerprints)
            facts["tables"] = fingerprints.results()
    after = contents.sequences(connection)
    return facts | {"sequences": {key: {"before": before[key], "after": after.get(key, before[key])} for key in before}}


def start_dump(settings: Settings, snapshot: Snapshot, partial: Path) -> Program:
    """Start pg_dump."""
    command = tools.pg_dump(
        settings.database, partial / manifest.DUMP, compression=settings.compression, snapshot=snapshot.name
    )
    hint = "See the disk, the server's log, and DB_BACKUP_COMPRESSION. The sets that were there are as they were."
    return Program(command, what="dump the database", hint=hint, environment=settings.database.environment)


def watch(dump: Program, fingerprints: Fingerprints) -> None:
    """Wait until the dump is done; raise at once where it or a fingerprint fails, and the other need not go on."""
    while dump.is_running:
        if fingerprints.failed is not None:
            fingerprints.results()
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


def write_manifest(settings: Settings, partial: Path, facts: Facts, progress: Progress) -> None:
    """Write the manifest, which has the hash of every other file. Raises OSError."""
    written = Manifest(
        id=partial.name.removesuffix(sets.PARTIAL),
        database=settings.database.name,
        compression=settings.compression,
        files={name: described(partial / name) for name in (manifest.DUMP, manifest.ROLES)},
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

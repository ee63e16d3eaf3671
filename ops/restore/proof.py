"""Compares the database that was restored with the set's manifest, as a verification does, before anybody sees it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ops.backup import comparison, verify
from ops.backup.contents import Facts
from ops.backup.database import Connection, Database, told
from ops.backup.manifest import Manifest
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.errors import OperatorError

SHOWN = 10


def compare(
    connection: Connection, database: Database, backup_set: BackupSet, *, made: Sequence[str], progress: Progress
) -> None:
    """Compare; raises OperatorError with what differs. `made` are the roles that this restore has made."""
    with progress.step("compare", f"Comparing every table of {database.name} with the manifest"):
        with told("compare the restored database; the live one is as it was"):
            written = without_passwords(backup_set.manifest)
            work = verify.Work(
                backup_set=replace(backup_set, manifest=written), scratch_folder=Path(), progress=progress
            )
            found = on_this_server(written, work.contents_of(database), made, progress)
            written, found = comparable(connection, written, found, progress)
        differences = comparison.differences(written, found)
    if differences:
        shown = "; ".join(differences[:SHOWN]) + ("; …" if differences[SHOWN:] else "")
        raise OperatorError(
            f"Set {backup_set.id} restored is not what its manifest says: {shown}. The live database is as it was.",
            hint=f"See whether the set is whole: scripts/backup.sh --verify {backup_set.id}; or take another: "
            "scripts/restore_db.sh --list",
        )


def without_passwords(written: Manifest) -> Manifest:
    """Return a manifest that says nothing of passwords: they may be other ones on this server, and not ours to read."""
    roles = {name: facts | {"password": None} for name, facts in written.roles.items()}
    return replace(written, roles=roles, has_role_passwords=False)


def on_this_server(written: Manifest, found: Facts, made: Sequence[str], progress: Progress) -> Facts:
    """Return what was found, without what this server may have otherwise: roles of others, and rights of those that were there."""
    roles = {name: facts for name, facts in found["roles"].items() if name in written.roles}
    other = [name for name, facts in roles.items() if name not in made and facts != written.roles[name]]
    if other:
        progress.say(f"  roles that were there already, and keep the rights of this server: {', '.join(other)}")
    return found | {"roles": roles | {name: written.roles[name] for name in other}}


def comparable(connection: Connection, written: Manifest, found: Facts, progress: Progress) -> tuple[Manifest, Facts]:
    """Return both without fingerprints where the server's major version is not the set's: their text may differ then."""
    row = connection.execute("SHOW server_version").fetchone()
    ours, theirs = (major(str(version)) for version in (row[0] if row else "", written.versions["server"]))
    if ours == theirs:
        return written, found
    progress.say(f"  the set is of PostgreSQL {theirs}, the server {ours}: counts are compared, fingerprints are not")
    names = ("tables", "large_objects")
    tables, large_objects = (without_fingerprints(getattr(written, name)) for name in names)
    return replace(written, tables=tables, large_objects=large_objects), found | {
        name: without_fingerprints(found[name]) for name in names
    }


def without_fingerprints(facts: Facts) -> Facts:
    """Return facts without each fingerprint in them."""
    return {
        name: without_fingerprints(value) if isinstance(value, dict) else value
        for name, value in facts.items()
        if name != "fingerprint"
    } | ({"fingerprint": ""} if "fingerprint" in facts else {})


def major(version: str) -> int:
    """Return a version's major number, 0 where there is none."""
    found = re.search(r"\d+", version)
    return int(found[0]) if found else 0

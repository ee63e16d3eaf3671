"""Verifies a set, level by level, and writes down what was reached. Never touches the server that the set is of."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from ops.backup import comparison, contents, files, fingerprint, manifest, programs, scratch, tools
from ops.backup.contents import Facts
from ops.backup.database import Database, told
from ops.backup.manifest import Verification
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.errors import OperatorError

SHOWN = 10
ROLES_END = "-- PostgreSQL database cluster dump complete"
HINT = "This set does not count as a backup. See the others: scripts/backup.sh --list"


class StoppedError(OperatorError):
    """Somebody ended the run: says nothing of a set."""


def verify(backup_set: BackupSet, *, scratch_folder: Path, progress: Progress) -> Verification:
    """Verify a set; raises OperatorError where it does not come to level 4. What was reached is written beside it either way."""
    work = Work(backup_set=backup_set, scratch_folder=scratch_folder, progress=progress)
    try:
        work.hashes()
        work.decode()
        work.restore_and_compare()
    except StoppedError:
        raise
    except OperatorError as error:
        note(work, problem=str(error.args[0]).splitlines()[0])
        raise
    return note(work)


def note(work: "Work", *, problem: str = "") -> Verification:
    """Write down what was reached."""
    folder = work.backup_set.folder
    with files.told("write down what the verification found", folder):
        found = Verification(
            level=work.level,
            at=datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
            manifest_sha256=files.sha256(folder / manifest.MANIFEST),
            problem=problem,
            seconds={name: work.progress.seconds[name] for name in work.steps if name in work.progress.seconds},
            is_amchecked=work.is_amchecked,
        )
        manifest.write_verification(folder, found)
    return found


@dataclass(kw_only=True)
class Work:
    """One verification on its way: the level that it has reached."""

    backup_set: BackupSet
    scratch_folder: Path
    progress: Progress
    level: int = 0
    is_amchecked: bool = False
    steps = ("hash", "decode", "restore", "compare", "amcheck")

    def hashes(self) -> None:
        """Level 1: every file is as it was written."""
        backup_set = self.backup_set
        with self.progress.step("hash", f"Level 1: hashing the files of {backup_set.id}"):
            if manifest.read(backup_set.folder) != backup_set.manifest:
                raise OperatorError(f"{backup_set.folder / manifest.MANIFEST} is not as it was written.", hint=HINT)
            for name, facts in backup_set.manifest.files.items():
                with files.told("read the set", backup_set.folder):
                    found = files.sha256(backup_set.folder / name)
                if found != facts["sha256"]:
                    raise OperatorError(f"{backup_set.folder / name} is not as it was written.", hint=HINT)
        self.level = 1

    def decode(self) -> None:
        """Level 2: all of the dump can be read and decompressed."""
        with self.progress.step("decode", "Level 2: decoding all of the dump"):
            programs.run(tools.decode(self.dump), what=f"decode {self.dump}", hint=HINT)
            roles = self.backup_set.folder / manifest.ROLES
            with files.told("read the set", roles):
                if ROLES_END not in roles.read_text(encoding="utf-8", errors="replace"):
                    raise OperatorError(f"{roles} has no end.", hint=HINT)
        self.level = 2

    def restore_and_compare(self) -> None:
        """Levels 3 and 4: it can be restored, and what comes out equals the manifest."""
        name = self.backup_set.manifest.first_superuser
        self.progress.say("Level 3: starting a scratch server")
        with scratch.server(self.scratch_folder, first_superuser=name) as database:
            with self.progress.step("restore", "Level 3: restoring roles and database into the scratch server"):
                self.restore(database)
            self.level = 3
            restored = database.named(self.backup_set.manifest.database)
            with self.progress.step("compare", "Level 4: comparing every table with the manifest"):
                self.compare(restored)
            self.level = 4
            with self.progress.step("amcheck", "Level 5, in part: checking tables and indexes for damage"):
                programs.run(tools.amcheck(restored), what="find the restored tables and indexes sound", hint=HINT)
            self.is_amchecked = True

    def restore(self, database: Database) -> None:
        """Restore roles, then the database, whose owners they are. Of the roles the comparison tells what was left out."""
        roles = self.backup_set.folder / manifest.ROLES
        programs.run(tools.run_sql(database, roles), what=f"restore {roles}", hint=HINT)
        programs.run(tools.restore(database, self.dump), what=f"restore {self.dump}", hint=HINT)

    def compare(self, restored: Database) -> None:
        """Compare what was restored with the manifest; raises OperatorError with every difference."""
        written = self.backup_set.manifest
        with told("compare the restored database"):
            found = self.contents_of(restored)
        differences = comparison.differences(written, found)
        if differences:
            shown = "; ".join(differences[:SHOWN]) + ("; …" if differences[SHOWN:] else "")
            raise OperatorError(f"Set {written.id} restored is not what was in the database: {shown}.", hint=HINT)

    def contents_of(self, restored: Database) -> Facts:
        """Return what is in the restored database. Raises psycopg.Error."""
        with restored.connect(is_autocommit=True) as connection:
            tables, show = contents.tables(connection), self.progress.portion
            with fingerprint.Fingerprints(restored, tables, show=show) as fingerprints:
                counted = fingerprints.results()
            has_passwords = self.backup_set.manifest.has_role_passwords
            return {
                "tables": counted,
                "large_objects": fingerprint.of_large_objects(connection),
                "sequences": contents.sequences(connection),
                "extensions": contents.extensions(connection),
                "locale": contents.locale(connection),
                "roles": contents.roles(connection, has_passwords=has_passwords, left_out=scratch.SUPERUSER),
            }

    @property
    def dump(self) -> Path:
        """The set's dump."""
        return self.backup_set.folder / manifest.DUMP

"""Verifies a set, level by level, and writes down what was reached. Never touches the server that the set is of."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.backup import (
    comparison,
    contents,
    encryption,
    files,
    fingerprint,
    manifest,
    programs,
    reached,
    scratch,
    soundness,
    tools,
)
from ops.backup.age import WrongKeyError
from ops.backup.application import Said
from ops.backup.contents import Facts
from ops.backup.database import Database, told
from ops.backup.manifest import Verification
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.soundness import Soundness
from ops.errors import OperatorError

SHOWN = 10
ROLES_END = "-- PostgreSQL database cluster dump complete"
NO_KEY = "For more than that the private key is needed: BACKUP_AGE_IDENTITY_FILE"
HINT = "This set does not count as a backup. See the others: scripts/backup.sh --list"


def verify(
    backup_set: BackupSet,
    *,
    scratch_folder: Path,
    progress: Progress,
    plain: Path | None = None,
    identity: str = "",
    media_manifest: Path | None = None,
) -> Verification:
    """Verify a set; raises OperatorError where it does not come to level 4, or where what was restored is not sound.

    What was reached is written beside it either way. Of an encrypted set `plain` is the folder where its files still are in plain;
    without it they are decrypted with `identity`, and where there is none either, hashes alone are looked at: the level that the set
    had reached before stays. `media_manifest` is the manifest of the media snapshot that belongs to it.
    """
    work = Work(backup_set=backup_set, scratch_folder=scratch_folder, progress=progress, media_manifest=media_manifest)
    try:
        work.hashes()
        if backup_set.manifest.is_encrypted and plain is None and not identity:
            progress.say(f"  All are as they were written. {NO_KEY}")
            return reached.hashes(work)
        with contextlib.nullcontext(plain) if plain is not None else work.opened(identity) as work.plain:
            work.restore_and_compare()
    except OperatorError as error:
        # A key that does not fit takes nothing from what the set had reached.
        if not (isinstance(error, WrongKeyError) and manifest.read_verification(backup_set.folder)):
            reached.note(work, problem=str(error.args[0]).splitlines()[0])
        raise
    return reached.note(work)


@dataclass(kw_only=True)
class Work:
    """One verification on its way: the level that it has reached."""

    backup_set: BackupSet
    scratch_folder: Path
    progress: Progress
    media_manifest: Path | None = None
    plain: Path = field(init=False)
    level: int = 0
    is_amchecked: bool = False
    said: Said = field(default_factory=Said)
    steps: Sequence[str] = ("hash", "restore", "compare", "soundness")

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

    def opened(self, identity: str) -> contextlib.AbstractContextManager[Path]:
        """Give the folder of the plain files."""
        into = self.scratch_folder.with_name(f"{self.scratch_folder.name}-plain")
        return encryption.opened(self.backup_set, identity=identity, into=into)

    def restore_and_compare(self) -> None:
        """Levels 2 to 5: it can be decoded and restored, and what comes out equals the manifest, and is sound."""
        self.require_all_roles()
        name = self.backup_set.manifest.first_superuser
        self.progress.say("Starting a scratch server")
        with scratch.server(self.scratch_folder, first_superuser=name) as database:
            with self.progress.step("restore", "Levels 2 and 3: decoding all, and restoring it into a scratch server"):
                self.restore(database)
            self.level = 3
            restored = database.named(self.backup_set.manifest.database)
            written = self.backup_set.manifest
            with soundness.begun(written, restored, media_manifest=self.media_manifest) as sound:
                with self.progress.step("compare", "Level 4: comparing every table with the manifest"):
                    self.compare(restored)
                self.level = 4
                with self.progress.step(
                    "soundness", "Level 5: tables and indexes, migrations, the API's answers, media"
                ):
                    self.see(sound)

    def require_all_roles(self) -> None:
        """Raise OperatorError where the file of the roles is cut."""
        roles = self.plain / manifest.ROLES
        with files.told("read the set", roles):
            if ROLES_END not in roles.read_text(encoding="utf-8", errors="replace"):
                raise OperatorError(f"{roles} has no end.", hint=HINT)

    def see(self, sound: Soundness) -> None:
        """Level 5: it is sound, to PostgreSQL and to the application."""
        self.said = sound.seen()
        self.is_amchecked = True
        for line in [*self.said.notes, *self.said.about_media]:
            self.progress.say(f"  {line}")
        self.level = 4 if self.said.notes or self.said.about_media else 5

    def restore(self, database: Database) -> None:
        """Restore roles, then the database, whose owners they are. Of the roles the comparison tells what was left out."""
        roles = self.plain / manifest.ROLES
        programs.run(tools.run_sql(database, roles), what=f"restore {roles}", hint=HINT)
        try:
            programs.run(tools.restore(database, self.dump), what=f"restore {self.dump}", hint=HINT)
        except OperatorError:
            # Who restores all of it has read and decompressed all of it; by itself that is done to say which of both can't be.
            programs.run(tools.decode(self.dump), what=f"decode {self.dump}", hint=HINT)
            self.level = 2
            raise

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
                counted, large_objects = fingerprints.results()
            has_passwords = self.backup_set.manifest.has_role_passwords
            return {
                "tables": counted,
                "large_objects": large_objects,
                "sequences": contents.sequences(connection),
                "extensions": soundness.without_extension(self.backup_set.manifest, contents.extensions(connection)),
                "locale": contents.locale(connection),
                "roles": contents.roles(connection, has_passwords=has_passwords, left_out=scratch.SUPERUSER),
            }

    @property
    def dump(self) -> Path:
        """The set's dump."""
        return self.plain / manifest.DUMP

"""Loads a set into a new database beside the live one: roles that are missing, the database with its settings, then what is in it."""

import contextlib
import datetime
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg

from ops.backup import files, manifest, programs
from ops.backup.database import Connection, Database, told
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.errors import OperatorError
from ops.restore import marks, server, statements, tools
from ops.restore.marks import Mark

HINT = "The live database is as it was. See the server's log, and whether the set is whole: scripts/backup.sh --verify {id}"


def roles(connection: Connection, backup_set: BackupSet, *, plain: Path, progress: Progress) -> list[str]:
    """Make the roles that the server lacks; return their names. Those that are there stay as they are, with their passwords.

    `plain` is here and below the folder in which the set's files can be read.
    """
    path = plain / manifest.ROLES
    with files.told("read the set", path):
        text = path.read_text(encoding="utf-8")
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    missing = [name for name in backup_set.manifest.roles if name not in there]
    # Every role is made before one is made a member of another.
    each = [statement for name in missing for statement in statements.of_role(text, role=name)]
    words = f"make roles; the live database is as it was; of {', '.join(missing)} some may be there"
    with progress.step("roles", f"Making roles that the server lacks: {', '.join(missing) or 'none'}"), told(words):
        for statement in sorted(each, key=lambda statement: not statement.startswith("CREATE ")):
            connection.execute(statement.encode())
    return missing


@contextlib.contextmanager
def beside(connection: Connection, live: Database, backup_set: BackupSet, *, plain: Path) -> Iterator[Database]:
    """Make an empty database for the set, with a mark. Where the block fails, it is removed."""
    name = marks.fresh_name(connection, live.name, f"restore_{backup_set.id}")
    try:
        with told("make the database that is restored into; the live one is as it was"):
            make(connection, name, live, backup_set, plain=plain)
        yield live.named(name)
    except BaseException:
        with contextlib.suppress(psycopg.Error):  # the next restore removes it
            server.drop(connection, name)
        raise


def make(connection: Connection, name: str, live: Database, backup_set: BackupSet, *, plain: Path) -> None:
    """Make the set's database under another name, with owner, encoding, rights and settings. Raises psycopg.Error."""
    text = database_sql(plain / manifest.DUMP, backup_set.id)
    for statement in statements.of_database(text, database=backup_set.manifest.database, renamed=name):
        connection.execute(statement.encode())
    if marks.oid_of(connection, name) is None:
        raise OperatorError(
            f"Cannot find in {backup_set.id} how its database is made. The live one is as it was.",
            hint=HINT.format(id=backup_set.id),
        )
    now = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    comment = marks.comment(connection, name)
    mark = Mark(kind=marks.LOADING, database=live.name, set_id=backup_set.id, at=now, comment=comment)
    marks.write(connection, name, mark)


def database_sql(dump: Path, set_id: str) -> str:
    """Return the SQL of what a dump says of its database itself."""
    hint = HINT.format(id=set_id)
    listed = programs.run(tools.database_entries(dump), what=f"read {dump}", hint=hint)
    entries = [line for line in listed.splitlines() if " DATABASE " in line and not line.startswith(";")]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="slipway-") as chosen:
        chosen.write("\n".join(entries) + "\n")
        chosen.flush()
        return programs.run(tools.database_statements(dump, entries=Path(chosen.name)), what=f"read {dump}", hint=hint)


def contents(database: Database, backup_set: BackupSet, *, plain: Path, progress: Progress) -> None:
    """Restore what is in the dump. Raises OperatorError at the first error."""
    dump = plain / manifest.DUMP
    with progress.step("restore", f"Restoring {backup_set.id} into {database.name}; the site goes on as it is"):
        programs.run(
            tools.load(database, dump),
            what=f"restore {dump}; the live database is as it was",
            hint=HINT.format(id=backup_set.id),
            environment=database.environment,
        )


@contextlib.contextmanager
def analyzing(database: Database, progress: Progress) -> Iterator[None]:
    """Have the server look at what is in the tables while the block compares them; what fails, the server makes good by itself."""
    what, hint = "look at what is in the tables", "The server does so by itself, some minutes after the switch."
    command = tools.analyze(database)
    with programs.Program(command, what=what, hint=hint, environment=database.environment) as program:
        yield
        with progress.step("analyze", "Waiting until the server has looked at what is in the tables"):
            try:
                program.finish()
            except OperatorError as error:
                progress.say(f"  {error.args[0]} {error.hint}")


def seal(connection: Connection, name: str) -> None:
    """Note that a database is ready to take the live one's place, and let nobody in until it does. Raises psycopg.Error."""
    mark = marks.of(connection, name)
    assert mark is not None  # noqa: S101 - it was made just now
    server.allow_connections(connection, name, is_allowed=False)
    marks.write(connection, name, replace(mark, kind=marks.READY))

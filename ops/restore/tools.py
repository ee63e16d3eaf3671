"""Builds the command lines of a restore. Runs nothing, and puts no password into one."""

from pathlib import Path

from ops.backup.database import Database

JOBS = 2


def database_entries(path: Path) -> list[str]:
    """Return what lists the entries of a dump that are of the database itself, among the others."""
    return ["pg_restore", "--list", "--create", str(path)]


def database_statements(path: Path, *, entries: Path) -> list[str]:
    """Return what writes the statements that make the dump's database, its owner, rights and settings, without what is in it."""
    return ["pg_restore", "--create", "--no-tablespaces", f"--use-list={entries}", "--file=-", str(path)]


def analyze(database: Database) -> list[str]:
    """Return what has the server look at what is in the tables: no dump says it."""
    return ["vacuumdb", "--analyze-only", f"--jobs={JOBS}", "--no-password", "--dbname", database.conninfo]


def load(database: Database, path: Path) -> list[str]:
    """Return what restores a dump into a database that is there."""
    options = ["--exit-on-error", "--no-tablespaces", f"--jobs={JOBS}", "--no-password"]
    return ["pg_restore", *options, "-d", database.conninfo, str(path)]

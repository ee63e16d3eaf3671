"""Builds the command lines of PostgreSQL's programs. Runs nothing, and puts no password into one."""

import os
import sys
from pathlib import Path

from ops.backup.database import Database

LOCK_WAIT = "60s"
JOBS = min(
    4, max(2, len(os.sched_getaffinity(0)) if sys.platform == "linux" else 2)
)  # each may have maintenance_work_mem


def pg_dump(database: Database, path: Path, *, compression: str, snapshot: str) -> list[str]:
    """Return what dumps the database as of an exported snapshot."""
    options = ["-Fc", f"--compress={compression}", f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}"]
    return ["pg_dump", *options, "--no-password", "-f", str(path), "-d", database.conninfo]


def pg_dumpall_roles(database: Database, path: Path, *, has_passwords: bool) -> list[str]:
    """Return what writes the roles as SQL; only a superuser may read their passwords."""
    options = ["--roles-only", *([] if has_passwords else ["--no-role-passwords"])]
    return ["pg_dumpall", *options, "--no-password", "-f", str(path), "-l", database.name, "-d", database.conninfo]


def decode(path: Path) -> list[str]:
    """Return what reads all of a dump, and decompresses it. Not `--list`, which reads the table of contents alone."""
    return ["pg_restore", "-f", "/dev/null", str(path)]


def restore(database: Database, path: Path) -> list[str]:
    """Return what makes the dump's database in the server, with its name, encoding, rights and settings."""
    options = ["--create", "--exit-on-error", "--no-tablespaces", f"--jobs={JOBS}", "--no-password"]
    return ["pg_restore", *options, "-d", database.conninfo, str(path)]


def run_sql(database: Database, path: Path) -> list[str]:
    """Return what runs a file of SQL, and goes on after an error."""
    return ["psql", "-X", "-q", "-o", "/dev/null", "--no-password", "-f", str(path), "-d", database.conninfo]


def amcheck(database: Database) -> list[str]:
    """Return what checks tables and indexes for damage, and that the indexes have every row."""
    options = ["--heapallindexed", "--install-missing=pg_catalog", f"--jobs={JOBS}", "--no-password"]
    return ["pg_amcheck", *options, database.conninfo]


def initdb(folder: Path, *, user: str) -> list[str]:
    """Return what makes an empty data folder whose pages have checksums."""
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-sync", "--no-instructions"]
    return ["initdb", "-D", str(folder), f"--username={user}", *options]


def serve(folder: Path, *, socket_folder: Path) -> list[str]:
    """Return what serves a data folder on a socket alone, and may lose it all in a power cut: it is thrown away."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "1h",
        "autovacuum": "off",
        "shared_buffers": "128MB",
        "maintenance_work_mem": "128MB",  # for each of JOBS at once, for indexes; the backup container has a gigabyte
        "jit": "off",
        "max_connections": "30",
        "timezone": "UTC",
    }
    return [
        "postgres",
        "-D",
        str(folder),
        *[word for key, value in settings.items() for word in ("-c", f"{key}={value}")],
    ]


def version(program: str) -> list[str]:
    """Return what tells a program's version."""
    return [program, "--version"]

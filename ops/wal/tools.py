"""Builds the command lines of PostgreSQL's programs for WAL and base backups. Runs nothing, and puts no password into one."""

from collections.abc import Sequence
from pathlib import Path

from ops.backup.database import Database

SLOT = "slipway_wal"
BROKEN = 200
# A server that is gone without a word is noticed in half a minute.
ALIVE = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
    "connect_timeout": "15",
}


def receive_wal(database: Database, folder: Path) -> list[str]:
    """Return what writes the server's WAL into a folder as it comes, each piece flushed, and ends where the connection does."""
    options = [f"--slot={SLOT}", "--synchronous", "--no-loop", "--status-interval=5", "--no-password"]
    return ["pg_receivewal", "-D", str(folder), *options, "-d", with_keepalives(database)]


def base_backup(database: Database, folder: Path, *, previous: Path | None) -> list[str]:
    """Return what copies the whole cluster, or what has changed since the backup with an older manifest. Its WAL comes otherwise."""
    options = ["--format=tar", "--compress=client-gzip:1", "--wal-method=none", "--checkpoint=fast"]
    options += ["--manifest-checksums=SHA256", "--no-password"]
    incremental = [] if previous is None else [f"--incremental={previous}"]
    return ["pg_basebackup", "-D", str(folder), *options, *incremental, "-d", with_keepalives(database)]


def verify_archived(folder: Path, *, ignored: Sequence[str]) -> list[str]:
    """Return what decodes a base backup's archive and compares every file in it with the manifest."""
    ours = [f"--ignore={name}" for name in ignored]
    return ["pg_verifybackup", "--format=tar", "--no-parse-wal", "--quiet", *ours, str(folder)]


def verify_unpacked(folder: Path) -> list[str]:
    """Return what compares an unpacked base backup with its manifest."""
    return ["pg_verifybackup", "--format=plain", "--no-parse-wal", "--quiet", str(folder)]


def combine(folders: Sequence[Path], *, into: Path) -> list[str]:
    """Return what makes one data folder of a full backup and the incremental ones after it; it takes files of theirs over."""
    return ["pg_combinebackup", "--no-sync", "--link", "-o", str(into), *[str(folder) for folder in folders]]


def recover(folder: Path, *, socket_folder: Path, access: Path, restore: str, until: str | None) -> list[str]:
    """Return what serves a data folder on a socket alone, after it has replayed WAL: up to a time, or to its end.

    What the cluster's own configuration says and a scratch server can't follow is said otherwise here.
    """
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "hba_file": str(access),
        "restore_command": restore,
        "recovery_target_timeline": "latest",
        "recovery_target_action": "promote",
        "recovery_target_inclusive": "on",
        "recovery_target_time": until or "",
        "hot_standby": "off",
        "archive_mode": "off",
        "primary_conninfo": "",
        "primary_slot_name": "",
        "synchronous_standby_names": "",
        "shared_preload_libraries": "",
        "summarize_wal": "off",
        "ssl": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_min_messages": "warning",
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_wal_size": "4GB",
        "autovacuum": "off",
        "shared_buffers": "128MB",
        "huge_pages": "off",
        "max_connections": "30",
        "timezone": "UTC",
    }
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    return ["postgres", "-D", str(folder), *options]


def restore_command(folder: Path) -> str:
    """Return the shell line by which PostgreSQL fetches a segment or a history out of a folder; it replaces %f and %p.

    What is not there ends the replay; what is there and can't be fetched, as on a full disk, must not: above 128 it is fatal.
    """
    quoted = "'" + str(folder).replace("'", "'\\''").replace("%", "%%") + "'"
    return (
        f"if [ -f {quoted}/%f.gz ]; then gzip -dc {quoted}/%f.gz > %p || exit {BROKEN}; "
        f"elif [ -f {quoted}/%f ]; then cp {quoted}/%f %p || exit {BROKEN}; else exit 1; fi"
    )


def with_keepalives(database: Database) -> str:
    """Return the address for a connection that stays open for long."""
    return Database(parameters={**ALIVE, **database.parameters}).conninfo

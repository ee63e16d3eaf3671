"""A database of each test's own in the run's PostgreSQL, with a name and contents that backup scripts stumble over."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from embedded.postgres import BINARIES
from ops.backup import command, sets
from ops.backup import settings as backup_settings
from ops.backup.back_up import every_set
from ops.backup.database import Connection
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE
from tests.ops.backup import target_servers
from tests.ops.backup.target_servers import PASSWORD, RCLONE, USER, Server

SERVERS = {
    "rsync": "rsync_daemon",
    "rsync with a password": "rsync_daemon",
    "ssh": "sshd",
    "s3": "s3_server",
    "webdav": "webdav_server",
    "sftp": "sftp_server",
    "restic by http": "restic_server",
}

NAME = "a b-c'd\"e/f"
ROWS = 400
Environment = dict[str, str]
INITDB = """#!/bin/sh
set -eu
[ "$1" = -D ] || exec {initdb} "$@"
folder=$2 user=$3
shift 2
template={templates}/$(printf %s "$user" | sha256sum | cut -c 1-16)
if [ ! -d "$template" ]; then
  {initdb} -D "$template.$$" "$@" >/dev/null
  mv "$template.$$" "$template"
fi
cp -a "$template/." "$folder"
"""


@pytest.fixture(scope="session")
def initdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an initdb that runs once for each superuser's name, and copies from then on: tests make hundreds of servers."""
    folder = tmp_path_factory.mktemp("initdb")
    for each in (folder, folder.parent, folder.parent.parent):
        each.chmod(0o711)  # for PostgreSQL's user, who is not root
    templates = folder / "templates"
    templates.mkdir()
    templates.chmod(0o777)
    program = folder / "initdb"
    program.write_text(INITDB.format(templates=templates, initdb=BINARIES / "initdb"), encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def postgresql_s_programs(initdb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the programs of the run's server on the PATH."""
    monkeypatch.setenv("PATH", f"{initdb}:{BINARIES}:{Path(RCLONE).parent}:{os.environ['PATH']}")


@pytest.fixture
def server() -> Iterator[Connection]:
    """A connection to the run's server, to make databases on."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def url(server: Connection) -> Iterator[str]:
    """A database with a table of rows."""
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    address = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{quote(NAME, safe='')}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text)")
        connection.execute(
            "INSERT INTO note (text) SELECT repeat(md5(i::text), 9) FROM generate_series(1, %s) i", [ROWS]
        )
    yield address
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


@pytest.fixture
def database(url: str) -> Iterator[Connection]:
    """A connection to that database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def environment(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment of the command, with a target."""
    target = tmp_path / "backups"
    target.mkdir()
    found = {"DATABASE_URL": url, "DB_BACKUPS_DIR": str(target), "DB_BACKUP_MIN_KEEP": "1"}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def settings(environment: Environment) -> Settings:
    """What the command reads out of its environment."""
    return backup_settings.read(environment)


@pytest.fixture(scope="session")
def first_set() -> list[Path]:
    """Where the first set that a test took is kept: all tests' databases have the same rows."""
    return []


@pytest.fixture
def backup_set(settings: Settings, first_set: list[Path], tmp_path_factory: pytest.TempPathFactory) -> BackupSet:
    """A set that counts, of a table of rows."""
    place = sets.folder_of(settings.folder, NAME)
    if first_set:
        shutil.copytree(first_set[0], place / first_set[0].name)
    else:
        assert command.main([]) == DONE
        taken = every_set(settings)[-1].folder
        first_set.append(tmp_path_factory.mktemp("sets") / taken.name)
        shutil.copytree(taken, first_set[0])
    return every_set(settings)[-1]


@pytest.fixture
def locked_table(url: str) -> Iterator[None]:
    """A lock that pg_dump has to wait for, so that it is at work for as long as a test needs."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


Run = Callable[..., int]


@pytest.fixture(scope="session")
def rsync_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A daemon; a test that asks for it is marked `rsync`, and takes a path of its own in its module."""
    with target_servers.rsync_daemon(tmp_path_factory.mktemp("rsyncd")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server."""
    with target_servers.s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def webdav_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A WebDAV server."""
    with target_servers.webdav(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An SFTP server."""
    with target_servers.sftp(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def restic_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of restic's repositories; a test that asks for it is marked `restic`."""
    with target_servers.restic_server(tmp_path_factory.mktemp("restic")) as server:
        yield server


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """OpenSSH's server; a test that asks for it is marked `sshd`."""
    with target_servers.sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


Place = tuple[str, Path]


@pytest.fixture
def make_place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Place]:
    """Return what makes a target of a kind that is empty: its address, and where it keeps its files."""

    def make(kind: str) -> Place:
        own = tmp_path.name
        if kind == "file":
            (tmp_path / "target").mkdir(exist_ok=True)
            return (tmp_path / "target").as_uri(), tmp_path / "target"
        if kind.startswith("restic"):
            monkeypatch.setenv("RESTIC_PASSWORD", PASSWORD)
        if kind == "restic":
            return f"restic:{tmp_path / 'repository'}", tmp_path / "repository"
        server: Server = request.getfixturevalue(SERVERS[kind])
        if kind in ("ssh", "sftp"):
            monkeypatch.setenv("BACKUP_SSH_KEY", str(server.folder.parent / "user" / "key"))
            monkeypatch.setenv("BACKUP_SSH_KNOWN_HOSTS", str(server.folder.parent / "known_hosts"))
        if kind == "rsync with a password":
            return f"rsync://{USER}:{quote(PASSWORD)}@127.0.0.1:{server.port}/closed/{own}", server.folder / own
        if kind == "s3":
            return server.url.replace("?", f"/{own}?"), server.folder / "bucket" / own
        return f"{server.url}/{own}{'/' if kind == 'restic by http' else ''}", server.folder / own

    return make


@contextlib.contextmanager
def told_to_stop_at(phase: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a SIGTERM come as soon as the command says that it begins with something."""
    say = Progress.say

    def say_and_be_told_to_stop(self: Progress, line: str) -> None:
        say(self, line)
        if line.startswith(phase):
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "say", say_and_be_told_to_stop)
        yield

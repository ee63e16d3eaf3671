"""The database that is backed up: its address, what PostgreSQL's programs are told of it, and connections to it."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg.conninfo import make_conninfo

from ops.errors import WRONG_USAGE, OperatorError

CONNECT_SECONDS = 15
# Everything that changes how a value is written as text, or that would end a long statement; pg_dump sets much the same.
SETTINGS = {
    "search_path": "pg_catalog",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "row_security": "off",  # an error instead of rows that are left out
    "statement_timeout": "0",
    "lock_timeout": "60s",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_connection_check_interval": "2s",  # a killed run's statements end
    "client_encoding": "UTF8",
}

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Database:
    """One database, by libpq's parameters, the password among them."""

    parameters: Mapping[str, str]

    @classmethod
    def of_url(cls, url: str) -> "Database":
        """Return the database of a `DATABASE_URL`; a socket's folder is written postgres:////folder/name."""
        try:
            parts = urlsplit(url)
            host, port = unquote(parts.hostname or ""), parts.port
        except ValueError:
            raise unreadable() from None
        folder, _, name = parts.path.rpartition("/")
        if parts.scheme not in ("postgres", "postgresql") or not name:
            raise unreadable()
        found = {"host": host or unquote(folder.replace("//", "/")), "port": str(port or ""), "dbname": unquote(name)}
        found |= {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
        return cls(parameters={key: value for key, value in found.items() if value} | dict(parse_qsl(parts.query)))

    @property
    def name(self) -> str:
        """The database's name."""
        return self.parameters["dbname"]

    @property
    def conninfo(self) -> str:
        """What programs get on their command line, which every process can read: no password."""
        return make_conninfo("", **{key: value for key, value in self.parameters.items() if key != "password"})

    @property
    def environment(self) -> dict[str, str]:
        """What programs get in their environment, which only their own user can read."""
        return {"PGPASSWORD": self.parameters["password"]} if "password" in self.parameters else {}

    def named(self, name: str) -> "Database":
        """Return another database of the same server."""
        return Database(parameters={**self.parameters, "dbname": name})

    def connect(self, *, is_autocommit: bool = False) -> Connection:
        """Return a connection on which each value has one text. Raises psycopg.Error."""
        given = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "slipway-backup", **self.parameters}
        connection = psycopg.connect(make_conninfo("", **given), autocommit=True)
        connection.execute(
            f"SELECT {', '.join(['set_config(%s, %s, false)'] * len(SETTINGS))}", [*chain(*SETTINGS.items())]
        )
        connection.autocommit = is_autocommit
        return connection


def unreadable() -> OperatorError:
    """Return the error of an address, which is not repeated: there is a password in it."""
    return OperatorError(
        "DATABASE_URL is no address of a database.",
        hint="One is postgres://user:password@host:5432/name",
        status=WRONG_USAGE,
    )


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Turn PostgreSQL's error into an operator's, which says what could not be done."""
    try:
        yield
    except psycopg.Error as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise OperatorError(f"Cannot {what}: {said}", hint="See the server's log, and DATABASE_URL.") from None

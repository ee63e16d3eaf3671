"""Which databases of a server are a restore's, by a comment of ours on each. A name alone says nothing: somebody else may have it."""

import json
from dataclasses import asdict, dataclass, fields

from psycopg import sql

from ops.backup.database import Connection

KEY = "slipway restore"
LOADING, READY, KEPT = "loading", "ready", "kept"
NAME_BYTES = 63  # PostgreSQL's NAMEDATALEN - 1
LIST = """
SELECT datname, oid, shobj_description(oid, 'pg_database'),
  CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END
FROM pg_database WHERE NOT datistemplate ORDER BY datname
"""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a database of ours says of itself.

    `kind` is LOADING (unfinished: swept), READY (loaded and compared, not switched to) or KEPT (was the live one until `at`);
    `database` is the live one that it belongs to; `set_id` the set that it came of, or that took its place; `comment` was its own.
    """

    kind: str
    database: str
    set_id: str
    at: str
    comment: str | None


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A database of ours."""

    name: str
    oid: int
    mark: Mark
    bytes: int


def found(connection: Connection, *, database: str) -> list[Marked]:
    """Return the databases that belong to a live one, the oldest first."""
    each = [
        Marked(name=name, oid=oid, mark=mark, bytes=size or 0)
        for name, oid, comment, size in connection.execute(LIST).fetchall()
        if (mark := read(comment)) is not None and mark.database == database
    ]
    return sorted(each, key=lambda marked: marked.mark.at)


def kept(connection: Connection, *, database: str) -> list[Marked]:
    """Return the databases that were the live one, the last one last."""
    return [each for each in found(connection, database=database) if each.mark.kind == KEPT]


def read(comment: str | None) -> Mark | None:
    """Return the mark in a database's comment; None where it is somebody else's."""
    try:
        facts = json.loads(comment or "")[KEY]
    except (ValueError, KeyError, TypeError):
        return None
    names = {each.name for each in fields(Mark)}
    return Mark(**facts) if isinstance(facts, dict) and set(facts) == names else None


def write(connection: Connection, name: str, mark: Mark) -> None:
    """Put a mark on a database. Raises psycopg.Error."""
    comment_on(connection, name, json.dumps({KEY: asdict(mark)}))


def comment_on(connection: Connection, name: str, comment: str | None) -> None:
    """Set a database's comment. Raises psycopg.Error."""
    query = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))
    connection.execute(query)


def comment(connection: Connection, name: str) -> str | None:
    """Return a database's comment, with our mark where that is one."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = connection.execute(query, [name]).fetchone()
    return row[0] if row else None


def of(connection: Connection, name: str) -> Mark | None:
    """Return a database's mark; None where it has none."""
    return read(comment(connection, name))


def oid_of(connection: Connection, name: str) -> int | None:
    """Return a database's number, which stays when its name changes; None where there is no such database."""
    row = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone()
    return int(row[0]) if row else None


def fresh_name(connection: Connection, database: str, suffix: str) -> str:
    """Return a name that no database has: the live one's, cut where it would be too long, and what it is for."""
    number = 1
    while True:
        end = f"_{suffix}" if number == 1 else f"_{suffix}_{number}"
        name = cut(database, NAME_BYTES - len(end.encode())) + end
        if oid_of(connection, name) is None:
            return name
        number += 1


def cut(name: str, most_bytes: int) -> str:
    """Return as much of a name as fits, in whole characters."""
    return name.encode()[:most_bytes].decode(errors="ignore")

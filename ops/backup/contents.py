"""What is in a database beside its rows: which tables have some, sequences, extensions, roles, encoding. Reads only."""

from dataclasses import dataclass
from typing import Any

from psycopg import sql

from ops.backup.database import Connection

Facts = dict[str, Any]  # what JSON can hold


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table whose rows pg_dump writes. `key` is its name as SQL has it; `condition` limits a table of an extension's own."""

    key: str
    schema: str
    name: str
    columns: tuple[str, ...]
    condition: str
    pages: int


# Ordinary tables, partitions and unlogged ones among them. Without columns that are generated: the dump has none, they are
# computed again. By name, since a restored child of a table may have its columns in another order.
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname), n.nspname, c.relname,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attname COLLATE "C"),
  coalesce(e.extcondition[array_position(e.extconfig, c.oid)], ''), c.relpages
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND (d.objid IS NULL OR c.oid = ANY (e.extconfig))
ORDER BY 1
"""

SEQUENCES = """
SELECT format('%I.%I', n.nspname, c.relname), n.nspname, c.relname, s.seqincrement, s.seqcycle
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relkind = 'S' AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT FROM pg_depend d
  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""

# What a restore computes anew, or leaves where it is.
WITHOUT_ROWS = """
SELECT CASE c.relkind WHEN 'm' THEN 'materialized views' ELSE 'foreign tables' END, array_agg(c.oid::regclass::text ORDER BY 1)
FROM pg_class c WHERE c.relkind IN ('m', 'f') AND c.relnamespace::regnamespace::text NOT LIKE 'pg\\_%' GROUP BY c.relkind
"""

EXTENSIONS = "SELECT extname, extversion FROM pg_extension ORDER BY 1"

LOCALE = """
SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype, datlocprovider AS provider,
  datlocale AS locale, datcollversion AS collation_version
FROM pg_database WHERE datname = current_database()
"""

ROLES = """
SELECT r.rolname, jsonb_build_object(
  'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', r.rolcreaterole, 'createdb', r.rolcreatedb,
  'login', r.rolcanlogin, 'replication', r.rolreplication, 'bypassrls', r.rolbypassrls, 'limit', r.rolconnlimit,
  'until', r.rolvaliduntil, 'settings', to_jsonb(r.rolconfig), 'password', {password},
  'member of', (SELECT jsonb_agg(jsonb_build_array(g.rolname, m.admin_option, m.inherit_option, m.set_option)
    ORDER BY g.rolname, m.grantor) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
FROM pg_roles r WHERE r.rolname NOT LIKE 'pg\\_%' AND r.rolname <> {left_out} ORDER BY 1
"""
# The hash of a password's verifier tells that it is the same, and is of no use to sign in with.
PASSWORD = "(SELECT encode(sha256(a.rolpassword::bytea), 'hex') FROM pg_authid a WHERE a.oid = r.oid)"  # noqa: S105


def tables(connection: Connection) -> list[Table]:
    """Return the tables whose rows a dump has."""
    names = ("key", "schema", "name", "columns", "condition", "pages")
    return [Table(**dict(zip(names, row, strict=True))) for row in connection.execute(TABLES)]


def sequences(connection: Connection) -> Facts:
    """Return where each sequence stands. That is no part of a snapshot: a sequence moves on under it."""
    return {key: position(connection, *row) for key, *row in connection.execute(SEQUENCES).fetchall()}


def position(connection: Connection, schema: str, name: str, increment: int, cycles: bool) -> Facts:  # noqa: FBT001 - a row's
    """Return where one sequence stands."""
    query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, name))
    last, is_called = connection.execute(query).fetchone() or (0, False)
    return {"last": last, "called": is_called, "increment": increment, "cycles": cycles}


def without_rows(connection: Connection) -> Facts:
    """Return what has rows that no dump has: materialized views are computed again, foreign tables are elsewhere."""
    return dict(connection.execute(WITHOUT_ROWS).fetchall())


def extensions(connection: Connection) -> Facts:
    """Return the extensions with their versions."""
    return dict(connection.execute(EXTENSIONS).fetchall())


def locale(connection: Connection) -> Facts:
    """Return the database's encoding and locale."""
    cursor = connection.execute(LOCALE)
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


def is_superuser(connection: Connection) -> bool:
    """Tell whether we may read passwords, as verifiers."""
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def roles(connection: Connection, *, has_passwords: bool, left_out: str = "") -> Facts:
    """Return the server's roles with all that a set has of them."""
    password = sql.SQL(PASSWORD if has_passwords else "NULL")
    query = sql.SQL(ROLES).format(password=password, left_out=sql.Literal(left_out))
    return dict(connection.execute(query).fetchall())


def first_superuser(connection: Connection) -> str:
    """Return the name of the superuser that initdb made."""
    row = connection.execute("SELECT rolname FROM pg_roles WHERE oid = 10").fetchone()
    return str(row[0]) if row else "postgres"


def migrations(connection: Connection) -> Facts:
    """Return the last migration of each Django app; none where there is no Django."""
    found = connection.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
    if not found or not found[0]:
        return {}
    return dict(
        connection.execute("SELECT app, max(name) FROM public.django_migrations GROUP BY app ORDER BY app").fetchall()
    )

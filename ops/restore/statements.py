"""Reads the SQL that pg_restore and pg_dumpall write: splits it, and gives a database another name. Pure functions."""

import re
from collections.abc import Iterator

BEGINNING = re.compile(r"(CREATE|ALTER|COMMENT|GRANT|REVOKE|SET|SELECT|DROP|UPDATE|INSERT)\b|\\|--")
OF_DATABASE = re.compile(
    r"(CREATE DATABASE|ALTER DATABASE|COMMENT ON DATABASE|ALTER ROLE .+ IN DATABASE|(GRANT|REVOKE) .+ ON DATABASE) "
)
PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def split(text: str) -> list[str]:
    """Return the statements. Each begins on a line of its own; a value may have further lines, which stay with it."""
    found: list[str] = []
    for line in text.splitlines():
        if BEGINNING.match(line) and not is_open(found[-1] if found else ""):
            found.append(line)
        elif found:
            found[-1] += f"\n{line}"
    return [each.strip() for each in found if not each.startswith(("--", "\\"))]


def is_open(statement: str) -> bool:
    """Tell whether a statement ends within a value or a name, so that what follows is a part of it."""
    if statement.startswith(("--", "\\")):
        return False
    rest = re.sub(r"""'[^']*'|"[^"]*\"""", "", statement)
    return "'" in rest or '"' in rest


def of_database(text: str, *, database: str, renamed: str) -> Iterator[str]:
    """Yield the statements that make a database and set its owner, rights and settings, for one of another name."""
    name = f"(?:{re.escape(quoted(database))}|{re.escape(database) if PLAIN.fullmatch(database) else '(?!)'})"
    for statement in split(text):
        if found := re.match(rf"({OF_DATABASE.pattern}){name}(?![\w$])", statement, re.DOTALL):
            yield f"{found[1]}{quoted(renamed)}{statement[found.end() :]}"


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def of_role(text: str, *, role: str) -> Iterator[str]:
    """Yield the statements that make a role, and those that make it a member of others."""
    name = f"(?:{re.escape(quoted(role))}|{re.escape(role) if PLAIN.fullmatch(role) else '(?!)'})"
    end = r"(?![\w$\"])"
    own = re.compile(rf"(CREATE ROLE|ALTER ROLE|COMMENT ON ROLE) {name}{end}")
    member = re.compile(rf'GRANT (?:"(?:[^"]|"")*"|[\w$]+) TO {name}{end}')
    for statement in split(text):
        if own.match(statement) or member.match(statement):
            yield statement

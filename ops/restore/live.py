"""What is live at present: looks, and changes nothing."""

from dataclasses import dataclass

import psycopg

from ops.backup import contents
from ops.backup.database import Connection, Database
from ops.restore import marks


@dataclass(frozen=True, kw_only=True)
class Live:
    """The live database: is it there, how many tables has it, and what is wrong where it can't be read."""

    is_there: bool
    tables: int = 0
    migrations: dict[str, str] | None = None
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be replaced."""
        return not self.is_there or (self.tables == 0 and not self.problem)

    @property
    def words(self) -> str:
        """What it is, for people."""
        if not self.is_there:
            return "not there"
        if self.problem:
            return f"there, and can't be read: {self.problem}"
        return f"there, with {self.tables} tables" if self.tables else "there, and empty"


def look(connection: Connection, database: Database) -> Live:
    """Look at the live database. Raises psycopg.Error where the server doesn't answer."""
    if marks.oid_of(connection, database.name) is None:
        return Live(is_there=False)
    try:
        with database.connect() as own:
            return Live(is_there=True, tables=len(contents.tables(own)), migrations=contents.migrations(own))
    except psycopg.Error as error:
        return Live(is_there=True, problem=" ".join(str(error).split()))

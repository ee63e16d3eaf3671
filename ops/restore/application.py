"""Brings the restored database to the code that will use it, and asks the application of it, before it goes live."""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, urlencode

from ops.backup import application, programs
from ops.backup.application import COMMAND, Said
from ops.backup.database import Connection, Database, told
from ops.backup.manifest import Manifest
from ops.backup.progress import Progress
from ops.errors import OperatorError

HINT = "The live database is as it was. Deploy the version that the set is of, or add --without-application-check."
Ask = Callable[[], Said]


@contextlib.contextmanager
def begun(
    connection: Connection, fresh: Database, written: Manifest, progress: Progress, *, is_wanted: bool
) -> Iterator[Callable[[], None]]:
    """Begin to ask the application of the restored database, while it is compared; what is given waits for the answer.

    That runs the migrations that the set lacks, and raises OperatorError where the application can't work with it.
    """
    reason = application.reason_not_to_ask(written) if is_wanted else "so it was asked for"
    if reason:
        yield lambda: progress.say(f"The application is not asked: {reason}")
        return
    environment = of_owner(connection, fresh)
    with asked(fresh, environment) as answered:
        yield lambda: prepare(fresh, answered, environment, progress)


def prepare(fresh: Database, answered: Ask, environment: Mapping[str, str], progress: Progress) -> None:
    """Wait for the answer; where migrations are to be run, run them and ask again."""
    with progress.step("application", "Asking the application of the restored database"):
        said = answered()
    require(fresh, said)
    if not said.pending:
        return
    with progress.step("migrate", f"Running migrations; the set is older than the code: {', '.join(said.pending)}"):
        manage(environment, "migrate", "--noinput", "--verbosity", "0")
        with asked(fresh, environment) as again:
            require(fresh, again())


@contextlib.contextmanager
def asked(fresh: Database, environment: Mapping[str, str]) -> Iterator[Ask]:
    """Ask whether migrations are the code's, and whether the API has answers; give what waits for that."""
    with tempfile.TemporaryFile() as answer:
        question = application.Question(fresh, None, answer, instead=environment)
        with question.program:
            yield question.answered


def require(fresh: Database, said: Said) -> None:
    """Raise OperatorError where the application has found something wrong."""
    if said.problems:
        raise OperatorError(f"{fresh.name} does not go with this application: {'; '.join(said.problems)}.", hint=HINT)


def manage(environment: Mapping[str, str], *words: str) -> str:
    """Run a management command; return what it printed."""
    # System checks are about the machine that serves.
    command = [sys.executable, str(COMMAND), *words, "--skip-checks"]
    return programs.run(command, what=f"run manage.py {words[0]} on it", hint=HINT, environment=environment)


def of_owner(connection: Connection, fresh: Database) -> dict[str, str]:
    """Return the environment of the application: what it makes in the database is to be the owner's, as before."""
    query = "SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = %s"
    with told("ask whose the restored database is"):
        row = connection.execute(query, [fresh.name]).fetchone()
    given = application.environment(fresh) | fresh.environment | {"DATABASE_URL": url(fresh)}
    # Not Django's assume_role: with a pool it waits for the connection that it is a part of.
    return given | ({"PGOPTIONS": f"-c role={escaped(str(row[0]))}"} if row else {})


def escaped(value: str) -> str:
    """Return a value as libpq's options have it."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def url(database: Database) -> str:
    """Return a database's address, as DATABASE_URL has it, but for its password: libpq has that in the environment."""
    found = {key: value for key, value in database.parameters.items() if key != "password"}
    name, host, port = found.pop("dbname"), found.pop("host", ""), found.pop("port", "")
    user, more = quote(found.pop("user", ""), safe=""), urlencode(found)
    end = f"{quote(name, safe='')}{f'?{more}' if more else ''}"
    if host.startswith("/"):
        return f"postgres://{user}@/{host}/{end}"
    return f"postgres://{user}@{host}{f':{port}' if port else ''}/{end}"

"""Fills a database with the rows that all servers are asked for, and tells what requests need of them."""

import base64
import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from apps.accounts import tokens
from benchmarks.peers.questions import SEARCH_OFFSET, SEARCHED, Question
from config.environment import development_values
from embedded.stack import Stack

HERE = Path(__file__).parent
TOLD = ("DATABASE_URL", "REDIS_URL", "DJANGO_SECRET_KEY")
FILES = ("rows.sql", "postgraphile/search.sql")
SIGN_IN = """INSERT INTO accounts_accesstoken (user_id, name, token_hash, prefix, created_at)
  SELECT id, 'bench', %s, %s, now() FROM accounts_user WHERE email = 'bench-1@example.com'"""
BEFORE_SEARCHED = """SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), id FROM gallery_photo
  WHERE search @@ websearch_to_tsquery('english', %s) ORDER BY created_at DESC LIMIT 1 OFFSET %s"""


@dataclass(frozen=True, kw_only=True)
class Data:
    """The filled database: its address, a token of who owns the albums that are renamed, and these albums' titles."""

    url: str
    token: str
    titles: dict[str, str]
    search_after: tuple[str, str]

    def column(self, statement: str, **parameters: Any) -> list[str]:
        """Return the first column of a statement's rows as text."""
        with psycopg.connect(self.url) as connection:
            return [str(row[0]) for row in connection.execute(statement.encode(), parameters).fetchall()]

    def keys(self, question: Question) -> list[str]:
        """Return the ids of which one request takes one."""
        return self.column(question.choice) if question.choice else []

    def words(self, question: Question, key: str) -> Sequence[str]:
        """Return the words that the right answer has, sorted."""
        return sorted(self.column(question.words, id=key, searched=SEARCHED, offset=SEARCH_OFFSET))


@dataclass(frozen=True, kw_only=True)
class Filled:
    """Servers that were started for this, filled: a folder of the run, processes by name, and what is told to who is asked."""

    folder: Path
    data: Data
    processes: dict[str, int]
    servers: Mapping[str, Any]
    environment: dict[str, str]


@contextlib.contextmanager
def filled(*, photos: int) -> Iterator[Filled]:
    """Start PostgreSQL and Valkey, fill, hand all over, and stop them."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may have to be another user's
        with Stack(folder, environment={**development_values(), "ENV_FILE": ""}, is_durable=False) as stack:
            stack.start_servers()
            yield Filled(
                folder=folder,
                data=fill(stack, photos=photos),
                processes={name: server.child.process.pid for name, server in stack.servers.items() if server.child},
                servers=stack.servers,
                environment={name: stack.environment[name] for name in TOLD},
            )


def fill(stack: Stack, *, photos: int) -> Data:
    """Migrate, fill, and have PostgreSQL look at what it got."""
    stack.manage("migrate", "--verbosity", "0")
    token, url = tokens.new_token(), stack.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT set_config('bench.photos', %s, false)", [str(photos)])
        for name in FILES:
            connection.execute((HERE / name).read_bytes())
        connection.execute(SIGN_IN, [tokens.hash_of(token), tokens.prefix_of(token)])
        connection.execute("VACUUM (ANALYZE)")
        titles = {str(key): title for key, title in connection.execute("SELECT id, title FROM gallery_album")}
        row = connection.execute(BEFORE_SEARCHED, [SEARCHED, SEARCH_OFFSET - 1]).fetchone()
    assert row is not None  # noqa: S101 - rows.sql makes more
    return Data(url=url, token=token, titles=titles, search_after=(row[0], str(row[1])))


def cursor(place: tuple[str, str]) -> str:
    """Return the cursor of a place in the newest photos, as the API gives it."""
    text = json.dumps(["photos.newest", *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

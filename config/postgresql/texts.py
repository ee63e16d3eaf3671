"""Reads times and UUIDs as the texts that PostgreSQL sends. Most are sent on, and Python's objects would be written again as texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, SafeUUID
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.types.string import TextLoader

from config.postgresql.times import UTCLoader

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Field

TIME, UUIDS = "timestamp with time zone", "uuid"  # as Django names the types of columns
UNQUOTED = re.compile(r"[0-9a-f-]+(?:,[0-9a-f-]+)*")
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00")
PLAIN_LENGTH = len("2026-12-01 12:00:00.123456+00")


def read_texts(adapters: AdaptersMap) -> None:
    """Have times and UUIDs read as texts, by a connection or a cursor."""
    for name in ("timestamptz", "uuid"):
        adapters.register_loader(name, TextLoader)


def object_of(column: Field[Any, Any]) -> Callable[[str], Any] | None:
    """Return what makes a column's value out of its text, None where it comes as it is."""
    readers: dict[str, Callable[[str], Any]] = {TIME: time_of, UUIDS: uuid_of}
    return readers.get(str(column.db_type(connection)))


def uuid_of(text: str) -> UUID:
    """Return a UUID. PostgreSQL writes each in one form, so nothing of it has to be looked at."""
    found = object.__new__(UUID)
    object.__setattr__(found, "int", int(text.replace("-", ""), 16))
    object.__setattr__(found, "is_safe", SafeUUID.unknown)
    return found


def time_of(text: str) -> datetime:
    """Return a time. Raises what Django raises for one that Python has none for."""
    found: datetime = UTCLoader(0).load(text.encode()) if text.endswith("+00") else datetime.fromisoformat(text)
    return found


def iso_of(text: str) -> str:
    """Return a time as `datetime.isoformat` writes it. PostgreSQL leaves out the last zeros of a second's fraction."""
    if PLAIN_TIME.fullmatch(text):
        fraction = f".{text[20:-3]:0<6}" if text[19] == "." else ""
        return f"{text[:10]}T{text[11:19]}{fraction}+00:00"
    return time_of(text).isoformat()


def text_of(value: Any) -> Any:
    """Return an object as the text that the others come as; anything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ")
    return str(value) if isinstance(value, UUID) else value


def array_of(keys: list[Any]) -> Any:
    """Return rows' keys as a statement takes them: as one text where they need no quotes, else as they are."""
    texts = ",".join(keys) if all(type(key) is str for key in keys) else ""
    is_plain = UNQUOTED.fullmatch(texts) and texts.count(",") == len(keys) - 1
    return f"{{{texts}}}" if is_plain else keys


def rows_in_texts(cursor: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that a cursor of Django's has executed."""
    executed = cursor.cursor
    transformer = Transformer(Adapting(executed.connection, adapters_of(executed.connection)))
    transformer.set_pgresult(executed.pgresult)
    return transformer.load_rows(0, executed.pgresult.ntuples, tuple)


@dataclass(frozen=True, slots=True)
class Adapting:
    """By what values are adapted, and for which connection."""

    connection: Any
    adapters: AdaptersMap


by_connections: WeakKeyDictionary[AdaptersMap, AdaptersMap] = WeakKeyDictionary()


def adapters_of(connection: Any) -> AdaptersMap:
    """Return what a connection adapts values by, with texts; made once for each."""
    found = by_connections.get(connection.adapters)
    if found is None:
        found = by_connections[connection.adapters] = AdaptersMap(connection.adapters)
        read_texts(found)
    return found

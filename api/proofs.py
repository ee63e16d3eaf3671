"""What proves that who sent credentials before is still the same: that the rows of the session or token and of the user are.

Raises psycopg.Error where the event loop can't look them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import parse_cookie

from apps.accounts import tokens
from apps.accounts.bearer import token_in
from apps.accounts.models import AccessToken
from config.postgresql.beside import of_this_loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.credentials import Credentials

FOUND = """"credential".ctid::text, "credential".xmin::text, "user".ctid::text, "user".xmin::text"""
ROWS = f"""SELECT {FOUND} FROM "{{table}}" AS "credential", "{{users}}" AS "user"
  WHERE "credential"."{{column}}" = %s AND "user"."{{key}}" = %s"""  # noqa: S608 - names of tables and columns, no client's words
SEVERAL = f"""SELECT "credential"."{{column}}"::text, "user"."{{key}}"::text, {FOUND}
  FROM unnest(%s::text[], %s::text[]) AS "sent" ("value", "key")
  JOIN "{{table}}" AS "credential" ON "credential"."{{column}}" = "sent"."value"
  JOIN "{{users}}" AS "user" ON "user"."{{key}}" = "sent"."key"::{{kind}}"""  # noqa: S608 - as above


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """The look-up, what it is given and the row that it found. Whoever sent the credentials is the user while it finds the same.

    `several` is the look-up of more than one of its kind.
    """

    sql: str
    several: str
    given: tuple[str, Any]
    found: tuple[Any, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What it is told by among several."""
        return self.given[0], str(self.given[1])

    async def holds(self) -> bool:
        """Tell whether the look-up finds what it found. In the loop's thread."""
        async with of_this_loop().one() as lent:
            return await lent.rows(self.sql, self.given) == [self.found]


async def that_hold(proofs: Sequence[Proof]) -> set[Proof]:
    """Return those whose look-up finds what it found, by one statement for all of a kind. In the loop's thread."""
    rows: dict[tuple[str, str], tuple[Any, ...]] = {}
    for sql in {each.several for each in proofs}:
        values, users = zip(*{each.key for each in proofs if each.several == sql}, strict=True)
        async with of_this_loop().one() as lent:
            rows |= {row[:2]: row[2:] for row in await lent.rows(sql, [list(values), list(users)])}
    return {each for each in proofs if rows.get(each.key) == each.found}


def proof_of(sent: Credentials, user_id: Any) -> Proof | None:
    """Return the proof of credentials, None where the rows are not there. In a thread."""
    users = get_user_model()._meta
    token = token_in(sent.authorization)
    table, column, value = (
        (Session._meta.db_table, "session_key", session_key(sent))
        if token is None
        else (AccessToken._meta.db_table, "token_hash", tokens.hash_of(token))
    )
    names = {"table": table, "column": column, "users": users.db_table, "key": users.pk.column}
    sql, several = ROWS.format(**names), SEVERAL.format(**names, kind=users.pk.db_type(connection))
    given = value, user_id
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found = cursor.fetchone()
    return Proof(sql=sql, several=several, given=given, found=tuple(found)) if found else None


def session_key(sent: Credentials) -> str:
    """Return the session's key."""
    return str(parse_cookie(sent.cookies).get(settings.SESSION_COOKIE_NAME, ""))

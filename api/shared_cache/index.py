"""Which answers nginx keeps, by what they were made of: in Redis, for all processes. An answer stays here for longer than there.

An answer that is older than a write is not noted after it: each write leaves its time behind at what it changed, and an answer says
when it was begun. Times are Redis's own. One that was noted before, and is not sent yet, is told apart: nginx may not have it so far.
Where Redis is away nothing is noted, and what is not noted nginx is not given to keep.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import redis
from django.conf import settings

from api.gcra import RedisAwayError, breaker, server
from api.shared_cache.surrogates import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "slipway:answers:"
ANSWERS_MAX = 20_000
MARGIN_SECONDS = 60  # how much later than we an nginx may begin to count, at most: its proxy_read_timeout
SENT_SECONDS = 5  # by then an answer that was noted is sent, or its process is no more
LOOK_SECONDS = 0.005
Noted = Literal["stored", "changed", "full"]

KEEPING = """
local prefix, key, began, seconds, room = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local sending, sent_seconds = ARGV[6], tonumber(ARGV[7])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
for place = 8, #ARGV do
  local written = redis.call('GET', prefix .. 'written:' .. ARGV[place])
  if written and tonumber(written) >= began then return 'changed' end
end
local all = prefix .. 'of:' .. ARGV[8]
redis.call('ZREMRANGEBYSCORE', all, '-inf', now)
if redis.call('ZCARD', all) >= room and not redis.call('ZSCORE', all, key) then return 'full' end
for place = 8, #ARGV do
  local of = prefix .. 'of:' .. ARGV[place]
  redis.call('ZREMRANGEBYSCORE', of, '-inf', now)
  redis.call('ZADD', of, now + seconds * 1000000, key)
  if redis.call('TTL', of) < seconds then redis.call('EXPIRE', of, seconds) end
end
redis.call('ZADD', prefix .. 'sending', now, sending .. ' ' .. key)
redis.call('ZREMRANGEBYSCORE', prefix .. 'sending', '-inf', now - sent_seconds * 1000000)
redis.call('EXPIRE', prefix .. 'sending', sent_seconds)
return 'stored'
"""
TAKING = """
local prefix, seconds, sent_seconds = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local seen, keys, sending = {}, {}, {}
for place = 4, #ARGV do
  redis.call('SET', prefix .. 'written:' .. ARGV[place], string.format('%.0f', now), 'EX', seconds)
  local of = prefix .. 'of:' .. ARGV[place]
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', of, now, '+inf')) do
    if not seen[key] then
      seen[key] = true
      table.insert(keys, key)
      redis.call('ZREM', prefix .. 'of:*', key)
    end
  end
  redis.call('DEL', of)
end
for _, each in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'sending', now - sent_seconds * 1000000, '+inf')) do
  if seen[string.sub(each, string.find(each, ' ', 1, true) + 1)] then table.insert(sending, each) end
end
return {keys, sending}
"""


@cache
def keeping() -> Any:
    """Return the script that notes an answer."""
    return server().register_script(KEEPING)


@cache
def taking() -> Any:
    """Return the script that takes answers out."""
    return server().register_script(TAKING)


def now() -> int:
    """Return Redis's time in microseconds; raises RedisAwayError."""
    seconds, microseconds = asked(lambda: server().time())
    return int(seconds) * 1_000_000 + int(microseconds)


def keep(key: str, *, made_of: Iterable[str], began: int, seconds: int, sending: str) -> Noted:
    """Note that nginx will keep an answer, begun at that time of Redis's, for so long; raises RedisAwayError.

    'changed' and 'full' say that it was not noted: something was written to what it is made of, or there are too many. `sending` is
    a name for it on its way (`new_sending`), until it is `sent`.
    """
    surrogates = [EVERYTHING, *(each for each in made_of if each != EVERYTHING)]
    told = [PREFIX, key.encode("latin-1"), began, seconds + MARGIN_SECONDS, ANSWERS_MAX, sending, SENT_SECONDS]
    noted: Noted = asked(lambda: keeping()(args=[*told, *surrogates])).decode()
    return noted


def new_sending() -> str:
    """Return a name that no other answer has."""
    return secrets.token_hex(8)


def sent(sending: str, key: str) -> None:
    """Note that an answer has been sent; raises RedisAwayError."""
    asked(lambda: server().zrem(f"{PREFIX}sending", f"{sending} {key}".encode("latin-1")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """Keys of answers that nginx has, and of those among them that are still to be sent to it, under their names."""

    keys: list[str]
    sending: list[str]

    @property
    def on_their_way(self) -> list[str]:
        """The keys of those that are still to be sent."""
        return sorted({each.partition(" ")[2] for each in self.sending})


def take(made_of: Iterable[str]) -> Taken:
    """Take the answers out that were made of any of these, and let none in that was begun before; raises RedisAwayError."""
    seconds = 2 * settings.GRAPHQL_TIMEOUT_SECONDS + MARGIN_SECONDS  # no answer is begun earlier and still to come
    keys, sending = asked(lambda: taking()(args=[PREFIX, seconds, SENT_SECONDS, *made_of]))
    return Taken(keys=[each.decode("latin-1") for each in keys], sending=[each.decode("latin-1") for each in sending])


def wait_until_sent(taken: Taken, *, seconds: float) -> None:
    """Wait until the answers that were taken out are sent, for so long at most; raises RedisAwayError."""
    deadline = time.monotonic() + seconds
    names: Any = [each.encode("latin-1") for each in taken.sending]
    while any(asked(lambda: server().zmscore(f"{PREFIX}sending", names))) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def asked(ask: Any) -> Any:
    """Return Redis's answer; raises RedisAwayError, at once where it was away a moment ago."""
    if breaker.is_open:
        raise RedisAwayError
    try:
        return ask()
    except redis.RedisError as error:
        breaker.open()
        raise RedisAwayError from error

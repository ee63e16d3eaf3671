"""Which answers nginx keeps, by what they were made of: in Redis, for all processes. An answer stays here for longer than there.

An answer that is older than a write is not noted after it: each write leaves its time behind at what it changed, and an answer says
when it was begun. Times are Redis's own. Where Redis is away nothing is noted, and what is not noted nginx is not given to keep.
"""

from __future__ import annotations

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
YOUNG_SECONDS = 2  # an answer that was noted so shortly ago may still be on its way to nginx
Noted = Literal["stored", "changed", "full"]

KEEPING = """
local prefix, key, began, seconds, room = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
for place = 6, #ARGV do
  local written = redis.call('GET', prefix .. 'written:' .. ARGV[place])
  if written and tonumber(written) >= began then return 'changed' end
end
local all = prefix .. 'of:' .. ARGV[6]
redis.call('ZREMRANGEBYSCORE', all, '-inf', now)
if redis.call('ZCARD', all) >= room and not redis.call('ZSCORE', all, key) then return 'full' end
for place = 6, #ARGV do
  local of = prefix .. 'of:' .. ARGV[place]
  redis.call('ZREMRANGEBYSCORE', of, '-inf', now)
  redis.call('ZADD', of, now + seconds * 1000000, key)
  if redis.call('TTL', of) < seconds then redis.call('EXPIRE', of, seconds) end
end
redis.call('ZADD', prefix .. 'young', now, key)
redis.call('ZREMRANGEBYSCORE', prefix .. 'young', '-inf', now - 10000000)
redis.call('EXPIRE', prefix .. 'young', 60)
return 'stored'
"""
TAKING = """
local prefix, seconds, young_seconds = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local seen, old, young = {}, {}, {}
for place = 4, #ARGV do
  redis.call('SET', prefix .. 'written:' .. ARGV[place], string.format('%.0f', now), 'EX', seconds)
  local of = prefix .. 'of:' .. ARGV[place]
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', of, now, '+inf')) do
    if not seen[key] then
      seen[key] = true
      local since = redis.call('ZSCORE', prefix .. 'young', key)
      table.insert(since and now - since < young_seconds * 1000000 and young or old, key)
      redis.call('ZREM', prefix .. 'of:*', key)
    end
  end
  redis.call('DEL', of)
end
return {old, young}
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


def keep(key: str, *, made_of: Iterable[str], began: int, seconds: int) -> Noted:
    """Note that nginx will keep an answer, begun at that time of Redis's, for so long; raises RedisAwayError.

    'changed' and 'full' say that it was not noted: something was written to what it is made of, or there are too many.
    """
    surrogates = [EVERYTHING, *(each for each in made_of if each != EVERYTHING)]
    found = asked(
        lambda: keeping()(
            args=[PREFIX, key.encode("latin-1"), began, seconds + MARGIN_SECONDS, ANSWERS_MAX, *surrogates]
        )
    )
    noted: Noted = found.decode()
    return noted


def take(made_of: Iterable[str]) -> tuple[list[str], list[str]]:
    """Take the answers out that were made of any of these, and let none in that was begun before; raises RedisAwayError.

    Return their keys, apart those that may still be on their way to nginx.
    """
    seconds = 2 * settings.GRAPHQL_TIMEOUT_SECONDS + MARGIN_SECONDS  # no answer is begun earlier and still to come
    old, young = asked(lambda: taking()(args=[PREFIX, seconds, YOUNG_SECONDS, *made_of]))
    return [each.decode("latin-1") for each in old], [each.decode("latin-1") for each in young]


def asked(ask: Any) -> Any:
    """Return Redis's answer; raises RedisAwayError, at once where it was away a moment ago."""
    if breaker.is_open:
        raise RedisAwayError
    try:
        return ask()
    except redis.RedisError as error:
        breaker.open()
        raise RedisAwayError from error

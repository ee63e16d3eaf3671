"""Says which sets may go. A pure function over their times: removes nothing, and reads no clock."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

UNVERIFIED_FOR = datetime.timedelta(hours=48)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is kept: the union of all of these. `least` is how many of the newest that count, whatever their age."""

    days: int
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    least: int = 3


class Dated(Protocol):
    """What a set is to retention."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def at(self) -> datetime.datetime:
        """When it was taken."""

    @property
    def counts(self) -> bool:
        """Whether it has been restored, and was equal."""

    @property
    def is_pinned(self) -> bool:
        """Whether somebody wants it kept."""


def expired(sets: Iterable[Dated], rules: Rules, *, now: datetime.datetime) -> list[str]:
    """Return the ids of the sets that may go. Never a pinned one, the newest that counts, or any where none counts."""
    newest_first = sorted(sets, key=lambda each: (each.at, each.id), reverse=True)
    counting = [each for each in newest_first if each.counts]
    if not counting:
        return []
    kept = {each.id for each in newest_first if each.is_pinned or is_recent(each, rules, now)}
    kept |= {each.id for each in counting[: max(rules.least, 1)]}
    kept |= last_of_each(counting, rules.daily, period=lambda at: at.strftime("%Y-%m-%d"))
    kept |= last_of_each(counting, rules.weekly, period=lambda at: at.strftime("%G-%V"))
    kept |= last_of_each(counting, rules.monthly, period=lambda at: at.strftime("%Y-%m"))
    return sorted(each.id for each in newest_first if each.id not in kept)


def is_recent(each: Dated, rules: Rules, now: datetime.datetime) -> bool:
    """Tell whether age alone keeps a set: days where it counts, hours where it doesn't, for somebody to look at it."""
    return now - each.at < (datetime.timedelta(days=rules.days) if each.counts else UNVERIFIED_FOR)


def last_of_each(newest_first: Sequence[Dated], number: int, *, period: Callable[[datetime.datetime], str]) -> set[str]:
    """Return the newest set of each of the last so many days, weeks or months that have one."""
    newest: dict[str, str] = {}
    for each in newest_first:
        newest.setdefault(period(each.at), each.id)
    return set(list(newest.values())[:number])

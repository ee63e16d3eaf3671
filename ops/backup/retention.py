"""Says which sets may go. A pure function over their times: removes nothing, and reads no clock."""

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

UNVERIFIED_FOR = datetime.timedelta(hours=48)
BEFORE_RESTORE_FOR = datetime.timedelta(days=7)


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

    @property
    def is_before_restore(self) -> bool:
        """Whether it was taken of what a restore was about to replace."""


def expired(sets: Iterable[Dated], rules: Rules, *, now: datetime.datetime, needed: Collection[str] = ()) -> list[str]:
    """Return the ids of the sets that may go. Never a pinned one, the newest that counts, or any where none counts.

    `needed` are ids that something else needs: the last set that is off this machine, a snapshot that a set belongs to.
    """
    newest_first = sorted(sets, key=lambda each: (each.at, each.id), reverse=True)
    # One that was taken before a restore has what was to be replaced: it must not push out a good one.
    counting = [each for each in newest_first if each.counts and not each.is_before_restore]
    if not counting:
        return []
    kept = {each.id for each in newest_first if each.is_pinned or is_recent(each, rules, now)}
    kept |= {each.id for each in counting[: max(rules.least, 1)]} | set(needed)
    kept |= last_of_each(counting, rules.daily, period=lambda at: at.strftime("%Y-%m-%d"))
    kept |= last_of_each(counting, rules.weekly, period=lambda at: at.strftime("%G-%V"))
    kept |= last_of_each(counting, rules.monthly, period=lambda at: at.strftime("%Y-%m"))
    return sorted(each.id for each in newest_first if each.id not in kept)


def is_recent(each: Dated, rules: Rules, now: datetime.datetime) -> bool:
    """Tell whether age alone keeps a set: days where it counts, hours where it doesn't, for somebody to look at it."""
    days = datetime.timedelta(days=rules.days) if each.counts else UNVERIFIED_FOR
    return now - each.at < max(days, BEFORE_RESTORE_FOR if each.is_before_restore else days)


def last_of_each(newest_first: Sequence[Dated], number: int, *, period: Callable[[datetime.datetime], str]) -> set[str]:
    """Return the newest set of each of the last so many days, weeks or months that have one."""
    newest: dict[str, str] = {}
    for each in newest_first:
        newest.setdefault(period(each.at), each.id)
    return set(list(newest.values())[:number])

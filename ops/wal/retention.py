"""Says which base backups and which WAL may go. A pure function over times and positions: removes nothing, and reads no clock."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from ops.wal import bases
from ops.wal.bases import Base


@dataclass(frozen=True, kw_only=True)
class Expired:
    """What may go: base backups, and the segments before a number; None where no segment may."""

    bases: Sequence[Base]
    before_segment: int | None


def expired(everything: Sequence[Base], *, days: int, now: datetime.datetime) -> Expired:
    """Return what no time of the last so many days needs.

    Each of those times is recovered from the newest base backup before it. Kept are, so, the newest of those that are older than
    that, and all after it, with what they build on; WAL from the first of them on, not from what they build on. Never the newest.
    """
    usable = sorted((base for base in everything if bases.chain(base, everything)), key=lambda base: base.at)
    if not usable:
        return Expired(bases=[], before_segment=None)
    begins = now - datetime.timedelta(days=days)
    older = [base for base in usable if base.at <= begins]
    wanted = [base for base in usable if base.at > begins] + older[-1:]
    kept = {link.id for base in wanted for link in bases.chain(base, everything) or ()}
    first = min(base.first_segment for base in wanted)
    # One whose chain is broken leads nowhere; it goes once it is as old as what would go, for somebody may look at it until then.
    going = [base for base in everything if base.id not in kept and base.at <= begins]
    return Expired(bases=going, before_segment=first)

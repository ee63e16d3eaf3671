"""What may go and what never does, over generated histories of base backups."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from ops.wal import bases, retention
from ops.wal.bases import Base

NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
SEGMENT_BYTES = 1 << 20


def base(number: int, *, hours_ago: float, parent: str | None) -> Base:
    ended = (NOW - datetime.timedelta(hours=hours_ago)).isoformat()
    return Base(
        id=f"{number:04}", parent=parent, system_identifier="1", segment_bytes=SEGMENT_BYTES, timeline=1,
        start=number * 10 * SEGMENT_BYTES, end=number * 10 * SEGMENT_BYTES + 500, started_at=ended, ended_at=ended,
        server="18.6", superuser="postgres", seconds=1, unpacked_bytes=1, files={},
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Base]:
    """Base backups one after the other, each full or building on one before it, which may be gone."""
    ages = sorted(draw(st.lists(st.integers(0, 60 * 24), min_size=0, max_size=12, unique=True)), reverse=True)
    found: list[Base] = []
    for number, hours in enumerate(ages):
        parents = [None, *[each.id for each in found], "gone"]
        found.append(base(number, hours_ago=hours, parent=draw(st.sampled_from(parents))))
    return found


def way_to(moment: datetime.datetime, everything: list[Base], first_segment: int) -> list[Base]:
    """Return the chain that leads to a time, by the WAL from a segment on; nothing where none does."""
    fitting = [
        each
        for each in everything
        if each.at <= moment and bases.chain(each, everything) and each.first_segment >= first_segment
    ]
    return list(bases.chain(max(fitting, key=lambda each: each.at), everything) or ()) if fitting else []


@given(histories(), st.integers(1, 30), st.integers(0, 31 * 24))
def test_every_second_of_the_window_that_could_be_had_still_can(
    everything: list[Base], days: int, hours_ago: int
) -> None:
    moment = NOW - datetime.timedelta(hours=min(hours_ago, days * 24))
    going = retention.expired(everything, days=days, now=NOW)
    left = [each for each in everything if each not in going.bases]
    assert way_to(moment, left, going.before_segment or 0) == way_to(moment, everything, 0)


@given(histories(), st.integers(1, 30))
def test_the_newest_and_all_that_it_needs_stays(everything: list[Base], days: int) -> None:
    going = retention.expired(everything, days=days, now=NOW)
    usable = [each for each in everything if bases.chain(each, everything)]
    assert len(going.bases) < len(everything) or not everything
    for link in bases.chain(usable[-1], everything) or () if usable else ():
        assert link not in going.bases
    if usable:
        assert going.before_segment is not None
        assert going.before_segment <= usable[-1].first_segment


@given(histories(), st.integers(1, 30))
def test_a_second_run_finds_nothing_more(everything: list[Base], days: int) -> None:
    going = retention.expired(everything, days=days, now=NOW)
    left = [each for each in everything if each not in going.bases]
    again = retention.expired(left, days=days, now=NOW)
    assert (again.bases, again.before_segment) == ([], going.before_segment)


def test_what_is_older_than_the_window_goes_with_its_wal() -> None:
    full = [base(number, hours_ago=24 * (20 - number), parent=None) for number in range(20)]
    going = retention.expired(full, days=7, now=NOW)
    assert [each.id for each in going.bases] == [f"{number:04}" for number in range(13)]
    assert going.before_segment == full[13].first_segment


def test_a_full_one_stays_for_what_builds_on_it_and_its_own_wal_goes() -> None:
    full = base(0, hours_ago=24 * 10, parent=None)
    incremental = [base(number, hours_ago=24 * (10 - number), parent=f"{number - 1:04}") for number in range(1, 10)]
    going = retention.expired([full, *incremental], days=7, now=NOW)
    assert going.bases == []
    assert going.before_segment == incremental[2].first_segment

"""Properties of the clock: over any moment, and over the hours that a zone skips and has twice."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.service.schedule import dues, next_due, previous_due

BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
LINES = ("0 3 * * *", "30 2 * * *", "*/15 * * * *", "0 * * * *", "0 5 * * 0", "15 1,13 1 * *", "0 0 * * 1-5")
DAY = datetime.timedelta(days=1)
ZONES = [BERLIN, UTC, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe")]

moments = st.datetimes(datetime.datetime(2024, 1, 1), datetime.datetime(2028, 1, 1), timezones=st.just(datetime.UTC))  # noqa: DTZ001
lines, zones = st.sampled_from(LINES), st.sampled_from(ZONES)
# Around the two nights of a year in which Berlin's clocks change.
CHANGES = (
    datetime.datetime(2026, 3, 29, 1, tzinfo=datetime.UTC),
    datetime.datetime(2026, 10, 25, 1, tzinfo=datetime.UTC),
)
near = st.builds(
    lambda change, minutes: change + datetime.timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-180, 180),
)
some = settings(max_examples=60)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


@some
@given(line=lines, zone=zones, now=moments | near)
def test_the_next_due_time_is_ahead_and_the_previous_one_is_not(
    line: str, zone: ZoneInfo, now: datetime.datetime
) -> None:
    upcoming, last = next_due(line, zone, after=now), previous_due(line, zone, before=now)
    assert last is not None
    assert last <= now < upcoming


@some
@given(line=lines, zone=zones, now=moments | near)
def test_nothing_is_due_between_the_previous_and_the_next_due_time(
    line: str, zone: ZoneInfo, now: datetime.datetime
) -> None:
    last = previous_due(line, zone, before=now)
    assert last is not None
    assert next_due(line, zone, after=last) == next_due(line, zone, after=now)


@some
@given(line=lines, zone=zones, start=moments | near, steps=st.lists(st.integers(1, 3 * 86_400), min_size=1, max_size=8))
def test_whoever_looks_every_now_and_then_sees_every_due_time_once(
    line: str, zone: ZoneInfo, start: datetime.datetime, steps: list[int]
) -> None:
    end, seen, handled = start + datetime.timedelta(seconds=sum(steps)), [], start
    now = start
    for step in steps:
        now += datetime.timedelta(seconds=step)
        while (due := next_due(line, zone, after=handled)) <= now:
            seen.append(due)
            handled = due
    expected = []
    for due in dues(line, zone, after=start):
        if due > end:
            break
        expected.append(due)
    assert seen == expected


@some
@given(day=st.dates(datetime.date(2025, 1, 1), datetime.date(2027, 12, 31)), minute=st.integers(0, 239))
def test_a_nightly_line_is_due_once_on_every_day_of_berlin_s(day: datetime.date, minute: int) -> None:
    line = f"{minute % 60} {minute // 60} * * *"
    midnight = datetime.datetime.combine(day, datetime.time(), tzinfo=BERLIN)
    begin = midnight.astimezone(datetime.UTC) - datetime.timedelta(seconds=1)
    end = datetime.datetime.combine(day + DAY, datetime.time(), tzinfo=BERLIN).astimezone(datetime.UTC)
    found = []
    for due in dues(line, BERLIN, after=begin):
        if due >= end:
            break
        found.append(due)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00"),  # 02:30 is not there: right behind the gap
        ("2026-03-29T12:00:00+02:00", "2026-03-30T02:30:00+02:00"),
        ("2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00"),  # the first of the two 02:30
        ("2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"),
        ("2026-10-25T02:10:00+01:00", "2026-10-26T02:30:00+01:00"),  # before the second 02:30, which does not count
    ],
)
def test_half_past_two_in_berlin_when_clocks_change(after: str, due: str) -> None:
    assert next_due("30 2 * * *", BERLIN, after=at(after)) == at(due)


def test_a_leap_day_is_found_years_back() -> None:
    assert previous_due("0 0 29 2 *", UTC, before=at("2027-03-01T00:00:00+00:00")) == at("2024-02-29T00:00:00+00:00")

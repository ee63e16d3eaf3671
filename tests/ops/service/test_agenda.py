"""What runs when, with a clock of the tests' own: days off, clocks that jump, runs that fail."""

import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.service import agenda
from ops.service.state import Past

UTC = ZoneInfo("UTC")
NIGHTLY = "0 3 * * *"
STEP = datetime.timedelta(minutes=5)
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
MONDAY = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


class Clock:
    """A job under a clock that is looked at every few minutes; `runs` are the times at which it ran."""

    def __init__(self, line: str = NIGHTLY, *, now: datetime.datetime = MONDAY, at_once: bool = False) -> None:
        self.line, self.now, self.past = line, now, Past()
        self.runs: list[datetime.datetime] = []
        self.is_failing = False
        agenda.begin(self.past, now=now, at_once=at_once)

    def look(self) -> None:
        agenda.put_right(self.past, now=self.now)
        due = agenda.due_at(self.line, UTC, self.past)
        if due is None or due > self.now:
            return
        self.runs.append(self.now)
        ended = self.now + MINUTE
        if self.is_failing:
            agenda.failed(self.past, started=self.now, ended=ended, problem="no", hint="look")
        else:
            agenda.succeeded(self.past, started=self.now, ended=ended, seconds=60)

    def live(self, time: datetime.timedelta) -> None:
        end = self.now + time
        while self.now < end:
            self.look()
            self.now += STEP


def test_a_job_runs_when_it_is_due_and_once() -> None:
    clock = Clock()
    clock.live(3 * DAY)
    assert clock.runs == [datetime.datetime(2026, 11, day, 3, tzinfo=datetime.UTC) for day in (24, 25, 26)]


def test_a_first_start_without_a_backup_does_not_wait_for_the_night() -> None:
    clock = Clock(at_once=True)
    clock.live(DAY)
    assert clock.runs == [MONDAY, datetime.datetime(2026, 11, 24, 3, tzinfo=datetime.UTC)]


def test_three_days_off_are_one_run_at_once() -> None:
    clock = Clock()
    clock.live(DAY)
    clock.now += 3 * DAY
    clock.live(2 * HOUR)
    assert clock.runs[1:] == [MONDAY + 4 * DAY]


def test_a_run_that_failed_is_tried_again_and_then_given_up_until_the_next_night() -> None:
    clock = Clock()
    clock.is_failing = True
    clock.live(DAY)
    assert len(clock.runs) == agenda.ATTEMPTS
    assert all(
        later - earlier >= agenda.AGAIN_AFTER for earlier, later in zip(clock.runs, clock.runs[1:], strict=False)
    )
    clock.is_failing = False
    clock.live(DAY)
    assert clock.runs[-1] == datetime.datetime(2026, 11, 25, 3, tzinfo=datetime.UTC)
    assert clock.past.problem == ""


def test_a_second_attempt_that_is_well_is_the_last() -> None:
    clock = Clock()
    clock.is_failing = True
    clock.live(datetime.timedelta(hours=15, minutes=5))
    clock.is_failing = False
    clock.live(DAY - 6 * HOUR)
    assert len(clock.runs) == 2


def test_a_job_that_another_run_keeps_out_is_tried_later_and_has_not_failed() -> None:
    clock = Clock(now=datetime.datetime(2026, 11, 24, 3, tzinfo=datetime.UTC) - MINUTE)
    clock.now += MINUTE
    agenda.postpone(clock.past, now=clock.now)
    clock.live(HOUR)
    assert clock.runs == [datetime.datetime(2026, 11, 24, 3, 10, tzinfo=datetime.UTC)]
    assert (clock.past.failures, clock.past.attempts) == (0, 0)


def test_a_clock_that_is_put_back_by_days_does_not_stop_the_backups_for_days() -> None:
    clock = Clock()
    clock.now += 30 * DAY  # it was wrong
    clock.live(DAY)
    wrong = len(clock.runs)
    clock.now -= 31 * DAY
    clock.live(2 * DAY)
    assert clock.runs[wrong:] == [datetime.datetime(2026, 11, day, 3, tzinfo=datetime.UTC) for day in (24, 25)]


@settings(max_examples=25)
@given(jumps=st.lists(st.tuples(st.integers(1, 30), st.integers(-72, 72)), max_size=4))
def test_whatever_the_clock_does_a_night_after_it_is_right_a_backup_is_taken(jumps: list[tuple[int, int]]) -> None:
    clock = Clock("0 */6 * * *")
    for hours, jump in jumps:
        clock.live(hours * HOUR)
        clock.now += jump * HOUR
    before = len(clock.runs)
    clock.live(7 * HOUR + 2 * agenda.TRUSTED_JUMP)
    assert 1 <= len(clock.runs) - before <= 3
    assert clock.past.succeeded is not None
    assert clock.past.succeeded <= clock.now


@settings(max_examples=10)
@given(jump=st.integers(1, 11).map(lambda step: 5 * step))
def test_a_clock_that_is_put_back_by_minutes_does_not_do_a_night_twice(jump: int) -> None:
    clock = Clock(now=datetime.datetime(2026, 11, 24, 2, 30, tzinfo=datetime.UTC))
    clock.live(35 * MINUTE)
    clock.now -= jump * MINUTE
    clock.live(3 * HOUR)
    assert len(clock.runs) == 1

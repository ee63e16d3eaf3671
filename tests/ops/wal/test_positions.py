"""Names of segments, timelines, and what is known of how far behind we are: arithmetic, without a server."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.wal import segments, timelines, tools
from ops.wal.coverage import Coverage
from ops.wal.segments import Segment
from ops.wal.switching import Switching
from ops.wal.timelines import Switch

MIB = 1 << 20
NOON = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)


@given(st.integers(1, 9), st.integers(0, 1 << 40), st.sampled_from([MIB, 16 * MIB, 1024 * MIB]))
def test_a_segment_s_name_tells_which_it_is(timeline: int, number: int, segment_bytes: int) -> None:
    segment = Segment(timeline=timeline, number=number % (1 << 30))
    assert Segment.of_name(segment.name(segment_bytes), segment_bytes) == segment


def test_names_are_postgresql_s() -> None:
    assert Segment(timeline=1, number=256).name(16 * MIB) == "000000010000000100000000"
    assert segments.position("1/2000028") == (1 << 32) + 0x2000028
    assert segments.written(segments.position("1/2000028")) == "1/2000028"


@pytest.mark.parametrize(
    ("next_record", "end"),
    [("0/3000028", "0/3000000"), ("0/3002018", "0/3002000"), ("0/3000150", "0/3000150"), ("0/3002028", "0/3002028")],
)
def test_a_page_s_header_is_not_waited_for_before_there_is_a_record_on_it(next_record: str, end: str) -> None:
    assert segments.end_of_written(segments.position(next_record), 16 * MIB) == segments.position(end)


def test_the_segment_in_which_a_timeline_was_left_is_the_next_one_s(tmp_path: Path) -> None:
    path = tmp_path / "00000003.history"
    path.write_text("1\t0/350000\tno recovery target specified\n\n2\t0/700000\tafter a promotion\n")
    histories = {2: [Switch(timeline=1, at=0x350000)], 3: timelines.read(path)}
    found = [timelines.of_segment(number, segment_bytes=MIB, start=1, histories=histories) for number in range(9)]
    assert found == [1, 1, 1, 2, 2, 2, 2, 3, 3]
    assert timelines.of_segment(0, segment_bytes=MIB, start=3, histories=histories) == 3


def test_everything_until_a_time_is_here_once_the_position_of_that_time_is() -> None:
    coverage = Coverage()
    coverage.add(100, NOON, flushed=50)
    assert coverage.until(999) is None
    coverage.add(200, NOON + 2 * SECOND, flushed=150)
    assert (coverage.last, coverage.lag_seconds) == ((100, NOON), 0.0)
    coverage.add(300, NOON + 5 * SECOND, flushed=150)
    assert coverage.lag_seconds == 3.0
    coverage.add(300, NOON + 6 * SECOND, flushed=300)
    assert (coverage.last, coverage.lag_seconds) == ((300, NOON + 6 * SECOND), 0.0)
    assert coverage.until(250) == (200, NOON + 2 * SECOND)
    assert coverage.until(99) is None


def test_a_segment_ends_when_something_was_written_and_so_long_ago() -> None:
    switching = Switching(60)
    assert not switching.is_due(0, next_transaction=7, segment=1)
    assert not switching.is_due(59, next_transaction=7, segment=1)
    assert switching.is_due(60, next_transaction=7, segment=1)
    switching.switched(next_transaction=7)
    assert not any(switching.is_due(61 + second, next_transaction=7, segment=2) for second in range(999))
    assert not switching.is_due(2000, next_transaction=8, segment=2)
    assert not switching.is_due(2059, next_transaction=9, segment=3)  # that segment was full by itself
    assert switching.is_due(2119, next_transaction=9, segment=3)


def test_a_path_can_t_break_out_of_the_restore_command() -> None:
    assert "'/a b'\\''c%%d'/%f.gz" in tools.restore_command(Path("/a b'c%d"))

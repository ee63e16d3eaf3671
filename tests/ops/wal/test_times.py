"""Times as people write them, and as they are said."""

import datetime

import pytest

from ops.errors import WRONG_USAGE, OperatorError
from ops.wal import times

BERLIN = "Europe/Berlin"
WANTED = datetime.datetime(2026, 11, 23, 11, 34, 56, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 12:34:56",
        "2026-11-23T12:34:56",
        " 2026-11-23 11:34:56Z",
        "2026-11-23 13:34:56+02:00",
        "2026-11-23 12:34:56.000",
    ],
)
def test_a_time_is_in_the_zone_unless_it_says_otherwise(text: str) -> None:
    assert times.read(text, zone=BERLIN) == WANTED


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23", "12:34:56", "2026-13-23 12:34:56", "1795000000"])
def test_what_is_no_time_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(OperatorError, match="is no time") as refused:
        times.read(text, zone=BERLIN)
    assert refused.value.status == WRONG_USAGE
    assert "2026-11-23 12:34:56+01:00" in refused.value.hint


def test_an_hour_that_came_twice_has_to_say_which() -> None:
    with pytest.raises(OperatorError, match="was shown twice") as refused:
        times.read("2026-10-25 02:30:00", zone=BERLIN)
    assert "'2026-10-25 02:30:00+02:00' or '2026-10-25 02:30:00+01:00'" in refused.value.hint


def test_an_hour_that_never_came_is_refused() -> None:
    with pytest.raises(OperatorError, match="was never shown"):
        times.read("2026-03-29 02:30:00", zone=BERLIN)


def test_a_time_is_said_with_its_zone_and_in_utc() -> None:
    assert times.aloud(WANTED, zone=BERLIN) == "2026-11-23 12:34:56+01:00 (Europe/Berlin; 2026-11-23 11:34:56Z)"
    assert times.aloud(WANTED, zone="UTC") == "2026-11-23 11:34:56Z"

import datetime
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.backup.retention import Rules, expired

NOW = datetime.datetime(2026, 11, 25, 3, tzinfo=datetime.UTC)


@dataclass(frozen=True, kw_only=True)
class Backup:
    id: str
    at: datetime.datetime
    counts: bool = True
    is_pinned: bool = False
    is_before_restore: bool = False


def backup(days: float, *, counts: bool = True, is_pinned: bool = False, is_before_restore: bool = False) -> Backup:
    return Backup(
        id=f"{days}",
        at=NOW - datetime.timedelta(days=days),
        counts=counts,
        is_pinned=is_pinned,
        is_before_restore=is_before_restore,
    )


histories = st.lists(
    st.builds(
        backup,
        st.floats(-2, 900).map(lambda days: round(days, 3)),
        counts=st.booleans(),
        is_pinned=st.booleans(),
        is_before_restore=st.sampled_from([False, False, False, True]),
    ),
    max_size=40,
    unique_by=lambda each: each.id,
)
rules = st.builds(
    Rules,
    days=st.integers(1, 60),
    daily=st.integers(0, 10),
    weekly=st.integers(0, 10),
    monthly=st.integers(0, 14),
    least=st.integers(0, 5),
)


@settings(max_examples=300)
@given(histories, rules)
def test_it_never_lets_go_what_has_to_stay(history: list[Backup], rule: Rules) -> None:
    gone = set(expired(history, rule, now=NOW))
    ordinary = (each for each in history if each.counts and not each.is_before_restore)
    counting = sorted(ordinary, key=lambda each: each.at, reverse=True)
    assert not gone & {each.id for each in history if each.is_pinned}
    week = datetime.timedelta(days=7)
    assert not gone & {each.id for each in history if each.is_before_restore and NOW - each.at < week}
    assert not gone & {each.id for each in counting[: max(rule.least, 1)]}
    assert not gone & {each.id for each in counting if NOW - each.at < datetime.timedelta(days=rule.days)}
    assert counting or not gone


@settings(max_examples=200)
@given(histories, rules, st.randoms())
def test_neither_the_order_nor_a_second_time_matters(history: list[Backup], rule: Rules, random: object) -> None:
    gone = expired(history, rule, now=NOW)
    assert expired(history[::-1], rule, now=NOW) == gone
    assert expired([each for each in history if each.id not in gone], rule, now=NOW) == []


@settings(max_examples=200)
@given(histories, rules)
def test_what_does_not_count_keeps_and_removes_nothing(history: list[Backup], rule: Rules) -> None:
    gone = set(expired(history, rule, now=NOW))
    counting = [each for each in history if each.counts]
    assert gone & {each.id for each in counting} == set(expired(counting, rule, now=NOW))


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Rules(days=2, least=1), [0, 1]),
        (Rules(days=1, least=3), [0, 1, 2]),
        (Rules(days=1, least=1, daily=4), [0, 1, 2, 3]),
        (Rules(days=1, least=1, weekly=3), [0, 3, 10]),
        (Rules(days=1, least=1, monthly=3), [0, 25, 56]),
    ],
)
def test_the_rules_are_a_union(rule: Rules, kept: list[int]) -> None:
    history = [backup(days) for days in range(60)]
    gone = expired(history, rule, now=NOW)
    assert [each.id for each in history if each.id not in gone] == [str(days) for days in kept]


def test_where_none_counts_nothing_goes() -> None:
    assert expired([backup(500, counts=False), backup(400, counts=False)], Rules(days=1), now=NOW) == []


def test_what_failed_goes_after_two_days_once_another_counts() -> None:
    history = [backup(0), backup(1, counts=False), backup(3, counts=False)]
    assert expired(history, Rules(days=14), now=NOW) == ["3"]

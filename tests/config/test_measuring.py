from prometheus_client import generate_latest

from config.measuring import numbers
from config.measuring.names import ANONYMOUS, OTHER, WAITING_ROOM, Names


def test_a_name_gets_a_series_once_it_has_come_a_few_times() -> None:
    names = Names(room=3, uses=3)
    assert [names.label("Wall") for _ in range(4)] == [OTHER, OTHER, "Wall", "Wall"]
    assert names.label(None) == ANONYMOUS


def test_hostile_names_make_no_endless_series() -> None:
    names = Names()
    labels = {names.label(f"Attack{number % 3000}") for number in range(100_000)}
    assert len(labels) <= 101


def test_a_name_that_is_known_is_not_pushed_out() -> None:
    names = Names(room=2, uses=2)
    for _ in range(2):
        names.label("Wall")
    for number in range(10_000):
        names.label(f"Attack{number % 100}")
    assert names.label("Wall") == "Wall"


def test_names_of_one_use_take_no_memory_for_long() -> None:
    names = Names()
    for number in range(50_000):
        names.label(f"Attack{number}")
    assert len(names._waiting) <= WAITING_ROOM + 1


def test_a_name_that_no_operation_can_have_is_among_the_others() -> None:
    names = Names(uses=1)
    assert [names.label(name) for name in ("", "a b", 'x"} 1', "é", "a" * 65)] == [OTHER] * 5


def test_codes_are_bounded_too() -> None:
    numbers.count_errors([{"extensions": {"code": f"CODE_{number}"}} for number in range(500)])
    numbers.count_errors([{"extensions": {"code": "not a code"}}, {"message": "none"}])
    text = generate_latest(numbers.REGISTRY).decode()
    assert text.count("slipway_graphql_errors_total{") <= numbers.CODES_MAX + 1
    assert 'code="OTHER"' in text

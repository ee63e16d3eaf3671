"""What a running server says of what it did."""

from prometheus_client.parser import text_string_to_metric_families

from embedded.stack import Stack
from tests.pictures import picture
from tests.running.client import Person, next_change, wait_for, watch


def numbers(stack: Stack) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(stack.ask("/metrics"))
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_operations_are_timed_by_their_names(stack: Stack) -> None:
    before = numbers(stack)
    with Person(stack) as person:
        for _ in range(12):
            assert person.post("query TimedByName { __typename }").status_code == 200
        for number in range(20):
            person.post(f"query Hostile{number} {{ __typename }}")
    after = numbers(stack)
    assert after["slipway_graphql_operation_seconds_count", "TimedByName"] == 3
    assert not [key for key in after if "Hostile" in str(key)]
    name = "slipway_graphql_operation_seconds_count"
    assert after[name, "(other)"] - before.get((name, "(other)"), 0) == 29
    requests = ("slipway_http_requests_total", "graphql", "POST", "200")
    assert after[requests] - before.get(requests, 0) == 32


def test_a_subscription_is_counted_while_it_is_open(stack: Stack) -> None:
    with Person(stack) as person:
        person.sign_up("counted@example.com")
        album = person.create_album()
        with person.socket() as socket:
            watch(stack, socket, album)
            found = numbers(stack)
            assert found["slipway_websockets_open",] >= 1
            assert found["slipway_subscriptions_open",] >= 1
            person.upload(album, picture())
            next_change(socket)
            assert numbers(stack)["slipway_subscription_events_total",] >= 1
    wait_for(lambda: numbers(stack)["slipway_subscriptions_open",] == 0)

"""What is known of replicas: addresses that leave something out, positions, and looks that are too old to say anything."""

import time

import pytest
from pytest_django import Settings

from config.databases import database, replica
from config.postgresql.positions import SOON, STALE_SECONDS, Look, Primary, Replayed

PRIMARY = "postgres://slipway:s3cret@db.example.com:5432/slipway?sslmode=verify-full&sslrootcert=/ca"
SAID = {"USER": "slipway", "PASSWORD": "s3cret", "HOST": "10.0.0.6", "NAME": "slipway"}


@pytest.mark.parametrize(
    ("url", "found", "mode"),
    [
        ("postgres://10.0.0.6/slipway", {}, "verify-full"),
        ("postgres://reader:other@10.0.0.6/slipway", {"USER": "reader", "PASSWORD": "other"}, "verify-full"),
        ("postgres://reader@10.0.0.6:6000/slipway?sslmode=require", {"USER": "reader", "PORT": 6000}, "require"),
    ],
)
def test_what_an_address_leaves_out_is_the_primary_s(url: str, found: dict[str, object], mode: str) -> None:
    made = replica(url, database(PRIMARY, pool_size=7))
    expected = SAID | found
    assert {name: made[name] for name in expected} == expected
    assert made["OPTIONS"]["sslmode"] == mode
    assert made["OPTIONS"]["pool"]["max_size"] == 7


@pytest.fixture
def primary(settings: Settings) -> Primary:
    settings.DATABASE_REPLICA_LAG_SECONDS = 1
    return Primary({})


def test_before_the_primary_was_seen_nothing_is_known(primary: Primary) -> None:
    assert primary.written_before(time.monotonic()) is None


def test_what_was_written_by_a_time_is_what_was_seen_by_then(primary: Primary) -> None:
    primary._looks.extend([Look(10, 1.0), Look(20, 2.0), Look(30, 3.0)])
    assert [primary.written_before(moment) for moment in (2.0, 2.9, 9.0)] == [20, 20, 30]


def test_before_the_first_look_it_is_what_was_seen_first(primary: Primary) -> None:
    primary._looks.append(Look(10, 5.0))
    assert primary.written_before(4.0) == 10


def test_a_look_that_is_too_old_says_nothing() -> None:
    seen = Replayed("one", {})
    assert not seen.has_replayed(0, now=0.0)
    seen._look = Look(10, 100.0)
    assert [seen.has_replayed(position, now=100.1) for position in (10, 11)] == [True, False]
    assert not seen.has_replayed(10, now=100.1 + STALE_SECONDS)


def test_a_server_that_says_nothing_is_not_waited_for_but_as_its_address_says() -> None:
    assert Replayed("one", {}).options == SOON
    assert Replayed("one", {"connect_timeout": 9}).options["connect_timeout"] == 9

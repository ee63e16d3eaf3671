from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings

from api.errors import TooManyAttemptsError
from apps.accounts import attempts
from config.client_address import network_of


def try_until_refused(*, email: str, address: str, at_most: int = 100) -> int:
    """Return how many tries were let through."""
    for count in range(at_most):
        try:
            attempts.start(email=email, address=address)
        except TooManyAttemptsError:
            return count
    return at_most


def pass_time(*, seconds: int) -> None:
    """Let the counters age in Valkey, as if so many seconds went by."""
    client: Any = cache._cache.get_client(write=True)  # type: ignore[attr-defined]  # there is no public way
    for key in client.scan_iter("*attempts:*"):
        client.pexpire(key, client.pttl(key) - seconds * 1000)


def test_it_refuses_after_the_allowed_failures(address: str, settings: Settings) -> None:
    settings.LOGIN_MAX_FAILURES = 3
    assert try_until_refused(email="a@example.com", address=address) == 3


def test_it_says_when_to_come_back(address: str, settings: Settings) -> None:
    settings.LOGIN_LOCKOUT_SECONDS = 30
    try_until_refused(email="a@example.com", address=address)
    with pytest.raises(TooManyAttemptsError) as caught:
        attempts.start(email="a@example.com", address=address)
    assert 28 <= caught.value.extensions["retryAfterSeconds"] <= 30


def test_the_case_of_an_address_makes_no_difference(address: str) -> None:
    try_until_refused(email="a@example.com", address=address)
    assert try_until_refused(email=" A@Example.COM", address=address) == 0


def test_another_network_address_is_counted_by_itself(address: str) -> None:
    try_until_refused(email="a@example.com", address=address)
    attempts.start(email="a@example.com", address=address + "1")


def test_the_lock_ends_by_itself(address: str, settings: Settings) -> None:
    settings.LOGIN_LOCKOUT_SECONDS = 900
    try_until_refused(email="a@example.com", address=address)
    pass_time(seconds=890)
    assert try_until_refused(email="a@example.com", address=address) == 0
    pass_time(seconds=10)
    attempts.start(email="a@example.com", address=address)


def test_tries_during_the_lock_do_not_make_it_longer(address: str, settings: Settings) -> None:
    settings.LOGIN_LOCKOUT_SECONDS = 900
    try_until_refused(email="a@example.com", address=address)
    pass_time(seconds=600)
    assert try_until_refused(email="a@example.com", address=address) == 0
    pass_time(seconds=300)
    attempts.start(email="a@example.com", address=address)


def test_the_lock_lasts_from_the_last_failure_and_not_from_the_first(address: str, settings: Settings) -> None:
    settings.LOGIN_LOCKOUT_SECONDS, settings.LOGIN_MAX_FAILURES = 900, 2
    attempts.start(email="a@example.com", address=address)
    pass_time(seconds=600)
    attempts.start(email="a@example.com", address=address)
    pass_time(seconds=600)
    assert try_until_refused(email="a@example.com", address=address) == 0


def test_a_right_password_clears_the_count(address: str, settings: Settings) -> None:
    for _ in range(settings.LOGIN_MAX_FAILURES):
        attempts.start(email="a@example.com", address=address)
    attempts.succeed(email="a@example.com", address=address)
    assert try_until_refused(email="a@example.com", address=address) == settings.LOGIN_MAX_FAILURES


def test_one_password_tried_on_many_accounts_is_refused(address: str, settings: Settings) -> None:
    allowed = settings.LOGIN_MAX_FAILURES * 10
    for number in range(allowed):
        attempts.start(email=f"user{number}@example.com", address=address)
    with pytest.raises(TooManyAttemptsError):
        attempts.start(email="one-more@example.com", address=address)


def test_an_account_of_ones_own_does_not_reset_the_count_of_the_network_address(
    address: str, settings: Settings
) -> None:
    settings.LOGIN_MAX_FAILURES = 1
    for number in range(10):
        attempts.start(email=f"user{number}@example.com", address=address)
        if number < 9:
            attempts.start(email="own@example.com", address=address)
            attempts.succeed(email="own@example.com", address=address)
    with pytest.raises(TooManyAttemptsError):
        attempts.start(email="one-more@example.com", address=address)


def test_many_tries_at_the_same_time_do_not_slip_under_the_limit(address: str, settings: Settings) -> None:
    def count_let_through(_: int) -> int:
        try:
            return try_until_refused(email="a@example.com", address=address, at_most=10)
        finally:
            close_connections()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(count_let_through, range(8))) == settings.LOGIN_MAX_FAILURES


def close_connections() -> None:
    """Close this thread's connections to the cache, which would otherwise be left to the collector."""
    client: Any = cache._cache  # type: ignore[attr-defined]  # there is no public way
    client.get_client(write=True).connection_pool.disconnect()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_it_counts_a_subscriber_of_ipv6_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_cache_lists_nobodys_address() -> None:
    key = attempts.pair_key(email="ada@example.com", address="192.0.2.7")
    assert "ada" not in key
    assert "192" not in key

import pytest

from config.redis_address import RedisAddressError, address_of


def test_an_address_says_where_a_server_is_and_who_signs_in() -> None:
    found = address_of("redis://me:p%40ss@redis.test:7000/3")
    assert (found.nodes, found.database) == ((("redis.test", 7000),), 3)
    assert found.credentials == {"username": "me", "password": "p@ss"}
    assert found.tls is None


def test_what_is_left_out_is_the_usual() -> None:
    found = address_of("redis://redis.test")
    assert (found.nodes, found.database, found.credentials) == ((("redis.test", 6379),), 0, {})


def test_certificates_are_compared_unless_the_address_says_otherwise() -> None:
    assert address_of("rediss://redis.test").tls == {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    found = address_of("rediss://redis.test?ssl_ca_certs=/ca.pem&ssl_check_hostname=false").tls
    assert found == {"ssl_ca_certs": "/ca.pem", "ssl_cert_reqs": "required", "ssl_check_hostname": False}
    found = address_of("rediss://redis.test?ssl_cert_reqs=none").tls
    assert found == {"ssl_cert_reqs": "none", "ssl_check_hostname": False}


def test_sentinels_are_several_with_a_service() -> None:
    found = address_of("rediss+sentinel://:p@one,two:7000,[::1]:7001/main/2?sentinel_password=q&ssl_ca_certs=/ca.pem")
    assert found.nodes == (("one", 26379), ("two", 7000), ("::1", 7001))
    assert (found.service, found.database) == ("main", 2)
    assert (found.credentials, found.sentinel_credentials) == ({"password": "p"}, {"password": "q"})
    assert found.tls is not None
    assert address_of("redis+sentinel://one/main").database == 0


def test_no_secret_is_in_what_is_shown() -> None:
    found = address_of("redis+sentinel://me:s3cret@one/main?sentinel_password=s3cret")
    assert "s3cret" not in repr(found) + found.words


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("redis+cluster://one,two", "is a cluster's"),
        ("redis://one,two", "names several hosts"),
        ("redis://", "without a host"),
        ("redis://one two", "blank"),
        ("redis://one:port", "has a host that is none"),
        ("redis://one/db", "no number"),
        ("redis://one?ssl_ca_certs=/ca.pem", "goes to rediss://, not redis://"),
        ("rediss://one?ssl_cert_reqs=perhaps", "required and none"),
        ("rediss://one?timeout=3", "is not one of db, ssl_ca_certs"),
        ("rediss://one?db=1&db=2", "twice"),
        ("redis+sentinel://one", "which service"),
        ("redis+sentinel://one/main?db=2", "is not one of sentinel_username"),
        ("redis://one?password=s3cret", "before the @"),
        ("http://one", "begins with redis://"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(text: str, why: str) -> None:
    with pytest.raises(RedisAddressError) as refused:
        address_of(text)
    assert why in str(refused.value)
    assert "s3cret" not in str(refused.value)

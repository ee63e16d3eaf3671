"""The index of what nginx keeps, on a real Redis."""

import threading

import pytest
import redis
from django.conf import settings as django_settings

from api.gcra import RedisAwayError
from api.shared_cache import index

pytestmark = pytest.mark.usefixtures("shared_cache")
KEY = "https localhost */* /graphql?a=é"


def kept(
    key: str, *made_of: str, began: int | None = None, seconds: int = 100, sending: str = "it", is_sent: bool = True
) -> str:
    began = index.now() if began is None else began
    result = index.keep(key, made_of=made_of, began=began, seconds=seconds, sending=sending)
    if is_sent:
        index.sent(sending, key)
    return result


def taken(*made_of: str) -> list[str]:
    return sorted(index.take(made_of).keys)


def test_an_answer_is_found_by_each_thing_that_it_was_made_of_and_by_no_other() -> None:
    for album in ("Album:1", "Album:2"):
        assert kept(f"of {album}", album, "Photo") == "stored"
    assert taken("Album:3") == []
    assert taken("Album:1") == ["of Album:1"]
    assert taken("Album:1") == []
    assert "of Album:2" in taken("Photo")


def test_several_things_have_it_taken_once() -> None:
    kept(KEY, "Album:1", "Photo")
    assert taken("Album:1", "Photo") == [KEY]


def test_everything_is_all_of_them() -> None:
    kept("one", "Album:1")
    kept("two", "Tag")
    assert taken("*") == ["one", "two"]


class TestOrder:
    """What was read before a write must not be kept after it."""

    @pytest.mark.parametrize("written", ["Album:1", "*"])
    def test_an_answer_that_was_begun_before_a_write_is_not_noted_after_it(self, written: str) -> None:
        began = index.now()
        taken(written)
        assert kept(KEY, "Album:1", began=began) == "changed"
        assert taken("Album:1", "*") == []

    def test_one_that_was_begun_after_it_is(self) -> None:
        taken("Album:1")
        assert kept(KEY, "Album:1") == "stored"

    def test_another_thing_s_write_does_not_matter(self) -> None:
        began = index.now()
        taken("Album:2")
        assert kept(KEY, "Album:1", began=began) == "stored"

    def test_one_that_is_still_on_its_way_is_told_apart(self) -> None:
        kept(KEY, "Album:1")
        kept("there", "Album:1")
        kept(KEY, "Album:1", sending="one", is_sent=False)
        kept(KEY, "Album:1", sending="two", is_sent=False)
        kept("other", "Album:2", is_sent=False)
        found = index.take(["Album:1"])
        assert (sorted(found.keys), found.on_their_way) == ([KEY, "there"], [KEY])
        assert sorted(found.sending) == [f"one {KEY}", f"two {KEY}"]

    def test_it_is_waited_for_until_it_is_sent(self) -> None:
        for sending in ("one", "two"):
            kept(KEY, "Album:1", sending=sending, is_sent=False)
        found = index.take(["Album:1"])
        waiting = threading.Thread(target=lambda: index.wait_until_sent(found, seconds=60))
        waiting.start()
        index.sent("one", KEY)
        assert waiting.is_alive()
        index.sent("two", KEY)
        waiting.join(50)
        assert not waiting.is_alive()

    def test_it_is_not_waited_for_for_ever(self) -> None:
        kept(KEY, "Album:1", is_sent=False)
        index.wait_until_sent(index.take(["Album:1"]), seconds=0)


class TestRoom:
    def test_no_more_than_so_many_are_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "ANSWERS_MAX", 2)
        assert [kept(key, "Album") for key in ("one", "two", "three", "two")] == ["stored", "stored", "full", "stored"]
        taken("Album")
        assert kept("three", "Album") == "stored"

    def test_what_has_ended_makes_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "ANSWERS_MAX", 1)
        kept("one", "Album", seconds=-index.MARGIN_SECONDS - 1)
        assert kept("two", "Tag") == "stored"

    def test_nothing_stays_for_ever(self) -> None:
        kept(KEY, "Album:1", seconds=1000)
        kept("short", "Album:1", seconds=1)
        taken("Tag")
        with redis.Redis.from_url(django_settings.REDIS_URL) as server:
            left = {key: server.ttl(key) for key in server.scan_iter(f"{index.PREFIX}*")}
        assert all(seconds > 0 for seconds in left.values())
        assert left[f"{index.PREFIX}of:Album:1".encode()] > 1000  # the longest counts


@pytest.mark.usefixtures("no_redis")
def test_a_redis_that_is_away_is_told() -> None:
    for ask in (index.now, lambda: index.take(["Album"])):
        with pytest.raises(RedisAwayError):
            ask()

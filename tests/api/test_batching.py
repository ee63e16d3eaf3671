import pytest

from api.batching import answer_for, peers, related, together
from apps.accounts.models import User
from apps.gallery.models import Album, Photo
from tests.gallery.conftest import add_rows


@pytest.fixture
def album(ada: User) -> Album:
    return Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")


def test_a_row_that_was_not_listed_is_its_own_peer(album: Album) -> None:
    assert peers(album) == [album]


def test_one_statement_fetches_a_relation_for_all_peers(album: Album, django_assert_num_queries: object) -> None:
    add_rows(album, 3)
    photos = together(Photo.objects.all())
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert {related(photo, "album") for photo in photos} == {album}


def test_what_was_fetched_together_are_peers_in_turn(album: Album, django_assert_num_queries: object) -> None:
    add_rows(album, 3, tags=("sky", "sea"))
    photos = together(Photo.objects.all())
    tags = [tag for photo in photos for tag in related(photo, "tags")]
    assert len(peers(tags[0])) == len({id(tag) for tag in tags})


def test_an_empty_relation_is_not_fetched_again(album: Album, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert related(album, "cover") is None


def test_an_answer_is_fetched_once_for_each_key(album: Album) -> None:
    calls: list[int] = []

    def fetch(rows: object) -> dict[object, int]:
        calls.append(1)
        return {}

    assert answer_for(album, "a", fetch, 7) == answer_for(album, "a", fetch, 7) == 7
    assert answer_for(album, "b", fetch, 8) == 8
    assert len(calls) == 2

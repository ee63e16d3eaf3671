"""What an answer with a photo is made of: its album, which the request does not name."""

from collections.abc import Callable
from typing import Any

from strawberry.relay import to_base64

from api.documents import make
from apps.accounts.models import User
from apps.gallery.models import Album
from tests.gallery.conftest import add_rows, global_id

GONE = to_base64("Photo", "0198c1de-0000-7000-8000-000000000001")
PHOTO = "query($id: ID!) { photo(id: $id) { caption } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def made_of(document: str, **variables: Any) -> list[str]:
    return make(document).operation(None).made_of.keys(variables)


def test_a_photo_is_made_of_its_album_also_where_it_may_not_be_seen(make_album: Callable[..., Album]) -> None:
    for visibility in ("PUBLIC", "PRIVATE"):
        album = make_album(visibility=visibility)
        (photo,) = add_rows(album, 1)
        assert made_of(PHOTO, id=global_id(photo)) == [f"Album:{album.pk}"]


def test_of_one_that_is_not_there_nobody_can_tell(album: Album) -> None:
    (photo,) = add_rows(album, 1)
    assert made_of(PHOTO, id=GONE) == []
    assert made_of(NODES, ids=[global_id(photo), GONE]) == []
    assert made_of("query($id: ID!) { albums { totalCount } photo(id: $id) { id } }", id=GONE) == []


def test_nodes_are_made_of_what_each_is(album: Album, ada: User) -> None:
    photos = add_rows(album, 2, tags=("sky",))
    ids = [global_id(each) for each in (*photos, photos[0].tags.get(), ada)]
    assert made_of(NODES, ids=ids) == [f"Album:{album.pk}", "Tag", "User"]

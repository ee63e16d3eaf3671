from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.gallery import services
from apps.gallery.models import Album, PhotoState
from tests.gallery.conftest import add_rows, global_id
from tests.graphql_client import GraphQLClient

EVERYTHING = """
query Everything($photo: ID!, $album: ID!) {
  viewer { id name email }
  node(id: $photo) { id ... on Photo { caption } }
  nodes(ids: [$photo, $album]) { id }
  album(id: $album) { title owner { name } }
  photo(id: $photo) { caption album { title } }
  tags { totalCount edges { node { name photoCount } } }
  albums {
    totalCount
    edges { cursor node {
      id title description visibility createdAt updatedAt isMine owner { id name }
      cover { id caption owner { name } renditions { url } }
      photos(first: 3) { totalCount pageInfo { hasNextPage } edges { node {
        id caption album { title owner { name } } tags { name photoCount } renditions { size url }
      } } }
      oldest: photos(last: 2, orderBy: TAKEN_OLDEST) { edges { node { id owner { name } } } }
    } }
  }
  photos(first: 50) {
    totalCount
    edges { node {
      id caption takenAt width height bytes sha256 contentType dominantColor state failureReason createdAt isMine originalUrl
      album { id title cover { id } photos(first: 1) { edges { node { id } } } }
      owner { id name } tags { id name } renditions { size url width height bytes } rendition(size: SMALL) { url }
    } }
  }
}
"""


def statements(client: GraphQLClient, query: str, **variables: object) -> int:
    client.data(query, **variables)  # the first request of a document has no plan, and another number of statements
    with CaptureQueriesContext(connection) as captured:
        client.data(query, **variables)
    return len(captured)


def test_the_number_of_statements_does_not_grow_with_the_rows(
    as_ada: GraphQLClient, make_album: Callable[..., Album]
) -> None:
    def grow(count: int) -> None:
        for number in range(count):
            album = make_album(f"album {number}")
            photos = add_rows(album, 4, tags=(f"tag {number}", "shared"))
            services.update_album(album.owner, album.pk, cover_id=photos[0].pk)

    grow(2)
    album = Album.objects.order_by("pk").first()
    assert album is not None
    variables = {"photo": global_id(album.photos.all()[0]), "album": global_id(album)}
    with_two_albums = statements(as_ada, EVERYTHING, **variables)
    grow(5)
    assert statements(as_ada, EVERYTHING, **variables) == with_two_albums
    assert with_two_albums < 45


def test_typename_costs_no_statement_of_somebody_known(as_ada: GraphQLClient) -> None:
    as_ada.data("{ __typename }")  # whose allowance it is was looked up by this
    assert statements(as_ada, "{ __typename }") == 0


def test_the_total_is_counted_only_when_asked_for(as_nobody: GraphQLClient, album: Album) -> None:
    add_rows(album, 2)
    without = statements(as_nobody, "{ photos { edges { node { id } } } }")
    assert (without, statements(as_nobody, "{ photos { totalCount edges { node { id } } } }")) == (1, 2)
    assert statements(as_nobody, "{ photos { totalCount } }") == 1


class TestPermission:
    @pytest.fixture
    def private(self, make_album: Callable[..., Album]) -> Album:
        album = make_album("Secret", visibility="PRIVATE")
        add_rows(album, 1)
        return album

    QUERY = """
    query($id: ID!) {
      album(id: $id) { title photos { edges { node { id } } } } node(id: $id) { id } nodes(ids: [$id]) { id }
    }"""

    def test_a_private_album_is_its_owner_s_alone(
        self, private: Album, as_ada: GraphQLClient, as_grace: GraphQLClient, as_nobody: GraphQLClient
    ) -> None:
        assert as_ada.data(self.QUERY, id=global_id(private))["album"]["title"] == "Secret"
        nothing = {"album": None, "node": None, "nodes": [None]}
        assert as_grace.data(self.QUERY, id=global_id(private)) == nothing
        assert as_nobody.data(self.QUERY, id=global_id(private)) == nothing

    def test_not_yours_equals_not_found(self, private: Album, as_grace: GraphQLClient) -> None:
        query = "mutation($id: ID!) { deleteAlbum(input: {id: $id}) { deletedId } }"
        theirs = as_grace.execute(query, id=global_id(private))
        private_id = global_id(private)
        private.delete()
        assert as_grace.execute(query, id=private_id) == theirs
        assert theirs["errors"][0]["extensions"]["code"] == "NOT_FOUND"

    def test_an_unlisted_album_is_for_who_knows_its_id_and_in_no_list(
        self, make_album: Callable[..., Album], as_nobody: GraphQLClient
    ) -> None:
        album = make_album("Hidden", visibility="UNLISTED")
        add_rows(album, 2)
        assert len(as_nobody.data(self.QUERY, id=global_id(album))["album"]["photos"]["edges"]) == 2
        lists = as_nobody.data("{ albums { totalCount } photos { totalCount } }")
        assert lists == {"albums": {"totalCount": 0}, "photos": {"totalCount": 0}}
        by_album = as_nobody.data(
            "query($id: ID!) { photos(filter: {album: $id}) { totalCount } }", id=global_id(album)
        )
        assert by_album["photos"]["totalCount"] == 2

    def test_a_photo_that_is_not_ready_is_its_owner_s_alone(
        self, album: Album, as_ada: GraphQLClient, as_grace: GraphQLClient
    ) -> None:
        add_rows(album, 1, state=PhotoState.PENDING)
        query = "query($id: ID!) { photos { totalCount } album(id: $id) { photos { totalCount } } }"
        assert as_ada.data(query, id=global_id(album))["album"]["photos"]["totalCount"] == 1
        assert as_grace.data(query, id=global_id(album))["album"]["photos"]["totalCount"] == 0

    def test_the_original_is_for_its_owner_only(
        self, album: Album, as_ada: GraphQLClient, as_grace: GraphQLClient
    ) -> None:
        add_rows(album, 1)
        query = "{ photos { edges { node { originalUrl } } } }"
        assert as_ada.data(query)["photos"]["edges"][0]["node"]["originalUrl"]
        assert as_grace.data(query)["photos"]["edges"][0]["node"]["originalUrl"] is None


class TestFilters:
    def captions(self, client: GraphQLClient, narrowing: str, **variables: object) -> list[str]:
        head = "query($id: ID)" if variables else "query"
        query = f"{head} {{ photos(filter: {{ {narrowing} }}, orderBy: OLDEST) {{ edges {{ node {{ caption }} }} }} }}"
        return [edge["node"]["caption"] for edge in client.data(query, **variables)["photos"]["edges"]]

    def test_by_tags_a_photo_needs_all(self, album: Album, as_nobody: GraphQLClient) -> None:
        add_rows(album, 1, tags=("sky", "sea"))
        add_rows(album, 2, tags=("sky",))
        assert len(self.captions(as_nobody, 'tags: ["SKY"]')) == 3
        assert len(self.captions(as_nobody, 'tags: ["sky", "sea"]')) == 1

    def test_by_words_of_the_caption(self, album: Album, as_nobody: GraphQLClient) -> None:
        photo = add_rows(album, 3)[1]
        services.update_photo(album.owner, photo.pk, caption="Two walkers on a ridge", tags=None)
        assert self.captions(as_nobody, 'search: "walker ridges"') == ["Two walkers on a ridge"]

    def test_by_owner_album_and_state(
        self, make_album: Callable[..., Album], ada: User, grace: User, as_ada: GraphQLClient
    ) -> None:
        mine, hers = make_album(owner=ada), make_album(owner=grace)
        add_rows(mine, 2, state=PhotoState.FAILED)
        add_rows(hers, 3)
        assert len(self.captions(as_ada, "owner: $id", id=global_id(grace))) == 3
        assert len(self.captions(as_ada, "album: $id", id=global_id(mine))) == 2
        assert len(self.captions(as_ada, "state: FAILED")) == 2

    def test_by_time(self, album: Album, as_nobody: GraphQLClient) -> None:
        photos = add_rows(album, 4)
        moment = photos[2].created_at.isoformat()
        assert self.captions(as_nobody, f'createdAfter: "{moment}"') == ["photo 2", "photo 3"]
        assert self.captions(as_nobody, f'takenBefore: "{moment}"') == ["photo 0", "photo 1"]

    def test_a_character_that_postgresql_cannot_keep_is_told(self, as_nobody: GraphQLClient) -> None:
        query = "query($words: String) { photos(filter: {search: $words}) { totalCount } }"
        assert as_nobody.code(query, words="a\x00b") == "BAD_USER_INPUT"
        assert as_nobody.code(query, words="\ud800") == "BAD_USER_INPUT"

    def test_an_id_of_another_type_is_told(self, album: Album, as_nobody: GraphQLClient) -> None:
        query = "query($id: ID!) { photos(filter: {owner: $id}) { totalCount } }"
        assert as_nobody.code(query, id=global_id(album)) == "NOT_FOUND"
        assert as_nobody.code(query, id="garbage") == "BAD_USER_INPUT"

    def test_tags_are_found_by_how_they_begin(self, album: Album, as_nobody: GraphQLClient) -> None:
        add_rows(album, 1, tags=("sea", "sky", "skyline"))
        found = as_nobody.data('{ tags(search: "Sky") { edges { node { name photoCount } } } }')["tags"]["edges"]
        assert [(edge["node"]["name"], edge["node"]["photoCount"]) for edge in found] == [
            ("sky", 1),
            ("skyline", 1),
        ]

    def test_albums_are_found_by_words_and_ordered_by_title(
        self, make_album: Callable[..., Album], as_nobody: GraphQLClient
    ) -> None:
        for title in ("Zebra hills", "Alpine hills", "Sea"):
            make_album(title)
        found = as_nobody.data('{ albums(filter: {search: "hill"}, orderBy: TITLE) { edges { node { title } } } }')
        assert [edge["node"]["title"] for edge in found["albums"]["edges"]] == ["Alpine hills", "Zebra hills"]

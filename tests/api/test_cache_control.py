"""`Cache-Control` by the fields that were asked for: Apollo's rules, and who may keep what.

https://www.apollographql.com/docs/apollo-server/performance/caching
"""

import json
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse
from pytest_django import Settings

from api import persisted
from api.cache_control import CacheControls, Policy
from api.cache_hints import CacheControl, Scope
from api.documents import hash_of
from apps.accounts.models import User
from apps.gallery.services import create_album
from tests.asgi_client import Client
from tests.conftest import signed_in


@strawberry.type(directives=[CacheControl(max_age=60)])
class Author:
    name: str = "x"
    email: str = strawberry.field(default="x", directives=[CacheControl(scope=Scope.PRIVATE)])
    mood: str = strawberry.field(default="x", directives=[CacheControl(max_age=5)])


@strawberry.type(directives=[CacheControl(inherit_max_age=True)])
class Page:
    number: int = 1


@strawberry.type
class Book:
    title: str = "x"
    author: Author = strawberry.field(default_factory=Author)
    near: Author = strawberry.field(default_factory=Author, directives=[CacheControl(max_age=20)])
    page: Page = strawberry.field(default_factory=Page)
    sequel: "Book | None" = None
    held: "Book | None" = strawberry.field(default=None, directives=[CacheControl(inherit_max_age=True)])


@strawberry.type
class Query:
    count: int = 1
    book: Book = strawberry.field(default_factory=Book)
    kept: Book = strawberry.field(default_factory=Book, directives=[CacheControl(max_age=100)])
    never: Book = strawberry.field(default_factory=Book, directives=[CacheControl(max_age=0)])
    author: Author = strawberry.field(default_factory=Author)
    own: Author = strawberry.field(default_factory=Author, directives=[CacheControl(max_age=30, scope=Scope.PRIVATE)])


SCHEMA = strawberry.Schema(Query)._schema


@pytest.mark.parametrize(
    ("query", "seconds", "is_private"),
    [
        ("{ count }", 0, False),  # at the root: no time, where nothing is said
        ("{ book { title } }", 0, False),
        ("{ kept { title } }", 100, False),  # a scalar is kept for as long as what it stands in
        ("{ kept { title } never { title } }", 0, False),
        ("{ author { name } }", 60, False),  # the type's hint
        ("{ kept { author { name } } }", 60, False),
        ("{ kept { near { name } } }", 20, False),  # the field's comes before the type's
        ("{ kept { near { mood } } }", 5, False),
        ("{ kept { page { number } } }", 100, False),
        ("{ kept { sequel { title } } }", 0, False),  # an object without a hint
        ("{ kept { held { title } } }", 100, False),
        ("{ kept { author { email } } }", 60, True),  # one private field
        ("{ own { name } }", 30, True),
        ("{ kept { __typename } __typename }", 100, False),
        ("{ kept { title } __schema { types { name } } }", 0, False),
        (
            "{ kept { ...B } } fragment B on Book { ... on Book { near { ...A } } } fragment A on Author { email mood }",
            5,
            True,
        ),
        ("{ __typename }", None, False),
    ],
)
def test_the_shortest_time_and_the_narrowest_scope_count(query: str, seconds: int | None, is_private: bool) -> None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    assert CacheControls(SCHEMA, document).operation(operation) == Policy(seconds, is_private)


LISTED = (
    "{ albums(first: 1) { edges { node { title owner { name } photos(first: 1) { pageInfo { hasNextPage } } } } } }"
)
PUBLIC = "public, max-age=10, stale-while-revalidate=30, stale-if-error=60"
MINE = "{ albums(first: 1) { edges { node { title isMine } } } }"
VIEWER = "{ viewer { name } }"


def kept(client: Client, query: str, **more: Any) -> None:
    """Have the document known by its hash."""
    response = client.post("/graphql", {"query": query, "extensions": by_hash(query)}, "application/json", **more)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def by_hash(query: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query)}}


def get(client: Client, query: str, *, headers: dict[str, str] | None = None, **parameters: str) -> Any:
    return client.get("/graphql", {"extensions": json.dumps(by_hash(query)), **parameters}, headers=headers)


@pytest.fixture(autouse=True)
def fresh(db: None) -> None:
    persisted.texts.cache_clear()


class TestAnswers:
    def test_what_is_public_is_everybody_s_while_nobody_is_signed_in(self, client: Client) -> None:
        kept(client, LISTED)
        response = get(client, LISTED)
        assert response.headers["Cache-Control"] == PUBLIC
        assert response.headers["Vary"] == "Accept, Accept-Encoding, Authorization, Cookie"
        assert (
            "RateLimit" not in response.headers
        )  # another client's standing is no news for who gets it out of a cache
        assert not response.cookies

    def test_it_is_one_s_own_as_soon_as_one_says_who_one_is(self, ada: User) -> None:
        client = signed_in(ada).http
        kept(client, LISTED)
        assert get(client, LISTED).headers["Cache-Control"] == "private, max-age=10"

    def test_it_is_private_where_the_viewer_matters(self, client: Client) -> None:
        kept(client, MINE)
        assert get(client, MINE).headers["Cache-Control"] == "private, max-age=10"

    def test_for_how_long_it_may_be_stale_is_a_variable(self, client: Client, settings: Settings) -> None:
        settings.GRAPHQL_STALE_WHILE_REVALIDATE_SECONDS, settings.GRAPHQL_STALE_IF_ERROR_SECONDS = 7, 0
        kept(client, LISTED)
        assert get(client, LISTED).headers["Cache-Control"] == (
            "public, max-age=10, stale-while-revalidate=7, stale-if-error=0"
        )

    def test_what_has_no_hint_is_not_kept(self, client: Client) -> None:
        kept(client, VIEWER)
        assert get(client, VIEWER).headers["Cache-Control"] == "no-store"

    def test_a_document_that_is_not_known_beforehand_is_not_kept(self, client: Client) -> None:
        assert client.get("/graphql", {"query": LISTED}).headers["Cache-Control"] == "no-store"

    def test_an_answer_with_errors_is_not_kept(self, client: Client) -> None:
        query = "query($n: Int) { albums(first: $n) { edges { node { title } } } }"
        kept(client, query)
        assert get(client, query, variables='{"n": 1}').headers["Cache-Control"] == PUBLIC
        failed = get(client, query, variables='{"n": -1}')
        assert (failed.status_code >= 290, failed.headers["Cache-Control"]) == (True, "no-store")
        unknown = get(client, "{ __typename never: __typename }")
        assert (unknown.status_code, unknown.headers["Cache-Control"]) == (404, "no-store")


class TestEtags:
    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ("{etag}", 304),
            ("{strong}", 304),  # weak and strong are compared alike
            ('"other", {etag}', 304),
            ('W/"of,a,comma",{strong}', 304),
            ("*", 304),
            ('"other"', 200),
            ("{bare}", 200),
            ("", 200),
        ],
    )
    def test_who_has_the_answer_is_told_so(self, client: Client, sent: str, status: int) -> None:
        kept(client, LISTED)
        first = get(client, LISTED)
        etag = first.headers["ETag"]
        assert etag.startswith('W/"')
        sent = sent.format(etag=etag, strong=etag.removeprefix("W/"), bare=etag.removeprefix("W/").strip('"'))
        again = get(client, LISTED, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (status, first.content if status == 200 else b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name]

    def test_another_answer_has_another(self, client: Client, ada: User) -> None:
        kept(client, LISTED)
        first = get(client, LISTED)
        create_album(ada, title="New", description="", visibility="PUBLIC")
        again = get(client, LISTED, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 200
        assert again.headers["ETag"] != first.headers["ETag"]

    def test_so_has_the_same_under_another_type(self, client: Client) -> None:
        kept(client, LISTED)
        etags = {
            get(client, LISTED, headers={"Accept": kind}).headers["ETag"]
            for kind in ("application/json", "application/graphql-response+json")
        }
        assert len(etags) == 2

    def test_one_s_own_answer_has_one_too(self, ada: User) -> None:
        client = signed_in(ada).http
        kept(client, MINE)
        first = get(client, MINE)
        assert get(client, MINE, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304

    def test_what_is_not_kept_has_none(self, client: Client) -> None:
        kept(client, VIEWER)
        for response in (
            get(client, VIEWER, headers={"If-None-Match": "*"}),
            client.get("/graphql", {"query": LISTED}),
        ):
            assert (response.status_code, "ETag" in response.headers) == (200, False)

"""How each server is asked each question: one HTTP request for each id of which one is taken. Sends nothing."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.questions import SEARCH_OFFSET, SEARCHED

PHOTO = "id caption width height createdAt"
URLS = "id caption renditions { url }"
RELATIONS = "album { id title } owner { id name } tags { name }"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    body: str = ""


Ask = Callable[[str], Request]
Asks = Mapping[str, Ask]


def graphql(path: str, document: str, variables: Callable[[str], dict[str, Any]] = lambda _: {}) -> Ask:
    """Return how a document is sent; `variables` makes them of an id."""
    return lambda key: Request(
        method="POST", path=path, body=json.dumps({"query": document, "variables": variables(key)})
    )


def get(path: str) -> Ask:
    """Return how a path is fetched; {} stands for the id."""
    return lambda key: Request(method="GET", path=path.format(key))


def global_id(kind: str) -> Callable[[str], str]:
    """Return what makes a global id of a row's."""
    return lambda key: base64.b64encode(f"{kind}:{key}".encode()).decode()


def slipway(*, cursor: str, titles: Mapping[str, str]) -> Asks:
    """Return the questions to Slipway: pages are connections, and a page deep in a list is found by its cursor."""
    photo, album, path = global_id("Photo"), global_id("Album"), "/graphql"
    search = f"""query Search($after: String) {{
      photos(filter: {{search: "{SEARCHED}"}}, first: 20, after: $after) {{ edges {{ node {{ {PHOTO} }} }} }} }}"""
    rename = "mutation Rename($id: ID!, $title: String!) { updateAlbum(input: {id: $id, title: $title}) { album { id title } } }"
    return {
        "typename": graphql(path, "{ __typename }"),
        "one": graphql(path, f"query One($id: ID!) {{ photo(id: $id) {{ {PHOTO} }} }}", lambda key: {"id": photo(key)}),
        "twenty": graphql(path, f"{{ photos(first: 20) {{ edges {{ node {{ {PHOTO} }} }} }} }}"),
        "related": graphql(path, f"{{ photos(first: 100) {{ edges {{ node {{ {PHOTO} {RELATIONS} }} }} }} }}"),
        "thousand": graphql(path, f"{{ photos(first: 1000) {{ edges {{ node {{ {PHOTO} }} }} }} }}"),
        "nested": graphql(
            path,
            f"""{{ albums(first: 20) {{ edges {{ node {{ id title
              photos(first: 10) {{ edges {{ node {{ {PHOTO} }} }} }} }} }} }} }}""",
        ),
        "resolvers": graphql(path, f"{{ photos(first: 100) {{ edges {{ node {{ {URLS} }} }} }} }}"),
        "search": graphql(path, search, lambda _: {"after": cursor}),
        "mutation": graphql(path, rename, lambda key: {"id": album(key), "title": titles[key]}),
    }


def strawberry(path: str, *, titles: Mapping[str, str]) -> Asks:
    """Return the questions to strawberry-django: lists, pages by offset."""
    newest, rename = "ordering: [{createdAt: DESC}]", "updateAlbum(id: $id, title: $title) { id title }"
    return {
        "typename": graphql(path, "{ __typename }"),
        "one": graphql(path, f"query One($id: ID!) {{ photo(pk: $id) {{ {PHOTO} }} }}", lambda key: {"id": key}),
        "twenty": graphql(path, f"{{ photos({newest}, pagination: {{limit: 20}}) {{ {PHOTO} }} }}"),
        "related": graphql(path, f"{{ photos({newest}, pagination: {{limit: 100}}) {{ {PHOTO} {RELATIONS} }} }}"),
        "thousand": graphql(path, f"{{ photos({newest}, pagination: {{limit: 1000}}) {{ {PHOTO} }} }}"),
        "nested": graphql(
            path,
            f"""{{ albums({newest}, pagination: {{limit: 20}}) {{ id title
              photos({newest}, pagination: {{limit: 10}}) {{ {PHOTO} }} }} }}""",
        ),
        "resolvers": graphql(
            path, f"{{ photos({newest}, pagination: {{limit: 100}}) {{ id caption renditions {{ file {{ url }} }} }} }}"
        ),
        "search": graphql(
            path,
            f"""{{ photos({newest}, filters: {{search: "{SEARCHED}"}}, pagination: {{limit: 20, offset: {SEARCH_OFFSET}}})
              {{ {PHOTO} }} }}""",
        ),
        "mutation": graphql(
            path,
            f"mutation Rename($id: UUID!, $title: String!) {{ {rename} }}",
            lambda key: {"id": key, "title": titles[key]},
        ),
    }


def by_hand(id_type: str, *, titles: Mapping[str, str]) -> Asks:
    """Return the questions to graphene-django and Ariadne, whose schemas here are alike: lists, pages by offset."""
    path, rename = "/graphql", "updateAlbum(id: $id, title: $title) { album { id title } }"
    return {
        "typename": graphql(path, "{ __typename }"),
        "one": graphql(path, f"query One($id: {id_type}!) {{ photo(id: $id) {{ {PHOTO} }} }}", lambda key: {"id": key}),
        "twenty": graphql(path, f"{{ photos(first: 20) {{ {PHOTO} }} }}"),
        "related": graphql(path, f"{{ photosWithRelations(first: 100) {{ {PHOTO} {RELATIONS} }} }}"),
        "thousand": graphql(path, f"{{ photos(first: 1000) {{ {PHOTO} }} }}"),
        "nested": graphql(path, f"{{ albums(first: 20, photos: 10) {{ id title photos {{ {PHOTO} }} }} }}"),
        "resolvers": graphql(path, f"{{ photosWithRenditions(first: 100) {{ {URLS} }} }}"),
        "search": graphql(
            path, f'{{ photos(first: 20, offset: {SEARCH_OFFSET}, search: "{SEARCHED}") {{ {PHOTO} }} }}'
        ),
        "mutation": graphql(
            path,
            f"mutation Rename($id: {id_type}!, $title: String!) {{ {rename} }}",
            lambda key: {"id": key, "title": titles[key]},
        ),
    }


def postgraphile(*, titles: Mapping[str, str]) -> Asks:
    """Return the questions to PostGraphile: connections of its own; the search is a function, as its documentation has it."""
    path, newest, photo = "/graphql", "orderBy: [CREATED_AT_DESC]", "rowId caption width height createdAt"
    relations = """galleryAlbumByAlbumId { rowId title } accountsUserByOwnerId { rowId name }
      galleryPhotoTagsByPhotoId { nodes { galleryTagByTagId { name } } }"""
    rename = """mutation Rename($id: UUID!, $title: String!) {
      updateGalleryAlbumByRowId(input: {rowId: $id, galleryAlbumPatch: {title: $title}}) { galleryAlbum { rowId title } } }"""
    return {
        "typename": graphql(path, "{ __typename }"),
        "one": graphql(
            path, f"query One($id: UUID!) {{ galleryPhotoByRowId(rowId: $id) {{ {photo} }} }}", lambda key: {"id": key}
        ),
        "twenty": graphql(path, f"{{ allGalleryPhotos(first: 20, {newest}) {{ nodes {{ {photo} }} }} }}"),
        "related": graphql(path, f"{{ allGalleryPhotos(first: 100, {newest}) {{ nodes {{ {photo} {relations} }} }} }}"),
        "thousand": graphql(path, f"{{ allGalleryPhotos(first: 1000, {newest}) {{ nodes {{ {photo} }} }} }}"),
        "nested": graphql(
            path,
            f"""{{ allGalleryAlbums(first: 20, {newest}) {{ nodes {{ rowId title
              galleryPhotosByAlbumId(first: 10, {newest}) {{ nodes {{ {photo} }} }} }} }} }}""",
        ),
        "search": graphql(
            path,
            f'{{ photosWith(words: "{SEARCHED}", first: 20, offset: {SEARCH_OFFSET}) {{ nodes {{ {photo} }} }} }}',
        ),
        "mutation": graphql(path, rename, lambda key: {"id": key, "title": titles[key]}),
    }


def view(*, titles: Mapping[str, str]) -> Asks:
    """Return the questions to the hand-written views."""
    return {
        "typename": get("/typename"),
        "one": get("/photos/{}"),
        "twenty": get("/photos?first=20"),
        "related": get("/related?first=100"),
        "thousand": get("/photos?first=1000"),
        "nested": get("/albums?first=20&photos=10"),
        "resolvers": get("/renditions?first=100"),
        "search": get(f"/photos?first=20&offset={SEARCH_OFFSET}&search={SEARCHED}"),
        "mutation": lambda key: Request(method="POST", path=f"/albums/{key}", body=json.dumps({"title": titles[key]})),
    }


def choices(asked: Ask, keys: Sequence[str]) -> list[Request]:
    """Return the requests of which each one sent is one."""
    return [asked(key) for key in keys or [""]]

"""The gallery in Ariadne; each resolver names its joins."""

from pathlib import Path
from typing import Any

import django

django.setup()

# ruff: noqa: E402 - models can be had once Django is set up
from ariadne import MutationType, ObjectType, QueryType, make_executable_schema
from ariadne.asgi import GraphQL

from benchmarks.peers.tables import models, queries

query, mutation = QueryType(), MutationType()
photo, album = ObjectType("Photo"), ObjectType("Album")
photo.set_alias("createdAt", "created_at")


@photo.field("createdAt")
def created_at(found: Any, _info: Any) -> str:
    """Write the time."""
    return str(found.created_at.isoformat())


@photo.field("tags")
def tags(found: Any, _info: Any) -> Any:
    """Return what was fetched with the photo."""
    return found.tags.all()


@photo.field("renditions")
def renditions(found: Any, _info: Any) -> Any:
    """Return what was fetched with the photo."""
    return found.renditions.all()


@album.field("photos")
def photos_of_album(found: Any, _info: Any) -> Any:
    """Return what was fetched with the album."""
    return found.photos.all()


@query.field("photo")
async def one_photo(_root: Any, _info: Any, id: str) -> Any:  # noqa: A002 - the argument's name in every peer
    """Return one."""
    return await models.Photo.objects.defer("search").aget(pk=id)


@query.field("photos")
async def photos(_root: Any, _info: Any, first: int, offset: int = 0, search: str | None = None) -> Any:
    """Return a page."""
    return [found async for found in queries.photos(first=first, offset=offset, search=search)]


@query.field("photosWithRelations")
async def photos_with_relations(_root: Any, _info: Any, first: int) -> Any:
    """Return a page with what hangs on it."""
    return [found async for found in queries.photos_with_relations(first=first)]


@query.field("photosWithRenditions")
async def photos_with_renditions(_root: Any, _info: Any, first: int) -> Any:
    """Return a page with what hangs on it."""
    return [found async for found in queries.photos_with_renditions(first=first)]


@query.field("albums")
async def albums(_root: Any, _info: Any, first: int, photos: int) -> Any:
    """Return a page with photos."""
    return [found async for found in queries.albums(first=first, photos=photos)]


@mutation.field("updateAlbum")
async def update_album(_root: Any, _info: Any, id: str, title: str) -> Any:  # noqa: A002 - the argument's name in every peer
    """Rename an album."""
    found = await models.Album.objects.aget(pk=id)
    found.title = title
    await found.asave(update_fields=["title", "updated_at"])
    return {"album": found}


types = Path(__file__).with_name("schema.graphql").read_text()
application = GraphQL(make_executable_schema(types, query, mutation, photo, album))

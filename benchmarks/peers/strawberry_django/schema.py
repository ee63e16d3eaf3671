"""The gallery in strawberry-django: types, filters, orderings and pagination as its documentation shows them."""

import uuid
from typing import Any

import strawberry
import strawberry_django
from asgiref.sync import sync_to_async
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from strawberry import auto

from benchmarks.peers.tables import models


@strawberry_django.filter_type(models.Photo)
class PhotoFilter:
    """Which photos."""

    @strawberry_django.filter_field
    def search(self, value: str, prefix: str) -> Q:
        """Find words."""
        return Q(**{f"{prefix}search": SearchQuery(value, config="english", search_type="websearch")})


@strawberry_django.order_type(models.Photo)
class PhotoOrder:
    """How photos are ordered."""

    created_at: auto


@strawberry_django.order_type(models.Album)
class AlbumOrder:
    """How albums are ordered."""

    created_at: auto


@strawberry_django.type(models.Person)
class Person:
    """Who owns albums."""

    id: auto
    name: auto


@strawberry_django.type(models.Tag)
class Tag:
    """A word."""

    id: auto
    name: auto


@strawberry_django.type(models.Rendition)
class Rendition:
    """A photo at one size."""

    id: auto

    # Its own type of files has the URL. For a function the asynchronous view would go to a thread and back 300 times.
    file: auto


@strawberry_django.type(models.Photo, filters=PhotoFilter, ordering=PhotoOrder, pagination=True)
class Photo:
    """A picture."""

    id: auto
    caption: auto
    width: auto
    height: auto
    created_at: auto
    album: "Album"
    owner: Person
    tags: list[Tag]
    renditions: list[Rendition]


@strawberry_django.type(models.Album, ordering=AlbumOrder, pagination=True)
class Album:
    """Photos under one title."""

    id: auto
    title: auto
    photos: list[Photo]


@strawberry.type
class Query:
    """What can be read."""

    photo: Photo = strawberry_django.field()
    photos: list[Photo] = strawberry_django.field()
    albums: list[Album] = strawberry_django.field()


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def update_album(self, id: uuid.UUID, title: str) -> Album:  # noqa: A002 - the argument's name in every peer
        """Rename an album."""
        return await sync_to_async(renamed)(id, title)


def renamed(key: uuid.UUID, title: str) -> Any:
    """Rename an album, and return it."""
    album = models.Album.objects.get(pk=key)
    album.title = title
    album.save(update_fields=["title", "updated_at"])
    return album

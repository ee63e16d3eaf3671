"""The gallery in graphene-django; each resolver names its joins."""

from typing import Any

import graphene
from graphene_django import DjangoObjectType

from benchmarks.peers.tables import models, queries


class Person(DjangoObjectType):
    """Who owns albums."""

    class Meta:
        model = models.Person
        fields = ("id", "name")


class Tag(DjangoObjectType):
    """A word."""

    class Meta:
        model = models.Tag
        fields = ("id", "name")


class Rendition(DjangoObjectType):
    """A photo at one size."""

    url = graphene.String(required=True)

    class Meta:
        model = models.Rendition
        fields = ("id",)


class Photo(DjangoObjectType):
    """A picture."""

    class Meta:
        model = models.Photo
        fields = ("id", "caption", "width", "height", "created_at", "album", "owner", "tags", "renditions")


class Album(DjangoObjectType):
    """Photos under one title."""

    class Meta:
        model = models.Album
        fields = ("id", "title", "photos")


class Query(graphene.ObjectType):
    """What can be read."""

    photo = graphene.Field(Photo, id=graphene.UUID(required=True))
    photos = graphene.List(
        graphene.NonNull(Photo), first=graphene.Int(required=True), offset=graphene.Int(), search=graphene.String()
    )
    photos_with_relations = graphene.List(graphene.NonNull(Photo), first=graphene.Int(required=True))
    photos_with_renditions = graphene.List(graphene.NonNull(Photo), first=graphene.Int(required=True))
    albums = graphene.List(
        graphene.NonNull(Album), first=graphene.Int(required=True), photos=graphene.Int(required=True)
    )

    def resolve_photo(self, _info: Any, id: Any) -> Any:  # noqa: A002 - the argument's name in every peer
        """Return one."""
        return models.Photo.objects.defer("search").get(pk=id)

    def resolve_photos(self, _info: Any, first: int, offset: int = 0, search: str | None = None) -> Any:
        """Return a page."""
        return queries.photos(first=first, offset=offset, search=search)

    def resolve_photos_with_relations(self, _info: Any, first: int) -> Any:
        """Return a page with what hangs on it."""
        return queries.photos_with_relations(first=first)

    def resolve_photos_with_renditions(self, _info: Any, first: int) -> Any:
        """Return a page with what hangs on it."""
        return queries.photos_with_renditions(first=first)

    def resolve_albums(self, _info: Any, first: int, photos: int) -> Any:
        """Return a page with photos."""
        return queries.albums(first=first, photos=photos)


class UpdateAlbum(graphene.Mutation):
    """Rename an album."""

    class Arguments:
        id = graphene.UUID(required=True)
        title = graphene.String(required=True)

    album = graphene.Field(Album)

    def mutate(self, _info: Any, id: Any, title: str) -> Any:  # noqa: A002 - the argument's name in every peer
        """Rename it."""
        album = models.Album.objects.get(pk=id)
        album.title = title
        album.save(update_fields=["title", "updated_at"])
        return UpdateAlbum(album=album)


class Mutation(graphene.ObjectType):
    """What can be changed."""

    update_album = UpdateAlbum.Field()


schema = graphene.Schema(query=Query, mutation=Mutation)

"""What the gallery's answers are made of, for the shared cache: albums. Whatever is written to one is told by apps.gallery.purging.

An answer for one album or photo is made of that album, with all its photos. A list is made of albums and photos of all kinds.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from api.nodes import Making, row_id
from api.shared_cache.surrogates import key_of
from apps.gallery.models import Photo

Arguments = Mapping[str, Any]


def of_albums(ids: Sequence[UUID]) -> list[str]:
    """Return the keys of albums."""
    return [key_of("Album", each) for each in ids]


def of_their_albums(ids: Sequence[UUID]) -> list[str]:
    """Return the keys of photos' albums, none where a photo is not there: nobody can tell what it was in.

    Whether it may be seen does not matter: the answer that it may not is made of the same album.
    """
    albums = dict(Photo.objects.filter(pk__in=ids).values_list("pk", "album_id"))
    return of_albums(sorted(set(albums.values()))) if albums.keys() == set(ids) else []


def of_album(arguments: Arguments) -> list[str]:
    """Return what `album` is made of."""
    return of_albums([row_id(arguments["id"], "Album")])


def of_photo(arguments: Arguments) -> list[str]:
    """Return what `photo` is made of."""
    return of_their_albums([row_id(arguments["id"], "Photo")])


def of_photos(arguments: Arguments) -> list[str] | None:
    """Return what `photos` is made of: those of one album, of that; others, of any."""
    album = (arguments.get("filter") or {}).get("album")
    return of_albums([row_id(album, "Album")]) if album else None


MADE_OF: dict[str, Making] = {"Album": of_albums, "Photo": of_their_albums}

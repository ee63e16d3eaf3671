"""How the gallery's objects are found by their ids."""

from collections.abc import Sequence
from uuid import UUID

from api.nodes import Loader
from apps.gallery import selectors
from apps.gallery.models import Album, Photo, Tag
from apps.gallery.selectors import Viewer


def albums(viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, Album]:
    """Return the albums that the viewer may see."""
    return selectors.visible_albums(viewer).in_bulk(ids)


def photos(viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, Photo]:
    """Return the photos that the viewer may see."""
    return selectors.visible_photos(viewer).in_bulk(ids)


def tags(viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, Tag]:  # noqa: ARG001 - tags are everybody's
    """Return the tags."""
    return Tag.objects.in_bulk(ids)


NODES: dict[str, Loader] = {"Album": albums, "Photo": photos, "Tag": tags}

"""Load the demo's people with their albums, through the same services as an upload.

A person is loaded in one transaction: an interrupted run leaves nothing of them, and the next one loads them
whole. Hence who exists is complete and is never touched again: what they renamed or deleted stays so, and
somebody else who registered under that address is left alone.
"""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.gallery import files, renditions, services
from apps.gallery.demo.content import PASSWORD, PICTURES, DemoAlbum, DemoPerson
from apps.gallery.models import Photo, PhotoState


def load_person(person: DemoPerson) -> int:
    """Load somebody who is not there yet. Return the number of photos: 0 if another run was faster."""
    stored: list[str] = []
    try:
        with transaction.atomic():
            try:
                owner = accounts.register(email=person.email, name=person.name, password=PASSWORD)
            except ValidationError:
                if User.objects.with_email(person.email).exists():
                    return 0
                raise
            for album in person.albums:
                load_album(owner, album, stored=stored)
    except BaseException:
        files.remove(stored)  # their rows are rolled back
        raise
    return len(stored)


def load_album(owner: User, content: DemoAlbum, *, stored: list[str]) -> None:
    """Create an album with its photos, and add the names of their files to `stored`."""
    album = services.create_album(
        owner, title=content.title, description=content.description, visibility=content.visibility
    )
    photos = []
    # The last first: lists show the newest first, so this is the order in which they are written down.
    for item in reversed(content.photos):
        path = PICTURES / item.file
        with path.open("rb") as file:
            photo = services.add_photo(
                owner, album.pk, file, size=path.stat().st_size, caption=item.caption, tags=item.tags
            )
        stored.append(str(photo.file.name))
        photos.append(photo)
    services.update_album(owner, album.pk, cover_id=photos[-1].pk)


def render_pending(owners: list[str]) -> int:
    """Make, here, the renditions that these people's photos lack. Return how many photos that were."""
    pending = Photo.objects.filter(owner__email__in=owners, state=PhotoState.PENDING).order_by("created_at")
    waiting = list(pending.values_list("pk", flat=True))
    for photo_id in waiting:
        renditions.make(photo_id)
    return len(waiting)

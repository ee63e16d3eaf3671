"""Albums, photos, their renditions and tags, with an index behind each filter and ordering of the API."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce

from config.database import one_of, primary_key

PUBLIC_AND_READY = models.Q(visibility="PUBLIC", state="READY")


class Visibility(models.TextChoices):
    """Who may see an album: anybody and in lists; anybody who has its id; its owner."""

    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class PhotoState(models.TextChoices):
    """Where a photo is on its way: renditions to be made, made, or impossible to make."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class RenditionSize(models.TextChoices):
    """The three sizes a photo is offered in; apps.gallery.images says how large each is."""

    SMALL = "SMALL"
    MEDIUM = "MEDIUM"
    LARGE = "LARGE"


def search_vector(*columns: str) -> models.GeneratedField:
    """Return a column that PostgreSQL keeps as the searchable words of `columns`."""
    return models.GeneratedField(
        expression=SearchVector(*columns, config="english"), output_field=SearchVectorField(), db_persist=True
    )


def stored_name(row: models.Model) -> str:
    """Return the name of a row's `file`, without Django's object for it where there is none yet."""
    stored = row.__dict__.get("file")
    return stored if isinstance(stored, str) else str(row.file)  # type: ignore[attr-defined]  # a photo's or a rendition's


class Album(models.Model):
    """Photos of one owner under one title and one visibility.

    `is_being_placed` says that the visibility changed and the renditions are still to be moved to where it wants them.
    """

    id = primary_key()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="albums")
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=5000, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.PRIVATE)
    cover = models.ForeignKey("Photo", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    is_being_placed = models.BooleanField(default=False, editable=False)
    search = search_vector("title", "description")

    class Meta:
        indexes = [
            models.Index(fields=["owner", "created_at", "id"], name="album_owner_newest"),
            models.Index(fields=["owner", "title", "id"], name="album_owner_title"),
            models.Index(fields=["created_at", "id"], name="album_newest"),
            models.Index(fields=["title", "id"], name="album_title"),
            models.Index(
                fields=["created_at", "id"],
                name="album_public_newest",
                condition=models.Q(visibility="PUBLIC"),
            ),
            models.Index(fields=["title", "id"], name="album_public_title", condition=models.Q(visibility="PUBLIC")),
            models.Index(fields=["id"], name="album_being_placed", condition=models.Q(is_being_placed=True)),
            GinIndex(fields=["search"], name="album_search"),
        ]
        constraints = [
            one_of("visibility", Visibility.values, name="album_visibility_known"),
        ]

    def __str__(self) -> str:
        return self.title


class Tag(models.Model):
    """A word that photos share, kept in lower case."""

    id = primary_key()
    name = models.CharField(max_length=50, unique=True)

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    """One uploaded picture.

    `owner` and `visibility` repeat the album's, so that one index serves a list with its permission; services keep them
    in step. `moment` is when the picture was taken, or uploaded where its file does not say.
    """

    id = primary_key()
    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="photos")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photos")
    visibility = models.CharField(max_length=8, choices=Visibility, editable=False)
    caption = models.CharField(max_length=1000, blank=True)
    tags = models.ManyToManyField(Tag, related_name="photos", blank=True)
    file = models.FileField(max_length=200)
    content_type = models.CharField(max_length=30, editable=False)
    bytes = models.PositiveBigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    taken_at = models.DateTimeField(null=True, blank=True)
    dominant_color = models.CharField(max_length=7, blank=True, editable=False)
    state = models.CharField(max_length=7, choices=PhotoState, default=PhotoState.PENDING, editable=False)
    failure_reason = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    moment = models.GeneratedField(
        expression=Coalesce("taken_at", "created_at"), output_field=models.DateTimeField(), db_persist=True
    )
    search = search_vector("caption")

    class Meta:
        indexes = [
            models.Index(fields=["album", "created_at", "id"], name="photo_album_newest"),
            models.Index(fields=["album", "moment", "id"], name="photo_album_taken"),
            models.Index(fields=["owner", "created_at", "id"], name="photo_owner_newest"),
            models.Index(fields=["owner", "moment", "id"], name="photo_owner_taken"),
            models.Index(fields=["created_at", "id"], name="photo_newest"),
            models.Index(fields=["moment", "id"], name="photo_taken"),
            models.Index(fields=["created_at", "id"], name="photo_public_newest", condition=PUBLIC_AND_READY),
            models.Index(fields=["moment", "id"], name="photo_public_taken", condition=PUBLIC_AND_READY),
            models.Index(
                fields=["state", "created_at", "id"],
                name="photo_not_ready",
                condition=~models.Q(state="READY"),
            ),
            models.Index(fields=["file"], name="photo_file"),
            GinIndex(fields=["search"], name="photo_search"),
        ]
        constraints = [
            one_of("visibility", Visibility.values, name="photo_visibility_known"),
            one_of("state", PhotoState.values, name="photo_state_known"),
        ]

    def __str__(self) -> str:
        return self.caption or f"photo {self.pk}"

    @property
    def file_name(self) -> str:
        """The file's name in the storage."""
        return stored_name(self)


class Rendition(models.Model):
    """A photo at one size, as WebP."""

    id = primary_key()
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="renditions")
    size = models.CharField(max_length=6, choices=RenditionSize)
    file = models.FileField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "size"], name="rendition_once_per_size"),
        ]
        indexes = [models.Index(fields=["file"], name="rendition_file")]

    def __str__(self) -> str:
        return f"{self.size.lower()} of {self.photo_id}"

    @property
    def file_name(self) -> str:
        """The file's name in the storage."""
        return stored_name(self)

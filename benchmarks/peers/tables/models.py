"""The tables that our migrations made, as plain models that own nothing."""

import uuid

from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Person(models.Model):
    """Who owns albums."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=150)

    class Meta:
        managed = False
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word that photos share."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50)

    class Meta:
        managed = False
        db_table = "gallery_tag"

    def __str__(self) -> str:
        return self.name


class Album(models.Model):
    """Photos of one owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="albums")
    title = models.CharField(max_length=200)
    description = models.TextField()
    visibility = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "gallery_album"

    def __str__(self) -> str:
        return self.title


class Photo(models.Model):
    """One picture."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="photos")
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="photos")
    tags = models.ManyToManyField(Tag, through="PhotoTag", related_name="photos")
    caption = models.CharField(max_length=1000)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    search = SearchVectorField()

    class Meta:
        managed = False
        db_table = "gallery_photo"

    def __str__(self) -> str:
        return self.caption


class Rendition(models.Model):
    """A photo at one size."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="renditions")
    size = models.CharField(max_length=6)
    file = models.FileField(max_length=200)

    class Meta:
        managed = False
        db_table = "gallery_rendition"

    def __str__(self) -> str:
        return f"{self.photo_id} {self.size}"

    @property
    def url(self) -> str:
        """The file's address."""
        return str(self.file.url)


class PhotoTag(models.Model):
    """Which photo has which tag."""

    id = models.BigAutoField(primary_key=True)
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE)

    class Meta:
        managed = False
        db_table = "gallery_photo_tags"

    def __str__(self) -> str:
        return f"{self.photo_id} {self.tag_id}"

"""The gallery in Django's admin: thumbnails, search, filters. Files are shown and deleted here, never uploaded."""

from typing import Any

from django.contrib import admin
from django.core.files.storage import default_storage
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.gallery import services
from apps.gallery.models import Album, Photo, Rendition, RenditionSize, Tag


def thumbnail(photo: Photo | None) -> SafeString | str:
    """Return a photo's small rendition as an image, or a dash where there is none yet."""
    small = [each for each in photo.renditions.all() if each.size == RenditionSize.SMALL] if photo else []
    if not small:
        return "-"
    return format_html('<img src="{}" alt="" height="60" loading="lazy">', default_storage.url(small[0].file_name))


@admin.register(Album)
class AlbumAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Albums with their cover and how many photos they have."""

    list_display = ("title", "cover_image", "owner", "visibility", "photo_count", "created_at")
    list_filter = ("visibility", "created_at")
    search_fields = ("title", "description", "owner__email")
    list_select_related = ("owner", "cover")
    autocomplete_fields = ("owner",)
    raw_id_fields = ("cover",)
    readonly_fields = ("created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Album]:
        """Return the albums with what the list shows of each."""
        found: QuerySet[Album] = super().get_queryset(request)
        return found.annotate(photo_number=Count("photos")).prefetch_related("cover__renditions")

    @admin.display(description="cover")
    def cover_image(self, album: Album) -> str:
        """Return the cover as an image."""
        return thumbnail(album.cover)

    @admin.display(description="photos", ordering="photo_number")
    def photo_count(self, album: Any) -> int:
        """Return how many photos the album has."""
        return int(album.photo_number)

    def save_model(self, request: HttpRequest, obj: Album, form: Any, change: bool) -> None:
        """Save as the API does, so that photos follow their album's visibility."""
        super().save_model(request, obj, form, change)
        if "visibility" in form.changed_data:
            services.follow_visibility(obj)

    def delete_model(self, request: HttpRequest, obj: Album) -> None:
        """Delete as the API does, so that files go as well."""
        services.delete_album(obj.owner, obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Album]) -> None:
        """Delete several as the API does."""
        for album in queryset.select_related("owner"):
            services.delete_album(album.owner, album.pk)


class RenditionInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """A photo's files, to look at."""

    model = Rendition
    extra = 0
    can_delete = False
    readonly_fields = fields = ("size", "file", "width", "height", "bytes", "sha256")

    def has_add_permission(self, request: HttpRequest, obj: Photo | None = None) -> bool:
        """Renditions are made by the worker alone."""
        return False


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Photos with their thumbnail and how far their renditions are."""

    list_display = ("image", "caption", "album", "owner", "state", "visibility", "created_at")
    list_display_links = ("image", "caption")
    list_filter = ("state", "visibility", "created_at")
    search_fields = ("caption", "album__title", "owner__email", "tags__name", "sha256")
    list_select_related = ("album", "owner")
    list_prefetch = ("renditions",)
    filter_horizontal = ("tags",)
    inlines = (RenditionInline,)
    show_full_result_count = False
    fields = (
        "image", "album", "owner", "caption", "tags", "taken_at", "state", "failure_reason", "visibility",
        "file", "content_type", "bytes", "sha256", "width", "height", "dominant_color", "created_at",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name not in ("caption", "tags", "taken_at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        """Return the photos with their thumbnails' rows."""
        return super().get_queryset(request).prefetch_related(*self.list_prefetch)

    @admin.display(description="photo")
    def image(self, photo: Photo) -> str:
        """Return the photo as an image."""
        return thumbnail(photo)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Photos come in through the API, which looks into their files."""
        return False

    def delete_model(self, request: HttpRequest, obj: Photo) -> None:
        """Delete as the API does, so that files go as well."""
        services.delete_photo(obj.owner, obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Delete several as the API does."""
        for photo in queryset.select_related("owner"):
            services.delete_photo(photo.owner, photo.pk)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Tags by name."""

    list_display = ("name",)
    search_fields = ("name",)

"""Django's view of the gallery."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    """Albums, photos, tags."""

    name = "apps.gallery"
    verbose_name = "Gallery"

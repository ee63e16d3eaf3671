"""Django's view of the gallery."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    """Albums, photos, tags."""

    name = "apps.gallery"
    verbose_name = "Gallery"

    def ready(self) -> None:
        """Begin to tell the shared cache of writes."""
        from apps.gallery import purging

        purging.listen()

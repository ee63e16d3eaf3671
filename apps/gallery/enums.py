"""The models' choices as GraphQL enums. Import them from here, so that they are declared before a type uses them."""

import strawberry

from apps.gallery.models import PhotoState, RenditionSize, Visibility

__all__ = ["PhotoState", "RenditionSize", "Visibility"]

strawberry.enum(Visibility, description="Who may see an album.")
strawberry.enum(PhotoState, description="Where a photo is on its way to be shown.")
strawberry.enum(RenditionSize, description="SMALL is at most 480 pixels on the longer side, MEDIUM 1200, LARGE 2400.")

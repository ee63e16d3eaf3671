"""The models' choices as GraphQL enums. Import them from here, so that they are declared before a type uses them."""

import strawberry

from api.descriptions import describe_values
from apps.gallery.models import PhotoState, RenditionSize, Visibility

__all__ = ["PhotoState", "RenditionSize", "Visibility"]

strawberry.enum(Visibility, description="Who may see an album.")
strawberry.enum(PhotoState, description="Where a photo is on its way to be shown.")
strawberry.enum(RenditionSize, description="SMALL is at most 480 pixels on the longer side, MEDIUM 1200, LARGE 2400.")
describe_values(
    Visibility,
    PUBLIC="Everybody, in every list.",
    UNLISTED="Everybody who has its id; it is in nobody's list but its owner's.",
    PRIVATE="Its owner.",
)
describe_values(
    PhotoState,
    PENDING="Its renditions are being made; its owner alone sees it.",
    READY="It can be shown.",
    FAILED="No renditions could be made of it; `failureReason` says why.",
)
describe_values(RenditionSize, SMALL="For a list.", MEDIUM="For a page.", LARGE="For a whole screen.")

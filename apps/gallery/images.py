"""Look into a picture's file, and make its renditions. Knows Pillow; knows no database and no request."""

import datetime
import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from PIL import Image, ImageOps

from apps.gallery import metadata
from apps.gallery.models import RenditionSize

# Our own limit, checked on the header before a pixel is decoded, takes the place of Pillow's warning.
Image.MAX_IMAGE_PIXELS = None

CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
READABLE = ("JPEG", "PNG", "WEBP")
EDGES = {
    RenditionSize.SMALL: 480,
    RenditionSize.MEDIUM: 1200,
    RenditionSize.LARGE: 2400,
}  # pixels, longest side
WEBP_QUALITY = 82
SIDEWAYS = range(5, 9)  # EXIF orientations that swap width and height
UNREADABLE = (OSError, ValueError, SyntaxError, KeyError, EOFError, Image.DecompressionBombError)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What an uploaded file turned out to be. `content` has no position in it any more."""

    content: bytes
    content_type: str
    width: int
    height: int
    taken_at: datetime.datetime | None

    @property
    def sha256(self) -> str:
        """The SHA-256 of `content`, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One rendition's bytes and size in pixels."""

    size: RenditionSize
    content: bytes
    width: int
    height: int


def read_upload(file: IO[bytes], *, size: int) -> Picture:
    """Return what is in `file`, told by its content; raises ValidationError with the code and the sentence for the user."""
    if size > settings.MEDIA_MAX_BYTES:
        raise ValidationError(
            f"The file has {size} bytes; at most {settings.MEDIA_MAX_BYTES} are accepted.",
            code="file_too_large",
        )
    file.seek(0)  # a request may name one file in several places
    content = file.read()
    try:
        with Image.open(io.BytesIO(content), formats=READABLE) as image:
            return describe(image, content)
    except UNREADABLE as error:
        raise ValidationError(
            "This is not a picture that can be read. JPEG, PNG and WebP files are accepted.",
            code="not_a_picture",
        ) from error


def describe(image: Image.Image, content: bytes) -> Picture:
    """Return the picture's description and cleaned content, from its header alone."""
    if image.width * image.height > settings.MEDIA_MAX_PIXELS:
        raise ValidationError(
            f"The picture has {image.width} x {image.height} pixels; "
            f"at most {settings.MEDIA_MAX_PIXELS} in all are accepted.",
            code="too_many_pixels",
        )
    # MPO: what a phone writes as .jpg, with a second picture behind the first. Pillow tells it apart; we drop the second.
    image_format = "JPEG" if image.format == "MPO" else str(image.format)
    exif = image.getexif()
    width, height = image.size
    if exif.get(metadata.ORIENTATION) in SIDEWAYS:
        width, height = height, width
    return Picture(
        content=metadata.cleaned(content, image_format=image_format, exif=exif),
        content_type=CONTENT_TYPES[image_format],
        width=width,
        height=height,
        taken_at=time_taken(exif),
    )


def time_taken(exif: Image.Exif) -> datetime.datetime | None:
    """Return EXIF's DateTimeOriginal; where the camera gives no offset, as a time in the site's own zone."""
    original = exif.get_ifd(metadata.EXIF_IFD)
    text = original.get(metadata.DATE_TIME_ORIGINAL) or exif.get(metadata.DATE_TIME)
    offset = original.get(metadata.OFFSET_TIME_ORIGINAL) or ""
    try:
        moment = datetime.datetime.strptime(str(text).strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - below
        zone = datetime.datetime.strptime(str(offset).strip("\x00 "), "%z").tzinfo if offset else None
    except ValueError:
        return None
    return moment.replace(tzinfo=zone or timezone.get_default_timezone())


def render(file: IO[bytes]) -> Iterator[Rendered]:
    """Yield the renditions, largest first, each made from the one before; raises one of UNREADABLE."""
    with Image.open(file, formats=READABLE) as image:
        image.draft("RGB", fitted(image.size, EDGES[RenditionSize.LARGE]))  # JPEG: decode no larger than needed
        picture = ImageOps.exif_transpose(image)
    profile = picture.info.get("icc_profile") if picture.mode in ("RGB", "RGBA") else None
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    for size in (RenditionSize.LARGE, RenditionSize.MEDIUM, RenditionSize.SMALL):
        picture.thumbnail((EDGES[size], EDGES[size]), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=WEBP_QUALITY, method=4, icc_profile=profile)
        yield Rendered(size=size, content=buffer.getvalue(), width=picture.width, height=picture.height)


def fitted(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """Return a size in pixels with its longest side as long as `edge`, rounded up; a smaller one as it is."""
    longest = max(edge, *size)
    width, height = (math.ceil(side * edge / longest) for side in size)
    return width, height


def dominant_color(content: bytes) -> str:
    """Return the most frequent of eight colours of a picture's file, as `#rrggbb`."""
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((64, 64)).quantize(8)
    counts: list[tuple[int, int]] = small.getcolors() or [(1, 0)]  # type: ignore[assignment]  # a palette's are ints
    index = max(counts)[1]
    red, green, blue = (small.getpalette() or [0, 0, 0])[index * 3 : index * 3 + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"

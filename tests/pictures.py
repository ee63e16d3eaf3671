"""Makes picture files for tests, with the metadata that cameras write."""

import io

from PIL import Image

GPS_IFD, EXIF_IFD = 0x8825, 0x8769
ORIENTATION, DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x0112, 0x9003, 0x9011


def camera_exif(*, orientation: int = 1, taken: str = "2020:01:02 03:04:05", offset: str | None = None) -> Image.Exif:
    """Return an EXIF block with a position in it."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "SecretCameraMaker"
    exif.get_ifd(GPS_IFD)[1] = "N"
    exif.get_ifd(GPS_IFD)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(EXIF_IFD)[DATE_TIME_ORIGINAL] = taken
    if offset:
        exif.get_ifd(EXIF_IFD)[OFFSET_TIME_ORIGINAL] = offset
    return exif


def picture(
    image_format: str = "JPEG",
    *,
    size: tuple[int, int] = (320, 240),
    color: str = "#204080",
    exif: Image.Exif | None = None,
) -> bytes:
    """Return a picture's file: a gradient in one colour."""
    gradient = Image.linear_gradient("L").resize(size)
    image = Image.composite(Image.new("RGB", size, color), Image.new("RGB", size, "#ffffff"), gradient)
    buffer = io.BytesIO()
    image.save(buffer, image_format, exif=exif or camera_exif())
    return buffer.getvalue()


def flat_picture(width: int, height: int) -> bytes:
    """Return a small PNG file that unpacks to width x height pixels of one colour."""
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()

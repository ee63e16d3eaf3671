import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from PIL import Image
from pytest_django import Settings

from apps.gallery import images
from apps.gallery.models import RenditionSize
from tests.pictures import camera_exif, flat_picture, picture


def read(content: bytes) -> images.Picture:
    return images.read_upload(io.BytesIO(content), size=len(content))


def refusal(content: bytes) -> str:
    with pytest.raises(ValidationError) as refused:
        read(content)
    return str(refused.value.code)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, this is text",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x04\x00\x00\x00WEBP",
        b"GIF89a" + b"\x00" * 50,
    ],
    ids=["empty", "text", "jpeg-head", "png-head", "webp-head", "gif"],
)
def test_it_refuses_what_is_no_picture(content: bytes) -> None:
    assert refusal(content) == "not_a_picture"


def test_it_tells_the_type_by_the_content_and_not_by_a_name() -> None:
    assert read(picture("PNG")).content_type == "image/png"


def test_it_refuses_a_bomb_of_a_hundred_megapixels_before_it_unpacks() -> None:
    bomb = flat_picture(10_000, 10_000)
    assert len(bomb) < 100_000
    assert refusal(bomb) == "too_many_pixels"


def test_it_refuses_a_file_over_the_limit(settings: Settings) -> None:
    settings.MEDIA_MAX_BYTES = 100
    assert refusal(picture()) == "file_too_large"


def test_it_swaps_width_and_height_of_a_picture_on_its_side() -> None:
    found = read(picture(size=(320, 240), exif=camera_exif(orientation=6)))
    assert (found.width, found.height) == (240, 320)


def test_it_reads_when_the_picture_was_taken_with_the_camera_s_offset() -> None:
    found = read(picture(exif=camera_exif(taken="2020:01:02 03:04:05", offset="+02:00")))
    assert found.taken_at == datetime.datetime(2020, 1, 2, 1, 4, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", ""])
def test_a_time_that_is_none_is_left_out(taken: str) -> None:
    assert read(picture(exif=camera_exif(taken=taken))).taken_at is None


def test_it_renders_three_sizes_upright_and_never_larger_than_the_picture() -> None:
    file = io.BytesIO(picture(size=(1500, 1000), exif=camera_exif(orientation=6)))
    sizes = {rendered.size: (rendered.width, rendered.height) for rendered in images.render(file)}
    assert sizes == {
        RenditionSize.LARGE: (1000, 1500),
        RenditionSize.MEDIUM: (800, 1200),
        RenditionSize.SMALL: (320, 480),
    }


@pytest.mark.parametrize(
    ("size", "large"),
    [((6000, 4000), (2400, 1600)), ((1001, 5000), (480, 2400)), ((4800, 4800), (2400, 2400)), ((30, 20), (30, 20))],
)
def test_a_large_picture_is_decoded_as_large_as_needed(size: tuple[int, int], large: tuple[int, int]) -> None:
    asked = images.fitted(size, 2400)
    assert all(0 <= wanted - side <= 1 for wanted, side in zip(asked, large, strict=True))
    rendered = next(iter(images.render(io.BytesIO(picture(size=size)))))
    assert max(abs(rendered.width - large[0]), abs(rendered.height - large[1])) <= 1


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16", "CMYK"])
def test_it_renders_every_kind_of_pixel(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (60, 40)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    assert len(list(images.render(io.BytesIO(buffer.getvalue())))) == 3


def test_a_jpeg_that_is_cut_short_can_be_read_but_not_rendered() -> None:
    cut = picture(size=(1000, 800))[:6000]
    content = read(cut).content
    with pytest.raises(images.UNREADABLE):
        list(images.render(io.BytesIO(content)))


def test_it_tells_the_dominant_color() -> None:
    buffer = io.BytesIO()
    image = Image.new("RGB", (100, 100), "#204080")
    image.paste(Image.new("RGB", (20, 100), "#ffffff"))
    image.save(buffer, "PNG")
    assert images.dominant_color(buffer.getvalue()) == "#204080"

import io
from pathlib import Path

import pytest
from PIL import Image

from apps.gallery import images, metadata
from tests.pictures import GPS_IFD, ORIENTATION, camera_exif, picture


def read(content: bytes) -> images.Picture:
    return images.read_upload(io.BytesIO(content), size=len(content))


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB").tobytes()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
class TestEveryFormat:
    def test_it_takes_out_the_position_and_the_camera(self, image_format: str) -> None:
        content = read(picture(image_format)).content
        with Image.open(io.BytesIO(content)) as image:
            assert not image.getexif().get_ifd(GPS_IFD)
        assert b"SecretCameraMaker" not in content

    def test_it_keeps_every_pixel(self, image_format: str) -> None:
        original = picture(image_format)
        assert pixels(read(original).content) == pixels(original)

    def test_it_keeps_the_orientation_and_the_time(self, image_format: str) -> None:
        content = read(picture(image_format, exif=camera_exif(orientation=6))).content
        with Image.open(io.BytesIO(content)) as image:
            assert image.getexif()[ORIENTATION] == 6
            assert image.getexif().get_ifd(metadata.EXIF_IFD)[metadata.DATE_TIME_ORIGINAL] == "2020:01:02 03:04:05"

    def test_a_cleaned_file_cleans_to_itself(self, image_format: str) -> None:
        once = read(picture(image_format)).content
        assert read(once).content == once


def test_it_takes_out_xmp_and_comments_of_a_jpeg() -> None:
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<exif:GPSLatitude>52,31.2N</exif:GPSLatitude>"
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    comment = b"\xff\xfe\x00\x0cat my home"
    plain = picture()
    content = read(plain[:2] + segment + comment + plain[2:]).content
    assert b"GPSLatitude" not in content
    assert b"at my home" not in content


def test_it_drops_a_second_picture_behind_the_first() -> None:
    first = picture()
    content = read(first + picture(color="#ff0000")).content
    assert b"SecretCameraMaker" not in content
    assert content.count(b"\xff\xd8\xff") == 1
    assert pixels(content) == pixels(first)


def test_it_drops_the_pictures_that_a_phone_appends() -> None:
    buffer = io.BytesIO()
    main, depth = Image.new("RGB", (40, 30), "#112233"), Image.new("RGB", (40, 30), "#445566")
    main.save(buffer, "MPO", save_all=True, append_images=[depth], exif=camera_exif())
    found = read(buffer.getvalue())
    assert found.content_type == "image/jpeg"
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.format == "JPEG"
        assert not image.getexif().get_ifd(GPS_IFD)


def test_it_takes_out_text_chunks_of_a_png() -> None:
    chunk = metadata.png_chunk(b"tEXt", b"Location\x00at my home")
    plain = picture("PNG")
    content = read(plain[:33] + chunk + plain[33:]).content  # behind the signature and IHDR
    assert b"at my home" not in content


def test_a_progressive_jpeg_keeps_all_its_scans() -> None:
    buffer = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(buffer, "JPEG", progressive=True, exif=camera_exif())
    assert pixels(read(buffer.getvalue()).content) == pixels(buffer.getvalue())


def test_a_rendition_has_no_metadata(tmp_path: Path) -> None:
    for rendered in images.render(io.BytesIO(picture(exif=camera_exif()))):
        with Image.open(io.BytesIO(rendered.content)) as image:
            assert not image.getexif()

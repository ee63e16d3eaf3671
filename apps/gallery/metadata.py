"""Take out of a picture's file what says where it was taken, without touching a pixel.

All of EXIF, XMP and IPTC goes, and what follows the picture's end (a phone's second picture carries its own EXIF);
what a picture needs to be shown right (orientation, time) is put back as a small EXIF of our own.
Layouts: JPEG ITU-T T.81 annex B, PNG third edition section 5.3, WebP RFC 9649 section 2.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

ORIENTATION, DATE_TIME, EXIF_IFD = 0x0112, 0x0132, 0x8769
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x9003, 0x9011

# JPEG segments that carry metadata: APP1 Exif and XMP, APP13 IPTC; and APP2 when it is the index of more pictures (MPF).
APP1, APP2, APP13, COMMENT = 0xE1, 0xE2, 0xED, 0xFE
MARKER, START_OF_SCAN, END_OF_IMAGE = 0xFF, 0xDA, 0xD9
MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_METADATA = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
WEBP_METADATA = {b"EXIF", b"XMP "}
WEBP_EXIF_FLAG, WEBP_XMP_FLAG = 0x08, 0x04


class MalformedError(ValueError):
    """The file's structure ends or contradicts itself before its pixels begin."""


def kept_exif(exif: Image.Exif) -> bytes:
    """Return an EXIF block, with its `Exif\\0\\0` head, of only the orientation and the time; empty where there is neither."""
    kept = Image.Exif()
    if (orientation := exif.get(ORIENTATION)) in range(2, 9):
        kept[ORIENTATION] = orientation
    original = exif.get_ifd(EXIF_IFD)
    times = {
        tag: original[tag] for tag in (DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL) if isinstance(original.get(tag), str)
    }
    if times:
        kept.get_ifd(EXIF_IFD).update(times)
    return kept.tobytes() if len(kept) or times else b""


def cleaned(content: bytes, *, image_format: str, exif: Image.Exif) -> bytes:
    """Return `content`, a JPEG, PNG or WEBP file, without its metadata; raises MalformedError."""
    clean = {"JPEG": clean_jpeg, "PNG": clean_png, "WEBP": clean_webp}[image_format]
    try:
        return clean(content, kept_exif(exif))
    except (struct.error, IndexError) as error:
        raise MalformedError(str(error)) from error


def clean_jpeg(content: bytes, exif: bytes) -> bytes:
    """Return the JPEG without metadata segments and without what follows its end."""
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif if exif else b""
    return b"\xff\xd8" + segment + b"".join(jpeg_parts(content))


def jpeg_parts(content: bytes) -> Iterator[bytes]:
    """Yield the segments and scans to keep, from behind the start marker to the end marker."""
    position = 2
    while position < len(content):
        marker = content[position + 1]
        if content[position] != MARKER:
            raise MalformedError(f"no marker at byte {position}")
        if marker == MARKER:  # a fill byte
            position += 1
            continue
        if marker == END_OF_IMAGE:
            yield b"\xff\xd9"
            return
        end = position + 2 + struct.unpack_from(">H", content, position + 2)[0]
        if marker == START_OF_SCAN:
            end = end_of_scan(content, end)
        if not is_jpeg_metadata(marker, content[position + 4 : position + 8]):
            yield content[position:end]
        position = end


def end_of_scan(content: bytes, start: int) -> int:
    """Return where the compressed data that begins at `start` ends: at the next marker, or with a file that was cut short."""
    found = MARKER_AFTER_SCAN.search(content, start)
    return found.start() if found else len(content)


def is_jpeg_metadata(marker: int, head: bytes) -> bool:
    """Tell whether a segment describes the picture rather than being it."""
    return marker in (APP1, APP13, COMMENT) or (marker == APP2 and head.startswith(b"MPF"))


def clean_png(content: bytes, exif: bytes) -> bytes:
    """Return the PNG without metadata chunks and without what follows its end."""
    kept = [PNG_SIGNATURE]
    position = len(PNG_SIGNATURE)
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if kind not in PNG_METADATA:
            kept.append(content[position:end])
        if kind == b"IHDR" and exif:
            kept.append(png_chunk(b"eXIf", exif.removeprefix(b"Exif\x00\x00")))
        if kind == b"IEND":
            break
        position = end
    return b"".join(kept)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return one chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def clean_webp(content: bytes, exif: bytes) -> bytes:
    """Return the WebP without metadata chunks; an extended file keeps a small EXIF of ours."""
    kept: list[bytes] = []
    is_extended = False
    position, end_of_file = 12, min(len(content), 8 + struct.unpack_from("<I", content, 4)[0])
    while position + 8 <= end_of_file:
        kind, length = struct.unpack_from("<4sI", content, position)
        end = position + 8 + length + length % 2
        if kind == b"VP8X":
            is_extended = True
            flags = content[position + 8] & ~(WEBP_EXIF_FLAG | WEBP_XMP_FLAG) | (WEBP_EXIF_FLAG if exif else 0)
            kept.append(content[position : position + 8] + bytes([flags]) + content[position + 9 : end])
        elif kind not in WEBP_METADATA:
            kept.append(content[position:end])
        position = end
    if exif and is_extended:
        body = exif.removeprefix(b"Exif\x00\x00")
        kept.append(struct.pack("<4sI", b"EXIF", len(body)) + body + b"\x00" * (len(body) % 2))
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body

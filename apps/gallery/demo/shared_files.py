"""The files that rows for load tests share, under names that files.remove leaves alone."""

import hashlib
import io
from typing import Any

from apps.gallery import files, images
from apps.gallery.demo.content import PICTURES


def store_all() -> list[dict[str, Any]]:
    """Store each picture and its renditions. Return a description of each, as rows.sql wants it."""
    return [store_picture(path.stem, path.read_bytes()) for path in sorted(PICTURES.glob("*.jpg"))]


def store_picture(stem: str, content: bytes) -> dict[str, Any]:
    """Store one picture as an original, and its renditions for everybody and for the owner alone."""
    picture = images.read_upload(io.BytesIO(content), size=len(content))
    rendered = list(images.render(io.BytesIO(picture.content)))
    folder = f"{files.SHARED}{stem}"
    return {
        "file": replace(f"{files.PRIVATE}/{folder}/original.jpg", picture.content),
        "content_type": picture.content_type,
        "bytes": len(picture.content),
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "dominant_color": images.dominant_color(rendered[-1].content),
        "renditions": [store_rendition(folder, rendition) for rendition in rendered],
    }


def store_rendition(folder: str, rendition: images.Rendered) -> dict[str, Any]:
    """Store a rendition in both places; a photo's visibility says which of them its row names."""
    name = f"{folder}/{rendition.size.lower()}.webp"
    for place in (files.PUBLIC, files.PRIVATE):
        replace(f"{place}/{name}", rendition.content)
    return {
        "size": rendition.size.value,
        "name": name,
        "width": rendition.width,
        "height": rendition.height,
        "bytes": len(rendition.content),
        "sha256": hashlib.sha256(rendition.content).hexdigest(),
    }


def replace(name: str, content: bytes) -> str:
    """Store a file under exactly this name, in the place of one from an earlier run."""
    files.delete(name)
    return files.store(name, content)

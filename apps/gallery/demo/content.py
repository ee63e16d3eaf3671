"""Who and what the demo consists of, as data. pictures/SOURCES.md says where each picture is from."""

from dataclasses import dataclass
from pathlib import Path

from apps.gallery.models import Visibility

PASSWORD = "slipway-demo"  # noqa: S105 - known to everybody: the command refuses where it would matter
PICTURES = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class DemoPhoto:
    """A picture's file in PICTURES, and what its owner says about it."""

    file: str
    caption: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class DemoAlbum:
    """An album; its first photo becomes the cover."""

    title: str
    description: str
    visibility: str
    photos: tuple[DemoPhoto, ...]


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to sign in as, with PASSWORD."""

    email: str
    name: str
    albums: tuple[DemoAlbum, ...]


NEAR_AND_FAR = DemoAlbum(
    "Near and far",
    "From the breakfast table to the edge of what can be seen.",
    Visibility.PUBLIC,
    (
        DemoPhoto("coffee.jpg", "An espresso on a wooden table", ("coffee", "still life", "colour")),
        DemoPhoto("cat.jpg", "Chelsea, a tabby cat", ("animal", "cat", "portrait", "colour")),
        DemoPhoto("eagle.jpg", "A golden eagle on its perch", ("animal", "bird", "black and white")),
        DemoPhoto("retina.jpg", "The retina of a left eye", ("eye", "medicine", "science", "colour")),
        DemoPhoto("deep-field.jpg", "Hubble's eXtreme Deep Field", ("galaxy", "science", "space", "colour")),
    ),
)
OUT_OF_FOCUS = DemoAlbum(
    "Out of focus",
    "What did not work out. Only Ada sees this album.",
    Visibility.PRIVATE,
    (
        DemoPhoto(
            "clock.jpg",
            "A wall clock, with the camera moved during the exposure",
            ("blur", "black and white"),
        ),
    ),
)
PORTRAITS = DemoAlbum(
    "Portraits",
    "Three people at work.",
    Visibility.PUBLIC,
    (
        DemoPhoto(
            "hopper.jpg",
            "Commodore Grace Hopper, computer scientist",
            ("navy", "portrait", "science", "colour"),
        ),
        DemoPhoto("astronaut.jpg", "Eileen Collins, astronaut", ("portrait", "science", "space", "colour")),
        DemoPhoto("cameraman.jpg", "A man with a camera on a tripod", ("camera", "portrait", "black and white")),
    ),
)
ONE_WINDOW = DemoAlbum(
    "One window, three exposures",
    "The same view two stops apart, on Svalbard. Unlisted: who has the link sees it.",
    Visibility.UNLISTED,
    (
        DemoPhoto("window-normal.jpg", "As the camera measured it", ("exposure bracket", "svalbard", "window")),
        DemoPhoto(
            "window-dark.jpg",
            "Two stops darker: the mountains show",
            ("exposure bracket", "svalbard", "window"),
        ),
        DemoPhoto(
            "window-bright.jpg",
            "Two stops brighter: the room shows",
            ("exposure bracket", "svalbard", "window"),
        ),
    ),
)
PEOPLE = (
    DemoPerson("ada@example.com", "Ada", (NEAR_AND_FAR, OUT_OF_FOCUS)),
    DemoPerson("grace@example.com", "Grace", (PORTRAITS, ONE_WINDOW)),
)

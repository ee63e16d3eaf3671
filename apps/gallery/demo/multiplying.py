"""Multiply the demo's photos into rows for load tests: rows only, whose files are the demo's own pictures."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from apps.accounts.models import User
from apps.gallery import services
from apps.gallery.demo import shared_files
from apps.gallery.demo.content import PASSWORD
from apps.gallery.models import Photo

ROWS = Path(__file__).with_name("rows.sql")
SEED = 1815  # another one makes other rows beside these
OWNERS = 20
PHOTOS_PER_ALBUM = 200
WORDS = {
    "adjectives": [
        "Quiet",
        "Early",
        "Golden",
        "Misty",
        "Empty",
        "Crowded",
        "Narrow",
        "Wide",
        "Frozen",
        "Windy",
    ],
    "nouns": ["harbour", "bridge", "market", "lighthouse", "orchard", "railway", "meadow", "river", "garden"],
    "places": ["Aberdeen", "Bergen", "Cadiz", "Delft", "Fez", "Ghent", "Izmir", "Jaipur", "Kyoto", "Lima"],
}
TAGS = [
    *(
        "landscape",
        "city",
        "water",
        "sky",
        "street",
        "night",
        "winter",
        "summer",
        "people",
        "travel",
        "boat",
        "train",
    ),
    *(
        "tree",
        "flower",
        "snow",
        "rain",
        "morning",
        "evening",
        "fog",
        "mountain",
        "sea",
        "island",
        "road",
        "field",
    ),
    *("window", "door", "tower", "stone", "wood", "glass", "iron", "shadow", "reflection"),
]


def multiply(count: int) -> int:
    """Add those of `count` photos that are not there yet. Return how many were added."""
    # The worker is not to hear of them, and each row is no more than what rows.sql says: hence no services.
    pictures = shared_files.store_all()
    with transaction.atomic():
        before = Photo.objects.count()
        services.tags_named(TAGS[:20])
        services.tags_named(TAGS[20:])
        insert(count, owners=owners(), pictures=pictures)
        added = Photo.objects.count() - before
        if added:
            analyze()
    return added


def owners() -> list[str]:
    """Return the ids of the people who own the rows, made where they are new."""
    # In production nobody can sign in as one of them.
    password = make_password(PASSWORD if settings.DEBUG else None)
    emails = [f"load-{number:02}@example.com" for number in range(1, OWNERS + 1)]
    people = [User(email=email, name=email.partition("@")[0].title(), password=password) for email in emails]
    User.objects.bulk_create(people, ignore_conflicts=True)
    return [str(pk) for pk in User.objects.filter(email__in=emails).order_by("email").values_list("pk", flat=True)]


def insert(count: int, *, owners: list[str], pictures: list[dict[str, Any]]) -> None:
    """Run rows.sql: each of its statements takes what it names out of all the parameters."""
    parameters: dict[str, Any] = {
        "count": count,
        "seed": SEED,
        "per_album": PHOTOS_PER_ALBUM,
        "owners": owners,
        "tags": TAGS,
        "pictures": json.dumps(pictures),
        **WORDS,
    }
    with connection.cursor() as cursor:
        for statement in ROWS.read_text(encoding="utf-8").rstrip(";\n").split(";\n"):
            cursor.execute(statement, parameters)


def analyze() -> None:
    """Tell the planner of the new rows at once; the server would do it within minutes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gallery_album, gallery_photo, gallery_rendition, gallery_photo_tags, gallery_tag")

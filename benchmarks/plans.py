"""`make bench-plans`: what a query costs with its plan and without, in milliseconds of one processor, from its document to its bytes.

In this process, on a PostgreSQL of its own whose own time is not counted; both ways in turn, and their answers compared.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from config.environment import development_values
from embedded.stack import Stack

ALBUMS, PHOTOS_OF_ALBUM = 20, 50
SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings", "ENV_FILE": "", "DJANGO_DEBUG": "false", "LOAD_DEMO": "false"}
PHOTO = "fragment Photo on Photo { id caption width height createdAt }"
QUESTIONS = {
    "`__typename`": "{ __typename }",
    "one photo": "query($photo: ID!) { photo(id: $photo) { ...Photo } }",
    "20 photos": "{ photos { edges { node { ...Photo } } } }",
    "100 photos": "{ photos(first: 100) { edges { node { ...Photo } } } }",
    "100 photos with album and owner": "{ photos(first: 100) { edges { node { ...Photo album { id title } owner { id name } } } } }",
    "20 photos with cursors, tags and URLs": """{ photos { pageInfo { hasNextPage endCursor } edges { cursor node { ...Photo isMine
      tags { name } renditions { size url } } } } }""",
    "10 albums with 10 photos each": """{ albums(first: 10) { edges { node { id title
      photos(first: 10) { edges { node { ...Photo } } } } } } }""",
}


def main() -> int:
    """Measure, and print the table."""
    options = parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="slipway-plans-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may have to be another user's
        stack = Stack(Path(folder), environment={}, is_durable=False)
        try:
            stack.start_servers()
            os.environ.update(
                {
                    **development_values(),
                    "ENV_FILE": "",
                    "DJANGO_DEBUG": "false",
                    "LOAD_DEMO": "false",
                    **stack.environment,
                }
            )
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
            django.setup()
            lines = [row(name, document, rounds=options.rounds, photo=fill()) for name, document in QUESTIONS.items()]
        finally:
            stack.stop()
    head = ["| question | executor, ms | plan, ms | ratio |", "| --- | --- | --- | --- |"]
    sys.stdout.write("\n".join([*head, *lines]) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__)
    root.add_argument("--rounds", type=int, default=15, help="how often each way is measured (default: 15)")
    return root


def fill() -> str:
    """Fill the database where it is empty, and return the id of one of its photos."""
    from django.core.management import call_command
    from strawberry.relay import to_base64

    from apps.accounts.models import User
    from apps.gallery.models import Album, Photo, Rendition, RenditionSize, Tag

    call_command("migrate", verbosity=0)
    if not Photo.objects.exists():
        owner = User.objects.create_user("ada@example.com", None, name="Ada")
        words = [Tag.objects.create(name=name) for name in ("hill", "river", "sky")]
        for number in range(ALBUMS):
            album = Album.objects.create(owner=owner, title=f"Album {number}", visibility="PUBLIC")
            Photo.objects.bulk_create(
                Photo(
                    album=album, owner=owner, visibility="PUBLIC", state="READY", caption=f"Photo {each} of {number}", width=3,
                    file=f"private/{number}/{each}.jpg", content_type="image/jpeg", bytes=1, sha256="0" * 64, height=2,
                )
                for each in range(PHOTOS_OF_ALBUM)
            )  # fmt: skip
            photos = list(album.photos.all())
            Rendition.objects.bulk_create(
                Rendition(
                    photo=photo, size=size, file=f"public/{photo.pk}.webp", width=3, height=2, bytes=1, sha256="0" * 64
                )
                for photo in photos
                for size in RenditionSize
            )
            Photo.tags.through.objects.bulk_create(
                Photo.tags.through(photo=photo, tag=tag) for photo in photos for tag in words
            )
    return to_base64("Photo", str(Photo.objects.order_by("id").values_list("pk", flat=True)[7]))


def row(name: str, document: str, *, rounds: int, photo: str) -> str:
    """Return one question's row."""
    from django.conf import settings
    from django.contrib.auth.models import AnonymousUser

    from api.context import Context
    from api.documents import make
    from api.execution import run
    from api.requests import GraphQLRequest

    document = f"{document} {PHOTO}" if "...Photo" in document else document
    operation = make(document).operation(None)
    request = GraphQLRequest(query=document, variables={"photo": photo} if "$photo" in document else None)

    def answered() -> bytes:
        context = Context(credentials=None, address="", can_set_cookies=True)  # type: ignore[arg-type]  # nobody is looked up
        context._viewer, context._viewer_until = AnonymousUser(), float("inf")  # noqa: SLF001 - see above
        return run(operation, request, context).body

    milliseconds: dict[bool, list[float]] = {False: [], True: []}
    answers = set()
    for _ in range(rounds):
        for is_planned, measured in milliseconds.items():
            settings.GRAPHQL_PLANS = is_planned
            answers |= {answered(), answered()}
            measured.append(cost_of(answered))
    if len(answers) > 1 or operation.planned.refusal:
        raise RuntimeError(f"{name}: the answers differ, or there is no plan: {operation.planned.refusal}")
    executor, plan = (statistics.median(each) for each in milliseconds.values())
    return f"| {name} | {executor:.3f} | {plan:.3f} | {executor / plan:.1f} |"


def cost_of(answered: Callable[[], Any], *, seconds: float = 0.15) -> float:
    """Return the processor's milliseconds for one call, out of as many as take so long."""
    calls, began = 0, time.thread_time()
    while time.thread_time() - began < seconds:
        answered()
        calls += 1
    return (time.thread_time() - began) * 1000 / calls


if __name__ == "__main__":
    sys.exit(main())

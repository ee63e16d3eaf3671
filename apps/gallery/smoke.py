"""The gallery's smoke tests: a mutation that is taken back, an upload with its renditions, a subscription that tells of it."""

import contextlib
import io
import json
import secrets
import socket
from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from PIL import Image
from strawberry.relay import from_base64
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.context import Context
from api.credentials import AssumedViewer
from api.documents import document_of
from api.execution import executed
from api.requests import GraphQLRequest
from apps.accounts.models import User
from apps.gallery import files, renditions, services
from apps.gallery.models import Album, Photo, PhotoState, Rendition
from apps.health.smoke import CLEAN_UPS, LIMIT_SECONDS, Server, SmokeTestError, expect, smoke_test

CREATE = 'mutation { createAlbum(input: {title: "Smoke test", visibility: PRIVATE}) { album { id } errors { code } } }'
UPLOAD = "mutation($a: ID!, $f: [Upload!]!) { uploadPhotos(input: {albumId: $a, files: $f}) { photos { id } errors { code } } }"
TRIES = 3
WATCH = "subscription($a: ID!) { photoChanged(albumId: $a) { kind photoId } }"


@smoke_test("a mutation that is taken back")
def mutates(server: Server) -> None:
    """In this process, which has the server's code: what another process has committed could not be taken back."""
    context = Context(credentials=AssumedViewer(server.user), address="")
    with transaction.atomic():
        answer = executed(document_of(CREATE).operation(None), GraphQLRequest(query=CREATE), context, root=None)
        was_there = Album.objects.filter(owner=server.user).exists()
        transaction.set_rollback(True)
    expect([error.message for error in answer.errors or []], [])
    expect((was_there, Album.objects.filter(owner=server.user).exists()), (True, False))


@smoke_test("an upload, its renditions and a subscription")
def uploads(server: Server) -> None:
    """Over HTTP and a WebSocket; the renditions are made here, since the worker may still be the version before."""
    album = server.ask(CREATE)["createAlbum"]["album"]["id"]
    try:
        with watching(server) as opened:
            payload = {"query": WATCH, "variables": {"a": album}}
            opened.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            photo = upload(server, album)
            expect_renditions(photo)
            expect_news(opened, server.user, photo)
    except (WebSocketException, TimeoutError) as error:
        raise SmokeTestError(f"the WebSocket: {type(error).__name__}: {error}") from None


def expect_news(opened: ClientConnection, user: User, photo: UUID) -> None:
    """Be told of the photo. The protocol does not say when the watching has begun, so there may have to be another change."""
    for _ in range(TRIES):
        with contextlib.suppress(TimeoutError):
            expect(json.loads(opened.recv(LIMIT_SECONDS / TRIES))["type"], "next")
            return
        services.update_photo(user, photo, caption="Smoke test", tags=None)
    raise SmokeTestError("the WebSocket tells nothing")


@contextlib.contextmanager
def watching(server: Server) -> Iterator[ClientConnection]:
    """Open a WebSocket to this machine under the site's name, and greet."""
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_SECONDS)
    protocol = Subprotocol("graphql-transport-ws")
    with connect(
        f"ws://{server.host}/graphql", sock=plain, subprotocols=[protocol], open_timeout=LIMIT_SECONDS
    ) as opened:
        authorization = {"Authorization": server.headers["Authorization"]}
        opened.send(json.dumps({"type": "connection_init", "payload": authorization}))
        expect(json.loads(opened.recv(LIMIT_SECONDS))["type"], "connection_ack")
        yield opened


def upload(server: Server, album: str) -> UUID:
    """Upload a picture by the multipart request specification; return the photo's key."""
    boundary = secrets.token_hex(16)
    parts = [
        ('name="operations"', json.dumps({"query": UPLOAD, "variables": {"a": album, "f": [None]}}).encode()),
        ('name="map"', json.dumps({"0": ["variables.f.0"]}).encode()),
        ('name="0"; filename="smoke.png"', picture()),
    ]
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    answer = server.send(
        body + f"--{boundary}--\r\n".encode(), content_type=f"multipart/form-data; boundary={boundary}"
    )
    expect(answer["uploadPhotos"]["errors"], [])
    return UUID(from_base64(answer["uploadPhotos"]["photos"][0]["id"])[1])


def picture() -> bytes:
    """Return a picture that has to be made smaller."""
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "#2e5e4e").save(buffer, "PNG")
    return buffer.getvalue()


def expect_renditions(photo: UUID) -> None:
    """Make them unless the worker was faster; every file of them has to be there."""
    renditions.make(photo)
    expect(Photo.objects.get(pk=photo).state, PhotoState.READY)
    names = [rendition.file_name for rendition in Rendition.objects.filter(photo=photo)]
    expect((bool(names), [name for name in names if not files.exists(name)]), (True, []))


def delete_albums(user: User) -> None:
    """Delete what a test has made, with its files."""
    for album in Album.objects.filter(owner=user):
        services.delete_album(user, album.pk)


CLEAN_UPS.append(delete_albums)

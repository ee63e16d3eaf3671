"""gql, the client that people use under Python: over HTTP and WebSockets, with a file."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
from gql import Client, FileVar, GraphQLRequest
from gql.transport.httpx import HTTPXTransport
from gql.transport.websockets import WebsocketsTransport

LOGIN = "mutation($i: LoginInput!) { login(input: $i) { viewer { id } errors { code } } }"
TOKEN = 'mutation { createAccessToken(input: {name: "gql"}) { token errors { code } } }'
CREATE = "mutation($i: CreateAlbumInput!) { createAlbum(input: $i) { album { id title } errors { code } } }"
ALBUMS = """query($owner: ID!, $after: String) {
  albums(filter: {owner: $owner}, first: 1, after: $after, orderBy: TITLE) {
    edges { node { title } } pageInfo { hasNextPage endCursor } } }"""
UPLOAD = "mutation($i: UploadPhotosInput!) { uploadPhotos(input: $i) { photos { caption } errors { field code } } }"
WATCH = "subscription($id: ID!) { photoChanged(albumId: $id) { kind photo { caption } } }"


def request(text: str, **variables: Any) -> GraphQLRequest:
    return GraphQLRequest(text, variable_values=variables)


def signed_in(site: str, email: str, password: str, *, trust: ssl.SSLContext | None) -> tuple[str, str]:
    """Sign in by the session's cookie; return the viewer's id, and a token for what follows."""
    transport = HTTPXTransport(url=f"{site}/graphql", headers={"Referer": f"{site}/"}, verify=trust or True)
    with Client(transport=transport) as session:
        viewer = session.execute(request(LOGIN, i={"email": email, "password": password}))["login"]["viewer"]
        http: httpx.Client = transport.client  # type: ignore[assignment]  # it is connected
        http.headers["X-CSRFToken"] = http.cookies["csrftoken"]
        return viewer["id"], session.execute(request(TOKEN))["createAccessToken"]["token"]


def do_all_of_it(surroundings: dict[str, str], *, trust: ssl.SSLContext | None = None) -> None:
    """Sign in, create, page, watch and upload. `trust` is for a certificate that the system does not know."""
    site = surroundings["SITE"]
    viewer, token = signed_in(site, surroundings["EMAIL"], surroundings["PASSWORD"], trust=trust)
    headers = {"Authorization": f"Bearer {token}", "GraphQL-Require-Preflight": "1"}
    transport = HTTPXTransport(url=f"{site}/graphql", headers=headers, verify=trust or True)
    with Client(transport=transport, schema=schema()) as session:
        made = [
            session.execute(request(CREATE, i={"title": title}))["createAlbum"]["album"]
            for title in ("Alps", "Beaches")
        ]
        assert pages(session, viewer) == ["Alps", "Beaches"]
        options = {
            "url": f"{site.replace('http', 'ws')}/graphql",
            "init_payload": {"Authorization": f"Bearer {token}"},
            "ssl": trust or False,
        }
        picture = Path(surroundings["PICTURE"])
        change = asyncio.run(watched_upload(session, options, album=made[0]["id"], picture=picture))
    assert change["kind"] in {
        "CREATED",
        "UPDATED",
    }  # it may have begun when a file was there and its renditions were not
    assert change["photo"] == {"caption": "é中"}


def schema() -> str:
    """Return our schema, by which gql checks operations before it sends them."""
    return (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")


def pages(session: Any, owner: str) -> list[str]:
    """Return the titles of all albums, one a page."""
    titles: list[str] = []
    after = None
    while True:
        page = session.execute(request(ALBUMS, owner=owner, after=after))["albums"]
        titles += [edge["node"]["title"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return titles
        after = page["pageInfo"]["endCursor"]


async def watched_upload(session: Any, options: dict[str, Any], *, album: str, picture: Path) -> Any:
    """Watch an album, upload to it until one is told of, which the protocol does not say when, and return what was told."""
    transport = WebsocketsTransport(**options)

    async def first() -> Any:
        async with Client(transport=transport) as socket:
            return (await anext(socket.subscribe(request(WATCH, id=album))))["photoChanged"]

    told = asyncio.ensure_future(first())
    for _ in range(20):
        file = FileVar(str(picture), content_type="image/jpeg")
        upload = request(UPLOAD, i={"albumId": album, "files": [file], "captions": ["é中"]})
        answer = await asyncio.to_thread(session.execute, upload, upload_files=True)
        assert answer["uploadPhotos"]["errors"] == []
        await asyncio.wait([told], timeout=1)
        if told.done():
            return told.result()
    raise AssertionError("nothing was told of twenty uploads")

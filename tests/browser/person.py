"""Somebody with an account, who prepares through the API what a browser test then looks at."""

import json
import time
from typing import Any
from urllib.parse import quote

import httpx

PASSWORD = "correct horse battery staple"
READY_WITHIN_SECONDS = 60

REGISTER = "mutation Register($input: RegisterInput!) { register(input: $input) { errors { message } } }"
LOGIN = "mutation Login($input: LoginInput!) { login(input: $input) { errors { message } } }"
CREATE_ALBUM = "mutation Create($input: CreateAlbumInput!) { createAlbum(input: $input) { album { id } } }"
UPLOAD = """
mutation Upload($input: UploadPhotosInput!) { uploadPhotos(input: $input) { photos { id } errors { message } } }
"""
STATES = """
query States($album: ID!, $state: PhotoState!) {
  photos(first: 1, filter: { album: $album, state: $state }) { totalCount }
}
"""


class Person:
    """Registers and signs in. `close` ends the connections."""

    def __init__(self, site: str, *, name: str, email: str) -> None:
        self.site, self.email = site, email
        self.http = httpx.Client(base_url=site, timeout=30)
        self.send(REGISTER, input={"name": name, "email": email, "password": PASSWORD})
        self.send(LOGIN, input={"email": email, "password": PASSWORD})

    def close(self) -> None:
        """End the connections."""
        self.http.close()

    def cookies(self) -> list[Any]:
        """Return the session's cookies as Playwright takes them, whose type has no public name."""
        return [{"name": name, "value": value, "url": self.site} for name, value in self.http.cookies.items()]

    def headers(self) -> dict[str, str]:
        """Return what a browser's request would carry to prove where it comes from."""
        return {"X-CSRFToken": self.http.cookies.get("csrftoken") or "", "GraphQL-Require-Preflight": "1"}

    def send(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run one operation that has to go well."""
        body = {"query": query, "variables": variables}
        return data_of(self.http.post("/graphql", json=body, headers=self.headers()))

    def create_album(self, title: str = "Hills", *, visibility: str = "PUBLIC") -> str:
        """Create an album and return its id."""
        answer = self.send(CREATE_ALBUM, input={"title": title, "visibility": visibility})
        return str(answer["createAlbum"]["album"]["id"])

    def upload(
        self, album: str, files: list[bytes], *, captions: list[str] | None = None, tags: list[str] | None = None
    ) -> None:
        """Upload pictures in one request and wait until they are READY."""
        given = {"albumId": album, "files": [None] * len(files), "captions": captions, "tags": tags}
        form = {
            "operations": json.dumps({"query": UPLOAD, "variables": {"input": given}}),
            "map": json.dumps({str(index): [f"variables.input.files.{index}"] for index in range(len(files))}),
        }
        parts = {str(index): (f"{index}.jpg", content) for index, content in enumerate(files)}
        data_of(self.http.post("/graphql", data=form, files=parts, headers=self.headers()))
        self.wait_until_ready(album)

    def wait_until_ready(self, album: str) -> None:
        """Wait for the worker; raises TimeoutError."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while self.send(STATES, album=album, state="PENDING")["photos"]["totalCount"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"Photos of {album} are still PENDING after {READY_WITHIN_SECONDS} s.")
            time.sleep(0.1)


def data_of(response: httpx.Response) -> dict[str, Any]:
    """Return an answer's data; fail where it has errors."""
    answer: dict[str, Any] = response.json()
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def address_of(album: str) -> str:
    """Return where the page shows an album."""
    return f"/#album={quote(album)}"

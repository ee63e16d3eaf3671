"""What nobody thought of, sent to the running server: it never fails, and each answer keeps to the specification.

Operations are made of the schema, as they should be and as they should not; bodies, headers and forms are made of nothing but chance.
The examples are the same each time (tests/conftest.py).
"""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, mutations, nodes, queries

from embedded.stack import ROOT
from tests.running.answers import check
from tests.running.client import Person
from tests.running.conftest import Web

SCHEMA = (ROOT / "schema.graphql").read_text(encoding="utf-8")
SCALARS = {
    "DateTime": st.sampled_from(["2026-01-31T12:00:00Z", "", "9999-12-31T23:59:59+14:00", "now"]).map(nodes.String),
    "Upload": st.just(nodes.Null),
}
# Those left out hash a password or send a mail, and take their time by intention.
CHEAP = [
    "logout", "createAccessToken", "revokeAccessToken", "createAlbum", "updateAlbum", "deleteAlbum", "uploadPhotos", "updatePhoto",
    "deletePhoto",
]  # fmt: skip
ACCEPTED = ["application/graphql-response+json", "application/json", "*/*"]


@pytest.fixture(scope="module")
def url(unlimited: Web) -> str:
    """Where the server is."""
    return unlimited.url


@pytest.fixture(scope="module")
def person(unlimited: Web) -> Iterator[Person]:
    """Somebody who is signed in there."""
    with Person(unlimited) as someone:
        someone.sign_up("fuzz@example.com")
        yield someone


def send(person: Person, query: str, accept: str) -> None:
    """Send an operation, and look at the answer."""
    headers = {**person.headers(), "Accept": accept}
    answer = person.http.post("/graphql", json={"query": query, "variables": {}}, headers=headers)
    check(answer.status_code, answer.headers["content-type"], answer.content, sent=query)


accepted = st.sampled_from(ACCEPTED)


@settings(max_examples=25)
@given(query=queries(SCHEMA, custom_scalars=SCALARS), accept=accepted)
def test_queries_that_fit_the_schema(person: Person, query: str, accept: str) -> None:
    send(person, query, accept)


@settings(max_examples=30)
@given(query=queries(SCHEMA, custom_scalars=SCALARS, mode=Mode.NEGATIVE), accept=accepted)
def test_queries_that_do_not(person: Person, query: str, accept: str) -> None:
    send(person, query, accept)


@settings(max_examples=30)
@given(query=mutations(SCHEMA, fields=CHEAP, custom_scalars=SCALARS), accept=accepted)
def test_mutations(person: Person, query: str, accept: str) -> None:
    send(person, query, accept)


NAMES = [
    "query",
    "variables",
    "operationName",
    "extensions",
    "persistedQuery",
    "sha256Hash",
    "version",
    "first",
    "ids",
    "filter",
]
TEXTS = st.sampled_from(
    ["{ __typename }", "query A { viewer { id } } query B { __typename }", "{", "null", "0" * 64]
) | st.text(max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
bodies = values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
CONTENT_TYPES = [
    "application/json", "application/json; charset=utf-8", "application/json; charset=utf-16", "application/graphql-response+json",
    "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "",
]  # fmt: skip
HEADERS = {
    "Content-Type": st.sampled_from(CONTENT_TYPES) | header_values,
    "Accept": st.sampled_from([*ACCEPTED, "text/html", "application/json;q=0", "*/*;q=x"]) | header_values,
    "Content-Encoding": st.sampled_from(["identity", "gzip"]) | header_values,
    "Authorization": st.sampled_from(["Bearer x", "Bearer", "Basic x"]) | header_values,
    "Cookie": st.sampled_from(["sessionid=x", "csrftoken=x; sessionid=x"]) | header_values,
    "X-CSRFToken": header_values, "GraphQL-Require-Preflight": st.just("1"), "Origin": header_values, "X-Request-ID": header_values,
}  # fmt: skip
headers = st.fixed_dictionaries({}, optional=HEADERS)
targets = st.sampled_from(
    ["/graphql"] * 4 + ["/graphql?query=%7B__typename%7D", "/graphql?query=", "/graphql?variables=%7B"]
) | st.text('abc%{}=&[]"0:+?/', max_size=40).map(lambda text: "/graphql?query=%7B__typename%7D&variables=" + text)


def raw(url: str, method: str, target: str, sent: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
    """Send a request as it stands; return the answer's status, type and body."""
    host, _, port = url.removeprefix("http://").partition(":")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}:{port}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in sent.items()]
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        response = HTTPResponse(connection, method=method)
        response.begin()
        return response.status, response.headers.get("Content-Type", ""), response.read()


def send_raw(url: str, method: str, target: str, sent: dict[str, str], body: bytes) -> None:
    """Send a request as it stands, and look at the answer. A stream of events and GraphiQL's page have other tests."""
    status, media_type, answered = raw(url, method, target, sent, body)
    if media_type.startswith(("text/event-stream", "text/html")):
        assert status < 500
        return
    told = f"{target} {sent} {body.decode('latin-1')}"
    check(status, media_type, answered, sent=told) if method != "HEAD" else None


@settings(max_examples=80)
@given(
    method=st.sampled_from(["POST"] * 5 + ["GET", "GET", "PUT", "OPTIONS", "TRACE"]),
    target=targets,
    sent=headers,
    body=bodies,
)
def test_requests_of_any_kind(url: str, method: str, target: str, sent: dict[str, str], body: bytes) -> None:
    send_raw(url, method, target, sent, body)


@settings(max_examples=60)
@given(body=values.map(lambda value: json.dumps(value).encode()))
def test_json_of_any_form(url: str, body: bytes) -> None:
    send_raw(url, "POST", "/graphql", {"Content-Type": "application/json"}, body)


MAPS = st.sampled_from(
    ['{"0": ["variables.f"]}', '{"0": ["variables.f.0"]}', "{", "[]", '{"1": ["variables.f"]}', '{"0": [null]}']
)
OPERATIONS = st.sampled_from(
    [
        '{"query": "query($f: Upload) { __typename }", "variables": {"f": null}}',
        '{"query": "{ __typename }"}',
        "[]",
        "null",
        "",
    ]
) | values.map(json.dumps)
part_heads = (
    st.sampled_from(
        [
            'form-data; name="{}"',
            'form-data; name="{}"; filename="a.jpg"',
            "form-data",
            'form-data; name={}; filename=""',
            "attachment; name={}",
        ]
    )
    | header_values
)


@st.composite
def forms(draw: Any) -> bytes:
    """Return a form's body, more or less."""
    parts = []
    for name, content in (("operations", OPERATIONS), ("map", MAPS), ("0", TEXTS)):
        if draw(st.integers(0, 9)):
            head = draw(part_heads).replace("{}", name)
            parts.append(f"--x\r\nContent-Disposition: {head}\r\n\r\n{draw(content)}\r\n".encode("utf-8", "replace"))
    body = b"".join(parts) + draw(st.sampled_from([b"--x--\r\n", b"--x--", b"--x", b"", b"\r\n--y--"]))
    return bytes(body[: draw(st.integers(0, len(body)))]) if draw(st.integers(0, 4)) == 0 else body


@settings(max_examples=80)
@given(body=forms())
def test_forms_of_any_kind(url: str, body: bytes) -> None:
    sent = {"Content-Type": "multipart/form-data; boundary=x", "GraphQL-Require-Preflight": "1"}
    send_raw(url, "POST", "/graphql", sent, body)

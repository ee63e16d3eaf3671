"""Asks a server once, and compares the words of its answer with those of the database."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.peers.documents import Request

WORDS = ("__typename", "caption", "title", "name", "url")
LONGEST = 600
UNVERIFIED = ssl._create_unverified_context()  # noqa: S323, SLF001 - our own loopback, and a certificate of a moment


def check(name: str, question: str, *, answer: str, words: Sequence[str]) -> list[str]:
    """Return what is wrong, where the answer does not have just these words."""
    found = sorted(words_of(parsed(answer)))
    if found == list(words):
        return []
    fact = f"{name} answers {question} with {len(found)} captions, titles and names that are not the {len(words)} right ones"
    return [f"{fact}: {answer[:LONGEST]}"]


def parsed(text: str) -> Any:
    """Return JSON, or nothing where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def words_of(value: Any) -> Iterator[str]:
    """Tell the captions, titles and names anywhere in an answer."""
    if isinstance(value, list):
        for each in value:
            yield from words_of(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in WORDS and isinstance(each, str):
                yield each
            yield from words_of(each)


def answer(address: str, request: Request, headers: Mapping[str, str]) -> str:
    """Send one request; return what came, also where it is a refusal."""
    body = request.body.encode() or None
    sent = urllib.request.Request(address + request.path, data=body, headers=dict(headers), method=request.method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(sent, timeout=30, context=UNVERIFIED) as response:  # noqa: S310 - loopback
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")

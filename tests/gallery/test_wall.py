"""The demo page as it is served, and the operations that its scripts send."""

import re
from pathlib import Path

import pytest
from django.test import Client
from graphql import parse, validate

from api.schema import schema

STATIC = Path(__file__).resolve().parent.parent.parent / "apps/gallery/static/gallery"
CONSTANT = re.compile(r"const (\w+) = `(.+?)`;", flags=re.DOTALL)


def documents() -> dict[str, str]:
    """Return the operations of documents.js by their names, with the fragments that they name put in."""
    texts = dict(CONSTANT.findall((STATIC / "documents.js").read_text()))
    return {
        name: re.sub(r"\$\{(\w+)\}", lambda match: texts[match[1]], text)
        for name, text in texts.items()
        if not text.strip().startswith("fragment")
    }


@pytest.mark.parametrize(("name", "text"), documents().items(), ids=documents().keys())
def test_an_operation_of_the_page_fits_the_schema(name: str, text: str) -> None:
    assert validate(schema._schema, parse(text)) == []


def test_the_page_has_no_inline_script_and_names_no_host(client: Client) -> None:
    html = client.get("/").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=", html) == []
    assert re.findall(r"https?://", html) == []


def test_the_page_brings_the_token_that_its_requests_need(client: Client) -> None:
    assert "csrftoken" in client.get("/").cookies


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_a_script_imports_only_its_neighbours(path: Path) -> None:
    imported = re.findall(r'^import .*?from "(.+?)";|^import "(.+?)";', path.read_text(), flags=re.MULTILINE)
    names = [first or second for first, second in imported]
    assert [name for name in names if not (name.startswith("./") and (STATIC / name).exists())] == []

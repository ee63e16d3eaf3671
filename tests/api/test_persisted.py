"""Documents that are known by their hash."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django import Settings

from api import documents, gcra, persisted
from api.documents import Document, make
from api.refusals import LimitError
from tests.asgi_client import Client

LONG = "{ too long }"
QUERY = "{ __typename persisted: __typename }"


@pytest.fixture(autouse=True)
def fresh(db: None) -> Iterator[None]:
    """Forget what is kept; `db` empties Redis."""
    for each in (persisted.texts, persisted.trusted, gcra.server):
        each.cache_clear()
    yield
    for each in (persisted.texts, persisted.trusted, gcra.server):
        each.cache_clear()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ask(client: Client, query: str | None = None, digest: str | None = None, **more: Any) -> Any:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest, **more}} if digest else None
    body = {name: value for name, value in {"query": query, "extensions": extensions}.items() if value is not None}
    return client.post("/graphql", body, "application/json")


def code_of(response: Any) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


class TestPersistedByClients:
    def test_a_hash_is_not_known_then_sent_with_its_text_then_known(self, client: Client) -> None:
        unknown = ask(client, digest=digest_of(QUERY))
        assert (unknown.status_code, code_of(unknown)) == (404, "PERSISTED_QUERY_NOT_FOUND")
        assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert ask(client, QUERY, digest_of(QUERY)).status_code == 200
        persisted.texts.cache_clear()  # as in another process: it comes out of Redis
        assert ask(client, digest=digest_of(QUERY)).json()["data"]["persisted"] == "Query"
        with redis.Redis.from_url(django_settings.REDIS_URL) as server:
            assert 0 < server.ttl(persisted.PREFIX + digest_of(QUERY)) <= 86_400

    def test_by_get_too(self, client: Client) -> None:
        ask(client, QUERY, digest_of(QUERY))
        extensions = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": digest_of(QUERY)}})
        assert client.get("/graphql", {"extensions": extensions}).status_code == 200

    def test_the_hash_of_another_text_is_refused_and_not_kept(self, client: Client) -> None:
        assert ask(client, QUERY, digest_of("other")).status_code == 422
        assert ask(client, digest=digest_of("other")).status_code == 404

    def test_a_document_that_is_refused_is_not_kept(self, client: Client) -> None:
        assert ask(client, "{ nothing }", digest_of("{ nothing }")).status_code == 422
        assert ask(client, digest=digest_of("{ nothing }")).status_code == 404

    @pytest.mark.parametrize("more", [{"version": 2}, {"sha256Hash": "x"}, {"sha256Hash": 1}])
    def test_another_form_is_told(self, client: Client, more: Any) -> None:
        assert ask(client, digest="0" * 64, **more).status_code == 422

    def test_without_redis_a_client_sends_the_text(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(persisted, "server", lambda: redis.Redis(port=1, socket_connect_timeout=0.2))
        assert ask(client, digest=digest_of(QUERY)).status_code == 404
        assert ask(client, QUERY, digest_of(QUERY)).status_code == 200
        monkeypatch.undo()


class TestTrusted:
    @pytest.fixture(autouse=True)
    def manifest(self, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / "documents.json").write_text(json.dumps({digest_of(QUERY): QUERY}))
        settings.GRAPHQL_TRUSTED_DOCUMENTS = tmp_path / "documents.json"

    def test_a_document_of_the_manifest_is_run_by_its_hash_or_its_text(self, client: Client) -> None:
        assert ask(client, digest=digest_of(QUERY)).status_code == 200
        assert ask(client, QUERY).status_code == 200

    @pytest.mark.parametrize("query", ["{ __typename }", QUERY + " ", "{"])
    def test_no_other_is(self, client: Client, query: str) -> None:
        for response in (ask(client, query), ask(client, query, digest_of(query))):
            assert (response.status_code, code_of(response)) == (403, "UNTRUSTED_DOCUMENT")


def test_trusted_documents_are_ready_at_the_start(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts = {"a": "{ ready: __typename }", "b": "{ nothingOfThisName }"}
    settings.GRAPHQL_TRUSTED_DOCUMENTS = str(tmp_path / "manifest.json")
    Path(settings.GRAPHQL_TRUSTED_DOCUMENTS).write_text(json.dumps(texts), encoding="utf-8")
    persisted.prepare_trusted()
    document = documents.known(texts["a"])
    assert document
    assert not document.operation(None).planned.is_new
    assert [record.message for record in caplog.records] == ["a trusted document is refused"] * 2


def test_a_document_is_made_once_for_all_who_ask_for_it_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(text: str) -> Document:
        made.append(text)
        if text == LONG:
            raise LimitError("It is too long.", limit="document length")
        return make(text)

    async def all_at_once(text: str) -> list[Any]:
        waiting = [asyncio.ensure_future(persisted.made(text)) for _ in range(4)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        return await asyncio.gather(*waiting[1:], return_exceptions=True)

    monkeypatch.setattr(persisted, "make", counted)
    one, *others = asyncio.run(all_at_once("{ __typename }"))
    assert [each is one for each in others] == [True, True]
    refused = asyncio.run(all_at_once(LONG))
    assert [type(each) for each in refused] == [LimitError] * 3
    assert (made, persisted.in_making) == (["{ __typename }", LONG], {})

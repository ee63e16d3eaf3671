"""Asks our API over HTTP, in-process, as a browser or a program would."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.asgi_client import Client


class GraphQLClient:
    """A client of `/graphql`. `execute` returns the response's object; `data` insists on one without errors."""

    def __init__(self, client: Client | None = None) -> None:
        self.http = client or Client()

    def execute(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """Send one operation as JSON."""
        response = self.http.post(
            "/graphql", data={"query": query, "variables": variables}, content_type="application/json"
        )
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """Send one operation; fail where the answer has errors."""
        answer = self.execute(query, **variables)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    def code(self, query: str, /, **variables: Any) -> str:
        """Send one operation that fails; return the first error's code."""
        answer = self.execute(query, **variables)
        code: str = answer["errors"][0]["extensions"]["code"]
        return code

    def upload(
        self,
        query: str,
        files: Sequence[tuple[str, bytes]],
        /,
        *,
        places: Mapping[str, list[str]] | None = None,
        **variables: Any,
    ) -> dict[str, Any]:
        """Send one operation with files for its variable `files`, by the multipart request specification."""
        operations = {"query": query, "variables": {**variables, "files": [None] * len(files)}}
        paths = places or {str(index): [f"variables.files.{index}"] for index in range(len(files))}
        parts = {str(index): SimpleUploadedFile(name, content) for index, (name, content) in enumerate(files)}
        response = self.http.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps(paths), **parts},
            headers={"GraphQL-Require-Preflight": "1"},
        )
        answer: dict[str, Any] = response.json()
        return answer

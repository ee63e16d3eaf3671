"""A visitor's browser, as the tests of the accounts see it."""

from typing import Any

from tests.asgi_client import Client

PASSWORD = "correct horse staple"


class Browser:
    """A visitor's browser: it keeps cookies and sends the CSRF token back, which the server insists on."""

    def __init__(self, *, address: str) -> None:
        self.client = Client(enforce_csrf_checks=True, REMOTE_ADDR=address)

    def post(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> Any:
        cookie = self.client.cookies.get("csrftoken")
        csrf = {"X-CSRFToken": cookie.value} if cookie else {}
        body = {"query": query, "variables": variables}
        return self.client.post("/graphql", body, "application/json", headers={**csrf, **(headers or {})})

    def run(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> Any:
        return self.post(query, headers=headers, **variables).json()

    def mutate(self, mutation: str, fields: str, /, **given: Any) -> Any:
        """Run a mutation with `given` as its input and return its payload."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        asked = f"{fields} errors {{ field code }}"
        query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {asked} }} }}"
        answer = self.run(query, input=given)
        assert "errors" not in answer, answer
        return answer["data"][mutation]

    def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.mutate("login", "viewer { name email }", email=email, password=password)

    def viewer(self) -> Any:
        return self.run("{ viewer { name } }")["data"]["viewer"]

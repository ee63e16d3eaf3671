"""What an answer of `/graphql` has to be, by the specification of GraphQL over HTTP and by our own word. Sends nothing."""

import json
from typing import Any

MEDIA_TYPES = ("application/graphql-response+json; charset=utf-8", "application/json; charset=utf-8")
# What only somebody who looks inside would know of.
INTERNAL = (
    "Traceback",
    "site-packages",
    '.py"',
    "psycopg",
    "django",
    "strawberry",
    "graphql.",
    "apps.",
    "SELECT ",
    "INTERNAL_ERROR",
)
PARTIAL, FIRST_ERROR, FIRST_OF_SERVER = 294, 400, 500


def check(status: int, media_type: str, body: bytes, *, sent: str = "") -> None:
    """Fail for an answer that breaks the specification, tells of our inside, or says that we failed. `sent` may be quoted in it."""
    text = body.decode()
    assert status < FIRST_OF_SERVER, text
    assert not [word for word in INTERNAL if word in text and word not in sent], text
    assert media_type in MEDIA_TYPES, media_type
    answer = json.loads(body)
    assert isinstance(answer, dict)
    assert answer.keys() <= {"data", "errors", "extensions"}
    if "errors" in answer:
        check_errors(answer["errors"])
    if "data" not in answer:
        assert "errors" in answer
        assert status >= FIRST_ERROR
    elif "errors" in answer:
        assert status == (PARTIAL if media_type == MEDIA_TYPES[0] else 200)
    else:
        assert status == 200
        assert isinstance(answer["data"], dict)
    assert status < FIRST_ERROR or media_type == MEDIA_TYPES[0]


def check_errors(errors: Any) -> None:
    """Fail for errors of another form than https://spec.graphql.org/September2025/#sec-Errors."""
    assert isinstance(errors, list)
    assert errors
    for error in errors:
        assert error.keys() <= {"message", "locations", "path", "extensions"}
        assert isinstance(error["message"], str)
        assert error["message"]
        for location in error.get("locations", [{"line": 1, "column": 1}]):
            assert location["line"] > 0
            assert location["column"] > 0
        assert all(isinstance(step, (str, int)) for step in error.get("path", []))
        assert isinstance(error["extensions"]["code"], str)

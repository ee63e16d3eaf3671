"""The clients that people use, sent to the running server: each signs in, mutates, pages, watches and uploads."""

import pytest

from tests.clients import by_gql, node

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("name", node.CLIENTS)
def test_a_client_does_all_of_it(surroundings: dict[str, str], name: str) -> None:
    assert node.run(f"{name}.mjs", **surroundings, NAME=name).strip() == "ok"


def test_relay_compiles_its_documents_against_the_schema_and_runs_them(surroundings: dict[str, str]) -> None:
    node.run("node_modules/relay-compiler/cli.js", "relay.config.json")
    assert (node.HERE / "relay/__generated__/documentsAlbumPaginationQuery.graphql.js").exists()
    assert node.run("relay.mjs", **surroundings, NAME="relay").strip() == "ok"


def test_codegen_makes_types_that_typescript_agrees_with() -> None:
    node.run("node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.json")
    node.run("node_modules/typescript/bin/tsc", "-p", ".")


def test_gql_does_all_of_it(surroundings: dict[str, str]) -> None:
    by_gql.do_all_of_it(surroundings)

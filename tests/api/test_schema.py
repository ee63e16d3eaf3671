from api.schema import schema
from config.environment_values import ROOT


def test_the_file_is_what_the_code_says() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8").strip() == schema.as_str().strip(), "run: make schema"


def test_every_mutation_is_described_and_tells_what_was_wrong() -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert field.description, name
        assert "errors" in field.type.of_type.fields, name

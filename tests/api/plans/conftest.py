"""What tests of plans share."""

import pytest
from pytest_django import Settings


@pytest.fixture
def limits(settings: Settings) -> None:
    """Limits that leave room for what is made by chance."""
    settings.GRAPHQL_MAX_TOKENS, settings.GRAPHQL_MAX_ALIASES = 5000, 500

"""An S3 server that the tests of places share."""

from collections.abc import Iterator

import pytest

from tests.bucket import s3_server
from tests.ops.backup.target_servers import Server


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server with an empty bucket."""
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started

"""How a bucket's server is asked, for how long, and what its answers mean. Loads botocore, as config.media.bucket does."""

from botocore.config import Config
from botocore.exceptions import ClientError

from config.media.address import Bucket

CONNECT_SECONDS = 2
ANSWER_SECONDS = 6
TRIES = 2  # a server that is silent is given up after twice both, before a GraphQL operation is
CONNECTIONS = 64  # as many as `move_media` may have at once
ABSENT = 404


def client_config(place: Bucket) -> Config:
    """Return how the bucket is asked. Where an endpoint is not Amazon's, by path, and without checksums that not all know."""
    checksums = "when_supported" if place.is_amazon_s else "when_required"
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "virtual" if place.is_amazon_s else "path"},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
        ignore_configured_endpoint_urls=True,
    )


def is_absent(error: ClientError) -> bool:
    """Tell whether it is the file that is not there, and not the whole bucket."""
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status == ABSENT and error.response["Error"].get("Code") != "NoSuchBucket"

"""MEDIA_STORAGE_URL, `s3://bucket/prefix?endpoint=https://…&region=…`, and its parts. Reaches for nothing.

nginx reads the same in nginx/values.sh.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
ENDPOINT = re.compile(r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?")
REGION = re.compile(r"[a-z0-9-]+")
OPTIONS = {"endpoint": ENDPOINT, "region": REGION}
EXAMPLES = {"endpoint": "https://s3.example.com", "region": "eu-central-1"}
USUAL_REGION = "us-east-1"  # what servers that have no regions answer to


class BucketAddressError(ValueError):
    """The text is no address of a bucket; the message says what one would be, and repeats no part that may be secret."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket, and the folder in it. Without an `endpoint` it is Amazon's."""

    name: str
    prefix: str
    endpoint: str
    region: str

    @property
    def words(self) -> str:
        """Return which bucket that is, for people."""
        at = self.endpoint or f"Amazon S3 in {self.region}"
        return f"bucket {self.name} at {at}"

    @property
    def is_amazon_s(self) -> bool:
        """Whether it is one of Amazon's, whose names are hosts, and which wants checksums; others may know neither."""
        return not self.endpoint


def bucket_of(text: str) -> Bucket:
    """Return the bucket that an address names; raises BucketAddressError."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BucketAddressError("is not a URL that can be parsed") from None
    if parts.scheme != "s3":
        raise BucketAddressError("is not a URL that begins with s3://")
    if "@" in parts.netloc:
        raise BucketAddressError(
            "has a key in it; that belongs into MEDIA_STORAGE_ACCESS_KEY_ID and MEDIA_STORAGE_SECRET_ACCESS_KEY"
        )
    if not BUCKET.fullmatch(parts.netloc):
        raise BucketAddressError("has no bucket's name behind s3://: 3 to 63 small letters, digits, dots and hyphens")
    prefix = parts.path.strip("/")
    if parts.fragment or (prefix and not PREFIX.fullmatch(prefix)):
        raise BucketAddressError(
            "has a prefix that is no plain path: letters, digits, _, -, ~ and dots that begin nothing"
        )
    options = options_of(parts.query)
    if not options.get("endpoint") and not options.get("region"):
        raise BucketAddressError(
            "says neither ?endpoint=https://s3.example.com nor, for Amazon's, ?region=eu-central-1"
        )
    region = options.get("region") or USUAL_REGION
    return Bucket(name=parts.netloc, prefix=prefix, endpoint=options.get("endpoint", ""), region=region)


def options_of(query: str) -> dict[str, str]:
    """Return what stands behind the question mark; raises BucketAddressError."""
    if "%" in query or "+" in query:
        raise BucketAddressError("has a % or a + behind its question mark, where everything is written as it is")
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS or name in options:
            raise BucketAddressError(f"has the option {name!r} once too often; there are endpoint and region")
        if not OPTIONS[name].fullmatch(value):
            raise BucketAddressError(f"has the {name} {value!r}, which is none; one is {EXAMPLES[name]}")
        options[name] = value
    return options

"""What MEDIA_STORAGE_URL may be."""

import pytest

from config.media.address import BucketAddressError, bucket_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s3://media?region=eu-1", ("media", "", "", "eu-1")),
        ("s3://media/?region=eu-1", ("media", "", "", "eu-1")),
        ("s3://my.media/a/b/?endpoint=https://s3.example.com", ("my.media", "a/b", "https://s3.example.com", "us-east-1")),
        ("s3://media/a?endpoint=http://10.0.0.7:9000&region=x", ("media", "a", "http://10.0.0.7:9000", "x")),
    ],
)  # fmt: skip
def test_its_parts(text: str, found: tuple[str, str, str, str]) -> None:
    bucket = bucket_of(text)
    assert (bucket.name, bucket.prefix, bucket.endpoint, bucket.region) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("media", "begins with s3://"),
        ("https://media.s3.amazonaws.com", "begins with s3://"),
        ("s3://[", "cannot be parsed|can be parsed"),
        ("s3://key:hunter2@media?region=eu-1", "belongs into MEDIA_STORAGE_ACCESS_KEY_ID"),
        ("s3://?region=eu-1", "no bucket's name"),
        ("s3://Media?region=eu-1", "no bucket's name"),
        ("s3://media/a b?region=eu-1", "no plain path"),
        ("s3://media/../b?region=eu-1", "no plain path"),
        ("s3://media/a//b?region=eu-1", "no plain path"),
        ("s3://media/a?region=eu-1#b", "no plain path"),
        ("s3://media", "neither"),
        ("s3://media?provider=Minio&region=eu-1", "option 'provider'"),
        ("s3://media?region=a&region=b", "option 'region' once too often"),
        ("s3://media?endpoint=s3.example.com", "has the endpoint"),
        ("s3://media?endpoint=https://s3.example.com/below", "has the endpoint"),
        ("s3://media?endpoint=https%3A%2F%2Fs3.example.com", "written as it is"),
        ("s3://media?endpoint=&region=eu-1", "has the endpoint"),
        ("s3://media?region=EU", "has the region"),
    ],
)
def test_what_it_cannot_be(text: str, words: str) -> None:
    with pytest.raises(BucketAddressError, match=words) as raised:
        bucket_of(text)
    assert "hunter2" not in str(raised.value)

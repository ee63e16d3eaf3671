"""Media in a bucket, on a real S3 server: the same answers as from the folder, and nothing of the bucket in them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
import trustme
from botocore.config import Config

from config.media.address import bucket_of
from tests.nginx.conftest import readable
from tests.nginx.containers import Answer, Stack, docker, expect_nothing_of_gixy, fill, unstarted
from tests.nginx.test_headers import COMMON, IMMUTABLE, PAGE, PUBLIC, SANDBOX, TRAVERSALS
from tests.ops.backup.target_servers import S3_KEY, S3_SECRET

pytestmark = pytest.mark.stack

URL = "s3://media/site?endpoint=https://s3:9000"
CONTENT = {
    "public/b0/small.webp": b"abcdefghij" * 100,
    "public/b0/kept.webp": b"kept",
    "public/b0/going.webp": b"going",
    "public/b0/other.webp": b"other",
    "public/b0/page.html": b"<script>alert(1)</script>",
    "public/b0/.secret": b"hidden",
    "private/b1/original.jpg": b"private bytes in the bucket",
}
PRIVATE = "/media/private/b1/original.jpg"


def client_of(address: str, *, secret: str = S3_SECRET, trusted: Path | None = None) -> Any:
    session = boto3.Session(aws_access_key_id=S3_KEY, aws_secret_access_key=secret)
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    verify = str(trusted) if trusted else None
    return session.client(
        "s3", region_name="us-east-1", endpoint_url=f"https://{address}", config=config, verify=verify
    )


def signed(name: str, *, method: str, secret: str = S3_SECRET) -> str:
    client = client_of("s3:9000", secret=secret)
    wanted = {"Bucket": "media", "Key": f"site/{name}"}
    parts = urlsplit(client.generate_presigned_url("get_object", Params=wanted, HttpMethod=method))
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
def bucket(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx, a stub that signs, and an S3 server. The folder of media has files as well."""
    names = [*CONTENT, "public/b0/none.webp"]
    requests = {f"{method} /media/{name}": signed(name, method=method) for name in names for method in ("GET", "HEAD")}
    requests["GET /media/private/b1/forbidden.jpg"] = signed("private/b1/x.jpg", method="GET", secret="another")
    with unstarted(image, readable(tmp_path_factory.mktemp("bucket")), MEDIA_STORAGE_URL=URL) as made:
        made.signed = requests
        for name, content in CONTENT.items():
            path = made.made("s3") / "media" / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(made.made("s3-tls") / "authority.pem")
        pair = authority.issue_cert("s3", "127.0.0.1")
        pair.private_key_pem.write_to_path(made.made("s3-tls") / "key.pem")
        for part in pair.cert_chain_pems:
            part.write_to_path(made.made("s3-tls") / "cert.pem", append=True)
        made.volumes = [f"{made.made('s3-tls') / 'authority.pem'}:/etc/ssl/certs/ca-certificates.crt:ro"]
        made.start_bucket()
        made.start_stub()
        fill(made)
        made.start_nginx()
        made.wait()
        yield made


def times_asked(stack: Stack, what: str) -> int:
    times: int = stack.get(f"/?do=asked&what={quote(what)}").json["times"]
    return times


def wait_for(stack: Stack, path: str, status: int) -> Answer:
    until = time.monotonic() + 60
    while (found := stack.get(path)).status != status:
        assert time.monotonic() < until, found
        time.sleep(0.2)
    return found


def workers(stack: Stack) -> set[str]:
    """Return the processes that answer requests, also those that will not for long."""
    return set(stack.inside("sh", "-c", "grep -l 'nginx: worker' /proc/[0-9]*/cmdline || true").stdout.split())


def test_a_public_file_has_the_headers_that_it_would_have_from_the_folder(bucket: Stack) -> None:
    answer = bucket.get("/media/public/b0/small.webp")
    assert (answer.status, answer.body) == (200, CONTENT["public/b0/small.webp"])
    expected = {**COMMON, **PUBLIC, "Content-Type": "image/webp", "Content-Disposition": None, "Set-Cookie": None}
    assert {name: answer.header(name) for name in expected} == expected
    from_folder = set(bucket.get("/media/public/t0/small.webp").headers)
    assert set(answer.headers) == from_folder


def test_what_is_no_picture_is_an_attachment(bucket: Stack) -> None:
    answer = bucket.get("/media/public/b0/page.html")
    assert (answer.header("Content-Disposition"), answer.header("Content-Security-Policy")) == ("attachment", SANDBOX)


def test_a_public_file_is_asked_for_once(bucket: Stack) -> None:
    paths = ["/media/public/b0/kept.webp", "/media/public/b0/kept.webp?another", "/media//public/./b0/kept.webp"]
    assert [bucket.get(path).body for path in (paths[0], *paths)] == [b"kept"] * 4
    assert times_asked(bucket, "GET /media/public/b0/kept.webp") == 1


def test_a_private_file_is_asked_for_each_time(bucket: Stack) -> None:
    for _ in range(2):
        answer = bucket.get(PRIVATE, headers={"Cookie": "sessionid=x", "Authorization": "Bearer x"})
        assert (answer.status, answer.body) == (200, CONTENT["private/b1/original.jpg"])
    expected = {
        **COMMON, "Content-Type": "image/jpeg", "Cache-Control": "private, no-cache", "Content-Security-Policy": SANDBOX,
        "Content-Disposition": 'inline; filename="file"', "X-Accel-Redirect": None, "X-Bucket-Request": None,
    }  # fmt: skip
    assert {name: answer.header(name) for name in expected} == expected
    assert not [name for name in answer.headers if name.startswith(("x-amz", "access-control"))]
    assert times_asked(bucket, f"GET {PRIVATE}") == 2


def test_parts_and_heads_and_what_the_client_has(bucket: Stack) -> None:
    for path, content in (("/media/public/b0/small.webp", b"abcde"), (PRIVATE, b"priva")):
        part = bucket.get(path, headers={"Range": "bytes=0-4"})
        # rclone's server sends a part under the status of the whole; nginx makes parts of what it keeps by itself.
        assert (part.status, part.body) == (200 if path == PRIVATE else 206, content)
        assert (part.header("Content-Range") or "").startswith("bytes 0-4/")
        whole = bucket.get(path, method="HEAD")
        assert (whole.status, whole.body) == (200, b"")
        assert int(whole.header("Content-Length") or 0) > 5
        known = bucket.get(path, headers={"If-None-Match": whole.header("ETag") or ""})
        assert (known.status, known.body) == (304, b"")
        beyond = bucket.get(path, headers={"Range": "bytes=9000-"})
        assert (beyond.status, b"Key" in beyond.body) == (416, False)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/media/public/b0/none.webp", 404),  # the bucket has no such file
        ("/media/public/b9/unknown.webp", 404),  # the application knows none
        ("/media/public/b0/.secret", 404),
        ("/media/public/b0/", 404),
        ("/media/private/b1/forbidden.jpg", 502),  # the bucket says that the signature is wrong
    ],
)
def test_an_error_is_ours_and_kept_by_nobody(bucket: Stack, path: str, status: int) -> None:
    answer = bucket.get(path)
    assert answer.status == status
    assert answer.header("Content-Type") == PAGE["Content-Type"]
    assert answer.header("Cache-Control") in ("no-store", "private, no-cache")
    assert b"<h1>" in answer.body
    assert b"<Error>" not in answer.body


@pytest.mark.parametrize("path", [*TRAVERSALS, "/-/bucket", "/media/public/..%2fprivate/b1/original.jpg"])
def test_no_detour_leads_to_a_private_file(bucket: Stack, path: str) -> None:
    assert b"private bytes" not in bucket.get(path).body


def test_files_of_the_folder_are_sent_as_before(bucket: Stack) -> None:
    answer = bucket.get("/media/public/t0/small.webp")
    assert (answer.body[:3], answer.header("Cache-Control")) == (b"012", IMMUTABLE)
    assert bucket.get("/media/public/t0/small.webp", method="POST", body=b"x").status == 405
    assert times_asked(bucket, "GET /media/public/t0/small.webp") == 0
    (bucket.folder / "media" / "public" / "b0").mkdir()
    moved = bucket.folder / "media" / "public" / "b0" / "moved.webp"
    moved.write_bytes(b"in the folder")
    assert bucket.get("/media/public/b0/moved.webp").body == b"in the folder"
    moved.unlink()
    assert bucket.get("/media/public/b0/moved.webp").status == 404


def test_after_its_minute_a_deleted_file_is_gone_and_a_server_that_is_away_is_made_up_for(bucket: Stack) -> None:
    """nginx is told a second in place of the minute, so that nobody has to wait for it."""
    bucket.inside("sed", "-i", "s/valid 200 1m/valid 200 1s/", "/etc/nginx/conf.d/bucket.inc")
    before = workers(bucket)
    bucket.inside("nginx", "-s", "reload")
    while before & workers(bucket):
        time.sleep(0.1)
    assert bucket.get("/media/public/b0/going.webp").body == b"going"
    assert bucket.get("/media/public/b0/other.webp").body == b"other"
    client = client_of(f"127.0.0.1:{bucket.bucket_port}", trusted=bucket.made("s3-tls") / "authority.pem")
    client.delete_object(Bucket="media", Key="site/public/b0/going.webp")
    wait_for(bucket, "/media/public/b0/going.webp", 404)
    docker("stop", "--time", "1", f"{bucket.name}-s3")
    try:
        wait_for(bucket, PRIVATE, 502)
        times = times_asked(bucket, "GET /media/public/b0/other.webp")
        until = time.monotonic() + 60
        while (
            times_asked(bucket, "GET /media/public/b0/other.webp") < times + 2
        ):  # its second is over: the bucket is asked
            assert time.monotonic() < until
            answer = bucket.get("/media/public/b0/other.webp")
            assert (answer.status, answer.body) == (200, b"other")
            time.sleep(0.2)
        assert bucket.get("/media/public/b0/none.webp").status == 502
    finally:
        docker("start", f"{bucket.name}-s3")
    wait_for(bucket, PRIVATE, 200)


@pytest.mark.parametrize(
    ("url", "scheme", "server", "host"),
    [
        ("s3://media/a?endpoint=https://s3.example.com&region=x", "https", "s3.example.com:443", "s3.example.com"),
        ("s3://media?region=x&endpoint=http://s3.example.com", "http", "s3.example.com:80", "s3.example.com"),
        ("s3://media?endpoint=http://10.0.0.7:9000", "http", "10.0.0.7:9000", "10.0.0.7:9000"),
        ("s3://my-media/a?region=eu-1", "https", "my-media.s3.eu-1.amazonaws.com:443", "my-media.s3.eu-1.amazonaws.com"),
    ],
)  # fmt: skip
def test_nginx_and_the_application_read_one_address(
    bucket: Stack, url: str, scheme: str, server: str, host: str
) -> None:
    bucket_of(url)
    script = ". /usr/local/lib/nginx-values.sh; echo $BUCKET_SCHEME $BUCKET_SERVER $BUCKET_HOST $BUCKET_NAME"
    told = docker("exec", "--env", f"MEDIA_STORAGE_URL={url}", bucket.nginx, "sh", "-c", script).stdout.split()
    assert told == [scheme, server, host, host.partition(":")[0]]


def test_gixy_finds_nothing(bucket: Stack, tmp_path: Path) -> None:
    expect_nothing_of_gixy(bucket, tmp_path)

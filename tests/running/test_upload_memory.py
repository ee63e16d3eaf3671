"""A large file goes to the disk as it comes in: the server's memory does not grow with it."""

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from tests.running.conftest import Web

MIB = 1024 * 1024
FILE_BYTES = 200 * MIB
GROWTH_MAX_BYTES = 48 * MIB
OPERATIONS = '{"query": "query($f: Upload) { __typename @include(if: true) }", "variables": {"f": null}}'
FIELDS = {"operations": OPERATIONS, "map": '{"0": ["variables.f"]}'}


def most_memory(process_id: int) -> int:
    """Return how much memory a process has had at most, in bytes."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    assert told
    return int(told[1]) * 1024


def form(size: int) -> tuple[bytes, bytes]:
    """Return what stands before and behind a file in a form."""
    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in FIELDS.items()
    )
    return (
        f'{fields}--x\r\nContent-Disposition: form-data; name="0"; filename="a.bin"\r\n\r\n'.encode(),
        b"\r\n--x--\r\n",
    )


def upload(web: Web, size: int) -> int:
    """Send a file of a size; return the answer's status."""
    before, behind = form(size)

    def body() -> Iterator[bytes]:
        yield before
        for _ in range(size // MIB):
            yield bytes(MIB)
        yield behind

    connection = HTTPConnection(web.url.removeprefix("http://"), timeout=120)
    headers = {
        "Content-Type": "multipart/form-data; boundary=x", "GraphQL-Require-Preflight": "1",
        "Content-Length": str(len(before) + size + len(behind)),
    }  # fmt: skip
    connection.request("POST", "/graphql", body=body(), headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_memory_does_not_grow_with_a_file(unlimited: Web) -> None:
    assert upload(unlimited, 4 * MIB) == 422  # read to its end; then `$f` is found not to be used
    before = most_memory(unlimited.process_id)
    assert upload(unlimited, FILE_BYTES) == 422
    growth = most_memory(unlimited.process_id) - before
    print(f"{FILE_BYTES // MIB} MiB were sent, memory grew by {growth / MIB:.1f} MiB")  # noqa: T201 - a figure for who asks, with -s
    assert growth < GROWTH_MAX_BYTES

"""What is copied off the machine comes back as it was, encrypted or not, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyrage
import pytest

from ops.backup.targets import MANIFEST
from ops.errors import OperatorError
from ops.wal import parcel
from tests.ops.backup.history import flip_a_bit


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def packed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A parcel, and the private key that opens it."""
    identity = pyrage.x25519.Identity.generate()
    source = tmp_path / "source"
    source.mkdir()
    (source / "wal.gz").write_bytes(b"WAL" * 1000)
    recipients = [str(identity.to_public())] if request.param else []
    sources = {"wal.gz": source / "wal.gz"}
    parcel.pack(tmp_path / "parcel", sources, {"segments": ["wal"]}, recipients=recipients)
    assert (source / "wal.gz").exists()
    assert (b"WALWAL" in b"".join(path.read_bytes() for path in (tmp_path / "parcel").iterdir())) != request.param
    return tmp_path / "parcel", str(identity)


def unpacked(packed: tuple[Path, str], into: Path) -> bytes:
    into.mkdir()
    parcel.unpack(packed[0], into, identity=packed[1])
    return (into / "wal.gz").read_bytes()


def test_a_parcel_has_what_was_put_in(packed: tuple[Path, str], tmp_path: Path) -> None:
    assert parcel.about(packed[0]) == {"segments": ["wal"]}
    assert unpacked(packed, tmp_path / "out") == b"WAL" * 1000


def test_it_is_packed_in_a_thread_as_well_as_the_receiver_does(tmp_path: Path) -> None:
    (tmp_path / "wal.gz").write_bytes(b"WAL")
    recipients = [str(pyrage.x25519.Identity.generate().to_public())]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(
            parcel.pack, tmp_path / "parcel", {"wal.gz": tmp_path / "wal.gz"}, {}, recipients=recipients
        ).result()
    assert (tmp_path / "parcel" / "wal.gz.age").is_file()


@pytest.mark.parametrize("what", ["content", MANIFEST])
def test_a_damaged_one_is_refused(what: str, packed: tuple[Path, str], tmp_path: Path) -> None:
    path = packed[0] / MANIFEST
    if what == "content":
        (path,) = [each for each in packed[0].iterdir() if each.name != MANIFEST]
        flip_a_bit(path)
    else:
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(OperatorError, match=f"{path.name} is not as it was stored"):
        unpacked(packed, tmp_path / "out")


def test_without_the_key_it_stays_closed(packed: tuple[Path, str], tmp_path: Path) -> None:
    if not any(path.name.endswith(".age") for path in packed[0].iterdir()):
        assert unpacked((packed[0], ""), tmp_path / "out")
        return
    with pytest.raises(OperatorError, match="no private key was given"):
        unpacked((packed[0], ""), tmp_path / "out")

"""What of WAL is still to be copied off the machine."""

from pathlib import Path

from ops.backup import targets
from ops.wal import archive as archives
from ops.wal.segments import Segment
from ops.wal.ship import Shipping

MIB = 1 << 20


def test_a_new_timeline_goes_too_though_it_begins_before_where_the_old_one_was(tmp_path: Path) -> None:
    archive = archives.opened(tmp_path, system_identifier="7", segment_bytes=16 * MIB)
    shipping = Shipping(archive, targets.of(tmp_path.as_uri()), recipients=[], days=7)
    old, new = Segment(timeline=1, number=10), Segment(timeline=2, number=8)
    archive.path(old).touch()
    assert shipping.waiting() == [old]
    shipping.write_down(shipping.wal_note, {"segment": old.name(archive.segment_bytes)})
    assert shipping.waiting() == []
    archive.path(new).touch()
    assert shipping.waiting() == [new]

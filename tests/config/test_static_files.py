import gzip
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from config import static_files

OLD = time.time() - 30 * 86_400


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A volume that this version has filled."""
    static_files.publish(tmp_path / "static")
    return tmp_path / "static"


def manifest(root: Path) -> dict[str, str]:
    paths: dict[str, str] = json.loads((root / "staticfiles.json").read_text())["paths"]
    return paths


def test_every_file_has_a_name_with_its_hash_and_texts_are_compressed(root: Path) -> None:
    named = manifest(root)
    assert all((root / name).is_file() for name in named.values())
    script = root / named["api/graphiql/graphiql.js"]
    assert gzip.decompress(script.with_name(f"{script.name}.gz").read_bytes()) == script.read_bytes()
    assert not list(root.glob("**/*.png.gz"))


def test_a_module_s_imports_name_the_hashed_files(root: Path) -> None:
    named = manifest(root)
    text = (root / named["gallery/wall.js"]).read_text()
    assert named["gallery/dom.js"].rpartition("/")[2] in text
    assert '"./dom.js"' not in text


def test_a_stale_file_is_replaced_though_it_is_newer(root: Path) -> None:
    path = root / "gallery/wall.css"
    right = path.read_bytes()
    path.write_text("stale")
    later = time.time() + 1000
    os.utime(path, (later, later))
    static_files.publish(root)
    assert path.read_bytes() == right


def test_the_version_before_keeps_its_files_for_a_day(root: Path) -> None:
    before = root / "gallery/wall.000000000000.css"
    ancient = root / "gallery/wall.111111111111.css"
    for path in (before, ancient):
        path.write_text("of an older version")
    for path in (before, root / "staticfiles.json"):
        os.utime(path, (OLD, OLD))
    os.utime(ancient, (OLD - 86_400, OLD - 86_400))
    static_files.publish(root)
    assert before.exists()
    assert not ancient.exists()
    static_files.publish(root)
    assert before.exists()


def test_nothing_is_left_of_a_start_that_was_killed(root: Path) -> None:
    left = root / ".fresh-killed"
    left.mkdir()
    (left / "half.js").write_text("")
    os.utime(left / "half.js", (OLD, OLD))
    static_files.publish(root)
    assert not left.exists()
    assert not list(root.glob(".fresh-*"))


def test_two_that_start_at_once_do_not_get_in_each_other_s_way(tmp_path: Path) -> None:
    root = tmp_path / "static"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(static_files.publish, [root] * 2))
    assert all((root / name).is_file() for name in manifest(root).values())
    assert list(root.glob(".fresh-*")) == []


def test_a_folder_that_is_nginx_s_alone_is_filled_by_a_command(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("publish_static")
    assert manifest(settings.STATIC_ROOT)

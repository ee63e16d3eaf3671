"""What the files say, without a container."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from tests.nginx.containers import ROOT

NGINX = ROOT / "nginx"


def test_the_error_page_s_style_is_the_one_that_its_policy_allows() -> None:
    style = re.search(r"<style>(.*?)</style>", (NGINX / "pages/error.html").read_text(), flags=re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in (NGINX / "parts/error_locations.inc").read_text()


def test_every_error_has_a_title_a_message_and_a_code() -> None:
    text = (NGINX / "parts/errors.conf").read_text()
    found = re.findall(r"map \$status (\S+) {(.*?)}", text, flags=re.DOTALL)
    maps = {name: re.findall(r"^    ([0-9]{3}) ", body, flags=re.MULTILINE) for name, body in found}
    assert maps["$error_title"] == maps["$error_code"] == maps["$error_message"]


def test_an_error_message_can_stand_in_json_as_it_is() -> None:
    body = re.search(r"map \$status \$error_message {(.*?)}", (NGINX / "parts/errors.conf").read_text(), flags=re.S)
    assert body
    assert "\\" not in body[1]


@pytest.mark.parametrize("path", sorted(NGINX.glob("entrypoint.d/*.sh")), ids=lambda path: path.name)
def test_a_script_is_short_and_can_be_run(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 20
    assert path.stat().st_mode & 0o111

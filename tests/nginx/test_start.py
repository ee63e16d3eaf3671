"""What stops a start, and in which words; what a start keeps of the one before."""

import ssl
from pathlib import Path

import pytest
import trustme

from tests.nginx.conftest import readable
from tests.nginx.containers import ENVIRONMENT, Stack, docker, fill, stack, unstarted

pytestmark = pytest.mark.stack


def refusal(image: str, folder: Path, *, upstream: str = "", **environment: str) -> str:
    """Return what nginx's container says when it ends, as it has to, before it served anybody."""
    with unstarted(image, readable(folder), **environment) as made:
        if upstream:
            keep_upstream(made, upstream)
        made.start_nginx()
        assert docker("wait", made.nginx).stdout.strip() == "1"
        said = made.logs()
    assert said.count("error: ") == 1, said
    assert said.count("\n hint: ") == 1
    return said


def keep_upstream(made: Stack, text: str) -> None:
    """Put an upstream file into the volume, as an earlier start would have."""
    docker("run", "--rm", "--volume", f"{made.name}:/etc/nginx/conf.d", "--entrypoint", "sh", made.image,
           "-c", f"echo '{text}' > /etc/nginx/conf.d/upstream.inc")  # fmt: skip


def write_pair(folder: Path, *, key_of_another: bool = False) -> None:
    """Write a certificate and a key, of which the key may be another certificate's."""
    authority = trustme.CA()
    issued, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    folder.mkdir()
    issued.cert_chain_pems[0].write_to_path(str(folder / "fullchain.pem"))
    (other if key_of_another else issued).private_key_pem.write_to_path(str(folder / "privkey.pem"))
    (folder / "privkey.pem").chmod(0o644)


class TestRefusals:
    def test_no_certificate(self, image: str, tmp_path: Path) -> None:
        said = refusal(image, tmp_path, USE_TLS="true")
        assert 'error: Cannot read TLS_CERT_PATH, "/etc/nginx/tls/fullchain.pem": No such file or directory.' in said
        assert "USE_TLS=false" in said

    def test_a_key_that_nginx_may_not_read(self, image: str, tmp_path: Path) -> None:
        write_pair(tmp_path / "tls")
        (tmp_path / "tls/privkey.pem").chmod(0o600)
        said = refusal(image, tmp_path, USE_TLS="true")
        assert 'error: Cannot read TLS_KEY_PATH, "/etc/nginx/tls/privkey.pem": Permission denied.' in said

    def test_no_path(self, image: str, tmp_path: Path) -> None:
        assert 'error: Cannot read TLS_CERT_PATH, ""' in refusal(image, tmp_path, USE_TLS="1", TLS_CERT_PATH="")

    def test_the_key_of_another_certificate(self, image: str, tmp_path: Path) -> None:
        write_pair(tmp_path / "tls", key_of_another=True)
        said = refusal(image, tmp_path, USE_TLS="yes")
        assert "error: The key /etc/nginx/tls/privkey.pem does not belong to the certificate" in said

    @pytest.mark.parametrize(("name", "word"), [("fullchain.pem", "certificate"), ("privkey.pem", "key")])
    def test_what_is_no_pem_file(self, image: str, tmp_path: Path, name: str, word: str) -> None:
        write_pair(tmp_path / "tls")
        (tmp_path / "tls" / name).write_text("not a PEM file\n")
        assert f"error: Cannot load the {word} /etc/nginx/tls/{name}" in refusal(image, tmp_path, USE_TLS="ON")

    def test_an_upstream_file_that_is_none(self, image: str, tmp_path: Path) -> None:
        said = refusal(image, tmp_path, upstream="serve web:8000;")
        assert 'error: Cannot use the upstream file: unknown directive "serve" in' in said

    def test_neither_true_nor_false(self, image: str, tmp_path: Path) -> None:
        assert 'error: USE_TLS is "ja", which is neither true nor false.' in refusal(image, tmp_path, USE_TLS="ja")

    def test_variables_that_are_missing_are_told_all_at_once(self, image: str, tmp_path: Path) -> None:
        said = refusal(image, tmp_path, SERVER_NAME="", NGINX_RATE_BURST="")
        assert "error: nginx cannot start without NGINX_RATE_BURST SERVER_NAME." in said

    def test_a_value_that_nginx_does_not_take(self, image: str, tmp_path: Path) -> None:
        said = refusal(image, tmp_path, REQUEST_MAX_BYTES="a lot")
        assert "error: nginx refuses its configuration: " in said
        assert "locations.inc" in said

    def test_a_volume_of_somebody_else(self, image: str, tmp_path: Path) -> None:
        with unstarted(image, readable(tmp_path)) as made:
            # With a file in it: an empty volume would get its owner from the image again.
            docker("run", "--rm", "--user=0", "--volume", f"{made.name}:/etc/nginx/conf.d", "--entrypoint", "sh", image,
                   "-c", "cd /etc/nginx/conf.d && touch old.conf && chown 0:0 .")  # fmt: skip
            made.start_nginx()
            assert docker("wait", made.nginx).stdout.strip() == "1"
            assert "error: Cannot write to /etc/nginx/conf.d as user 101." in made.logs()


def test_a_second_start_renders_anew_and_keeps_the_upstream(image: str, tmp_path: Path) -> None:
    with unstarted(image, readable(tmp_path), UPSTREAM="web_blue:8000") as made:
        keep_upstream(made, "server web:8000 resolve max_fails=0;")
        docker("run", "--rm", "--volume", f"{made.name}:/etc/nginx/conf.d", "--entrypoint", "touch", image,
               "/etc/nginx/conf.d/tls.conf", "/etc/nginx/conf.d/old.conf")  # fmt: skip
        made.start_stub()
        fill(made)
        made.start_nginx()
        made.wait()
        files = made.inside("ls", "/etc/nginx/conf.d").stdout.split()
        assert files == ["locations.inc", "plain.conf", "settings.conf", "upstream.inc"]
        assert made.get("/").status == 200


def test_nginx_runs_with_the_rights_that_it_needs(plain: Stack) -> None:
    assert plain.inside("id", "-u").stdout.strip() == "101"
    assert "CapEff:\t0000000000000000" in plain.inside("cat", "/proc/1/status").stdout
    for place in ("/etc/nginx/nginx.conf", "/srv/media/x", "/srv/static/x", "/usr/local/bin/x"):
        assert plain.inside("sh", "-c", f"echo >>{place}", check=False).returncode != 0


def test_it_stops_in_order_and_at_once(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path), has_stub=False) as made:
        docker("stop", "--time", "10", made.nginx)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", made.nginx).stdout.strip() == "0"


def test_every_variable_that_the_tests_set_is_declared_for_nginx() -> None:
    from config.declaration import NGINX
    from config.variables import VARIABLES

    declared = {name for name, variable in VARIABLES.items() if NGINX in variable.services}
    assert {*ENVIRONMENT, "HTTP_PORT", "HTTPS_PORT"} <= declared


def certificate_of(made: Stack) -> str:
    """Return the certificate that is shown for our name."""
    return ssl.get_server_certificate(("localhost", made.tls_port), timeout=10)


def test_a_first_start_without_a_certificate_makes_one_and_the_next_keeps_it(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path), USE_TLS="true", TLS_MODE="selfsigned") as made:
        first = certificate_of(made)
        (tmp_path / "authority.pem").write_text(first)
        assert made.get("/", trusted=tmp_path / "authority.pem", port=made.tls_port).status == 200
        docker("restart", made.nginx)
        made.wait()
        assert certificate_of(made) == first
        own = "/etc/nginx/conf.d/selfsigned"
        key = made.inside("stat", "-c", "%a", f"{own}/privkey.pem").stdout.strip()
        assert key == "600"
        for name, kept in (("SERVER_NAME=localhost www.slipway.test", False), ("SERVER_NAME=www.slipway.test", True)):
            before = made.inside("cat", f"{own}/fullchain.pem").stdout
            docker("exec", "--env", name, made.nginx, "make-own-certificate", own)
            assert (made.inside("cat", f"{own}/fullchain.pem").stdout == before) == kept

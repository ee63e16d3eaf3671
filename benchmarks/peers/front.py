"""nginx with TLS in front of a server, where nginx is installed: as much of it as a request goes through."""

import os
import shutil
from pathlib import Path

import trustme

from embedded.processes import Child

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  keepalive_requests 1000000;
  upstream application {{ server 127.0.0.1:{behind}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-ID $request_id;
    }}
  }}
}}
"""


def program() -> str | None:
    """Return where nginx is, which is no command of every user."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def start(name: str, *, port: int, behind: int, logs: Path) -> Child:
    """Start nginx on one port before another. Call where `program` has found it."""
    folder = logs / name
    folder.mkdir(parents=True, exist_ok=True)
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    user = "user root;" if os.geteuid() == 0 else ""  # the folder is ours alone
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, behind=behind, user=user))
    command = [str(program()), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    return Child(name, command, log_path=logs / f"{name}.log")

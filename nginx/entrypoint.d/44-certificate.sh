#!/bin/sh
# Stops a start with TLS for which the certificate or its key cannot be read, before nginx would, and in words of ours.
set -eu
[ -e /etc/nginx/conf.d/tls.conf ] || exit 0
# shellcheck source=nginx/values.sh
. /usr/local/lib/nginx-values.sh
readable() {
  why=$(cat -- "$2" 2>&1 >/dev/null) || {
    printf 'error: Cannot read %s, "%s": %s.\n hint: %s\n' "$1" "$2" "${why##*: }" \
      "Put the PEM file there, readable by user $(id -u), or set USE_TLS=false. See: ls -ln ${2%/*}" >&2
    exit 1
  }
}
readable TLS_CERT_PATH "${TLS_CERT_PATH:-}"
readable TLS_KEY_PATH "${TLS_KEY_PATH:-}"

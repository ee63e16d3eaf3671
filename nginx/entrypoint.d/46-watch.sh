#!/bin/sh
# Where TLS_MODE is acme, looks every few seconds, beside nginx, whether certbot has a new certificate for it.
set -eu
[ -e /etc/nginx/conf.d/tls.conf ] && [ "${TLS_MODE:-files}" = acme ] || exit 0
while sleep 5; do adopt-certificate || true; done &

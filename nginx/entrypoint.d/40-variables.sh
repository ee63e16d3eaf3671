#!/bin/sh
# Stops a start for which variables are missing, and says all of them at once.
set -eu
needed='ADMIN_URL GRAPHQL_SHARED_CACHE GRAPHQL_SHARED_CACHE_SIZE HTTPS_PORT HTTP_PORT MEDIA_ROOT MEDIA_URL NGINX_MAX_CONNECTIONS NGINX_RATE_BURST NGINX_RATE_PER_SECOND
NGINX_RESOLVER REQUEST_MAX_BYTES SECURE_HSTS_SECONDS SERVER_NAME STATIC_ROOT STATIC_URL UPSTREAM USE_TLS'
given=$(env | grep '=.' | cut -d= -f1)
# shellcheck disable=SC2086 # a name a line
missing=$(printf '%s\n' $needed | grep -vxF "$given" | paste -sd' ') || true
[ -z "$missing" ] || {
  printf 'error: nginx cannot start without %s.\n hint: docs/configuration.md says what each is for.\n' "$missing" >&2
  exit 1
}

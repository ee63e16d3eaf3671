#!/bin/sh
# Has nginx read its configuration before it serves, and turns its words into a fact and a hint.
set -eu
# shellcheck source=nginx/values.sh
. /usr/local/lib/nginx-values.sh
fail() { printf 'error: %s\n hint: %s\n' "$1" "$2" >&2; exit 1; }
words=$(nginx -t 2>&1) && exit 0
said=$(printf '%s\n' "$words" | sed -n 's/.*\[emerg\] [0-9#]*: //p')
case $words in
  *'key values mismatch'* | *'key type mismatch'*)
    fail "The key $TLS_KEY_PATH does not belong to the certificate $TLS_CERT_PATH." "Put the pair there that was issued together." ;;
  *'cannot load certificate key'*)
    fail "Cannot load the key $TLS_KEY_PATH: nginx finds no PEM key without a password in it." "See its first line: head -1 $TLS_KEY_PATH" ;;
  *'cannot load certificate'*)
    fail "Cannot load the certificate $TLS_CERT_PATH: nginx finds no PEM certificate in it." "See its first line: head -1 $TLS_CERT_PATH" ;;
  */conf.d/upstream.inc:*)
    fail "Cannot use the upstream file: $said" "Delete conf.d/upstream.inc in the volume nginx_conf; the next start writes it for UPSTREAM." ;;
  *) fail "nginx refuses its configuration: $said" "The line number is of the rendered file; its template is in nginx/templates/." ;;
esac

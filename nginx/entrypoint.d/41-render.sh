#!/bin/sh
# Renders the templates into conf.d, anew at every start. Leaves the upstream file and the maintenance switch alone.
set -eu
fail() { printf 'error: %s\n hint: %s\n' "$1" "$2" >&2; exit 1; }
is_on() {
  case $(printf %s "$2" | tr '[:upper:]' '[:lower:]') in
    true | 1 | yes | on) ;; false | 0 | no | off) return 1 ;;
    *) fail "$1 is \"$2\", which is neither true nor false." "Set $1=true or $1=false." ;;
  esac
}
[ -w /etc/nginx/conf.d ] || fail "Cannot write to /etc/nginx/conf.d as user $(id -u)." "The volume nginx_conf belongs there, and to user 101: chown -R 101:101"
if is_on USE_TLS "$USE_TLS"; then server=tls; else server=plain; fi
# shellcheck source=nginx/values.sh
. /usr/local/lib/nginx-values.sh
if is_on GRAPHQL_SHARED_CACHE "$GRAPHQL_SHARED_CACHE"; then SHARED_KIND=shared; fi
rm -f /etc/nginx/conf.d/*.conf /etc/nginx/conf.d/locations.inc /etc/nginx/conf.d/bucket*.inc
# shellcheck disable=SC2086 # several names, or none
for name in settings.conf locations.inc $server.conf $BUCKET_FILES; do
  envsubst "$(env | sed -n 's/^\([A-Z_0-9]*\)=.*/${\1}/p')" <"/etc/nginx/templates.d/$name.template" >"/etc/nginx/conf.d/$name"
done
